"""What the guard does about a house, look by look."""

import math
from dataclasses import replace

import pytest

from gatewayd.model.circuit import Circuit, Load
from gatewayd.plan.guard.guard import LEASE_S, RESTART_S, decide
from gatewayd.plan.guard.words import Footing, LoadNow, Memory, MeterNow
from tests.unit.plan.guard.home import LEFT, MAIN, Home, charging, wiring

ON_A = Load("on_a", "main", 32.0, lines=(0,))
ON_B = Load("on_b", "main", 32.0, lines=(1,))


def test_a_charger_starts_at_once_in_what_the_rest_leaves_at_its_peak_and_rises_slowly() -> None:
    home = Home(wiring(LEFT))

    assert home.look() == {"left": 6.0}
    assert home.look(6.0) == {"left": 8.0}
    assert home.look(22.0) == {"left": 11.0}
    assert home.look(60.0) == {"left": 22.0}


@pytest.mark.parametrize("base_a", [18.0, -18.0])
def test_nothing_starts_in_what_the_rest_would_leave_but_does_not(base_a: float) -> None:
    home = Home(wiring(LEFT), base_a=(1.0, base_a, 1.0))

    assert home.look(28.0) == {"left": 0.0 if base_a > 0 else 11.0}


@pytest.mark.parametrize("assumed_base_a", [0.0, 18.0])
def test_a_charger_starts_after_half_a_minute_of_room_and_rises_slowly(
    assumed_base_a: float,
) -> None:
    home = Home(wiring(LEFT, main=replace(MAIN, assumed_base_a=assumed_base_a)))

    assert home.look(30.0) == {"left": 0.0}
    assert home.look(6.0) == {"left": 6.0}
    assert home.look(2.0) == {"left": 8.0}
    # 25 A less the margin, less what the house draws.
    assert home.look(60.0) == {"left": 22.0}


def test_a_step_of_20_a_on_one_phase_lowers_the_charger_there_and_no_other_within_5_s() -> None:
    home = charging(Home(wiring(ON_A, ON_B)))
    assert home.look() == {"on_a": 22.0, "on_b": 22.0}

    home.base_a = (21.0, 1.0, 1.0)
    granted = home.look(4.0)

    assert granted["on_a"] == 0.0
    assert granted["on_b"] == 22.0
    assert home.grants["on_a"].binding == "main: phase a"
    assert home.grants["on_b"].binding == "main: phase b"


def test_a_battery_that_draws_more_than_it_is_told_is_stopped_for_long() -> None:
    battery = Load("battery", "main", 16.0, lines=(0, 1, 2), min_a=0.0)
    home = charging(Home(wiring(battery), base_a=(14.0, 1.0, 1.0)))
    home.extra_a = {"battery": 12.0}

    seen = [home.look()["battery"] for _ in range(round(RESTART_S / 2.0))]

    assert seen[2:] == [0.0] * (len(seen) - 2)
    home.extra_a = {}
    assert home.look(60.0) == {"battery": 9.0}


def test_nothing_is_raised_while_a_breaker_carries_more_than_it_holds() -> None:
    home = Home(wiring(ON_A), base_a=(1.0, 1.0, 29.0))

    assert home.look(60.0) == {"on_a": 0.0}
    home.base_a = (1.0, 1.0, 28.0)
    assert home.look(2.0) == {"on_a": 6.0}


def test_a_step_lowers_at_once_and_only_as_far_as_needed() -> None:
    home = charging(Home(wiring(LEFT)))

    home.base_a = (1.0, 9.5, 1.0)

    assert home.look() == {"left": 14.0}


def test_a_car_on_one_phase_leaves_the_others_alone() -> None:
    home = charging(Home(wiring(LEFT), phases={"left": 1}))

    home.base_a = (1.0, 20.0, 20.0)

    assert home.look() == {"left": 22.0}


def test_a_car_that_begins_to_use_all_phases_is_held_to_the_fullest() -> None:
    home = charging(Home(wiring(LEFT), base_a=(1.0, 12.0, 1.0), phases={"left": 1}))
    assert home.look() == {"left": 22.0}

    home.phases = {"left": 3}

    assert home.look() == {"left": 11.0}


def test_a_charger_of_unknown_rotation_is_held_to_the_fullest_phase() -> None:
    home = Home(wiring(replace(LEFT, lines=None)), base_a=(1.0, 1.0, 12.0), phases={"left": 1})

    assert charging(home).look() == {"left": 11.0}


