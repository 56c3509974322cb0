"""A street of hybrid inverters with their grid meters, in the bench's own process.

Each serves the register image of the SunSpec fixture; about half of its 43 values move each second.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ruamel.yaml import YAML

IMAGE = Path(__file__).parents[1] / "fixtures" / "devices" / "sunspec.yaml"
UNIT, METER_UNIT = 1, 200
# Body of model 203 on the meter's unit: its total power, scale factor 0.
METER_POWER = 40088
_INVERTER_MOVING = (*range(40072, 40076), *range(40080, 40083), 40084, 40095)
_METER_MOVING = (*range(40072, 40076), *range(40078, 40081), *range(40089, 40092), 40093, 40117)
# Body of model 1: the serial number's first two letters.
_SERIAL = 40052
_HEADER = struct.Struct(">HHHBB")


class House:
    """One device's words, by unit."""

    def __init__(self, number: int) -> None:
        fixture = YAML(typ="safe").load(IMAGE)
        tables = {UNIT: fixture["registers"], **fixture["others"]}
        self._words = {unit: _image(table["holding"]) for unit, table in tables.items()}
        for unit in tables:
            self.set(unit, _SERIAL, int.from_bytes(f"{number:02}".encode()))

    def set(self, unit: int, address: int, value: int) -> None:
        """Put a word (signed) into a register."""
        struct.pack_into(">h", self._words[unit], 2 * address, value)

    def get(self, unit: int, address: int) -> int:
        value: int = struct.unpack_from(">h", self._words[unit], 2 * address)[0]
        return value

    def read(self, unit: int, address: int, count: int) -> bytes:
        """Registers as they go on the wire."""
        return bytes(self._words[unit][2 * address : 2 * (address + count)])

    def move(self) -> None:
        """Change what moves by its lowest bit."""
        for unit, addresses in ((UNIT, _INVERTER_MOVING), (METER_UNIT, _METER_MOVING)):
            for address in addresses:
                self.set(unit, address, self.get(unit, address) ^ 1)


class _Connection(asyncio.Protocol):
    def __init__(self, house: House) -> None:
        self._house = house
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= 12:
            transaction, _, _, unit, function = _HEADER.unpack_from(self._buffer)
            address, count = struct.unpack_from(">HH", self._buffer, 8)
            self._buffer = self._buffer[12:]
            body = bytes([2 * count]) + self._house.read(unit, address, count)
            self._transport.write(
                _HEADER.pack(transaction, 0, len(body) + 2, unit, function) + body
            )


@asynccontextmanager
async def street(count: int) -> AsyncIterator[tuple[list[House], list[int]]]:
    """Houses and the ports they are served on."""
    loop = asyncio.get_running_loop()
    houses = [House(number) for number in range(count)]
    servers = [await loop.create_server(_maker(house), "127.0.0.1", 0) for house in houses]
    try:
        yield houses, [server.sockets[0].getsockname()[1] for server in servers]
    finally:
        for server in servers:
            server.close()


def _maker(house: House) -> type[asyncio.Protocol]:
    return lambda: _Connection(house)  # type: ignore[return-value]


def _image(table: dict[int, list[int]]) -> bytearray:
    words = bytearray(2 * 65536)
    for start, values in table.items():
        struct.pack_into(f">{len(values)}H", words, 2 * int(start), *values)
    return words
