"""One charger through its day, by its mode."""

import math
from dataclasses import replace

import pytest

from gatewayd.plan.arbiter.claims import Setpoint
from gatewayd.plan.ev.machine import decide
from gatewayd.plan.ev.words import (
    AlwaysCharge,
    Ask,
    CarNow,
    ChargeMode,
    ChargeSettings,
    Delays,
    EvMemory,
    HomeNow,
)

ONE = ChargeSettings(mode=ChargeMode.SOLAR, phases=(1,))
BOTH = ChargeSettings(mode=ChargeMode.SOLAR, phases=(1, 3))


class Point:
    """A charger that does what it is asked, with the sun as given, looked at every five seconds."""

    def __init__(self, settings: ChargeSettings) -> None:
        self.settings = settings
        self.memory = EvMemory()
        self.now_s = 0.0
        self.amps = 0.0
        self.phases = self.told = settings.phases[0]
        self.told_at_s, self.lag_s = 0.0, 0.0
        self.soc_pct: float | None = None
        self.session_wh: float | None = None
        self.is_plugged: bool | None = True
        self.starts = 0
        self.switches: list[float] = []

    def look(self, surplus_w: float | None = None, **home: bool | None) -> Ask:
        self.now_s += 5.0
        if self.told != self.phases and self.now_s - self.told_at_s > self.lag_s:
            assert self.amps == 0, "phases are never switched under load"
            self.phases = self.told
            self.switches.append(self.now_s)
        car = CarNow(
            self.is_plugged,
            self.amps * self.phases * 230.0,
            self.phases,
            self.phases if self.amps else None,
            self.soc_pct,
            self.session_wh,
        )
        there = HomeNow(surplus_w, home.get("is_throttled") is True, home.get("wanted"))
        ask = decide(self.settings, car, there, self.memory, self.now_s)
        if ask.setpoint is not None:
            self._obey(ask.setpoint.current_a, ask.setpoint.phases)
        return ask

    def _obey(self, amps: float, phases: int | None) -> None:
        self.starts += amps > 0 and self.amps == 0
        if phases is not None and phases != self.told:
            assert amps == 0 or phases == self.phases, "phases are never told under load"
            self.told, self.told_at_s = phases, self.now_s
        self.amps = amps

    def looks(self, surplus_w: float | None, seconds: float, **home: bool | None) -> float:
        for _ in range(int(seconds / 5)):
            self.look(surplus_w, **home)
        return self.amps


def point(settings: ChargeSettings = ONE) -> Point:
    return Point(settings)


def test_off_is_off() -> None:
    assert point(ChargeSettings(mode=ChargeMode.OFF)).looks(20_000, 600) == 0


@pytest.mark.parametrize("is_plugged", [False, None])
def test_without_a_car_nothing_is_asked(is_plugged: bool | None) -> None:
    empty = point(ChargeSettings(mode=ChargeMode.NOW))
    empty.is_plugged = is_plugged

    assert empty.looks(20_000, 60) == 0


def test_now_is_all_there_is() -> None:
    assert point(ChargeSettings(mode=ChargeMode.NOW, max_a=16)).looks(None, 5) == 16


def test_the_sun_has_to_last_before_a_car_starts() -> None:
    car = point()
    assert car.looks(2000, 55) == 0
    assert car.looks(1000, 5) == 0
    assert car.looks(2000, 60) == 0
    assert car.looks(2000, 5) == 6


def test_the_current_follows_the_sun_in_whole_amperes() -> None:
    car = point()
    car.looks(2000, 65)

    assert car.looks(2400, 10) == 10
    assert car.looks(9999, 10) == 16
    assert car.looks(1900, 10) == 8


def test_it_does_not_follow_more_often_than_every_ten_seconds() -> None:
    car = point()
    car.looks(2000, 65)

    changes, before = 0, car.amps
    for step in range(60):
        car.look(2000 + 500 * (step % 2))
        changes, before = changes + (car.amps != before), car.amps
    assert changes <= 30


def test_a_cloud_is_waited_out_with_the_least() -> None:
    car = point()
    car.looks(3000, 100)

    assert car.looks(300, 175) == 6
    assert car.looks(3000, 10) == 13
    assert car.starts == 1


def test_without_sun_it_stops_after_its_delay() -> None:
    car = point()
    car.looks(3000, 100)

    assert car.looks(300, 190) == 0


