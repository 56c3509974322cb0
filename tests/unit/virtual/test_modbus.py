"""The Modbus server on the wire, with a device that has every kind of register."""

import asyncio
import struct
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar

import pytest

from gatewayd.errors import ConfigError
from gatewayd.virtual.devices.device import Refusal, Registers, Table, WritableDevice
from gatewayd.virtual.groups import plain_group
from gatewayd.virtual.modbus import ModbusServer
from gatewayd.virtual.physics.house import House
from tests.fakes.clock import FakeClock
from tests.unit.virtual.wire import RefusedByDevice, Wire, wire


class EveryTable(WritableDevice):
    """Ten bits or words in each table, numbered from 100; word 109 takes no value above 9."""

    driver: ClassVar[str] = "test"
    unit: ClassVar[int] = 7
    functions: ClassVar[frozenset[int]] = frozenset({1, 2, 3, 4, 5, 6, 15, 16})

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.registers = {
            Table.COILS: dict.fromkeys(range(100, 110), 0),
            Table.DISCRETE: {100 + i: i % 2 for i in range(10)},
            Table.HOLDING: {100 + i: i for i in range(10)} | dict.fromkeys(range(1000, 1200), 5),
            Table.INPUT: {100 + i: 1000 + i for i in range(10)},
        }

    def measure(self, house: House) -> Registers:
        return self.registers

    def write(self, table: Table, address: int, values: Sequence[int]) -> Refusal | None:
        block = dict(enumerate(values, address))
        if not block.keys() <= self.registers[table].keys():
            return Refusal.ILLEGAL_ADDRESS
        if block.get(109, 0) > 9:
            return Refusal.ILLEGAL_VALUE
        self.registers[table].update(block)
        return None

    def settings(self) -> Mapping[str, int]:
        return {}

    def truth(self, house: House) -> Mapping[str, float]:
        return {}


@pytest.fixture
async def server(clock: FakeClock) -> AsyncIterator[ModbusServer]:
    async with plain_group() as group:
        server = ModbusServer(EveryTable(clock), clock, group, "127.0.0.1", 0)
        await server.follow_faults()
        yield server
        server.unplug()


def at(server: ModbusServer) -> dict[str, Any]:
    return {"host": server.host, "port": server.port, "unit": 7}


@pytest.fixture
async def line(server: ModbusServer) -> AsyncIterator[Wire]:
    async with wire(at(server)) as line:
        yield line


async def refusal(line: Wire, pdu: bytes) -> int:
    with pytest.raises(RefusedByDevice) as caught:
        await line.ask(pdu)
    return caught.value.code


async def test_words_are_read_from_their_own_table(line: Wire) -> None:
    assert await line.read(101, 3) == (1, 2, 3)
    assert await line.read(101, 3, function=4) == (1001, 1002, 1003)


async def test_bits_are_packed_from_the_lowest(line: Wire) -> None:
    discrete = await line.ask(struct.pack(">BHH", 2, 100, 10))
    coils = await line.ask(struct.pack(">BHH", 1, 100, 3))

    assert discrete == bytes((2, 0b10101010, 0b10))
    assert coils == bytes((1, 0))


async def test_each_kind_of_write_is_echoed_and_shows(line: Wire) -> None:
    await line.write(100, 4711)
    await line.write_many(101, [8, 9])
    coil = struct.pack(">BHH", 5, 100, 0xFF00)
    coils = struct.pack(">BHHBB", 15, 102, 3, 1, 0b101)

    assert await line.ask(coil) == coil[1:]
    assert await line.ask(coils) == coils[1:5]
    assert await line.read(100, 3) == (4711, 8, 9)
    assert await line.ask(struct.pack(">BHH", 1, 100, 8)) == bytes((1, 0b10101))


@pytest.mark.parametrize(
    ("pdu", "code"),
    [
        (struct.pack(">BHH", 43, 0, 0), 1),
        (struct.pack(">BHH", 3, 99, 1), 2),
        (struct.pack(">BHH", 3, 105, 6), 2),
        (struct.pack(">BHH", 3, 65535, 2), 2),
        (struct.pack(">BHH", 3, 100, 0), 3),
        (struct.pack(">BHH", 3, 1000, 126), 3),
        (struct.pack(">BHH", 2, 100, 2001), 3),
        (struct.pack(">BH", 3, 100), 3),
        (struct.pack(">BHH", 6, 50, 1), 2),
        (struct.pack(">BHH", 6, 109, 10), 3),
        (struct.pack(">BHH", 5, 100, 1), 3),
        (struct.pack(">BHHBH", 16, 100, 2, 4, 1), 3),
        (struct.pack(">BHHBH", 16, 100, 1, 3, 1), 3),
        (struct.pack(">BHHB", 16, 100, 0, 0), 3),
        (struct.pack(">BH", 16, 100), 3),
    ],
)
async def test_nonsense_is_refused_with_the_code_that_says_why(
    line: Wire, pdu: bytes, code: int
) -> None:
    assert await refusal(line, pdu) == code
    assert await line.read(100, 1) == (0,)


async def test_a_full_request_is_answered(line: Wire) -> None:
    assert await line.read(1000, 125) == (5,) * 125


async def test_another_unit_gets_no_answer(line: Wire) -> None:
    request = bytearray(line.frame(struct.pack(">BHH", 3, 100, 1)))
    request[6] = 8
    line.writer.write(bytes(request) + line.frame(struct.pack(">BHH", 3, 101, 1)))

    transaction, unit, pdu = await line.answer()

    assert (transaction, unit) == (2, 7)
    assert pdu == bytes((3, 2, 0, 1))


async def test_a_request_in_pieces_is_put_together(line: Wire) -> None:
    for byte in line.frame(struct.pack(">BHH", 3, 102, 1)):
        line.writer.write(bytes((byte,)))
        await line.writer.drain()
        await asyncio.sleep(0)

    assert (await line.answer())[2] == bytes((3, 2, 0, 2))


async def test_requests_in_one_piece_are_answered_in_order(line: Wire) -> None:
    frames = [line.frame(struct.pack(">BHH", 3, 100 + i, 1)) for i in range(5)]
    line.writer.write(b"".join(frames))

    answers = [await line.answer() for _ in range(5)]

    assert [(t, pdu[-1]) for t, _, pdu in answers] == [(i + 1, i) for i in range(5)]


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack(">HHHB", 1, 0, 1, 7),
        struct.pack(">HHHB", 1, 0, 300, 7),
        struct.pack(">HHHB", 1, 9, 6, 7),
    ],
)
async def test_what_is_no_modbus_ends_the_connection_but_not_the_server(
    server: ModbusServer, line: Wire, garbage: bytes
) -> None:
    line.writer.write(garbage)

    assert await line.reader.read() == b""
    async with wire(at(server)) as other:
        assert await other.read(101, 1) == (1,)


async def test_several_clients_are_served_at_once(server: ModbusServer) -> None:
    async with wire(at(server)) as one, wire(at(server)) as two:
        await one.write(100, 77)

        assert await two.read(100, 1) == (77,)
        assert await one.read(101, 1) == (1,)


async def test_a_taken_port_is_told_as_such(server: ModbusServer, clock: FakeClock) -> None:
    async with plain_group() as group:
        other = ModbusServer(EveryTable(clock), clock, group, "127.0.0.1", server.port)

        with pytest.raises(ConfigError, match=f"127.0.0.1:{server.port}: address already in use"):
            await other.follow_faults()
