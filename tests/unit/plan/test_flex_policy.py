from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from gatewayd.errors import InvalidError
from gatewayd.model.flex import (
    FlexDay,
    FlexOverride,
    FlexPolicy,
    FlexState,
    ImmediateStart,
    NextDaySchedule,
)
from gatewayd.model.reading import PowerDelivery, VehicleReading
from gatewayd.plan.flex.policy import (
    check_override,
    check_policy,
    deadlines,
    flex_status,
    is_over,
)

OSLO = ZoneInfo("Europe/Oslo")
MONDAY = datetime(2026, 6, 22, 12, tzinfo=OSLO)
HOUR = timedelta(hours=1)
# The day's number is in its time and its target.
POLICY = FlexPolicy(
    "p", "home", "car", 10.0, tuple(FlexDay(7 * 60 + day, 60.0 + day) for day in range(7))
)


def car(soc_pct: float | None, delivery: PowerDelivery = PowerDelivery.STOPPED) -> VehicleReading:
    return VehicleReading(soc_pct=soc_pct, power_delivery=delivery, capacity_wh=50_000.0)


def coming(override: FlexOverride | None = None, now: datetime = MONDAY) -> list[tuple[str, float]]:
    found = islice(deadlines(POLICY, override, now, OSLO), 3)
    return [(one.at.astimezone(OSLO).strftime("%a %H:%M"), one.target_pct) for one in found]


def test_each_day_has_its_own_deadline() -> None:
    assert coming() == [("Tue 07:01", 61.0), ("Wed 07:02", 62.0), ("Thu 07:03", 63.0)]
    assert coming(now=MONDAY - 6 * HOUR)[0] == ("Mon 07:00", 60.0)


def test_a_next_day_schedule_changes_the_next_deadline_only() -> None:
    override = NextDaySchedule(MONDAY, 5 * 60, 90.0)

    assert coming(override) == [("Tue 05:00", 90.0), ("Wed 07:02", 62.0), ("Thu 07:03", 63.0)]
    assert coming(NextDaySchedule(MONDAY, None, 90.0))[0] == ("Tue 07:01", 90.0)
    assert coming(NextDaySchedule(MONDAY, 9 * 60))[0] == ("Tue 09:00", 61.0)


def test_a_new_time_that_has_passed_today_is_meant_for_tomorrow() -> None:
    now = MONDAY - 6 * HOUR

    found = coming(NextDaySchedule(now, 5 * 60), now)

    assert found[:2] == [("Mon 07:00", 60.0), ("Tue 05:00", 61.0)]


def test_a_next_day_schedule_is_over_after_its_deadline() -> None:
    override = NextDaySchedule(MONDAY, 5 * 60)
    at = datetime(2026, 6, 23, 5, tzinfo=OSLO)

    assert not is_over(override, POLICY, car(None), at - timedelta(seconds=1), OSLO)
    assert is_over(override, POLICY, car(None), at, OSLO)
    assert coming(override, at)[0] == ("Wed 07:02", 62.0)


@pytest.mark.parametrize(
    ("vehicle", "override", "state", "target_pct"),
    [
        (car(30, PowerDelivery.UNPLUGGED), None, FlexState.UPCOMING, 61.0),
        (car(30, PowerDelivery.UNKNOWN), None, FlexState.UPCOMING, 61.0),
        (car(9.9), None, FlexState.BATTERY_RESERVE, 61.0),
        (car(10.0), None, FlexState.REGULAR, 61.0),
        (car(61.0), None, FlexState.SETTLED, 61.0),
        (car(None), None, FlexState.BATTERY_RESERVE, 61.0),
        (replace(car(50.0), charge_limit_pct=50.0), None, FlexState.SETTLED, 61.0),
        (car(5.0), ImmediateStart(MONDAY, 80.0), FlexState.IMMEDIATE_START, 80.0),
        (car(79.9), ImmediateStart(MONDAY, 80.0), FlexState.IMMEDIATE_START, 80.0),
        (car(80.0), ImmediateStart(MONDAY, 80.0), FlexState.SETTLED, 61.0),
        (car(5, PowerDelivery.UNPLUGGED), ImmediateStart(MONDAY, 80.0), FlexState.UPCOMING, 80.0),
        (car(61.0), NextDaySchedule(MONDAY, None, 90.0), FlexState.REGULAR, 90.0),
    ],
)
def test_a_policy_is_in_one_phase(
    vehicle: VehicleReading, override: FlexOverride | None, state: FlexState, target_pct: float
) -> None:
    status = flex_status(POLICY, override, vehicle, MONDAY, OSLO)

    assert (status.state, status.target_pct) == (state, target_pct)
    assert status.reason
    assert (status.deadline_at is None) == (status.target_pct == 80.0)


def test_a_policy_needs_all_seven_days() -> None:
    check_policy(POLICY)
    check_policy(replace(POLICY, battery_reserve_pct=0.0))
    check_policy(replace(POLICY, battery_reserve_pct=20.0))
    with pytest.raises(InvalidError, match="all seven days"):
        check_policy(replace(POLICY, week=POLICY.week[:6]))


@pytest.mark.parametrize("reserve_pct", [-0.1, 20.1, float("nan")])
def test_a_reserve_outside_its_range_is_refused(reserve_pct: float) -> None:
    with pytest.raises(InvalidError, match="batteryReserve"):
        check_policy(replace(POLICY, battery_reserve_pct=reserve_pct))


@pytest.mark.parametrize("target_pct", [19.9, 100.1, float("nan")])
def test_a_target_outside_its_range_is_refused(target_pct: float) -> None:
    week = (FlexDay(0, target_pct), *POLICY.week[1:])
    with pytest.raises(InvalidError, match="minimumChargeTarget"):
        check_policy(replace(POLICY, week=week))
    with pytest.raises(InvalidError, match="minimumChargeTarget"):
        check_override(NextDaySchedule(MONDAY, None, target_pct))


@pytest.mark.parametrize("target_pct", [0.0, 100.1, float("nan")])
def test_an_immediate_start_needs_a_level(target_pct: float) -> None:
    check_override(ImmediateStart(MONDAY, 100.0))
    check_override(NextDaySchedule(MONDAY))
    with pytest.raises(InvalidError, match="target"):
        check_override(ImmediateStart(MONDAY, target_pct))


def test_deadlines_are_local_through_a_change_of_the_clock() -> None:
    now = datetime(2026, 3, 27, 12, tzinfo=UTC)

    at = [one.at.astimezone(UTC).hour for one in islice(deadlines(POLICY, None, now, OSLO), 3)]

    assert at == [6, 5, 5]