def test_a_threshold_may_start_it_before_the_sun_suffices() -> None:
    settings = ChargeSettings(
        mode=ChargeMode.SOLAR, phases=(1,), delays=Delays(start_at_grid_w=-500.0)
    )

    assert point(settings).looks(600, 65) == 6


def test_a_threshold_may_keep_it_going_on_the_grid() -> None:
    settings = ChargeSettings(
        mode=ChargeMode.SOLAR, phases=(1,), delays=Delays(stop_at_grid_w=1000.0)
    )
    car = point(settings)
    car.looks(2000, 65)

    assert car.looks(500, 1000) == 6
    assert car.looks(300, 200) == 0


def test_always_charge_goes_on_without_sun() -> None:
    settings = ChargeSettings(mode=ChargeMode.SOLAR, phases=(1,), always_charge=AlwaysCharge.ON)

    assert point(settings).looks(0, 1000) == 6
    assert point(settings).looks(None, 1000) == 6


def test_always_charge_once_ends_with_the_car() -> None:
    car = point(ChargeSettings(mode=ChargeMode.SOLAR, phases=(1,), always_charge=AlwaysCharge.ONCE))
    assert car.looks(0, 100) == 6

    car.is_plugged = False
    car.look(0)
    car.is_plugged = True

    assert car.looks(0, 600) == 0


def test_an_unknown_sun_is_none() -> None:
    car = point()
    car.looks(3000, 100)

    assert car.looks(None, 100) == 6
    assert car.looks(None, 100) == 0
    assert point().looks(None, 1000) == 0


def test_three_phases_when_one_is_not_enough_and_back() -> None:
    car = point(BOTH)
    car.looks(2000, 90)
    assert (car.phases, car.amps) == (1, 8)

    car.looks(7000, 400)
    assert (car.phases, car.amps) == (3, 10)

    car.looks(2000, 700)
    assert (car.phases, car.amps) == (1, 8)
    assert all(b - a >= 300 for a, b in zip(car.switches, car.switches[1:], strict=False))


def test_a_charger_that_rests_on_three_phases_begins_on_one_where_the_sun_gives_no_more() -> None:
    car = point(BOTH)
    car.phases = car.told = 3

    assert car.looks(1000, 600) == 0
    assert not car.switches
    car.looks(2500, 300)
    assert (car.phases, car.amps) == (1, 10)


@pytest.mark.parametrize("lag_s", [0.0, 30.0, 60.0])
def test_a_switch_is_waited_for_until_it_is_seen(lag_s: float) -> None:
    car = point(BOTH)
    car.lag_s = lag_s
    car.looks(7000, 400)
    assert (car.phases, car.amps) == (3, 10)

    car.looks(2500, 900)

    assert (car.phases, car.amps) == (1, 10)
    assert (len(car.switches), car.starts) == (2, 2)


def test_a_charger_that_does_not_switch_is_left_at_what_it_is_for_long() -> None:
    car = point(BOTH)
    car.lag_s = math.inf

    car.looks(7000, 1800)

    assert (car.phases, car.amps, car.starts) == (1, 16, 1)


def test_a_car_that_does_not_use_three_phases_is_not_switched_to_fewer() -> None:
    memory = EvMemory(is_on=True, phases=3, current_a=8.0)
    one = CarNow(is_plugged=True, power_w=1840.0, phases=3, used_phases=1)

    for now_s in range(0, 600, 5):
        ask = decide(BOTH, one, HomeNow(2300.0), memory, float(now_s))

    assert ask.setpoint == Setpoint(10.0, 3)


def test_a_car_that_takes_nothing_is_offered_the_least() -> None:
    memory = EvMemory(is_on=True, phases=1, current_a=16.0)
    full = CarNow(is_plugged=True, power_w=0.0, phases=1)

    assert decide(ONE, full, HomeNow(9000.0), memory, 100.0).setpoint == Setpoint(6.0, 1)


def test_a_battery_that_lends_keeps_a_car_going_with_the_least() -> None:
    memory = EvMemory(is_on=True, phases=1, current_a=16.0)
    car = CarNow(is_plugged=True, power_w=3680.0, phases=1)

    def lent(lent_w: float, until_s: int) -> Ask:
        for now_s in range(until_s - 300, until_s, 5):
            ask = decide(ONE, car, HomeNow(200.0, lent_w=lent_w), memory, float(now_s))
        return ask

    assert lent(3480.0, 300).setpoint == Setpoint(6.0, 1)
    assert lent(500.0, 600).setpoint == Setpoint(0.0, 1)


