"""CPU per read of 100 registers: our link beside a raw asyncio stream, in the same run."""

import asyncio
import json
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import click

from gatewayd.links.modbus import ModbusLinks, TcpEndpoint
from tests.bench.street import UNIT, street

_CONNECTIONS = 20
_READS = 150
_ROUNDS = 5
_ADDRESS, _COUNT = 40000, 100

Read = Callable[[], Awaitable[object]]


async def modbus_cpu_ratio() -> float:
    """Median over rounds of our CPU time over the raw client's, 20 connections at once."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.modbus", str(_CONNECTIONS)], stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        try:
            ports = json.loads(server.stdout.readline())
            async with AsyncExitStack() as stack:
                ours = [await _ours(stack, ModbusLinks(), port) for port in ports]
                raw = [await _raw(stack, port) for port in ports]
                ratios = [await _cpu_s(ours) / await _cpu_s(raw) for _ in range(_ROUNDS + 1)]
        finally:
            server.kill()
    return round(statistics.median(ratios[1:]), 2)


async def _ours(stack: AsyncExitStack, links: ModbusLinks, port: int) -> Read:
    endpoint = TcpEndpoint("127.0.0.1", port)
    unit = await stack.enter_async_context(links.unit(endpoint, UNIT, read_only=True))
    return lambda: unit.read_holding(_ADDRESS, _COUNT)


async def _raw(stack: AsyncExitStack, port: int) -> Read:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    stack.callback(writer.close)

    async def read() -> tuple[int, ...]:
        writer.write(struct.pack(">HHHBBHH", 1, 0, 6, UNIT, 3, _ADDRESS, _COUNT))
        header = await reader.readexactly(9)
        return struct.unpack(f">{_COUNT}H", await reader.readexactly(header[8]))

    return read


async def _cpu_s(reads: list[Read]) -> float:
    async def loop(read: Read) -> None:
        for _ in range(_READS):
            await read()

    before = time.process_time()
    async with asyncio.TaskGroup() as group:
        for read in reads:
            group.create_task(loop(read))
    return time.process_time() - before


async def _serve(count: int) -> None:
    async with street(count) as (_, ports):
        click.echo(json.dumps(ports))
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
