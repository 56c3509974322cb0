"""A Modbus device on loopback or a pty that can misbehave in every way seen in the field."""

import asyncio
import os
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol, cast

from tests.fakes.jump_loop import JumpLoop

# The kernel hands on what is written to a pty when it finds the time.
_PTY_GRACE_S = 0.05


class Fault(StrEnum):
    """One way to answer badly. TORN, TID_ZERO and the duplicates carry the right values."""

    LATE = "late"
    SILENCE = "silence"
    CLOSE = "close"
    CLOSE_HALFWAY = "close_halfway"
    WRONG_UNIT = "wrong_unit"
    WRONG_FUNCTION = "wrong_function"
    WRONG_COUNT = "wrong_count"
    WRONG_BYTE_COUNT = "wrong_byte_count"
    WRONG_TID = "wrong_tid"
    TID_ZERO = "tid_zero"
    DUPLICATE = "duplicate"
    DUPLICATE_SOON = "duplicate_soon"
    TORN = "torn"
    GLUED = "glued"
    GARBAGE = "garbage"
    GARBAGE_PREFIX = "garbage_prefix"
    TRUNCATED = "truncated"
    BUSY = "busy"
    REFUSED = "refused"
    NO_PATH = "no_path"
    NO_TARGET = "no_target"
    WRONG_ECHO = "wrong_echo"


# The device itself is busy or refuses; a gateway before it has no way to it, or no answer of it.
EXCEPTIONS = {Fault.BUSY: 6, Fault.REFUSED: 2, Fault.NO_PATH: 10, Fault.NO_TARGET: 11}


@dataclass(frozen=True)
class Request:
    """What the device was asked. `values` is empty for a read."""

    tid: int
    unit: int
    function: int
    address: int
    count: int
    values: tuple[int, ...] = ()


Words = Callable[[int, int, int], int | None]


def image(units: Mapping[int, Mapping[int, dict[int, int]]]) -> Words:
    """Words by unit, function code and address; what is not there is an illegal address."""
    return lambda unit, function, address: units.get(unit, {}).get(function, {}).get(address)


@dataclass
class ModbusServer:
    """Serves `words`, unless `plan` names a fault. Writes are recorded, and applied by `store`.

    With `is_rtu`, `prefix` stands before each answer.
    """

    words: Words
    plan: Callable[[Request], Fault | None] = lambda _request: None
    store: Callable[[int, int, int], None] = lambda _unit, _address, _value: None
    is_rtu: bool = False
    has_tid: bool = True
    prefix: bytes = b""
    late_s: float = 3.0
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    @property
    def writes(self) -> list[tuple[int, tuple[int, ...]]]:
        """Address and values of every write, in order."""
        return [(r.address, r.values) for r in self.requests if r.function in (5, 6, 16)]

    @asynccontextmanager
    async def on_loopback(self, port: int = 0) -> AsyncIterator["ModbusServer"]:
        """Listen on 127.0.0.1; `port` then holds the number."""
        loop = asyncio.get_running_loop()
        open_connections: set[asyncio.Transport] = set()
        server = await loop.create_server(
            lambda: _Connection(self, open_connections), "127.0.0.1", port
        )
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for transport in list(open_connections):
                transport.abort()
            await server.wait_closed()

    @asynccontextmanager
    async def on_udp(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator["ModbusServer"]:
        """Answer datagrams on loopback; `port` then holds the number."""
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(self), local_addr=(host, port)
        )
        self.port = transport.get_extra_info("sockname")[1]
        try:
            yield self
        finally:
            transport.close()

    @asynccontextmanager
    async def on_pty(self) -> AsyncIterator[str]:
        """Serve RTU on a pseudo terminal; yields the path for the client."""
        loop = asyncio.get_running_loop()
        if isinstance(loop, JumpLoop):
            loop.allow(_PTY_GRACE_S)
        ours, theirs = os.openpty()
        buffer = bytearray()

        def on_bytes() -> None:
            buffer.extend(os.read(ours, 4096))
            self.feed(buffer, _PtyWriter(ours))

        loop.add_reader(ours, on_bytes)
        try:
            yield os.ttyname(theirs)
        finally:
            loop.remove_reader(ours)
            os.close(ours)
            os.close(theirs)

    def feed(self, buffer: bytearray, out: "Out") -> None:
        """Answer every whole request in the buffer, and take it out."""
        while True:
            request, used = (_parse_rtu if self.is_rtu else _parse_tcp)(bytes(buffer))
            if request is None:
                return
            del buffer[:used]
            self.requests.append(request)
            _Answer(self, request, out).send(self.plan(request))

    def frame(self, request: Request, pdu: bytes) -> bytes:
        """The bytes on the wire."""
        if self.is_rtu:
            body = bytes((request.unit & 0xFF,)) + pdu
            return self.prefix + body + _crc(body)
        return _mbap(request.tid if self.has_tid else 0, request, pdu)


