"""The house as a whole: its energy balances and the same seed lives the same day."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gatewayd.virtual.physics.house import House
from gatewayd.virtual.physics.settings import HomeSettings

START = datetime(2026, 6, 21, tzinfo=ZoneInfo("Europe/Vienna"))


def a_house(seed: int = 1, start: datetime = START) -> House:
    return House(HomeSettings(seed=seed), start)


def live(house: House, seconds: int, step_s: float = 10.0) -> None:
    for _ in range(int(seconds / step_s)):
        house.step(step_s)


@pytest.mark.parametrize("start", [START, datetime(2026, 12, 21, tzinfo=UTC)])
def test_energy_is_neither_lost_nor_made_in_a_day(start: datetime) -> None:
    house = a_house(start=start)
    soc = house.battery.soc
    live(house, 43_200, 30.0)
    house.offered_a = 16.0
    live(house, 43_200, 30.0)

    c, battery = house.counters, house.battery
    given_wh = c.import_wh - c.export_wh + sum(c.pv_wh)
    stored_wh = (battery.soc - soc) * battery.spec.capacity_wh
    taken_wh = sum(c.load_wh) + c.charger_wh + stored_wh
    lost_wh = c.conversion_loss_wh + battery.loss_wh
    assert given_wh == pytest.approx(taken_wh + lost_wh, rel=1e-9)
    assert 0 < lost_wh < 0.15 * taken_wh
    assert c.charger_wh > 10_000


def test_phases_balance_at_every_moment() -> None:
    house = a_house()
    house.offered_a = 16.0
    house.car.phases = 1
    for _ in range(1000):
        house.step(60.0)
        for i in range(3):
            given_w = house.grid_w[i] + house.inverter_w / 3
            assert given_w == pytest.approx(house.load_w[i] + house.charger_w[i], abs=1e-6)


def test_phase_counters_add_up_to_the_net_total() -> None:
    house = a_house()
    live(house, 86_400, 60.0)

    c = house.counters
    by_phase = sum(c.phase_import_wh) - sum(c.phase_export_wh)
    assert by_phase == pytest.approx(c.import_wh - c.export_wh, rel=1e-9)


def test_the_voltage_sags_with_the_load_of_its_phase() -> None:
    house, loaded = a_house(), a_house()
    loaded.extra_w = [0.0, 8000.0, 0.0]
    loaded.battery.soc = house.battery.soc = 0.0
    live(house, 60, 1.0)
    live(loaded, 60, 1.0)

    assert loaded.voltage_v[0] == pytest.approx(house.voltage_v[0])
    assert 5 < house.voltage_v[1] - loaded.voltage_v[1] < 12


def test_the_same_seed_lives_the_same_day_and_another_does_not() -> None:
    one, same, other = a_house(1), a_house(1), a_house(2)
    for house in (one, same, other):
        live(house, 36_000, 60.0)

    assert one.counters == same.counters
    assert one.grid_w == same.grid_w
    assert one.counters != other.counters


def test_long_steps_live_nearly_the_same_day_as_short_ones() -> None:
    short, long = a_house(), a_house()
    for house in (short, long):
        house.jump(START + timedelta(hours=9))
    live(short, 3_600, 1.0)
    live(long, 3_600, 10.0)

    assert sum(long.counters.pv_wh) == pytest.approx(sum(short.counters.pv_wh), rel=0.005)
    assert long.battery.soc == pytest.approx(short.battery.soc, abs=0.005)


def test_the_night_the_clocks_go_back_has_25_hours() -> None:
    house = a_house(start=datetime(2026, 10, 25, tzinfo=ZoneInfo("Europe/Vienna")))
    live(house, 25 * 3600, 60.0)

    assert house.local.replace(tzinfo=None) == datetime(2026, 10, 26)  # noqa: DTZ001
    assert house.at - START.astimezone(UTC) == timedelta(days=126, hours=25)


def test_a_house_without_sun_or_battery_lives_from_the_grid() -> None:
    house = a_house()
    house.cloud_factor = 0.0
    house.orders = replace(house.orders, battery_least_w=0.0, battery_most_w=0.0)
    live(house, 3600)

    assert house.counters.import_wh == pytest.approx(sum(house.counters.load_wh))
    assert house.counters.export_wh == 0
