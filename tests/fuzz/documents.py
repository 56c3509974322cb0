"""The descriptions that requests are made from."""

import copy
from typing import Any

from gatewayd.enode.gateway import document as beyond
from gatewayd.enode.openapi import document as own
from tests.enode import contract

# An answer that does not end.
_STREAM = "/gateway/events"


def documents() -> dict[str, Any]:
    """The published contract, our own account of it, and of what goes beyond it."""
    more = copy.deepcopy(beyond.document())
    del more["paths"][_STREAM]
    return {"contract": contract.spec(), "own": own.document(), "beyond": more}
