"""Sun, clouds, loads, battery and car, each on its own."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.virtual.physics import sky
from gatewayd.virtual.physics.battery import Battery
from gatewayd.virtual.physics.car import HOLD, Car, at_home
from gatewayd.virtual.physics.load import household_w
from gatewayd.virtual.physics.noise import drift, noise
from gatewayd.virtual.physics.settings import BatterySpec, CarSpec, HomeSettings

VIENNA = ZoneInfo("Europe/Vienna")
HOME = HomeSettings()
MONDAY = datetime(2026, 6, 22, tzinfo=VIENNA)
SATURDAY = datetime(2026, 6, 27, tzinfo=VIENNA)


def hours(start: datetime, count: int, step: timedelta = timedelta(hours=1)) -> list[datetime]:
    return [start + i * step for i in range(count)]


def test_noise_is_a_function_of_its_key() -> None:
    assert noise(1, "a", 7) == noise(1, "a", 7)
    assert len({noise(seed, "a", 7) for seed in range(100)}) == 100


@given(st.floats(-1e6, 1e6))
def test_drift_stays_between_zero_and_one_and_has_no_jumps(x: float) -> None:
    assert 0.0 <= drift(x, "k") <= 1.0
    assert abs(drift(x + 1e-4, "k") - drift(x, "k")) < 1e-3


@pytest.mark.parametrize(
    ("at", "elevation", "azimuth"),
    [
        # Noon heights are 90 - latitude + declination; the equation of time moves noon.
        (datetime(2026, 6, 21, 10, 56, tzinfo=UTC), 65.2, 180.0),
        (datetime(2026, 12, 21, 10, 53, tzinfo=UTC), 18.4, 180.0),
        (datetime(2026, 3, 20, 11, 2, tzinfo=UTC), 41.8, 180.0),
        (datetime(2026, 3, 20, 5, 2, tzinfo=UTC), 0.0, 90.0),
        (datetime(2026, 3, 20, 17, 2, tzinfo=UTC), 0.0, 270.0),
    ],
)
def test_the_sun_stands_where_the_almanac_has_it(
    at: datetime, elevation: float, azimuth: float
) -> None:
    sun = sky.sun_at(at, HOME.latitude, HOME.longitude)

    assert sun.elevation_deg == pytest.approx(elevation, abs=0.6)
    assert sun.azimuth_deg == pytest.approx(azimuth, abs=1.5)


def test_strings_make_nothing_at_night_and_never_more_than_their_modules() -> None:
    for at in hours(datetime(2026, 1, 1, tzinfo=UTC), 365 * 6, timedelta(hours=4)):
        sun = sky.sun_at(at, HOME.latitude, HOME.longitude)
        for string in HOME.strings:
            watts = sky.string_w(string, sun, 1.0)
            assert 0.0 <= watts <= string.peak_w
            assert watts == 0.0 or sun.elevation_deg > 0.0


def test_the_south_string_leads_at_noon_and_the_west_string_in_the_evening() -> None:
    south, west = HOME.strings
    noon = sky.sun_at(datetime(2026, 6, 21, 11, tzinfo=UTC), HOME.latitude, HOME.longitude)
    evening = sky.sun_at(datetime(2026, 6, 21, 16, tzinfo=UTC), HOME.latitude, HOME.longitude)

    assert sky.string_w(south, noon, 1.0) > sky.string_w(west, noon, 1.0)
    assert sky.string_w(south, evening, 1.0) < sky.string_w(west, evening, 1.0)


def test_clouds_dim_but_never_black_out() -> None:
    lights = [sky.weather(1, at) for at in hours(MONDAY, 2000, timedelta(minutes=7))]

    assert min(lights) > 0.05
    assert max(lights) <= 1.0
    assert max(lights) - min(lights) > 0.4


def test_the_household_is_believable() -> None:
    for seed in range(3):
        days = 7
        step = timedelta(minutes=4)
        samples = [household_w(seed, at) for at in hours(MONDAY, days * 360, step)]
        daily_wh = sum(map(sum, samples)) * 4 / 60 / days

        assert 7_000 < daily_wh < 16_000
        assert min(min(sample) for sample in samples) > 50
        assert max(sum(sample) for sample in samples) < 9_000


def test_another_seed_lives_another_day() -> None:
    day = hours(MONDAY, 240, timedelta(minutes=6))

    assert [household_w(1, at) for at in day] == [household_w(1, at) for at in day]
    assert [household_w(1, at) for at in day] != [household_w(2, at) for at in day]


def test_an_evening_does_not_end_at_midnight() -> None:
    def watching(at: datetime) -> int:
        return sum(household_w(seed, at)[0] > 150 for seed in range(300))

    late = watching(MONDAY - timedelta(minutes=1))
    early = watching(MONDAY + timedelta(minutes=1))

    assert late > 20
    assert early > 0.7 * late


@given(
    wanted=st.lists(st.floats(-20_000, 20_000), min_size=1, max_size=40),
    dt_s=st.floats(0.1, 3600),
    soc=st.floats(0.0, 1.0),
    reserve=st.floats(0.0, 1.0),
)
def test_a_battery_keeps_its_limits_and_its_books(
    wanted: list[float], dt_s: float, soc: float, reserve: float
) -> None:
    battery = Battery(BatterySpec())
    battery.soc = soc
    floor = min(soc, max(reserve, battery.spec.min_soc))
    for watts in wanted:
        battery.step(watts, reserve, dt_s)
        assert -5_000 <= battery.power_w <= 5_000
        assert floor - 1e-9 <= battery.soc <= 1.0 + 1e-9

    stored_wh = (battery.soc - soc) * battery.spec.capacity_wh
    flow_wh = battery.charged_wh - battery.discharged_wh
    assert flow_wh == pytest.approx(stored_wh + battery.loss_wh, abs=1e-6)
    assert battery.loss_wh >= -1e-9


def test_a_battery_follows_with_a_lag_that_no_step_overshoots() -> None:
    for dt_s in (0.1, 1.0, 10.0, 600.0):
        battery = Battery(BatterySpec())
        battery.step(1_000.0, 0.0, dt_s)
        assert 0.0 < battery.power_w <= 1_000.0


def test_a_nearly_full_battery_takes_less() -> None:
    battery = Battery(BatterySpec())
    battery.soc = 0.98
    for _ in range(10):
        battery.step(5_000.0, 0.0, 1.0)

    assert battery.power_w < 2_100


def a_car(soc: float = 0.4) -> Car:
    car = Car(CarSpec(), seed=1, held_until=MONDAY)
    car.soc = soc
    return car


@given(offered=st.floats(0, 63), dt_s=st.floats(0.1, 60), soc=st.floats(0, 1))
def test_a_car_never_draws_more_than_offered_nor_less_than_six(
    offered: float, dt_s: float, soc: float
) -> None:
    car = a_car(soc)
    for _ in range(10):
        car.draw(offered, dt_s)
        assert car.current_a == 0.0 or 6.0 - 1e-6 <= car.current_a <= min(offered, 16.0) + 1e-6


def test_a_car_ramps_up_and_drops_at_once() -> None:
    car = a_car()
    car.draw(16.0, 1.0)
    assert car.current_a == 6.0
    car.draw(16.0, 1.0)
    assert car.current_a == 8.0
    car.draw(7.0, 1.0)
    assert car.current_a == 7.0
    car.draw(5.9, 1.0)
    assert car.current_a == 0.0


def test_a_car_tapers_when_nearly_full() -> None:
    car = a_car(0.985)
    car.limit = 1.0
    for _ in range(30):
        car.draw(16.0, 1.0)

    assert 6.0 <= car.current_a < 12.0


def test_a_car_stops_at_its_limit() -> None:
    car = a_car(0.79)
    for _ in range(3600):
        car.draw(16.0, 10.0)
        car.store(car.current_a * 3 * 230, 10.0)

    assert car.soc == pytest.approx(0.8, abs=0.002)
    assert car.current_a == 0.0


def test_a_car_is_away_by_day_and_home_by_night() -> None:
    for day in range(60):
        monday = MONDAY + timedelta(days=7 * day)
        assert not at_home(1, monday + timedelta(hours=12))
        assert at_home(1, monday + timedelta(hours=3))
        assert at_home(1, monday + timedelta(hours=19))
    assert at_home(1, SATURDAY + timedelta(hours=9))


def live(car: Car, start: datetime, hours_: int) -> list[bool]:
    plugged = []
    for before in hours(start, hours_ * 60, timedelta(minutes=1)):
        car.live(before, before + timedelta(minutes=1))
        plugged.append(car.is_plugged)
    return plugged[59::60]


def test_a_car_leaves_and_returns_with_less() -> None:
    car = a_car(0.8)

    plugged = live(car, MONDAY, 24)

    assert plugged[3]
    assert not plugged[12]
    assert plugged[20]
    assert 0.45 < car.soc < 0.75


def test_a_plug_put_in_by_hand_stays_until_a_change_half_a_day_later() -> None:
    car = a_car()
    noon = MONDAY + timedelta(hours=12)
    car.plug(noon, plugged=True)

    assert all(live(car, noon, 18))
    assert not live(car, noon + timedelta(hours=18), 6)[-1]


def test_a_plug_pulled_by_hand_stays_out_over_the_next_return() -> None:
    car = a_car()
    car.plug(MONDAY + timedelta(hours=12), plugged=False)

    assert not any(live(car, MONDAY + timedelta(hours=12), 11))


def test_the_hold_is_half_a_day() -> None:
    car = a_car()
    car.plug(MONDAY, plugged=True)

    assert car.held_until - MONDAY == HOLD == timedelta(hours=12)
