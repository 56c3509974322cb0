"""The heat pump beyond the contract: modes, missing sensors, and registers that wear out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gatewayd.devices.registry import Registry
from gatewayd.errors import RefusedError
from gatewayd.model.climate import FollowSchedule, HvacMode, PermanentHold
from gatewayd.model.reading import HvacReading
from tests.drivers.images import FOLDER, Bench, Fixture, bench
from tests.fakes.jump_loop import jumping

IMAGE = Fixture(FOLDER / "stiebel_isg.yaml")
REGISTRY = Registry()


@asynccontextmanager
async def heat_pump(*, mode: int = 2) -> AsyncIterator[Bench]:
    async with bench(IMAGE, REGISTRY) as on:
        on.server.store(1, 1500, mode)
        await on.driver.identify()
        yield on


async def read(on: Bench) -> HvacReading:
    reading = (await on.driver.read())["hvac"]
    assert isinstance(reading, HvacReading)
    return reading


@pytest.mark.parametrize(
    ("register", "mode", "hold", "setpoint_c"),
    [
        (0, "UNKNOWN", "PERMANENT", None),
        (1, "OFF", "PERMANENT", None),
        (2, "HEAT", "SCHEDULED", 21.0),
        (3, "HEAT", "PERMANENT", 22.5),
        (4, "HEAT", "PERMANENT", 19.0),
        (5, "OFF", "PERMANENT", None),
    ],
)
@jumping
async def test_the_operating_mode_tells_mode_hold_and_which_setpoint_holds(
    register: int, mode: str, hold: str, setpoint_c: float | None
) -> None:
    async with heat_pump(mode=register) as on:
        reading = await read(on)

    assert (reading.mode, reading.hold_type) == (mode, hold)
    assert reading.heat_setpoint_c == (None if setpoint_c is None else pytest.approx(setpoint_c))


@jumping
async def test_what_it_is_set_to_already_is_not_written_again() -> None:
    async with heat_pump(mode=3) as on:
        await on.driver.apply("hvac", PermanentHold(HvacMode.HEAT, 22.5))

    assert on.server.writes == []


@jumping
async def test_the_setpoint_is_there_before_the_mode_that_uses_it() -> None:
    async with heat_pump() as on:
        await on.driver.apply("hvac", PermanentHold(HvacMode.HEAT, 18.0))
        await on.driver.apply("hvac", FollowSchedule())

    assert on.server.writes == [(1501, (180,)), (1500, (3,)), (1500, (2,))]


@jumping
async def test_a_setpoint_beyond_the_register_is_refused_before_anything_is_written() -> None:
    async with heat_pump() as on:
        with pytest.raises(RefusedError, match="not between 5 and 30"):
            await on.driver.apply("hvac", PermanentHold(HvacMode.HEAT, 30.5))

    assert on.server.writes == []


@jumping
async def test_another_device_at_its_address_is_refused() -> None:
    async with bench(IMAGE, REGISTRY) as on:
        on.server.store(1, 1500, 6)
        with pytest.raises(RefusedError, match="not a Stiebel"):
            await on.driver.identify()


@jumping
async def test_it_says_what_it_can_be_held_at() -> None:
    async with heat_pump() as on:
        thermostat = (await on.driver.identify()).roles["hvac"].thermostat

    assert thermostat is not None
    assert thermostat.modes == {HvacMode.OFF, HvacMode.HEAT}
    assert thermostat.heat_c is not None
    assert (thermostat.heat_c.min, thermostat.heat_c.max) == (5, 30)