class Out(Protocol):
    """Where a server's answers go."""

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...

    def is_closing(self) -> bool: ...


class _Datagrams(asyncio.DatagramProtocol):
    """Each sender counts as a connection."""

    def __init__(self, server: ModbusServer) -> None:
        self._server = server
        self._senders: set[object] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if addr not in self._senders:
            self._senders.add(addr)
            self._server.connections += 1
        self._server.feed(bytearray(data), _DatagramWriter(self._transport, addr))


@dataclass
class _DatagramWriter:
    transport: asyncio.DatagramTransport
    sender: tuple[str, int]

    def write(self, data: bytes) -> None:
        self.transport.sendto(data, self.sender)

    def close(self) -> None:
        """There is nothing to hang up."""

    def is_closing(self) -> bool:
        return self.transport.is_closing()


class _PtyWriter:
    def __init__(self, fd: int) -> None:
        self._fd = fd

    def write(self, data: bytes) -> None:
        os.write(self._fd, data)

    def close(self) -> None:
        """A serial line cannot hang up."""

    def is_closing(self) -> bool:
        return False


class _Connection(asyncio.Protocol):
    def __init__(self, server: ModbusServer, peers: set[asyncio.Transport]) -> None:
        self._server = server
        self._peers = peers
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._server.connections += 1
        self._peers.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._peers.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer.extend(data)
        self._server.feed(self._buffer, self._transport)


