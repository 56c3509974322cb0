"""A street of Modbus devices in one process: register images whose values change each second.

`python -m tests.bench.street IMAGE COUNT` serves COUNT devices on ports of their own and prints
one JSON line with them. Writing register 65000 of a device adds the value to its clock registers,
which is how a bench plants a change at a known moment.
"""

import asyncio
import json
import struct
import sys
from collections.abc import Mapping
from pathlib import Path

from ruamel.yaml import YAML

_HEADER = struct.Struct(">HHHBB")


class Device(asyncio.Protocol):
    """One connection to one register image."""

    def __init__(self, image: "Image") -> None:
        self._image = image
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= 12:
            tid, _, length, unit, function = _HEADER.unpack_from(self._buffer)
            request, self._buffer = self._buffer[: 6 + length], self._buffer[6 + length :]
            body = self._image.answer(function, request[8:])
            self._transport.write(_HEADER.pack(tid, 0, len(body) + 2, unit, function) + body)


class Image:
    """Registers of one device; the words in `moving` change each second."""

    def __init__(self, registers: Mapping[int, list[int]], moving: tuple[int, ...]) -> None:
        self.words = bytearray(2 * 65536)
        self.moving = moving
        for start, words in registers.items():
            struct.pack_into(f">{len(words)}H", self.words, 2 * start, *words)

    def answer(self, function: int, body: bytes) -> bytes:
        """The body of an answer to a read (3, 4) or a single write (6)."""
        address, count = struct.unpack_from(">HH", body)
        if function == 6:
            struct.pack_into(">H", self.words, 2 * address, count)
            return body[:4]
        return bytes([2 * count]) + self.words[2 * address : 2 * (address + count)]

    def move(self, turn: int) -> None:
        """Change each moving word a little."""
        for address in self.moving:
            (word,) = struct.unpack_from(">H", self.words, 2 * address)
            struct.pack_into(">H", self.words, 2 * address, word ^ (1 + turn % 2))


def load_image(path: Path) -> Image:
    """An image from a driver's fixture file: its first image's registers."""
    fixture = YAML(typ="safe").load(path)
    registers: dict[int, list[int]] = {}
    for table in fixture["registers"].values():
        registers |= {int(start): list(words) for start, words in table.items()}
    return Image(registers, tuple(fixture.get("moving", ())))


async def serve(path: Path, count: int) -> None:
    """Serve until killed."""
    loop = asyncio.get_running_loop()
    images = [load_image(path) for _ in range(count)]
    servers = [
        await loop.create_server(lambda image=image: Device(image), "127.0.0.1", 0)  # type: ignore[misc]
        for image in images
    ]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    print(json.dumps(ports), flush=True)
    turn = 0
    while True:
        await asyncio.sleep(1)
        turn += 1
        for image in images:
            image.move(turn)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
