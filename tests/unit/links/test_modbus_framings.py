"""Modbus in datagrams and through a logging stick."""

import asyncio
from collections.abc import Iterator

import pytest

from gatewayd.errors import BadReadingError, DeviceError, RefusedError, UnreachableError
from gatewayd.links.modbus import (
    Aa55Endpoint,
    Endpoint,
    ModbusLinks,
    RtuOverTcpEndpoint,
    RtuOverUdpEndpoint,
    SolarmanEndpoint,
    TcpEndpoint,
    UdpEndpoint,
)
from gatewayd.links.solarman import SolarmanEnvelope
from gatewayd.sdk import crc
from tests.fakes.jump_loop import jumping
from tests.fakes.modbus_server import Fault, ModbusServer, Request
from tests.fakes.solarman import HEARTBEAT, SERIAL, Quirk, SolarmanLogger, v5


def word(_unit: int, function: int, address: int) -> int:
    return (address * 31 + function * 104729) & 0xFFFF


def words(function: int, address: int, count: int) -> tuple[int, ...]:
    return tuple(word(1, function, address + offset) for offset in range(count))


class Script:
    """Faults in order, then none."""

    def __init__(self, *faults: Fault | None) -> None:
        self._faults: Iterator[Fault | None] = iter(faults)

    def __call__(self, _request: Request) -> Fault | None:
        return next(self._faults, None)


def place(server: ModbusServer) -> Endpoint:
    kind = RtuOverUdpEndpoint if server.is_rtu else UdpEndpoint
    return kind("127.0.0.1", server.port)


@pytest.mark.parametrize("is_rtu", [False, True])
@jumping
async def test_datagrams_carry_reads_and_writes(is_rtu: bool) -> None:
    server = ModbusServer(word, is_rtu=is_rtu)
    async with (
        server.on_udp(),
        ModbusLinks().unit(place(server), 1, read_only=False) as unit,
    ):
        assert await unit.read_holding(100, 125) == words(3, 100, 125)
        assert await unit.read_input(100, 4) == words(4, 100, 4)
        await unit.write_registers(7, (1, 2))
        assert server.writes == [(7, (1, 2))]
        assert server.connections == 1


@pytest.mark.parametrize("is_rtu", [False, True])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.SILENCE, UnreachableError),
        (Fault.LATE, UnreachableError),
        (Fault.TRUNCATED, BadReadingError),
        (Fault.WRONG_UNIT, BadReadingError),
        (Fault.WRONG_FUNCTION, BadReadingError),
        (Fault.WRONG_COUNT, BadReadingError),
        (Fault.WRONG_BYTE_COUNT, BadReadingError),
        (Fault.GLUED, BadReadingError),
        (Fault.GARBAGE, BadReadingError),
        (Fault.GARBAGE_PREFIX, BadReadingError),
        (Fault.TORN, BadReadingError),
    ],
)
@jumping
async def test_after_a_bad_datagram_the_next_read_is_right_and_from_a_new_port(
    is_rtu: bool, fault: Fault, error: type[DeviceError]
) -> None:
    server = ModbusServer(word, Script(None, fault), is_rtu=is_rtu)
    async with (
        server.on_udp(),
        ModbusLinks().unit(place(server), 1, read_only=True) as unit,
    ):
        await unit.read_holding(100, 4)
        with pytest.raises(error):
            await unit.read_holding(200, 4)
        assert await unit.read_holding(300, 4) == words(3, 300, 4)
        assert server.connections == 2


@jumping
async def test_a_repeated_datagram_is_never_the_next_value() -> None:
    server = ModbusServer(word, Script(Fault.DUPLICATE_SOON), is_rtu=True)
    async with (
        server.on_udp(),
        ModbusLinks().unit(place(server), 1, read_only=True) as unit,
    ):
        assert await unit.read_holding(100, 1) == words(3, 100, 1)
        assert await unit.read_holding(200, 1) == words(3, 200, 1)


