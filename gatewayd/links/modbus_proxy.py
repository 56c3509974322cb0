"""A Modbus TCP server that shares a device's only connection with others in the home.

Home Assistant or the vendor's app asks here instead of the device. Their questions wait behind all
of ours, and who brings too many is told that the gateway is busy. What is answered is what the
device has answered, through all checks of our own link. Writes are passed on only where the
operator allows them, and to the device's own unit alone.
"""

import asyncio
import logging
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import cast

from gatewayd.clock import Clock
from gatewayd.errors import ConfigError, DeviceError
from gatewayd.links import modbus_wire
from gatewayd.links.modbus import ModbusLinks
from gatewayd.links.modbus_options import open_guest
from gatewayd.links.modbus_wire import Question
from gatewayd.sdk.options import DeviceOptions, ModbusOptions

log = logging.getLogger(__name__)

# Transaction, protocol, length of what follows, unit.
_HEADER = struct.Struct(">HHHB")
_LENGTH_MAX = 254
_TWO_WORDS = struct.Struct(">HH")
_REGISTERS_MAX = 123
_COIL_VALUES = {0xFF00: True, 0: False}

_ILLEGAL_FUNCTION, _ILLEGAL_VALUE, _BUSY, _NO_ANSWER = 1, 3, 6, 11

# Questions that wait or are under way, of all clients together.
_QUESTIONS_MAX = 8
_CLIENTS_MAX = 8
_PATIENCE_S = 10.0
# After a question without an answer guests rest for so many times as long as it may have taken, so
# that they cost our own polling a fifth of its time at the most.
_REST_AFTER_SILENCE = 4
_TRY_AGAIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Request:
    """One question of a client."""

    transaction: int
    unit: int
    pdu: bytes

    def answer(self, pdu: bytes) -> bytes:
        """The bytes that answer it."""
        return _HEADER.pack(self.transaction, 0, len(pdu) + 1, self.unit) + pdu

    def refusal(self, code: int) -> bytes:
        """The bytes that say no."""
        return self.answer(bytes((self.pdu[0] | 0x80, code)))


class ModbusProxy:
    """One device's proxy. `options` tells where the device is now; None when it is not there.

    With `port` 0 it is any free one, to be read once `is_listening`.
    """

    def __init__(
        self,
        links: ModbusLinks,
        options: Callable[[], DeviceOptions | None],
        clock: Clock,
        *,
        listen: str,
        port: int,
        writable: bool = False,
    ) -> None:
        self.port = port
        self.is_listening = asyncio.Event()
        self._links = links
        self._options = options
        self._clock = clock
        self._listen = listen
        self._is_writable = writable
        # In the order in which they last asked.
        self._clients: dict[_Client, None] = {}
        self._under_way = 0
        self._rests_until = -float("inf")

    def __str__(self) -> str:
        return f"modbus proxy {self._listen}:{self.port}"

    async def run(self) -> None:
        """Serve until cancelled. A port that is taken is told once and tried again."""
        async with asyncio.TaskGroup() as group:
            server = await self._bound(group)
            try:
                self.port = server.sockets[0].getsockname()[1]
                self.is_listening.set()
                await server.serve_forever()
            finally:
                for client in tuple(self._clients):
                    client.drop()

    async def _bound(self, group: asyncio.TaskGroup) -> asyncio.Server:
        loop, level = asyncio.get_running_loop(), logging.ERROR
        while True:
            try:
                return await loop.create_server(
                    partial(_Client, self, group), self._listen, self.port
                )
            except OSError as error:
                log.log(level, "%s: %s", self, error.strerror or error)
                level = logging.DEBUG
            await self._clock.sleep(_TRY_AGAIN_S)

    def enter(self, client: "_Client") -> None:
        """Take a client in; one too many costs the place of the one silent for longest."""
        if len(self._clients) >= _CLIENTS_MAX:
            next(iter(self._clients)).drop()
        self._clients[client] = None

    def leave(self, client: "_Client") -> None:
        self._clients.pop(client, None)

    def take(self, client: "_Client", request: Request, group: asyncio.TaskGroup) -> None:
        """Answer a request now or, when the device has to be asked, later."""
        self.leave(client)
        self._clients[client] = None
        is_resting = asyncio.get_running_loop().time() < self._rests_until
        try:
            question = asked(request.pdu)
        except NotPassedOnError as error:
            client.send(request.refusal(error.code))
            return
        if question.is_write and not self._is_writable:
            client.send(request.refusal(_ILLEGAL_FUNCTION))
        elif self._under_way >= _QUESTIONS_MAX or is_resting:
            client.send(request.refusal(_BUSY))
        else:
            self._under_way += 1
            group.create_task(self._relay(client, request, question), name=str(self))

    async def _relay(self, client: "_Client", request: Request, question: Question) -> None:
        try:
            client.send(await self._answer(request, question))
        finally:
            self._under_way -= 1

    async def _answer(self, request: Request, question: Question) -> bytes:
        options = self._options()
        if not isinstance(options, ModbusOptions):
            return request.refusal(_NO_ANSWER)
        if question.is_write and request.unit != options.unit:
            return request.refusal(_ILLEGAL_FUNCTION)
        try:
            async with (
                asyncio.timeout(_PATIENCE_S + options.timeout_s),
                open_guest(self._links, options, request.unit) as unit,
            ):
                pdu = await unit.relay(question)
        except TimeoutError:
            return request.refusal(_BUSY)
        except (DeviceError, ConfigError) as error:
            log.debug("%s: %s", self, error)
            rest_s = _REST_AFTER_SILENCE * options.timeout_s
            self._rests_until = asyncio.get_running_loop().time() + rest_s
            return request.refusal(_NO_ANSWER)
        if question.is_write:
            log.info("%s: a client's %s was passed on", self, question.text)
        return request.answer(pdu)