def test_nothing_is_changed_before_the_last_change_was_seen() -> None:
    memory = EvMemory(told_at_s=0.0, is_on=True, phases=1, current_a=10.0)
    car = CarNow(is_plugged=True, power_w=1380.0, phases=1)

    for now_s in range(0, 600, 5):
        ask = decide(ONE, car, HomeNow(200.0, is_settled=False), memory, float(now_s))

    assert ask.setpoint == Setpoint(10.0, 1)


def test_the_budget_of_switches_ends_on_one_phase() -> None:
    car = point(
        ChargeSettings(mode=ChargeMode.SOLAR, phases=(1, 3), delays=Delays(phase_switches=4))
    )
    for _ in range(10):
        car.looks(7000, 900)
        car.looks(2000, 900)

    assert len(car.switches) <= 4
    assert car.phases == 1


def test_a_car_below_its_least_charges_at_once() -> None:
    car = point(ChargeSettings(mode=ChargeMode.SOLAR, phases=(1,), min_soc_pct=20))
    car.soc_pct = 12
    assert car.looks(0, 5) == 16

    car.soc_pct = 20
    assert car.looks(0, 10) == 6
    assert car.looks(0, 180) == 0


def test_a_car_that_has_what_it_may_have_stops() -> None:
    settings = ChargeSettings(
        mode=ChargeMode.NOW, limit_soc_pct=80, limit_energy_wh=10_000, phases=(1,)
    )
    car = point(settings)
    assert car.looks(0, 5) == 16
    car.soc_pct = 80
    assert car.looks(0, 5) == 0
    car.soc_pct, car.session_wh = 50, 10_000
    assert car.looks(0, 5) == 0


def test_a_plan_says_when() -> None:
    car = point(ChargeSettings(mode=ChargeMode.PLAN, phases=(1,)))

    assert car.looks(0, 5, wanted=True) == 16
    assert car.looks(0, 5, wanted=False) == 0
    assert car.look(0, wanted=None).setpoint is None


def test_a_plan_that_is_due_comes_before_the_sun_and_before_a_limit() -> None:
    car = point(replace(ONE, limit_soc_pct=80, limit_energy_wh=1000))
    car.soc_pct, car.session_wh = 85, 2000

    assert car.looks(0, 5, wanted=True) == 16
    assert car.looks(9000, 600, wanted=False) == 0


def test_what_is_off_keeps_no_plan_and_schedules_ask_for_themselves() -> None:
    off = point(ChargeSettings(mode=ChargeMode.OFF))
    scheduled = point(ChargeSettings(mode=ChargeMode.SCHEDULE))

    assert off.looks(0, 5, wanted=True) == 0
    assert scheduled.look(0, wanted=True).setpoint is None


def test_a_welcomed_car_says_who_it_is() -> None:
    car = point(ChargeSettings(mode=ChargeMode.SOLAR, phases=(1,), welcome_s=30))
    car.is_plugged = False
    car.look()
    car.is_plugged = True

    assert car.looks(0, 25) == 6
    assert car.looks(0, 10) == 0


class Throttled:
    """A home whose inverter is held back to what the home takes, up to what the sun gives."""

    def __init__(self, sun_w: float, settings: ChargeSettings = ONE) -> None:
        self.car = point(settings)
        self.sun_w = sun_w

    def looks(self, seconds: float) -> float:
        for _ in range(int(seconds / 5)):
            drawn_w = self.car.amps * self.car.phases * 230.0
            # What it draws is either made by the sun at once, or taken from the grid.
            self.car.look(min(drawn_w, self.sun_w), is_throttled=True)
        return self.car.amps


def test_hidden_sun_is_found_by_trying() -> None:
    assert Throttled(3000).looks(900) >= 12
    assert Throttled(9000, replace(ONE, phases=(3,))).looks(900) == 13
    assert Throttled(9000, BOTH).looks(900) == 13


def test_where_there_is_none_trying_ends() -> None:
    home = Throttled(300)
    home.looks(3600)

    assert home.car.starts <= 6


def test_every_reason_is_said() -> None:
    assert point().look(500).grounds.reason == "the sun leaves 500 W"
    assert point().look(None).grounds.reason == "nobody knows what the sun leaves"