def test_a_charger_found_charging_goes_on_and_is_lowered_at_the_first_look_if_need_be() -> None:
    free, full = Home(wiring(LEFT)), Home(wiring(LEFT), base_a=(12.0, 1.0, 1.0))
    for home in (free, full):
        home.limits_a = {"left": 16.0}

    assert free.look() == {"left": 16.0}
    assert full.look() == {"left": 11.0}


def test_a_charger_that_was_stopped_rests_before_it_starts_again() -> None:
    home = charging(Home(wiring(LEFT)))
    home.base_a = (24.0, 1.0, 1.0)
    assert home.look() == {"left": 0.0}
    stopped = home.grants["left"].binding
    home.base_a = (1.0, 1.0, 1.0)

    assert home.look(RESTART_S - 4.0) == {"left": 0.0}
    resting = home.grants["left"].binding
    assert home.look(6.0) == {"left": 6.0}
    assert (stopped, resting) == ("main: phase a", "left was stopped, and rests for 300 s")


def test_a_charger_that_nobody_wanted_does_not_rest() -> None:
    home = charging(Home(wiring(LEFT)))
    home.wishes_a = {"left": 0.0}
    home.look()
    home.wishes_a = {}

    assert home.look() == {"left": 6.0}


def test_a_battery_that_was_lowered_to_nothing_does_not_rest() -> None:
    home = charging(Home(wiring(replace(LEFT, min_a=0.0))))
    home.base_a = (24.0, 1.0, 1.0)
    assert home.look() == {"left": 0.0}
    home.base_a = (1.0, 1.0, 1.0)

    assert home.look(40.0)["left"] > 0.0


def test_less_than_the_least_is_off() -> None:
    home = charging(Home(wiring(LEFT)))

    home.base_a = (18.0, 1.0, 1.0)

    assert home.look() == {"left": 0.0}


def test_nothing_is_given_away_before_it_is_given_back() -> None:
    home = Home(wiring(replace(ON_A, priority=1), replace(ON_A, id="other")))
    home.wishes_a = {"on_a": 0.0}
    charging(home)
    home.stubborn = {"other"}
    home.wishes_a = {"on_a": 16.0}

    assert home.look() == {"on_a": 0.0, "other": 6.0}
    assert home.look() == {"on_a": 0.0, "other": 6.0}
    home.stubborn = set()
    home.limits_a["other"] = 6.0
    assert home.look() == {"on_a": 6.0, "other": 6.0}


def test_a_load_that_does_not_lower_counts_at_its_maximum_for_the_others() -> None:
    home = charging(Home(wiring(replace(ON_A, max_a=16.0), replace(ON_A, id="other"))))
    assert home.look() == {"on_a": 11.0, "other": 11.0}
    home.stubborn = {"on_a"}
    home.base_a = (4.0, 1.0, 1.0)

    home.look(6.0)

    assert home.limits_a["on_a"] == 11.0
    assert home.grants["other"].amps == 0.0
    assert home.grants["on_a"].binding == "on_a does not do what it is told"
    assert home.grants["other"].binding == "main: phase a"


def test_in_need_a_load_that_does_not_lower_counts_at_once_at_what_it_has() -> None:
    home = charging(Home(wiring(replace(ON_A, max_a=16.0), replace(ON_A, id="other"))))
    home.stubborn = {"on_a"}
    home.base_a = (11.5, 1.0, 1.0)

    assert home.look() == {"on_a": 6.0, "other": 6.0}
    assert home.look() == {"on_a": 6.0, "other": 0.0}


def test_of_two_that_do_not_lower_each_counts_for_the_other() -> None:
    home = charging(Home(wiring(replace(ON_A, max_a=16.0), replace(ON_A, id="other"))))
    home.stubborn = {"on_a", "other"}
    home.base_a = (5.0, 1.0, 1.0)

    assert home.look() == {"on_a": 9.0, "other": 9.0}
    assert home.look(4.0) == {"on_a": 0.0, "other": 0.0}


def test_a_load_that_does_not_lower_is_stopped_and_left_to_its_own_fallback() -> None:
    home = charging(Home(wiring(LEFT)))
    home.stubborn = {"left"}
    home.base_a = (4.0, 1.0, 1.0)

    home.look(10.0)
    assert home.grants["left"].renews
    home.look(2.0)

    assert home.grants["left"].amps == 0.0
    assert not home.grants["left"].renews


def test_a_car_that_draws_more_than_told_is_stopped_sooner_while_the_breaker_suffers() -> None:
    calm, overloaded = charging(Home(wiring(LEFT))), charging(Home(wiring(LEFT)))
    for home, extra_a in ((calm, 3.0), (overloaded, 10.0)):
        home.extra_a = {"left": extra_a}
        home.look(6.0)

    assert calm.grants["left"].amps > 0.0
    assert overloaded.grants["left"].amps == 0.0


