"""What the virtual charger takes from libraries, in one place.

The OCPP library refuses what is not as the protocol's schemas say, in both directions: what a
gateway sends and answers is thereby checked too.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

from ocpp import messages
from ocpp.routing import on as _on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call as call16
from ocpp.v16 import call_result as result16
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call as call201
from ocpp.v201 import call_result as result201
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

__all__ = [
    "SILENT",
    "ChargePoint16",
    "ChargePoint201",
    "ConnectionClosed",
    "call16",
    "call201",
    "connect",
    "on",
    "result16",
    "result201",
]

F = TypeVar("F", bound=Callable[..., object])

# Else every message crosses to a thread.
messages.ASYNC_VALIDATION = False

# The library tells of every message.
SILENT = logging.getLogger(f"{__name__}.messages")
SILENT.setLevel(logging.CRITICAL)


def on(action: str) -> Callable[[F], F]:
    """Make a method answer an action."""
    decorate: Callable[[F], F] = _on(action)
    return decorate