@jumping
async def test_datagrams_with_a_mark_in_front_carry_reads_and_writes() -> None:
    server = ModbusServer(word, is_rtu=True, prefix=b"\xaa\x55")
    async with (
        server.on_udp(),
        ModbusLinks().unit(Aa55Endpoint("127.0.0.1", server.port), 247, read_only=False) as unit,
    ):
        assert await unit.read_holding(100, 125) == words(3, 100, 125)
        await unit.write_register(7, 8)
        await unit.write_registers(7, (1, 2))
        server.plan = lambda _request: Fault.REFUSED
        with pytest.raises(RefusedError):
            await unit.read_holding(100, 4)
        assert server.writes == [(7, (8,)), (7, (1, 2))]
        assert server.connections == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.SILENCE, UnreachableError),
        (Fault.LATE, UnreachableError),
        (Fault.TRUNCATED, UnreachableError),
        (Fault.WRONG_UNIT, BadReadingError),
        (Fault.WRONG_FUNCTION, BadReadingError),
        (Fault.WRONG_COUNT, BadReadingError),
        (Fault.GARBAGE, BadReadingError),
        (Fault.GARBAGE_PREFIX, BadReadingError),
    ],
)
@jumping
async def test_after_a_bad_marked_datagram_the_next_read_is_right(
    fault: Fault, error: type[DeviceError]
) -> None:
    server = ModbusServer(word, Script(None, fault), is_rtu=True, prefix=b"\xaa\x55")
    async with (
        server.on_udp(),
        ModbusLinks().unit(Aa55Endpoint("127.0.0.1", server.port), 247, read_only=True) as unit,
    ):
        await unit.read_holding(100, 4)
        with pytest.raises(error):
            await unit.read_holding(200, 4)
        assert await unit.read_holding(300, 4) == words(3, 300, 4)
        assert server.connections == 2


@pytest.mark.parametrize("fault", [Fault.DUPLICATE_SOON, Fault.TORN, Fault.GLUED])
@jumping
async def test_marked_datagrams_may_come_twice_in_parts_or_with_more_behind(fault: Fault) -> None:
    server = ModbusServer(word, Script(fault), is_rtu=True, prefix=b"\xaa\x55")
    async with (
        server.on_udp(),
        ModbusLinks().unit(Aa55Endpoint("127.0.0.1", server.port), 247, read_only=True) as unit,
    ):
        assert await unit.read_holding(100, 4) == words(3, 100, 4)
        assert await unit.read_holding(200, 4) == words(3, 200, 4)


@jumping
async def test_a_port_where_nobody_listens_is_unreachable_at_once() -> None:
    async with ModbusServer(word).on_udp() as server:
        endpoint = place(server)
    async with ModbusLinks().unit(endpoint, 1, read_only=True, timeout_s=5.0) as unit:
        with pytest.raises(UnreachableError):
            await unit.read_holding(0, 1)
        assert asyncio.get_running_loop().time() < 5


@pytest.mark.parametrize("quirk", [None, Quirk.HEARTBEAT, Quirk.SLICED, Quirk.DOUBLE_CRC])
@jumping
async def test_a_logging_stick_is_read_and_written_through(quirk: Quirk | None) -> None:
    device = ModbusServer(word, is_rtu=True)
    logger = SolarmanLogger(device, lambda _number: quirk)
    async with logger.on_loopback():
        endpoint = SolarmanEndpoint("127.0.0.1", SERIAL, logger.port)
        async with ModbusLinks().unit(endpoint, 1, read_only=False) as unit:
            for address in range(300):
                assert await unit.read_holding(address, 4) == words(3, address, 4)
            await unit.write_register(9, 10)

    assert device.writes == [(9, (10,))]
    assert logger.connections == 1
    # The last one may still be on its way.
    assert len(logger.acknowledged) in ((300, 301) if quirk is Quirk.HEARTBEAT else (0,))