def test_a_silent_load_keeps_its_grant_but_is_not_fed_and_counts_at_its_maximum() -> None:
    home = charging(Home(wiring(replace(ON_A, max_a=16.0), replace(ON_A, id="other"))))
    home.silent = {"on_a"}

    granted = home.look(12.0)

    assert granted == {"on_a": 11.0, "other": 6.0}
    assert not home.grants["on_a"].renews
    assert home.grants["on_a"].binding == "on_a is not heard of"


def test_a_load_that_was_never_heard_of_leaves_the_others_what_its_maximum_leaves() -> None:
    home = Home(wiring(replace(ON_A, max_a=10.0), replace(ON_A, id="other")))
    home.silent = {"on_a"}

    assert charging(home).look()["other"] == 12.0


def test_a_load_that_reboots_into_its_maximum_is_told_its_grant_again() -> None:
    home = charging(Home(wiring(LEFT), base_a=(10.0, 1.0, 1.0)))
    home.silent = {"left"}
    home.look(6.0)
    home.silent, home.limits_a = set(), {"left": 32.0}

    home.look()

    assert home.limits_a["left"] <= 13.0


def test_nested_circuits_each_hold() -> None:
    garage = Circuit("garage", 16.0, parent="main")
    loads = replace(LEFT, circuit="garage"), replace(LEFT, id="right", circuit="garage")
    home = charging(Home(wiring(*loads, below=(garage,))))
    assert home.look() == {"left": 8.0, "right": 8.0}

    home.base_a = (11.0, 1.0, 1.0)

    assert home.look() == {"left": 6.0, "right": 6.0}
    assert {grant.binding for grant in home.grants.values()} == {"main: phase a"}


def test_a_circuit_without_a_meter_counts_what_it_is_assumed_to_carry() -> None:
    garage = Circuit("garage", 16.0, parent="main", assumed_base_a=5.0)

    home = charging(Home(wiring(replace(LEFT, circuit="garage"), below=(garage,))))

    assert home.look() == {"left": 10.0}
    assert home.grants["left"].binding == "garage: phase a"


def test_a_limit_in_watts_holds_for_all_phases_together() -> None:
    home = charging(Home(wiring(LEFT, main=replace(MAIN, limit_w=230.0 * 33))))

    assert home.look() == {"left": 10.0}
    assert home.grants["left"].binding == "main: all phases together"


def test_a_single_phase_load_may_not_unbalance_the_phases_an_even_one_may() -> None:
    main = replace(MAIN, unbalance_a=10.0)

    assert charging(Home(wiring(ON_A, main=main))).look() == {"on_a": 10.0}
    assert charging(Home(wiring(LEFT, main=main))).look() == {"left": 22.0}


def test_a_cool_breaker_bears_more_for_a_while_where_that_is_allowed() -> None:
    home = Home(wiring(LEFT, main=replace(MAIN, uses_thermal_headroom=True)))

    risen = max(home.look()["left"] for _ in range(100))

    assert 23.0 <= risen <= 26.0
    assert home.look(900.0)["left"] <= 24.0


@pytest.mark.parametrize("discharge_a", [0.0, 8.0])
def test_what_a_battery_feeds_is_no_room_for_others(discharge_a: float) -> None:
    battery = Load("battery", "main", 16.0, lines=(0, 1, 2), min_a=0.0)
    home = Home(wiring(LEFT, battery), base_a=(10.0, 10.0, 10.0), wishes_a={"battery": 0.0})
    home.extra_a = {}
    home.limits_a = {"battery": -discharge_a}
    home.stubborn = {"battery"}

    assert charging(home).look()["left"] == 13.0


def test_the_higher_priority_is_served_first_but_everyone_gets_the_least() -> None:
    home = charging(Home(wiring(ON_A, replace(ON_A, id="first", priority=1))))

    assert home.look() == {"on_a": 6.0, "first": 16.0}


def test_a_meter_never_heard_of_allows_nothing() -> None:
    home = Home(wiring(LEFT), limits_a={"left": 16.0}, meter_is_silent=True)

    assert home.look() == {"left": 0.0}
    assert not home.grants["left"].renews
    assert home.grants["left"].binding == "main: nothing is known of what it carries"


def test_a_late_meter_raises_nothing_and_keeps_the_breaker_below_what_it_holds() -> None:
    home = charging(Home(wiring(LEFT)))
    home.meter_is_silent = True

    assert home.look(4.0) == {"left": 22.0}
    # 1.13 times 25 A less the assumed peak.
    assert home.look() == {"left": 16.0}
    assert home.grants["left"].binding == "main: its meter is late, so nothing is raised"


