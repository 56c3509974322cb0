"""CPU of an authenticated GET of a battery, beyond a handler that answers an empty object.

Both are FastAPI's on the server of the daemon, in a process of their own.
"""

import asyncio
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import click
import psutil
import uvloop
from fastapi import FastAPI

from gatewayd.model.asset import AssetKind
from gatewayd.server import HttpServer
from tests.enode.home import Home, home

_REQUESTS = 2000
_ROUNDS = 5


def api_get_cpu_us_over_empty() -> float:
    """Median over rounds, in microseconds of the server's CPU per request."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.api"], stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        try:
            told = json.loads(server.stdout.readline())
            process = psutil.Process(server.pid)
            found = [
                _cpu_us(process, told["battery"], told["token"])
                - _cpu_us(process, told["empty"], told["token"])
                for _ in range(_ROUNDS + 1)
            ]
        finally:
            server.kill()
    return round(statistics.median(found[1:]), 1)


def _cpu_us(process: psutil.Process, place: tuple[int, str], token: str) -> float:
    port, path = place
    before = process.cpu_times()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        for _ in range(_REQUESTS):
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, path
    after = process.cpu_times()
    return 1e6 * (after.user + after.system - before.user - before.system) / _REQUESTS


async def _serve() -> None:
    plain = FastAPI(openapi_url=None)
    plain.add_api_route("/empty", _empty)
    with tempfile.TemporaryDirectory() as folder:
        async with home(Path(folder)) as made, asyncio.TaskGroup() as group:
            api, empty = HttpServer(made.app, "127.0.0.1", 0), HttpServer(plain, "127.0.0.1", 0)
            for server in (api, empty):
                group.create_task(server.run())
            told = {
                "battery": (api.port, f"/batteries/{_battery(made)}"),
                "empty": (empty.port, "/empty"),
                "token": made.http.headers["Authorization"].removeprefix("Bearer "),
            }
            click.echo(json.dumps(told))


async def _empty() -> dict[str, str]:
    return {}


def _battery(made: Home) -> str:
    [found] = made.store.site.of_kind(AssetKind.BATTERY)
    return found.asset.id


if __name__ == "__main__":
    uvloop.run(_serve())
