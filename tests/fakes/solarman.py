"""A Solarman logging stick on loopback, with an inverter of our own behind it.

Its framing is written here once more, so that a mistake in the one under test shows.
"""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

from tests.fakes.modbus_server import ModbusServer, Out

SERIAL = 2712345678


class Quirk(StrEnum):
    """What a stick does to one answer. HEARTBEAT, SLICED and DOUBLE_CRC leave it right."""

    HEARTBEAT = "heartbeat"
    SLICED = "sliced"
    DOUBLE_CRC = "double_crc"
    NO_DEVICE = "no_device"
    WRONG_SEQUENCE = "wrong_sequence"
    WRONG_LOGGER = "wrong_logger"
    WRONG_SUM = "wrong_sum"
    WRONG_KIND = "wrong_kind"
    GARBAGE = "garbage"
    HUGE = "huge"
    TWICE = "twice"


def v5(control: int, sequence: int, payload: bytes, logger: int = SERIAL) -> bytes:
    """One frame."""
    inside = struct.pack("<HHHI", len(payload), control, sequence, logger) + payload
    return b"\xa5" + inside + bytes((sum(inside) % 256, 0x15))


HEARTBEAT = v5(0x4710, 0x0C00, b"\x00")


@dataclass
class SolarmanLogger:
    """`plan` tells the quirk of each answer by its number, from 0."""

    device: ModbusServer
    plan: Callable[[int], Quirk | None] = lambda _number: None
    acknowledged: list[bytes] = field(default_factory=list)
    answers: int = 0
    connections: int = 0
    port: int = 0

    @asynccontextmanager
    async def on_loopback(self) -> AsyncIterator["SolarmanLogger"]:
        """Listen on 127.0.0.1; `port` then holds the number."""
        loop = asyncio.get_running_loop()
        clients: set[asyncio.Transport] = set()
        server = await loop.create_server(lambda: _Connection(self, clients), "127.0.0.1")
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for transport in list(clients):
                transport.abort()
            await server.wait_closed()

    def sheathed(self, sequence: int, frame: bytes) -> list[bytes]:
        """An answer as it goes onto the wire, in the pieces it is sent in."""
        quirk = self.plan(self.answers)
        self.answers += 1
        if quirk is Quirk.DOUBLE_CRC:
            frame += b"\0\0"
        if quirk is Quirk.NO_DEVICE:
            frame = b"\x05"
        number = sequence + (quirk is Quirk.WRONG_SEQUENCE) & 0xFF
        control = 0x1610 if quirk is Quirk.WRONG_KIND else 0x1510
        logger = SERIAL + (quirk is Quirk.WRONG_LOGGER)
        right = v5(control, 0x3300 | number, b"\x02\x01" + bytes(12) + frame, logger)
        if quirk is Quirk.SLICED:
            return [right[:7], right[7:20], right[20:]]
        spoil = _SPOILT.get(quirk)
        return [spoil(right) if spoil else right]


_SPOILT: dict[Quirk | None, Callable[[bytes], bytes]] = {
    Quirk.HEARTBEAT: lambda right: HEARTBEAT + right,
    Quirk.WRONG_SUM: lambda right: right[:-2] + bytes((right[-2] ^ 1, 0x15)),
    Quirk.GARBAGE: lambda right: b"AT+OK" + right,
    Quirk.HUGE: lambda right: b"\xa5\xff\xff" + right,
    Quirk.TWICE: lambda right: right + right,
}


class _Connection(asyncio.Protocol):
    def __init__(self, logger: SolarmanLogger, clients: set[asyncio.Transport]) -> None:
        self._logger = logger
        self._clients = clients
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._out = cast(asyncio.Transport, transport)
        self._clients.add(self._out)
        self._logger.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._clients.discard(self._out)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= 11 and len(self._buffer) >= self._size():
            size = self._size()
            frame, self._buffer = self._buffer[:size], self._buffer[size:]
            self._take(frame)

    def _size(self) -> int:
        return 13 + int.from_bytes(self._buffer[1:3], "little")

    def _take(self, frame: bytes) -> None:
        control, sequence, logger = struct.unpack_from("<HHI", frame, 3)
        assert frame[-2:] == bytes((sum(frame[1:-2]) % 256, 0x15))
        assert logger == SERIAL
        if control != 0x4510:
            self._logger.acknowledged.append(frame)
            return
        assert frame[11:26] == b"\x02" + bytes(14)
        sheath = _Sheath(self._logger, sequence, self._out)
        self._logger.device.feed(bytearray(frame[26:-2]), sheath)


@dataclass
class _Sheath:
    """Puts a frame around what the device says."""

    logger: SolarmanLogger
    sequence: int
    out: asyncio.Transport

    def write(self, data: bytes) -> None:
        self._send(self.logger.sheathed(self.sequence, data))

    def _send(self, pieces: list[bytes]) -> None:
        """One piece in each turn of the loop."""
        if pieces and not self.out.is_closing():
            self.out.write(pieces[0])
            asyncio.get_running_loop().call_soon(self._send, pieces[1:])

    def close(self) -> None:
        self.out.close()

    def is_closing(self) -> bool:
        return self.out.is_closing()


_FITS: type[Out] = _Sheath