def test_a_silent_meter_means_the_assumed_peak_and_after_a_minute_nothing() -> None:
    home = charging(Home(wiring(LEFT)))
    home.meter_is_silent = True

    assert home.look(12.0) == {"left": 11.0}
    assert home.grants["left"].footing is Footing.ASSUMED
    assert home.grants["left"].renews
    assert home.look(46.0) == {"left": 11.0}
    assert home.look(4.0) == {"left": 0.0}
    assert not home.grants["left"].renews


def test_a_silent_meter_of_a_circuit_without_an_assumption_means_nothing() -> None:
    home = charging(Home(wiring(LEFT, main=replace(MAIN, assumed_base_a=0.0))))
    home.meter_is_silent = True

    assert home.look(12.0) == {"left": 0.0}


def test_a_meter_that_comes_back_raises_after_half_a_minute() -> None:
    home = charging(Home(wiring(LEFT)))
    home.meter_is_silent = True
    home.look(12.0)
    home.meter_is_silent = False

    assert home.look(30.0) == {"left": 11.0}
    assert home.look(6.0)["left"] == 13.0


def test_a_meter_that_repeats_itself_is_tested_by_lowering_a_load() -> None:
    home = charging(Home(wiring(LEFT)), 400.0)
    home.meter_is_frozen = True

    lowered = home.look(6.0)

    assert lowered["left"] <= 16.0
    home.look(8.0)
    assert home.grants["left"].footing is Footing.ASSUMED


def test_a_meter_that_shows_the_test_is_believed_again() -> None:
    home = charging(Home(wiring(LEFT), wishes_a={"left": 10.0}), 400.0)
    home.meter_is_frozen = True
    assert home.look(6.0) == {"left": 8.0}
    home.meter_is_frozen = False

    home.look(4.0)

    assert home.grants["left"].footing is Footing.FRESH


def test_the_weakest_circuit_above_a_load_counts() -> None:
    garage = Circuit("garage", 16.0, parent="main")
    home = charging(Home(wiring(replace(LEFT, circuit="garage"), below=(garage,))))
    home.meter_is_silent = True

    home.look(62.0)

    assert home.grants["left"].footing is Footing.NOTHING
    assert not home.grants["left"].renews


def test_a_meter_wired_the_wrong_way_round_is_found_out() -> None:
    home = charging(Home(wiring(LEFT), sign=-1.0), 600.0)

    assert home.grants["left"].footing < Footing.HOLD
    assert max(home.total_a()) <= 25.0


@pytest.mark.parametrize("wish_a", [math.nan, -5.0, 0.0, 5.9])
def test_a_wish_that_is_none_gets_nothing(wish_a: float) -> None:
    home = Home(wiring(LEFT), wishes_a={"left": wish_a})

    assert charging(home).look() == {"left": 0.0}


def test_a_wish_beyond_all_bounds_gets_the_nameplate() -> None:
    home = Home(wiring(replace(LEFT, max_a=16.0)), wishes_a={"left": math.inf})

    assert charging(home).look() == {"left": 16.0}
    assert home.grants["left"].binding is None


def test_an_absurd_reading_is_none() -> None:
    home = charging(Home(wiring(LEFT)))
    good = home.meter
    assert good is not None

    for amps in (math.nan, math.inf, -501.0):
        home.now_s += 2.0
        bad = MeterNow((amps, 0.0, 0.0), home.now_s, raw=amps)
        home._read()
        grants = decide(home.wiring, home.now_s, {"main": bad}, home.heard, home.memory)
        assert grants["left"].amps <= 22.0

    assert home.memory.lines["main"].meter == good


def test_a_load_nobody_told_of_is_off_and_does_not_harm() -> None:
    wires = wiring(LEFT)

    grants = decide(wires, 0.0, {}, {}, Memory())

    assert grants["left"].amps == 0.0
    assert grants["left"].binding is None
    assert grants["left"].valid_until_s == LEASE_S


def test_a_load_of_unknown_draw_needs_its_room_beside_what_the_meter_sees() -> None:
    home = Home(wiring(LEFT), mute={"left"}, limits_a={"left": 16.0})

    # The 17 A that the meter sees may all be the house.
    assert home.look() == {"left": 6.0}


def test_a_load_whose_power_is_known_needs_its_room_once() -> None:
    home = Home(wiring(LEFT), mute={"left"}, powers=True)

    assert charging(home).look() == {"left": 22.0}
    home.base_a = (20.0, 1.0, 1.0)
    assert home.look(4.0)["left"] == 0.0


