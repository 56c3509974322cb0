"""Modbus links against a device that misbehaves. Time jumps, so timeouts cost nothing."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from gatewayd.errors import (
    BadReadingError,
    BusyError,
    ConfigError,
    DeviceError,
    RefusedError,
    UnreachableError,
)
from gatewayd.links.modbus import (
    ModbusLinks,
    RtuOverTcpEndpoint,
    SerialEndpoint,
    TcpEndpoint,
    UnitReader,
)
from gatewayd.sdk.driver import ModbusWriter
from tests.fakes.jump_loop import jumping
from tests.fakes.modbus_server import Fault, ModbusServer, Request, image


def word(_unit: int, function: int, address: int) -> int:
    """A different word at every address and function code."""
    return (address * 31 + function * 104729) & 0xFFFF


def words(function: int, address: int, count: int) -> tuple[int, ...]:
    return tuple(word(1, function, address + offset) for offset in range(count))


class Script:
    """Faults in order, then none; and when each request came."""

    def __init__(self, *faults: Fault | None) -> None:
        self._faults: Iterator[Fault | None] = iter(faults)
        self.at: list[float] = []

    def __call__(self, _request: Request) -> Fault | None:
        self.at.append(asyncio.get_running_loop().time())
        return next(self._faults, None)


@asynccontextmanager
async def hanging_up() -> AsyncIterator[int]:
    """A device that closes every connection as soon as it stands; yields its port."""

    def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1") as server:
        yield server.sockets[0].getsockname()[1]


def tcp(server: ModbusServer) -> TcpEndpoint:
    return TcpEndpoint("127.0.0.1", server.port)


@jumping
async def test_all_four_tables_are_read() -> None:
    bits = {1: {0: 1, 1: 0, 2: 1}, 2: {8: 0, 9: 1}}
    tables = {3: {10: 1, 11: 65535}, 4: {10: 2}, **bits}
    async with (
        ModbusServer(image({7: tables})).on_loopback() as server,
        ModbusLinks().unit(tcp(server), 7, read_only=True) as unit,
    ):
        assert await unit.read_holding(10, 2) == (1, 65535)
        assert await unit.read_input(10, 1) == (2,)
        assert await unit.read_coils(0, 3) == (True, False, True)
        assert await unit.read_discrete(8, 2) == (False, True)


@jumping
async def test_all_three_writes_reach_the_device() -> None:
    async with (
        ModbusServer(word).on_loopback() as server,
        ModbusLinks().unit(tcp(server), 1, read_only=False) as unit,
    ):
        await unit.write_register(5004, 16000)
        await unit.write_registers(100, (1, 2, 3))
        await unit.write_coil(9, value=True)

    assert server.writes == [(5004, (16000,)), (100, (1, 2, 3)), (9, (0xFF00,))]
    assert [request.function for request in server.requests] == [6, 16, 5]


@jumping
async def test_a_read_only_unit_has_no_way_to_write() -> None:
    async with ModbusLinks().unit(TcpEndpoint("127.0.0.1"), 1, read_only=True) as unit:
        assert not [name for name in dir(unit) if "write" in name]
        assert not isinstance(unit, ModbusWriter)


@jumping
async def test_units_of_one_endpoint_share_one_connection_until_the_last_one_leaves() -> None:
    links = ModbusLinks()
    async with ModbusServer(word).on_loopback() as server:
        async with links.unit(tcp(server), 1, read_only=True) as first:
            async with links.unit(tcp(server), 2, read_only=True) as second:
                await asyncio.gather(*(unit.read_input(0, 1) for unit in (first, second) * 5))
            await first.read_input(0, 1)
            assert server.connections == 1
        async with links.unit(tcp(server), 1, read_only=True) as first:
            await first.read_input(0, 1)
            assert server.connections == 2


@jumping
async def test_only_one_request_is_under_way_at_a_time() -> None:
    # A server that answers the first question late would see the second one before its answer.
    script = Script(Fault.LATE)
    links = ModbusLinks()
    async with (
        ModbusServer(word, script, late_s=1.0).on_loopback() as server,
        links.unit(tcp(server), 1, read_only=True, timeout_s=2.0) as unit,
    ):
        await asyncio.gather(unit.read_input(0, 1), unit.read_input(1, 1))

    assert script.at == [pytest.approx(0.0), pytest.approx(1.0)]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.SILENCE, UnreachableError),
        (Fault.LATE, UnreachableError),
        (Fault.TRUNCATED, UnreachableError),
        (Fault.CLOSE, UnreachableError),
        (Fault.CLOSE_HALFWAY, UnreachableError),
        (Fault.WRONG_UNIT, BadReadingError),
        (Fault.WRONG_FUNCTION, BadReadingError),
        (Fault.WRONG_COUNT, BadReadingError),
        (Fault.WRONG_BYTE_COUNT, BadReadingError),
        (Fault.WRONG_ECHO, BadReadingError),
        (Fault.WRONG_TID, BadReadingError),
        (Fault.DUPLICATE, BadReadingError),
        (Fault.GLUED, BadReadingError),
        (Fault.GARBAGE, BadReadingError),
        (Fault.GARBAGE_PREFIX, BadReadingError),
    ],
)
@jumping
async def test_after_a_fault_the_next_read_is_right_and_on_a_new_connection(
    fault: Fault, error: type[DeviceError]
) -> None:
    async with (
        ModbusServer(word, Script(None, fault)).on_loopback() as server,
        ModbusLinks().unit(tcp(server), 1, read_only=True) as unit,
    ):
        await unit.read_holding(100, 4)
        with pytest.raises(error, match=r"127\.0\.0\.1:\d+ unit 1: "):
            await unit.read_holding(200, 4)
        assert await unit.read_holding(300, 4) == words(3, 300, 4)
        assert server.connections == 2


@pytest.mark.parametrize("fault", [Fault.TORN, Fault.TID_ZERO])
@jumping
async def test_a_torn_answer_and_one_without_id_are_read(fault: Fault) -> None:
    async with (
        ModbusServer(word, lambda _request: fault).on_loopback() as server,
        ModbusLinks().unit(tcp(server), 1, read_only=True) as unit,
    ):
        assert await unit.read_holding(100, 4) == words(3, 100, 4)
        assert await unit.read_holding(200, 4) == words(3, 200, 4)
        assert server.connections == 1


@jumping
async def test_an_endpoint_that_returned_our_id_once_is_held_to_it() -> None:
    async with (
        ModbusServer(word, Script(Fault.TID_ZERO, None, Fault.TID_ZERO)).on_loopback() as server,
        ModbusLinks().unit(tcp(server), 1, read_only=True) as unit,
    ):
        await unit.read_holding(100, 1)
        await unit.read_holding(100, 1)
        with pytest.raises(BadReadingError, match="transaction 0"):
            await unit.read_holding(100, 1)


@jumping
async def test_a_wrong_echo_of_a_write_is_noticed() -> None:
    async with (
        ModbusServer(word, Script(Fault.WRONG_ECHO, Fault.WRONG_ECHO)).on_loopback() as server,
        ModbusLinks().unit(tcp(server), 1, read_only=False) as unit,
    ):
        with pytest.raises(BadReadingError):
            await unit.write_register(5004, 16000)
        with pytest.raises(BadReadingError):
            await unit.write_registers(100, (1, 2))


@jumping
async def test_exceptions_say_whether_to_try_again_and_keep_the_connection() -> None:
    async with (
        ModbusServer(word, Script(Fault.BUSY, Fault.REFUSED)).on_loopback() as server,
        ModbusLinks().unit(tcp(server), 1, read_only=True) as unit,
    ):
        with pytest.raises(BusyError, match="exception 6"):
            await unit.read_holding(0, 1)
        with pytest.raises(RefusedError, match="illegal address"):
            await unit.read_holding(0, 1)
        await unit.read_holding(0, 1)
        assert server.connections == 1


@jumping
async def test_nobody_at_the_address_is_unreachable() -> None:
    async with ModbusServer(word).on_loopback() as server:
        port = server.port
    async with ModbusLinks().unit(TcpEndpoint("127.0.0.1", port), 1, read_only=True) as unit:
        with pytest.raises(UnreachableError, match="cannot connect"):
            await unit.read_holding(0, 1)


@jumping
async def test_a_device_that_comes_back_is_read_again() -> None:
    links = ModbusLinks()
    async with ModbusServer(word).on_loopback() as first:
        port = first.port
    async with links.unit(TcpEndpoint("127.0.0.1", port), 1, read_only=True) as unit:
        with pytest.raises(UnreachableError):
            await unit.read_holding(0, 1)
        async with ModbusServer(word).on_loopback(port):
            assert await unit.read_holding(0, 1) == words(3, 0, 1)


@jumping
async def test_unasked_bytes_between_requests_drop_the_connection() -> None:
    async with (
        ModbusServer(word, Script(Fault.DUPLICATE_SOON)).on_loopback() as server,
        ModbusLinks().unit(tcp(server), 1, read_only=True) as unit,
    ):
        assert await unit.read_holding(100, 1) == words(3, 100, 1)
        await asyncio.sleep(0.1)
        assert await unit.read_holding(200, 1) == words(3, 200, 1)
        assert server.connections == 2


@pytest.mark.parametrize("is_rtu", [False, True])
@jumping
async def test_a_duplicate_without_id_is_not_taken_for_the_next_answer(is_rtu: bool) -> None:
    server = ModbusServer(word, Script(Fault.DUPLICATE_SOON), is_rtu=is_rtu, has_tid=False)
    kind = RtuOverTcpEndpoint if is_rtu else TcpEndpoint
    async with (
        server.on_loopback(),
        ModbusLinks().unit(kind("127.0.0.1", server.port), 1, read_only=True) as unit,
    ):
        assert await unit.read_holding(100, 1) == words(3, 100, 1)
        assert await unit.read_holding(200, 1) == words(3, 200, 1)
        assert server.connections == 2


@jumping
async def test_a_waiting_write_goes_before_waiting_reads() -> None:
    async with (
        ModbusServer(word).on_loopback() as server,
        ModbusLinks().unit(tcp(server), 1, read_only=False) as unit,
        asyncio.TaskGroup() as tasks,
    ):
        for address in (1, 2, 3):
            tasks.create_task(unit.read_holding(address, 1))
        tasks.create_task(unit.write_register(9, 9))

    assert [request.address for request in server.requests] == [1, 9, 2, 3]


@jumping
async def test_the_gap_and_the_pause_after_connecting_are_kept() -> None:
    script = Script()
    async with (
        ModbusServer(word, script).on_loopback() as server,
        ModbusLinks().unit(
            tcp(server), 1, read_only=True, min_gap_s=0.5, connect_delay_s=1.0
        ) as unit,
    ):
        for _ in range(3):
            await unit.read_holding(0, 1)

    assert script.at == [pytest.approx(at) for at in (1.0, 1.5, 2.0)]


@jumping
async def test_a_cancelled_request_takes_its_late_answer_with_it() -> None:
    async with (
        ModbusServer(word, Script(Fault.LATE), has_tid=False, late_s=1.0).on_loopback() as server,
        ModbusLinks().unit(tcp(server), 1, read_only=True, timeout_s=5.0) as unit,
    ):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.9):
                await unit.read_holding(100, 1)
        assert await unit.read_holding(200, 1) == words(3, 200, 1)
        assert server.connections == 2


@jumping
async def test_a_cancelled_waiter_does_not_block_the_line() -> None:
    async with (
        ModbusServer(word, Script(Fault.LATE), late_s=1.0).on_loopback() as server,
        ModbusLinks().unit(tcp(server), 1, read_only=True) as unit,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(unit.read_holding(1, 1))
        waiter = tasks.create_task(unit.read_holding(2, 1))
        last = tasks.create_task(unit.read_holding(3, 1))
        await asyncio.sleep(0.5)
        waiter.cancel()

    assert last.result() == words(3, 3, 1)
    assert [request.address for request in server.requests] == [1, 3]


@jumping
async def test_rtu_over_tcp_speaks_rtu_and_recovers() -> None:
    script = Script(None, Fault.WRONG_UNIT, Fault.LATE, Fault.TORN)
    server = ModbusServer(word, script, is_rtu=True)
    async with server.on_loopback():
        endpoint = RtuOverTcpEndpoint("127.0.0.1", server.port)
        async with ModbusLinks().unit(endpoint, 1, read_only=False) as unit:
            assert await unit.read_holding(100, 4) == words(3, 100, 4)
            with pytest.raises(BadReadingError):
                await unit.read_holding(200, 4)
            with pytest.raises(UnreachableError):
                await unit.read_holding(300, 4)
            assert await unit.read_holding(400, 4) == words(3, 400, 4)
            await unit.write_registers(100, (1, 2))

    assert server.writes == [(100, (1, 2))]


@jumping
async def test_serial_speaks_rtu() -> None:
    server = ModbusServer(word, Script(None, Fault.GARBAGE_PREFIX), is_rtu=True)
    async with (
        server.on_pty() as path,
        ModbusLinks().unit(SerialEndpoint(path), 1, read_only=False) as unit,
    ):
        assert await unit.read_input(100, 40) == words(4, 100, 40)
        with pytest.raises(BadReadingError):
            await unit.read_input(200, 40)
        assert await unit.read_input(300, 40) == words(4, 300, 40)
        await unit.write_register(5, 6)

    assert server.writes == [(5, (6,))]


@jumping
async def test_a_late_answer_on_a_serial_line_is_never_the_next_value() -> None:
    # The bus keeps bringing it, however often the port is opened anew.
    server = ModbusServer(word, Script(Fault.LATE), is_rtu=True, late_s=1.5)
    async with server.on_pty() as path:
        endpoint = SerialEndpoint(path)
        async with ModbusLinks().unit(endpoint, 1, read_only=True, timeout_s=1.0) as unit:
            with pytest.raises(UnreachableError):
                await unit.read_input(100, 4)
            assert await unit.read_input(200, 4) == words(4, 200, 4)


@jumping
async def test_a_dead_unit_on_a_shared_line_costs_the_others_its_timeout_only() -> None:
    def dead_unit_2(request: Request) -> Fault | None:
        return Fault.SILENCE if request.unit == 2 else None

    server = ModbusServer(word, dead_unit_2, is_rtu=True)
    links = ModbusLinks()

    async def ask_dead(unit: UnitReader) -> None:
        for _ in range(2):
            with pytest.raises(UnreachableError):
                await unit.read_input(0, 1)

    async with server.on_pty() as path:
        endpoint = SerialEndpoint(path)
        async with (
            links.unit(endpoint, 1, read_only=True) as alive,
            links.unit(endpoint, 2, read_only=True, timeout_s=1.0) as dead,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(ask_dead(dead))
            await asyncio.sleep(0.1)
            await alive.read_input(0, 1)
            assert asyncio.get_running_loop().time() < 1.1


@jumping
async def test_a_missing_serial_port_is_unreachable() -> None:
    endpoint = SerialEndpoint("/dev/serial/by-id/none")
    async with ModbusLinks().unit(endpoint, 1, read_only=True) as unit:
        with pytest.raises(UnreachableError, match="cannot connect"):
            await unit.read_holding(0, 1)


def test_a_device_that_hangs_up_at_once_is_unreachable_on_the_fast_loop_too() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def ask() -> None:
        async with (
            hanging_up() as port,
            ModbusLinks().unit(TcpEndpoint("127.0.0.1", port), 1, read_only=True) as unit,
        ):
            for _ in range(20):
                with pytest.raises(UnreachableError):
                    await unit.read_holding(0, 1)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(ask())


@jumping
async def test_one_place_cannot_be_opened_in_two_ways() -> None:
    links = ModbusLinks()
    async with links.unit(TcpEndpoint("10.0.0.1"), 1, read_only=True):
        with pytest.raises(ConfigError, match="already open"):
            async with links.unit(RtuOverTcpEndpoint("10.0.0.1"), 1, read_only=True):
                pass
