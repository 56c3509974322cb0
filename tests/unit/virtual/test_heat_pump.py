"""The heat pump, and the warmth of the house it heats."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gatewayd.virtual.devices.heat_pump import OPERATING_MODE, PROGRAMME, IsgWpm
from gatewayd.virtual.home import VirtualHome, virtual_home
from gatewayd.virtual.physics.heat import Warmth, outdoor_c
from gatewayd.virtual.physics.house import House
from gatewayd.virtual.physics.settings import HeatSpec, HomeSettings
from tests.fakes.clock import FakeClock
from tests.unit.virtual.wire import RefusedByDevice, wire

VIENNA = ZoneInfo("Europe/Vienna")
JANUARY = datetime(2026, 1, 15, 12, 0, tzinfo=VIENNA)


def live(warmth: Warmth, hours: float, step_s: float = 60.0) -> list[float]:
    at, rooms = JANUARY, []
    for _ in range(round(hours * 3600 / step_s)):
        at += timedelta(seconds=step_s)
        warmth.step(at, step_s)
        rooms.append(warmth.room_c)
    return rooms


def test_a_heated_room_stays_around_what_is_wanted() -> None:
    warmth = Warmth(HeatSpec(), 1, wanted_c=21.0)
    live(warmth, 12)

    rooms = live(warmth, 24)

    assert min(rooms) > 20.5
    assert max(rooms) < 21.5
    assert warmth.energy_wh > 0


def test_an_unheated_room_cools_towards_the_air_outside() -> None:
    warmth = Warmth(HeatSpec(), 1)
    rooms = live(warmth, 240)

    assert rooms[0] > rooms[-1] > warmth.outdoor_c
    assert rooms[-1] < 15
    assert warmth.energy_wh == 0


def test_the_step_does_not_decide_the_temperature() -> None:
    fine, coarse = Warmth(HeatSpec(), 1), Warmth(HeatSpec(), 1)

    assert live(fine, 6, 10)[-1] == pytest.approx(live(coarse, 6, 600)[-1], abs=0.05)


def test_winter_is_colder_than_summer_and_night_than_day() -> None:
    def mean(month: int, hour: int) -> float:
        days = [datetime(2026, month, day, hour, tzinfo=VIENNA) for day in range(1, 29)]
        return sum(outdoor_c(1, day) for day in days) / len(days)

    assert mean(1, 12) < 8 < 15 < mean(7, 12)
    assert mean(7, 5) < mean(7, 15)


def test_what_the_heat_pump_draws_is_part_of_the_household() -> None:
    house = House(HomeSettings(seed=1), JANUARY)
    house.step(1.0)
    before_w = sum(house.load_w)
    house.warmth.wanted_c = 30.0
    house.step(1.0)

    assert house.warmth.power_w > 1000
    assert sum(house.load_w) - before_w == pytest.approx(house.warmth.power_w, rel=0.1)


async def modes(home: VirtualHome, clock: FakeClock, mode: int) -> tuple[int, int]:
    """The wanted temperature in tenths, and the status, in a mode."""
    async with wire(home.address("heat_pump")) as pump:
        await pump.write(1500, mode)
        await clock.advance(2)
        _, wanted = await pump.read(502, 2, function=4)
        (status,) = await pump.read(2500, 1, function=4)
    return wanted, status


async def test_its_modes_decide_what_the_room_is_heated_to() -> None:
    clock = FakeClock()
    async with virtual_home(seed=1, clock=clock, start=JANUARY) as home:
        home.house.warmth.room_c = 20.0
        found = {mode: await modes(home, clock, mode) for mode in range(6)}
        pump = home.devices["heat_pump"]
        assert isinstance(pump, IsgWpm)
        pump.words[OPERATING_MODE] = PROGRAMME
        at_night = pump.wanted_c(JANUARY.replace(hour=23))

    heating = 0x51
    assert found[2] == found[3] == (215, heating)
    assert found[4] == (190, 0)
    assert found[1] == found[5] == (50, 0)
    assert at_night == 19.0


async def test_settings_are_taken_within_their_range_and_survive_a_reboot() -> None:
    clock = FakeClock()
    async with (
        virtual_home(seed=1, clock=clock, start=JANUARY) as home,
        wire(home.address("heat_pump")) as pump,
    ):
        await pump.write_many(1500, (3, 205))
        for address, value in ((1500, 6), (1501, 49), (1501, 301)):
            with pytest.raises(RefusedByDevice) as refused:
                await pump.write(address, value)
            assert refused.value.code == 3
        with pytest.raises(RefusedByDevice) as refused:
            await pump.write(1507, 1)
        assert refused.value.code == 2
        home.devices["heat_pump"].restart()
        await clock.advance(1)
        assert await pump.read(1500, 3) == (3, 205, 190)


async def test_a_sensor_that_is_not_there_says_so() -> None:
    async with (
        virtual_home(seed=1, clock=FakeClock()) as home,
        wire(home.address("heat_pump")) as pump,
    ):
        (first, *_) = await pump.read(500, 3, function=4)

    assert first == 0x8000