def test_an_old_reading_of_a_load_counts_as_silence() -> None:
    home = charging(Home(wiring(LEFT)))
    heard = {"left": LoadNow(32.0, 22.0, (22.0, 22.0, 22.0), home.now_s)}
    later_s = home.now_s + 16.0
    meter = MeterNow((23.0, 23.0, 23.0), later_s, raw=0)

    decide(home.wiring, later_s, {"main": meter}, heard, home.memory)

    assert home.memory.loads["left"].silent_since_s == later_s


PUMP = Load("pump", "main", 4.0, lines=(0,), min_a=4.0)
SERVED = replace(ON_A, priority=1)


def test_a_pump_that_takes_its_time_to_stop_is_not_waited_for_in_need() -> None:
    home = charging(Home(wiring(PUMP, SERVED)))
    assert home.look() == {"pump": 4.0, "on_a": 18.0}

    home.base_a = (15.0, 1.0, 1.0)

    # What is left would do for the charger, were the pump gone.
    assert home.look() == {"pump": 0.0, "on_a": 0.0}


@pytest.mark.parametrize(("assumed_a", "wish_a", "fresh_s"), [(20.0, 8.0, 4.0), (14.5, 9.0, 10.0)])
def test_a_pump_that_takes_its_time_to_stop_is_not_waited_for_where_nobody_sees(
    assumed_a: float, wish_a: float, fresh_s: float
) -> None:
    wired = wiring(PUMP, SERVED, main=replace(MAIN, assumed_base_a=assumed_a))
    home = charging(Home(wired, wishes_a={"on_a": wish_a}))
    home.meter_is_silent = True

    assert home.look(fresh_s) == {"pump": 4.0, "on_a": wish_a}
    assert home.look() == {"pump": 0.0, "on_a": 0.0}


@pytest.mark.parametrize(("over_for_s", "left_a"), [(4.0, 5.0), (6.0, 0.0)])
def test_what_is_over_though_it_was_lowered_is_stopped_where_it_may_be_and_nowhere_else(
    over_for_s: float, left_a: float
) -> None:
    battery, other = replace(ON_A, min_a=0.0), replace(ON_B, min_a=0.0)
    home = charging(Home(wiring(battery, other), base_a=(13.0, 13.0, 1.0)))
    assert home.look() == {"on_a": 10.0, "on_b": 10.0}

    home.base_a = (18.5, 13.0, 1.0)
    home.memory.lines["main"].over_since_s = home.now_s + 2.0 - over_for_s

    assert home.look() == {"on_a": left_a, "on_b": 10.0}


@pytest.mark.parametrize(("over_for_s", "left_a"), [(14.0, 5.0), (16.0, 0.0)])
def test_what_a_meter_repeats_does_not_show_at_once_that_lowering_has_not_helped(
    over_for_s: float, left_a: float
) -> None:
    battery = replace(ON_A, min_a=0.0)
    home = charging(Home(wiring(battery), base_a=(13.0, 1.0, 1.0)))
    home.base_a = (18.5, 1.0, 1.0)
    line = home.memory.lines["main"]
    assert line.meter is not None
    home.meter_is_frozen, home.meter = True, replace(line.meter, current_a=home.total_a())
    line.over_since_s, line.same_polls = home.now_s + 2.0 - over_for_s, 6

    assert home.look() == {"on_a": left_a}


def test_a_breaker_is_over_from_the_first_reading_that_says_so_to_the_first_that_does_not() -> None:
    home = charging(Home(wiring(ON_A)))
    home.base_a = (30.0, 1.0, 1.0)
    home.look(6.0)
    since_s, home.base_a = home.memory.lines["main"].over_since_s, (1.0, 1.0, 1.0)
    home.look()

    assert since_s == home.now_s - 6.0
    assert home.memory.lines["main"].over_since_s is None


def test_another_meter_is_known_by_nothing_that_the_last_one_said() -> None:
    home = charging(Home(wiring(LEFT)))
    assert home.look() == {"left": 22.0}

    home.wiring = wiring(LEFT, main=replace(MAIN, meter_id=None, assumed_base_a=15.0))

    assert home.look() == {"left": 8.0}


def test_a_load_whose_wiring_is_changed_is_not_where_it_was() -> None:
    home = charging(Home(wiring(LEFT)))
    heard = dict(home.heard)

    home.wiring = wiring(replace(LEFT, lines=(0,)))
    granted = decide(home.wiring, home.now_s + 1.0, {}, heard, home.memory)

    assert granted["left"].amps <= 22.0
    assert home.memory.loads["left"].active is None