@pytest.mark.parametrize(
    ("quirk", "error", "text"),
    [
        (Quirk.NO_DEVICE, UnreachableError, "no answer of its device"),
        (Quirk.WRONG_SEQUENCE, BadReadingError, "sequence"),
        (Quirk.WRONG_LOGGER, BadReadingError, f"logger {SERIAL + 1} instead of {SERIAL}"),
        (Quirk.WRONG_SUM, BadReadingError, "damaged"),
        (Quirk.WRONG_KIND, BadReadingError, "unknown kind"),
        (Quirk.GARBAGE, BadReadingError, "no frame of a logger"),
        (Quirk.HUGE, BadReadingError, "no frame of a logger"),
    ],
)
@jumping
async def test_what_a_logging_stick_should_not_say_costs_one_answer(
    quirk: Quirk, error: type[DeviceError], text: str
) -> None:
    logger = SolarmanLogger(
        ModbusServer(word, is_rtu=True), lambda number: quirk if number == 1 else None
    )
    async with logger.on_loopback():
        endpoint = SolarmanEndpoint("127.0.0.1", SERIAL, logger.port)
        async with ModbusLinks().unit(endpoint, 1, read_only=True) as unit:
            await unit.read_holding(100, 4)
            with pytest.raises(error, match=text):
                await unit.read_holding(200, 4)
            assert await unit.read_holding(300, 4) == words(3, 300, 4)
            assert logger.connections == 2


@jumping
async def test_a_logging_stick_s_second_answer_is_never_the_next_value() -> None:
    logger = SolarmanLogger(
        ModbusServer(word, is_rtu=True), lambda number: Quirk.TWICE if number == 0 else None
    )
    async with logger.on_loopback():
        endpoint = SolarmanEndpoint("127.0.0.1", SERIAL, logger.port)
        async with ModbusLinks().unit(endpoint, 1, read_only=True) as unit:
            assert await unit.read_holding(100, 4) == words(3, 100, 4)
            assert await unit.read_holding(200, 4) == words(3, 200, 4)


@pytest.mark.parametrize(
    "fault", [Fault.WRONG_UNIT, Fault.WRONG_COUNT, Fault.TRUNCATED, Fault.GARBAGE, Fault.GLUED]
)
@jumping
async def test_what_is_in_a_logging_stick_s_frame_is_checked_too(fault: Fault) -> None:
    logger = SolarmanLogger(ModbusServer(word, Script(fault), is_rtu=True))
    async with logger.on_loopback():
        endpoint = SolarmanEndpoint("127.0.0.1", SERIAL, logger.port)
        async with ModbusLinks().unit(endpoint, 1, read_only=True) as unit:
            with pytest.raises(BadReadingError):
                await unit.read_holding(100, 4)
            assert await unit.read_holding(200, 4) == words(3, 200, 4)


def test_a_notice_is_answered_with_the_time_in_the_logger_s_own_form() -> None:
    envelope = SolarmanEnvelope(SERIAL, lambda: 0x01020304)

    opened = envelope.open(HEARTBEAT)

    assert opened.replies == v5(0x1710, 0x0C01, bytes.fromhex("0001040302 0100000000"))
    assert (opened.frames, opened.rest) == ((), b"")


def test_a_recorded_heartbeat_is_understood() -> None:
    recorded = bytes.fromhex("a501001047000cc8d2dd2a000515")

    assert SolarmanEnvelope(0x2ADDD2C8).open(recorded).replies


LONG = bytes.fromhex("1011870006000c")


@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (TcpEndpoint, bytes.fromhex("000100000008 01") + LONG),
        (RtuOverTcpEndpoint, b"\x01" + LONG + crc.modbus(b"\x01" + LONG).to_bytes(2, "little")),
    ],
)
@jumping
async def test_an_answer_to_a_write_may_say_more_than_that_it_is_done(
    kind: type[TcpEndpoint | RtuOverTcpEndpoint], answer: bytes, pieces: int
) -> None:
    is_closed = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        head = len(answer) // pieces
        writer.write(answer[:head])
        await asyncio.sleep(0.1)
        writer.write(answer[head:])
        await reader.read()
        writer.close()
        await writer.wait_closed()
        is_closed.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with ModbusLinks().unit(kind("127.0.0.1", port), 1, read_only=False) as unit:
            await unit.write_registers(0x1187, (0,) * 6)
        await is_closed.wait()
