"""What one device's silence costs the others: real lives and links in a loop that jumps."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from gatewayd.devices.adoption import Adoption
from gatewayd.devices.device import ConfiguredDevice
from gatewayd.devices.life import Count, Life, Surroundings
from gatewayd.devices.registry import map_info
from gatewayd.devices.wear_book import WearBook
from gatewayd.errors import UnreachableError
from gatewayd.links.pool import Links
from gatewayd.model.asset import Identity
from gatewayd.model.reading import Reading
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.registers import load_map
from gatewayd.state.store import Store
from tests.fakes import jump_loop
from tests.fakes.modbus_server import Fault, ModbusServer, Request

MINUTES = 5
METER = """\
vendor: Acme
models: [One]
source: this test
assets:
  meter:
    power_w: {input: 0}
    import_wh: {input: 200, type: u32}
"""


class LoopClock:
    """The time of the loop that jumps."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.monotonic(), UTC)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Tally:
    """Stands in for adoption and store: it only counts the readings."""

    def __init__(self) -> None:
        self.readings: Counter[str] = Counter()

    async def adopt(self, _device: ConfiguredDevice, _identity: Identity) -> None:
        pass

    def put(self, device_id: str, _readings: Mapping[str, Reading]) -> None:
        self.readings[device_id] += 1

    def lose(self, _device_id: str) -> None:
        pass

    async def recall(self, _device_id: str, _driver: Driver) -> None:
        """Nothing was ever written."""


@asynccontextmanager
async def guard(device_id: str, limit_s: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(limit_s):
            yield
    except TimeoutError as error:
        raise UnreachableError(device_id) from error


def meter(info: DriverInfo, device_id: str, server: ModbusServer, unit: int) -> ConfiguredDevice:
    framing = "rtu" if server.is_rtu else "tcp"
    place = {"host": "127.0.0.1", "port": server.port, "unit": unit, "framing": framing}
    return ConfiguredDevice(device_id, info, info.options.model_validate(place), "home")


async def readings(info: DriverInfo, server: ModbusServer, other: ModbusServer) -> Counter[str]:
    """How often two meters are read in so many minutes, the second one on the other server."""
    tally = Tally()
    around = Surroundings(
        Links(),
        cast(Store, tally),
        cast(Adoption, tally),
        cast(WearBook, tally),
        LoopClock(),
        Count(),
        guard,
        lambda: 0.0,
        30.0,
    )
    lives = [
        Life(meter(info, "good", server, 1), around),
        Life(meter(info, "other", other, 2), around),
    ]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(life.run()) for life in lives]
        await asyncio.sleep(MINUTES * 60)
        for task in tasks:
            task.cancel()
    return tally.readings


def zero(_unit: int, _function: int, _address: int) -> int:
    return 0


def test_one_device_s_silence_costs_another_less_than_a_fifth_of_its_readings(
    tmp_path: Path,
) -> None:
    (tmp_path / "acme.yaml").write_text(METER)
    info = map_info(load_map(tmp_path / "acme.yaml"))

    def silent(request: Request) -> Fault | None:
        return Fault.SILENCE if request.unit == 2 else None

    async def measured() -> list[Counter[str]]:
        async with (
            ModbusServer(zero, is_rtu=True).on_loopback() as healthy,
            ModbusServer(zero, silent, is_rtu=True).on_loopback() as sick,
        ):
            pairs = ((healthy, healthy), (sick, sick), (healthy, sick))
            return [await readings(info, *pair) for pair in pairs]

    before, on_one_bus, elsewhere = jump_loop.run(measured())

    assert before["good"] == pytest.approx(before["other"], rel=0.01)
    assert on_one_bus["other"] == elsewhere["other"] == 0
    assert on_one_bus["good"] > 0.8 * before["good"]
    assert elsewhere["good"] == pytest.approx(before["good"], rel=0.01)
