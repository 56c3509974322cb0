"""A Modbus TCP client without manners: it sends what it is told and returns what comes."""

import asyncio
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

PATIENCE_S = 5.0


class RefusedByDevice(Exception):  # noqa: N818
    """The device answered with a Modbus exception."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code


class Wire:
    """One connection to one unit."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, unit: int
    ) -> None:
        self.reader, self.writer, self.unit = reader, writer, unit
        self._transaction = 0

    def frame(self, pdu: bytes) -> bytes:
        self._transaction += 1
        return struct.pack(">HHHB", self._transaction, 0, len(pdu) + 1, self.unit) + pdu

    async def answer(self) -> tuple[int, int, bytes]:
        """Transaction, unit and protocol data unit of the next frame."""
        async with asyncio.timeout(PATIENCE_S):
            header = await self.reader.readexactly(7)
            transaction, protocol, size, unit = struct.unpack(">HHHB", header)
            assert protocol == 0
            return transaction, unit, await self.reader.readexactly(size - 1)

    async def ask(self, pdu: bytes) -> bytes:
        self.writer.write(self.frame(pdu))
        transaction, unit, answer = await self.answer()
        assert (transaction, unit) == (self._transaction, self.unit)
        if answer[0] & 0x80:
            assert answer[0] & 0x7F == pdu[0]
            raise RefusedByDevice(answer[1])
        assert answer[0] == pdu[0]
        return answer[1:]

    async def read(self, address: int, count: int, function: int = 3) -> tuple[int, ...]:
        data = await self.ask(struct.pack(">BHH", function, address, count))
        assert data[0] == len(data) - 1 == 2 * count
        return struct.unpack(f">{count}H", data[1:])

    async def u32(self, address: int) -> int:
        high, low = await self.read(address, 2)
        return high << 16 | low

    async def f32(self, address: int) -> float:
        words = await self.read(address, 2, function=4)
        value: float = struct.unpack(">f", struct.pack(">HH", *words))[0]
        return value

    async def write(self, address: int, value: int) -> None:
        request = struct.pack(">BHH", 6, address, value & 0xFFFF)
        assert await self.ask(request) == request[1:]

    async def write_many(self, address: int, values: Sequence[int]) -> None:
        words = [value & 0xFFFF for value in values]
        head = struct.pack(">BHHB", 16, address, len(words), 2 * len(words))
        answer = await self.ask(head + struct.pack(f">{len(words)}H", *words))
        assert answer == head[1:5]


@asynccontextmanager
async def wire(address: dict[str, Any]) -> AsyncIterator[Wire]:
    """A connection to a device, from what the home says of its address."""
    reader, writer = await asyncio.open_connection(address["host"], address["port"])
    try:
        yield Wire(reader, writer, address["unit"])
    finally:
        writer.close()
