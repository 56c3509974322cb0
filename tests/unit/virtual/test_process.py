"""`python -m gatewayd.virtual` as a process."""

import asyncio
import json
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from gatewayd.virtual.__main__ import main
from tests.unit.virtual.wire import wire

PATIENCE_S = 20


@asynccontextmanager
async def started(*arguments: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gatewayd.virtual", *arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ready(process: Process) -> Any:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        return json.loads(await process.stdout.readline())


async def ended(process: Process) -> tuple[int, str]:
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE_S):
        complaint = (await process.stderr.read()).decode()
        return await process.wait(), complaint


async def test_it_says_where_everything_listens_and_it_does() -> None:
    start = "2026-06-21T12:00"
    async with started("--control-port", "0", "--seed", "4", "--start", start) as process:
        told = await ready(process)

        assert told["home"].startswith("http://127.0.0.1:")
        assert list(told["devices"]) == [
            "inverter",
            "meter",
            "charger",
            "heat_pump",
            "car",
        ]
        async with wire(told["devices"]["charger"]) as charger:
            assert await charger.u32(1000) == 5
        async with wire(told["devices"]["meter"]) as meter:
            assert await meter.f32(0) > 200
        async with httpx.AsyncClient(base_url=told["home"], trust_env=False) as remote:
            state = (await remote.get("/state")).json()
            process.send_signal(signal.SIGTERM)

            assert await ended(process) == (0, "")
    assert state["seed"] == 4
    assert state["clock"]["at"].startswith("2026-06-21T12:00:0")


async def test_interrupting_it_is_no_error() -> None:
    async with started("--control-port", "0") as process:
        told = await ready(process)
        async with wire(told["devices"]["meter"]):
            process.send_signal(signal.SIGINT)

            assert await ended(process) == (0, "")


async def test_it_dies_with_its_parent_when_told_so() -> None:
    async with started("--control-port", "0", "--exit-with-parent") as process:
        await ready(process)
        assert process.stdin is not None
        process.stdin.close()

        assert await ended(process) == (0, "")


async def test_a_taken_port_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with started("--control-port", "0", "--inverter-port", str(port)) as process:
            status, complaint = await ended(process)

    assert status == 1
    assert complaint.strip() == (
        f"Error: cannot listen on 127.0.0.1:{port}: address already in use; "
        "choose another address or port"
    )


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--speed", "0", "--speed"),
        ("--speed", "nan", "nan is no number"),
        ("--start", "noon", "write it as 2026-06-21T12:00"),
        ("--start", "1066-10-14", "the year 1066 is not from 2000 to 2099"),
        ("--control-port", "65536", "--control-port"),
    ],
)
def test_a_bad_option_is_refused(option: str, value: str, complaint: str) -> None:
    result = CliRunner().invoke(main, [option, value])

    assert result.exit_code == 2
    assert complaint in result.output