@dataclass
class _Answer:
    server: ModbusServer
    request: Request
    out: "Out"

    def send(self, fault: Fault | None) -> None:
        right = self.server.frame(self.request, self._pdu())
        loop = asyncio.get_running_loop()
        match fault:
            case None:
                self.out.write(right)
            case Fault.LATE:
                loop.call_later(self.server.late_s, self._write, right)
            case Fault.SILENCE:
                pass
            case Fault.CLOSE:
                self.out.close()
            case Fault.CLOSE_HALFWAY:
                self.out.write(right[: len(right) // 2])
                self.out.close()
            case Fault.DUPLICATE_SOON:
                # Two turns of the loop later the first one has been read, but not yet used.
                self.out.write(right)
                loop.call_soon(loop.call_soon, self._write, right)
            case Fault.TORN:
                self._tear(right)
            case _:
                self.out.write(self._spoilt(fault, right))

    def _write(self, data: bytes) -> None:
        """Say something later; by then nobody may be listening."""
        if not self.out.is_closing():
            self.out.write(data)

    def _tear(self, rest: bytes) -> None:
        """One byte in each turn of the loop."""
        self._write(rest[:1])
        if rest[1:]:
            asyncio.get_running_loop().call_soon(self._tear, rest[1:])

    def _spoilt(self, fault: Fault, right: bytes) -> bytes:
        poisoned = self._poisoned()
        match fault:
            case Fault.DUPLICATE:
                return right * 2
            case Fault.GLUED:
                return right + self._other(poisoned)
            case Fault.GARBAGE:
                return bytes(range(7, 60))
            case Fault.GARBAGE_PREFIX:
                return b"\xfe\xff\x00" + right
            case Fault.TRUNCATED:
                return right[: len(right) // 2]
            case Fault.TID_ZERO:
                return right if self.server.is_rtu else b"\0\0" + right[2:]
            case Fault.WRONG_TID:
                # RTU has none, so there is nothing to spoil.
                tid = self.request.tid + 1 & 0xFFFF
                return right if self.server.is_rtu else _mbap(tid, self.request, poisoned)
            case Fault.WRONG_UNIT:
                return self._other(poisoned, unit=1)
            case _ if fault in EXCEPTIONS:
                return self._other(bytes((self.request.function | 0x80, EXCEPTIONS[fault])))
        return self._other(_misshapen(fault, poisoned))

    def _other(self, pdu: bytes, *, unit: int = 0) -> bytes:
        return self.server.frame(replace(self.request, unit=self.request.unit + unit), pdu)

    def _poisoned(self) -> bytes:
        """The right shape with every value wrong."""
        pdu = self._pdu()
        if self.request.values:
            return pdu
        return pdu[:2] + bytes(byte ^ 0x5A for byte in pdu[2:])

    def _pdu(self) -> bytes:
        request = self.request
        head = bytes((request.function,))
        if request.function in (5, 6, 16):
            for offset, value in enumerate(request.values):
                self.server.store(request.unit, request.address + offset, value)
            second = request.count if request.function == 16 else request.values[0]
            return head + struct.pack(">HH", request.address, second)
        found = [
            self.server.words(request.unit, request.function, request.address + offset)
            for offset in range(request.count)
        ]
        words = [word for word in found if word is not None]
        if len(words) < len(found):
            return bytes((request.function | 0x80, 2))
        if request.function in (1, 2):
            packed = sum(bool(word) << bit for bit, word in enumerate(words))
            size = (request.count + 7) // 8
            return head + bytes((size,)) + packed.to_bytes(size, "little")
        return head + bytes((2 * len(words),)) + struct.pack(f">{len(words)}H", *words)


def _misshapen(fault: Fault, pdu: bytes) -> bytes:
    if fault is Fault.WRONG_FUNCTION:
        return bytes((pdu[0] ^ 7,)) + pdu[1:]
    if fault is Fault.WRONG_ECHO or pdu[0] in (5, 6, 16):
        return pdu[:-1] + bytes((pdu[-1] ^ 1,)) if pdu[0] in (5, 6, 16) else pdu[:1]
    if fault is Fault.WRONG_COUNT:
        return bytes((pdu[0], pdu[1] + 2)) + pdu[2:] + b"\x12\x34"
    return bytes((pdu[0], pdu[1] - 1)) + pdu[2:]


def _mbap(tid: int, request: Request, pdu: bytes) -> bytes:
    return struct.pack(">HHHB", tid, 0, len(pdu) + 1, request.unit & 0xFF) + pdu


def _parse_tcp(data: bytes) -> tuple[Request | None, int]:
    if len(data) < 12 or len(data) < 6 + int.from_bytes(data[4:6], "big"):
        return None, 0
    used = 6 + int.from_bytes(data[4:6], "big")
    return _request(int.from_bytes(data[:2], "big"), data[6:used]), used


def _parse_rtu(data: bytes) -> tuple[Request | None, int]:
    if len(data) < 8:
        return None, 0
    used = 9 + data[6] if data[1] == 16 else 8
    if len(data) < used:
        return None, 0
    assert _crc(data[: used - 2]) == data[used - 2 : used]
    return _request(0, data[: used - 2]), used


def _request(tid: int, body: bytes) -> Request:
    unit, function, address, second = struct.unpack_from(">BBHH", body)
    if function == 16:
        values = struct.unpack_from(f">{second}H", body, 7)
        return Request(tid, unit, function, address, second, values)
    if function in (5, 6):
        return Request(tid, unit, function, address, 1, (second,))
    return Request(tid, unit, function, address, second)


def _crc(data: bytes) -> bytes:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xA001 if crc & 1 else 0)
    return crc.to_bytes(2, "little")
