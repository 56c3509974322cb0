"""A box on loopback that puts frames of its own around what an inverter behind it says."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self, cast

from tests.fakes.modbus_server import ModbusServer, Out

# From what the device says to the pieces that go onto the wire.
Sheathing = Callable[[bytes], list[bytes]]


@dataclass
class Wrapped(ABC):
    """Serves its clients; how frames look is a subclass's."""

    device: ModbusServer
    answers: int = field(default=0, init=False)
    connections: int = field(default=0, init=False)
    port: int = field(default=0, init=False)

    @abstractmethod
    def size(self, buffer: bytes) -> int:
        """How long the first frame is, or seems to be while its head has not all come."""

    @abstractmethod
    def opened(self, frame: bytes) -> tuple[bytes, Sheathing] | None:
        """The request in a frame, and what answers to it are put in."""

    @asynccontextmanager
    async def on_loopback(self) -> AsyncIterator[Self]:
        """Listen on 127.0.0.1; `port` then holds the number."""
        clients: set[asyncio.Transport] = set()
        server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(self, clients), "127.0.0.1"
        )
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for transport in list(clients):
                transport.abort()
            await server.wait_closed()


class _Connection(asyncio.Protocol):
    def __init__(self, box: Wrapped, clients: set[asyncio.Transport]) -> None:
        self._box = box
        self._clients = clients
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._out = cast(asyncio.Transport, transport)
        self._clients.add(self._out)
        self._box.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._clients.discard(self._out)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= (size := self._box.size(self._buffer)):
            frame, self._buffer = self._buffer[:size], self._buffer[size:]
            if found := self._box.opened(frame):
                request, sheathing = found
                self._box.device.feed(bytearray(request), _Sheath(sheathing, self._out))


@dataclass
class _Sheath:
    """Puts a frame around what the device says."""

    sheathing: Sheathing
    out: asyncio.Transport

    def write(self, data: bytes) -> None:
        self._send(self.sheathing(data))

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
