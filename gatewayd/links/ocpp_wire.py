"""OCPP-J messages over one connection: calls, answers and errors. Owns the library.

The library frames messages, names errors and holds the protocol's schemas, by which all that we
send is checked. Its `ChargePoint` class is not used: it refuses whole messages for one word outside
the schema, which real charge points send all the time, and loses its loop to malformed ones.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import uuid4

from ocpp import messages
from ocpp.exceptions import (
    FormatViolationError,
    InternalError,
    NotImplementedError,
    OCPPError,
    SecurityError,
)
from ocpp.messages import Call, CallError, CallResult

from gatewayd.errors import (
    BadReadingError,
    DeviceError,
    RefusedError,
    StorageError,
    UnreachableError,
    UnsupportedError,
)
from gatewayd.links.ocpp_dialect import Order
from gatewayd.links.ocpp_payload import Payload

log = logging.getLogger(__name__)

Hear = Callable[[str, Payload], Awaitable[dict[str, Any] | None]]
Send = Callable[[str], Awaitable[None]]
T = TypeVar("T", Call, CallResult)

# A commander's call lasts 10 s, and may need two answers.
_ANSWER_S = 8.0
_ID_LONGEST = 64
_UNKNOWN = frozenset({"NotImplemented", "NotSupported"})
# What the library, and Python's own JSON, raise at hostile texts.
_UNREADABLE = (OCPPError, ValueError, RecursionError)

# A schema is checked in a fraction of the time that a thread takes to be woken.
messages.ASYNC_VALIDATION = False


class Conversation:
    """Both directions of one connection. `hear` is told what the charge point says."""

    def __init__(self, id: str, version: str, send: Send, hear: Hear) -> None:
        self._id = id
        self._version = version
        self._send = send
        self._hear = hear
        self._turn = asyncio.Lock()
        self._asked: tuple[str, asyncio.Future[CallResult | CallError]] | None = None
        self._is_over = False

    async def call(self, order: Order) -> Payload:
        """Ask, one question at a time. Raises DeviceErrors."""
        action, payload = order
        message = await self._checked(Call(str(uuid4()), action, payload))
        async with self._turn:
            answer = await self._answer(message)
        if isinstance(answer, CallError):
            text = f"{self._id} refuses {action}: {answer.error_code} {answer.error_description}"
            shown = "".join(c for c in text[:200] if c.isprintable())
            raise (UnsupportedError if answer.error_code in _UNKNOWN else RefusedError)(shown)
        if not isinstance(answer.payload, dict):
            raise BadReadingError(f"{self._id} answers {action} with something that is no object")
        return answer.payload

    async def _answer(self, message: Call) -> CallResult | CallError:
        if self._is_over:
            raise UnreachableError(f"charge point {self._id} is not connected")
        future = asyncio.get_running_loop().create_future()
        self._asked = message.unique_id, future
        try:
            async with asyncio.timeout(_ANSWER_S):
                await self._send(message.to_json())
                answer: CallResult | CallError = await future
                return answer
        except TimeoutError as error:
            told = f"{self._id} does not answer {message.action} within {_ANSWER_S:g} s"
            raise UnreachableError(told) from error
        finally:
            self._asked = None

    async def receive(self, text: str) -> None:
        """Take one message. What is no message is dropped; UnreachableError when the answer
        cannot be sent."""
        message = self._read(text)
        if isinstance(message, Call):
            await self._send((await self._heard(message)).to_json())
        elif message is not None and self._asked is not None:
            id, future = self._asked
            if message.unique_id == id and not future.done():
                future.set_result(message)

    def end(self) -> None:
        """The connection is over, and with it what waits for an answer."""
        self._is_over = True
        if self._asked is not None and not self._asked[1].done():
            self._asked[1].set_exception(UnreachableError(f"charge point {self._id} hung up"))

    def _read(self, text: str) -> Call | CallResult | CallError | None:
        try:
            message = messages.unpack(text)
        except _UNREADABLE as error:
            log.debug("%s: no message: %s", self._id, type(error).__name__)
            return None
        id = message.unique_id
        if not isinstance(id, str) or len(id) > _ID_LONGEST:
            return None
        is_call = isinstance(message, Call)
        return None if is_call and not isinstance(message.action, str) else message

    async def _heard(self, message: Call) -> CallResult | CallError:
        try:
            if not isinstance(message.payload, dict):
                raise FormatViolationError
            answer = await self._hear(message.action, message.payload)
            if answer is None:
                raise NotImplementedError
            return await self._checked(message.create_call_result(answer))
        except OCPPError as error:
            return message.create_call_error(error)
        except BadReadingError as error:
            return message.create_call_error(FormatViolationError(str(error)))
        except RefusedError as error:
            return message.create_call_error(SecurityError(str(error)))
        except StorageError as error:
            log.debug("%s: %s: %s", self._id, message.action, error)
            return message.create_call_error(InternalError("try again"))

    async def _checked(self, message: T) -> T:
        """What we are about to send, by the protocol's own schema. Raises DeviceError."""
        try:
            await messages.validate_payload(message, self._version)
        except OCPPError as error:
            raise DeviceError(
                f"{self._id}: {message.action} is not as OCPP asks: {error}"
            ) from error
        return message