class NotPassedOnError(Exception):
    """A request that is answered with an exception's code, without asking the device."""

    def __init__(self, code: int) -> None:
        self.code = code


class _Client(asyncio.Protocol):
    """One connection. What is no Modbus, or is not taken by its sender, ends it."""

    def __init__(self, proxy: ModbusProxy, group: asyncio.TaskGroup) -> None:
        self._proxy = proxy
        self._group = group
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        ours = transport.get_extra_info("socket")
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._proxy.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._proxy.leave(self)

    def pause_writing(self) -> None:
        """It asks and does not listen."""
        self.drop()

    def data_received(self, data: bytes) -> None:
        self._received += data
        try:
            requests, self._received = parsed(self._received)
        except ValueError:
            self.drop()
            return
        for request in requests:
            self._proxy.take(self, request, self._group)

    def send(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    def drop(self) -> None:
        self._proxy.leave(self)
        self._transport.abort()


def parsed(data: bytes) -> tuple[list[Request], bytes]:
    """The whole requests in a stream, and the bytes left over. ValueError for what is no Modbus."""
    requests = []
    while len(data) >= _HEADER.size - 1:
        protocol, length = _TWO_WORDS.unpack_from(data, 2)
        if protocol or not 2 <= length <= _LENGTH_MAX:
            raise ValueError("no Modbus header")
        size = _HEADER.size - 1 + length
        if len(data) < size:
            break
        transaction = int.from_bytes(data[:2], "big")
        requests.append(Request(transaction, data[6], data[_HEADER.size : size]))
        data = data[size:]
    return requests, data


def asked(pdu: bytes) -> Question:
    """The question of a request PDU. Raises NotPassedOnError."""
    function = pdu[0]
    if function not in (1, 2, 3, 4, 5, 6, 16):
        raise NotPassedOnError(_ILLEGAL_FUNCTION)
    if len(pdu) < 5 or (function != 16 and len(pdu) != 5):
        raise NotPassedOnError(_ILLEGAL_VALUE)
    address, second = _TWO_WORDS.unpack_from(pdu, 1)
    try:
        return _question(function, address, second, pdu[5:])
    except (ValueError, KeyError) as error:
        raise NotPassedOnError(_ILLEGAL_VALUE) from error


def _question(function: int, address: int, second: int, rest: bytes) -> Question:
    match function:
        case 1 | 2:
            return modbus_wire.ask_bits(function, address, second)
        case 3 | 4:
            return modbus_wire.ask_registers(function, address, second)
        case 5:
            return modbus_wire.write_coil(address, value=_COIL_VALUES[second])
        case 6:
            return modbus_wire.write_register(address, second)
    size = 2 * second
    if not 1 <= second <= _REGISTERS_MAX or len(rest) != size + 1 or rest[0] != size:
        raise ValueError("count and bytes do not agree")
    return modbus_wire.write_registers(address, struct.unpack(f">{second}H", rest[1:]))
