"""The daemon as a process, with 20 devices of 43 values each read every second."""

import asyncio
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import psutil

from gatewayd.supervisor import Child, ReadySocket
from tests.bench.street import METER_POWER, METER_UNIT, House, street
from tests.fakes.mosquitto import mosquitto

_DEVICES = 20
_SETTLE_S = 10
_CPU_S = 30
_CHANGES = 60
_FLUSHES = 2
_SECONDS_PER_DAY = 86400


async def figures() -> dict[str, float]:
    """All figures of one run of the daemon; takes about four minutes."""
    folder = tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-")
    with folder as name, mosquitto(Path(name)) as broker:
        async with street(_DEVICES) as (houses, ports), _moving(houses):
            config = _config(Path(name), ports, broker.port)
            async with _daemon(config) as (process, start_s):
                await asyncio.sleep(_SETTLE_S)
                cpu = await _cpu_percent(process)
                delays = await _delays_ms(houses, broker.port)
                disk = await _disk_mb_per_day(process)
                rss = process.memory_info().rss / 1e6
    quantiles = statistics.quantiles(delays, n=100)
    return {
        "rss_mb_20_devices": round(rss, 1),
        "start_s": round(start_s, 2),
        "register_to_mqtt_p50_ms": round(quantiles[49], 1),
        "register_to_mqtt_p99_ms": round(quantiles[98], 1),
        "cpu_percent_20x40_values_1s": round(cpu, 2),
        "disk_mb_per_day_20_devices": round(disk, 1),
    }


def _config(folder: Path, ports: list[int], mqtt_port: int) -> Path:
    device = {"driver": "sunspec", "host": "127.0.0.1", "meter_unit": METER_UNIT, "poll_s": 1}
    config = {
        "version": 1,
        "home": {"timezone": "Europe/Vienna", "latitude": 48.2, "longitude": 16.4},
        "devices": {f"house_{number}": device | {"port": p} for number, p in enumerate(ports)},
        "mqtt": {"host": "127.0.0.1", "port": mqtt_port},
        "api": {"listen": "127.0.0.1", "port": 18480},
        "storage": {"directory": str(folder)},
        "mdns": {"enabled": False},
        "log": {"level": "warning"},
    }
    path = folder / "gatewayd.yaml"
    path.write_text(json.dumps(config))
    return path


@asynccontextmanager
async def _daemon(config: Path) -> AsyncIterator[tuple[psutil.Process, float]]:
    """The running daemon and the seconds from its start to READY=1."""
    notify = ReadySocket(config.parent / "notify.sock")
    environment = {"NOTIFY_SOCKET": str(notify.path), "PYTHONDONTWRITEBYTECODE": ""}
    child = Child("gateway", ["gatewayd", "run", str(config)], environment)
    began = time.monotonic()
    await child.start()
    try:
        if not await notify.ready(30):
            sys.exit("the daemon did not become ready")
        yield psutil.Process(child.pid), time.monotonic() - began
    finally:
        await child.stop()
        notify.close()


@asynccontextmanager
async def _moving(houses: list[House]) -> AsyncIterator[None]:
    async def move() -> None:
        while True:
            await asyncio.sleep(1)
            for house in houses:
                house.move()

    mover = asyncio.create_task(move())
    try:
        yield
    finally:
        mover.cancel()


async def _cpu_percent(process: psutil.Process) -> float:
    before = process.cpu_times()
    await asyncio.sleep(_CPU_S)
    after = process.cpu_times()
    used_s = after.user + after.system - before.user - before.system
    return 100 * used_s / _CPU_S


async def _delays_ms(houses: list[House], mqtt_port: int) -> list[float]:
    """From a register's change, at a random moment, to its MQTT message; polls are 1 s apart."""
    delays = []
    async with aiomqtt.Client("127.0.0.1", mqtt_port) as client:
        await client.subscribe("gatewayd/meter/+/state")
        for number in range(_CHANGES):
            await asyncio.sleep(random.random())
            house, power_w = number % len(houses), 1000 + number
            houses[house].set(METER_UNIT, METER_POWER, power_w)
            began = time.monotonic()
            await _seen(client, house, power_w)
            delays.append(1000 * (time.monotonic() - began))
    return delays


async def _seen(client: aiomqtt.Client, house: int, power_w: int) -> None:
    async with asyncio.timeout(30):
        async for message in client.messages:
            if f"/house_{house}_" not in str(message.topic):
                continue
            state = json.loads(bytes(message.payload))
            if abs(state.get("power_w") or 0) == power_w:
                return


async def _disk_mb_per_day(process: psutil.Process) -> float:
    """What the kernel says reached the disk over whole minutes; history is written each minute.

    About half of it is the index of the WAL. One page more in the window is 3 MB a day more, and a
    minute that was written together with the next one some 20 MB less.
    """
    await asyncio.sleep(60 - time.time() % 60 + 20)
    before = _written(process.pid)
    await asyncio.sleep(60 * _FLUSHES)
    return (_written(process.pid) - before) / 1e6 * _SECONDS_PER_DAY / (60 * _FLUSHES)


def _written(pid: int) -> int:
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["write_bytes"])


def is_quiet() -> bool:
    """Whether the machine is idle enough for figures to mean something."""
    return os.getloadavg()[0] < (os.cpu_count() or 1)
