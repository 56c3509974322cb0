"""The Modbus proxy, asked by a stock client, in front of a device that may misbehave."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from pymodbus.client import AsyncModbusTcpClient

from gatewayd.links.modbus import ModbusLinks
from gatewayd.links.modbus_options import open_unit
from gatewayd.links.modbus_proxy import ModbusProxy, NotPassedOnError, asked, parsed
from gatewayd.sdk.options import ModbusOptions
from tests.fakes.clock import FakeClock, settle
from tests.fakes.modbus_server import Fault, ModbusServer, Request


def word(_unit: int, function: int, address: int) -> int | None:
    return None if address >= 60_000 else (address * 31 + function * 104729) & 0xFFFF


@dataclass
class Shared:
    """A device, its proxy, and a client of that."""

    links: ModbusLinks
    device: ModbusServer
    proxy: ModbusProxy
    options: ModbusOptions
    client: AsyncModbusTcpClient


@asynccontextmanager
async def shared(
    plan: Callable[[Request], Fault | None] = lambda _request: None,
    *,
    writable: bool = False,
    timeout_s: float = 5.0,
) -> AsyncIterator[Shared]:
    links = ModbusLinks()
    async with ModbusServer(word, plan).on_loopback() as device, asyncio.TaskGroup() as group:
        options = ModbusOptions(host="127.0.0.1", port=device.port, unit=3, timeout_s=timeout_s)
        proxy = ModbusProxy(
            links, lambda: options, FakeClock(), listen="127.0.0.1", port=0, writable=writable
        )
        task = group.create_task(proxy.run())
        await proxy.is_listening.wait()
        client = AsyncModbusTcpClient("127.0.0.1", port=proxy.port, timeout=30, retries=0)
        assert await client.connect()
        try:
            yield Shared(links, device, proxy, options, client)
        finally:
            client.close()
            task.cancel()


async def test_a_stock_client_reads_all_tables_of_any_unit_through_it() -> None:
    async with shared() as home:
        registers = await home.client.read_holding_registers(100, count=125, device_id=3)
        inputs = await home.client.read_input_registers(7, count=2, device_id=4)
        coils = await home.client.read_coils(0, count=9, device_id=3)
        bits = await home.client.read_discrete_inputs(0, count=3, device_id=3)

        assert registers.registers == [word(3, 3, 100 + offset) for offset in range(125)]
        assert inputs.registers == [word(4, 4, 7), word(4, 4, 8)]
        assert coils.bits[:9] == [bool(word(3, 1, address)) for address in range(9)]
        assert bits.bits[:3] == [bool(word(3, 2, address)) for address in range(3)]


async def test_it_shares_the_device_s_only_connection() -> None:
    async with shared() as home, open_unit(home.links, home.options) as ours:
        await ours.read_holding(0, 1)
        await home.client.read_holding_registers(1, count=1, device_id=3)
        await ours.read_holding(2, 1)

        assert home.device.connections == 1


async def test_what_the_device_refuses_is_refused_in_its_own_words() -> None:
    async with shared(lambda asked: Fault.BUSY if asked.address == 9 else None) as home:
        illegal = await home.client.read_holding_registers(60_000, count=1, device_id=3)
        busy = await home.client.read_holding_registers(9, count=1, device_id=3)

        assert (illegal.isError(), illegal.exception_code) == (True, 2)
        assert (busy.isError(), busy.exception_code) == (True, 6)


async def test_without_leave_nothing_is_written() -> None:
    async with shared() as home:
        answers = [
            await home.client.write_register(1, 5, device_id=3),
            await home.client.write_registers(1, [5, 6], device_id=3),
            await home.client.write_coil(1, True, device_id=3),
        ]

        assert [answer.exception_code for answer in answers] == [1, 1, 1]
        assert home.device.requests == []


async def test_with_leave_the_device_s_own_unit_is_written() -> None:
    async with shared(writable=True) as home:
        answers = [
            await home.client.write_register(1, 5, device_id=3),
            await home.client.write_registers(10, [5, 6], device_id=3),
            await home.client.write_coil(1, True, device_id=3),
        ]
        foreign = await home.client.write_register(1, 5, device_id=4)

        assert not any(answer.isError() for answer in answers)
        assert foreign.exception_code == 1
        assert home.device.writes == [(1, (5,)), (10, (5, 6)), (1, (0xFF00,))]


async def test_our_own_questions_go_first() -> None:
    async with shared() as home, open_unit(home.links, home.options) as ours:
        first = asyncio.create_task(ours.read_holding(1, 1))
        await settle(2)
        raw = await asyncio.open_connection("127.0.0.1", home.proxy.port)
        async with asyncio.TaskGroup() as tasks:
            # The line is held until the guest's question waits, then ours come.
            line = home.links._shared[next(iter(home.links._shared))].line
            await first
            await line._turns.take(0)  # type: ignore[arg-type]
            raw[1].write(struct.pack(">HHHBBHH", 1, 0, 6, 3, 3, 50, 1))
            while not any(line._turns._waiting):
                await asyncio.sleep(0)
            for address in (2, 3):
                tasks.create_task(ours.read_holding(address, 1))
            await settle()
            line._turns.release()
        await raw[0].readexactly(11)
        raw[1].close()

        assert [request.address for request in home.device.requests] == [1, 2, 3, 50]


async def test_who_brings_too_many_questions_is_told_to_wait() -> None:
    async with shared(lambda _asked: Fault.SILENCE, timeout_s=30.0) as home:
        reader, writer = await asyncio.open_connection("127.0.0.1", home.proxy.port)
        for number in range(12):
            writer.write(struct.pack(">HHHBBHH", number, 0, 6, 3, 3, number, 1))
        answers = [await reader.readexactly(9) for _ in range(4)]
        writer.close()

        assert [answer[:2] for answer in answers] == [bytes((0, n)) for n in (8, 9, 10, 11)]
        assert {answer[7:] for answer in answers} == {bytes((0x83, 6))}


async def test_after_a_silence_guests_leave_the_device_to_us() -> None:
    def plan(request: Request) -> Fault | None:
        return Fault.SILENCE if request.address == 9 else None

    async with shared(plan, timeout_s=0.2) as home:
        silent = await home.client.read_holding_registers(9, count=1, device_id=3)
        soon = await home.client.read_holding_registers(1, count=1, device_id=3)

        assert (silent.exception_code, soon.exception_code) == (11, 6)
        assert [request.address for request in home.device.requests] == [9]


async def test_a_device_that_is_not_configured_any_more_does_not_answer() -> None:
    async with shared() as home:
        home.proxy._options = lambda: None
        answer = await home.client.read_holding_registers(1, count=1, device_id=3)

        assert answer.exception_code == 11


async def test_what_is_no_modbus_ends_the_connection() -> None:
    async with shared() as home:
        reader, writer = await asyncio.open_connection("127.0.0.1", home.proxy.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")

        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()


async def test_one_client_too_many_costs_the_place_of_the_one_silent_for_longest() -> None:
    async with shared() as home:
        others = [await asyncio.open_connection("127.0.0.1", home.proxy.port) for _ in range(7)]
        await home.client.read_holding_registers(1, count=1, device_id=3)
        others.append(await asyncio.open_connection("127.0.0.1", home.proxy.port))

        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await others[0][0].readexactly(1)
        again = await home.client.read_holding_registers(1, count=1, device_id=3)
        assert not again.isError()
        for _, writer in others:
            writer.close()


async def test_a_port_that_is_taken_is_tried_again() -> None:
    clock = FakeClock()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        proxy = ModbusProxy(ModbusLinks(), lambda: None, clock, listen="127.0.0.1", port=port)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(proxy.run())
            while not clock._sleepers:
                await asyncio.sleep(0)
            assert not proxy.is_listening.is_set()
            taken.close()
            await clock.advance(60)
            await proxy.is_listening.wait()
            task.cancel()


@pytest.mark.parametrize(
    ("pdu", "code"),
    [
        ("07", 1),
        ("2b0e0100", 1),
        ("0f0000000801ff", 1),
        ("03", 3),
        ("0300010000", 3),
        ("030001007e", 3),
        ("03000100010000", 3),
        ("0500010001", 3),
        ("1000010000 00", 3),
        ("1000010002 04 00010002 03", 3),
        ("1000010002 03 00010002", 3),
        ("100001007c f8" + "00" * 248, 3),
    ],
)
def test_what_cannot_be_asked_is_refused_without_asking(pdu: str, code: int) -> None:
    with pytest.raises(NotPassedOnError) as raised:
        asked(bytes.fromhex(pdu))

    assert raised.value.code == code


def test_requests_are_cut_from_a_stream_at_their_ends() -> None:
    one, two = (struct.pack(">HHHBBHH", n, 0, 6, 3, 3, n, 1) for n in (1, 2))

    requests, rest = parsed(one + two[:5])
    assert ([request.transaction for request in requests], rest) == ([1], two[:5])
    assert [request.transaction for request in parsed(rest + two[5:])[0]] == [2]
