from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.model.asset import AssetKind
from gatewayd.model.location import Location
from gatewayd.model.schedule import (
    ChargeSchedule,
    FollowSchedule,
    HourMinute,
    Rule,
    TemperatureSchedule,
    Timetable,
    Transition,
)
from gatewayd.plan.schedule import (
    controlling,
    is_applicable,
    timezone_of,
    transitions,
    upcoming_transitions,
    value_at,
    without_smart_charging,
)
from tests.unit.plan import zones

OSLO = ZoneInfo("Europe/Oslo")
NOW = datetime(2026, 6, 21, 10, 0, tzinfo=UTC)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OSLO)


def timetable(*rules: Rule[bool], default: bool = False) -> Timetable[bool]:
    return Timetable(default, rules)


FRIDAY_NIGHT = timetable(Rule(True, HourMinute(22 * 60, 6 * 60), frozenset({4})))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-06-19T23:00", True),
        ("2026-06-20T05:59", True),
        ("2026-06-20T06:00", False),
        ("2026-06-19T05:00", False),
        ("2026-06-20T23:00", False),
    ],
)
def test_a_night_belongs_to_the_day_it_begins_on(at: str, *, expected: bool) -> None:
    assert value_at(FRIDAY_NIGHT, local(at), OSLO) is expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-06-19T07:59:59.999999", False),
        ("2026-06-19T08:00:00", True),
        ("2026-06-19T08:59:59.999999", True),
        ("2026-06-19T09:00:00", False),
    ],
)
def test_an_interval_has_its_first_minute_and_not_its_last(at: str, *, expected: bool) -> None:
    table = timetable(Rule(True, HourMinute(8 * 60, 9 * 60)))

    assert value_at(table, local(at), OSLO) is expected


def test_from_and_to_alike_is_a_full_day_from_then_on() -> None:
    table = timetable(Rule(True, HourMinute(8 * 60, 8 * 60), frozenset({0})))

    found = upcoming_transitions(table, NOW, OSLO)

    assert [one.at for one in found] == [local("2026-06-22T08:00"), local("2026-06-23T08:00")]


def test_the_last_matching_rule_wins() -> None:
    always, never = Rule(value=True), Rule(value=False)

    assert value_at(timetable(always, never), NOW, OSLO) is False
    assert value_at(timetable(never, always), NOW, OSLO) is True


def test_all_filters_of_a_rule_must_hold() -> None:
    rule = Rule(
        True, HourMinute(0, 0), frozenset({6}), NOW - timedelta(hours=1), NOW + timedelta(hours=1)
    )

    assert value_at(timetable(rule), NOW, OSLO) is True
    assert value_at(timetable(rule), NOW + timedelta(hours=1), OSLO) is False
    assert value_at(timetable(rule), NOW - timedelta(hours=2), OSLO) is False
    assert value_at(timetable(rule), NOW + timedelta(days=7), OSLO) is False


def test_a_rule_for_no_weekday_never_applies() -> None:
    table = timetable(Rule(True, weekdays=frozenset()))

    assert upcoming_transitions(table, NOW, OSLO) == ()


def test_a_wall_time_moves_by_an_hour_in_utc_when_the_clock_jumps() -> None:
    table = timetable(Rule(True, HourMinute(7 * 60, 8 * 60)))
    before = upcoming_transitions(table, datetime(2026, 3, 28, tzinfo=UTC), OSLO, 1)
    after = upcoming_transitions(table, datetime(2026, 3, 29, tzinfo=UTC), OSLO, 1)

    assert before[0].at == datetime(2026, 3, 28, 6, tzinfo=UTC)
    assert after[0].at == datetime(2026, 3, 29, 5, tzinfo=UTC)


def test_an_interval_that_the_clock_leaves_out_is_empty_that_day() -> None:
    table = timetable(Rule(True, HourMinute(125, 145)))

    found = upcoming_transitions(table, datetime(2026, 3, 28, 12, tzinfo=UTC), OSLO, 1)

    assert found[0].at == local("2026-03-30T02:05")


def test_an_interval_that_comes_twice_applies_twice() -> None:
    table = timetable(Rule(True, HourMinute(125, 145)))

    found = upcoming_transitions(table, datetime(2026, 10, 24, 12, tzinfo=UTC), OSLO, 4)

    assert [one.at.strftime("%d %H:%M") for one in found] == [
        "25 00:05",
        "25 00:25",
        "25 01:05",
        "25 01:25",
    ]


def test_a_weekly_interval_left_out_once_is_found_the_week_after() -> None:
    table = timetable(Rule(True, HourMinute(130, 150), frozenset({6})))

    found = upcoming_transitions(table, local("2026-03-22T02:30"), OSLO, 1)

    assert found == (Transition(local("2026-04-05T02:10").astimezone(UTC), value=True),)


def test_what_is_constant_has_no_transitions() -> None:
    assert upcoming_transitions(timetable(default=True), NOW, OSLO) == ()
    assert upcoming_transitions(timetable(Rule(value=True)), NOW, OSLO) == ()
    same = timetable(Rule(True, HourMinute(60, 120)), default=True)
    assert upcoming_transitions(same, NOW, OSLO) == ()
    covered = timetable(Rule(True, HourMinute(60, 120)), Rule(value=False))
    assert upcoming_transitions(covered, NOW, OSLO) == ()


def test_edges_at_which_the_value_stays_are_not_transitions() -> None:
    table = timetable(Rule(True, HourMinute(60, 120)), Rule(True, HourMinute(120, 180)))

    first, second = upcoming_transitions(table, NOW, OSLO)

    assert second.at - first.at == timedelta(hours=2)


def test_a_rule_of_the_past_is_ignored() -> None:
    table = timetable(Rule(True, to_at=NOW))

    assert value_at(table, NOW, OSLO) is False
    assert upcoming_transitions(table, NOW, OSLO) == ()


def test_timestamps_are_exact_to_the_instant_and_may_be_years_away() -> None:
    begin = datetime(2055, 3, 4, 5, 6, 7, 8, tzinfo=UTC)
    table = timetable(Rule(True, from_at=begin, to_at=begin + timedelta(microseconds=1)))

    assert upcoming_transitions(table, NOW, OSLO) == (
        Transition(begin, value=True),
        Transition(begin + timedelta(microseconds=1), value=False),
    )


def test_the_end_of_all_dates_is_no_error() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    table = timetable(Rule(True, from_at=NOW + timedelta(days=1), to_at=last))

    assert len(upcoming_transitions(table, NOW, OSLO)) == 1
    assert upcoming_transitions(timetable(Rule(True, from_at=last)), NOW, OSLO) == ()


def test_a_rule_that_begins_late_is_found_with_its_own_hours() -> None:
    begin = datetime(2028, 1, 1, tzinfo=UTC)
    table = timetable(Rule(True, HourMinute(0, 60), frozenset({2}), from_at=begin))

    first, _ = upcoming_transitions(table, NOW, OSLO)

    assert first.at == local("2028-01-05T00:00")


_minutes = st.integers(0, 1439)
_hour_minutes = st.none() | st.builds(HourMinute, _minutes, _minutes)
_weekdays = st.none() | st.frozensets(st.integers(0, 6))
_near = st.none() | st.integers(-3000, 30_000).map(lambda n: NOW + timedelta(minutes=n))
_rules = st.builds(Rule, st.integers(0, 2), _hour_minutes, _weekdays, _near, _near)
_timetables = st.builds(Timetable, st.integers(0, 2), st.lists(_rules, max_size=6).map(tuple))
_zones = st.sampled_from(
    ["UTC", "Europe/Oslo", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu"]
).map(ZoneInfo)
_instants = st.integers(0, 366 * 1440 * 60).map(
    lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=n)
)


@settings(max_examples=100, deadline=None)
@given(_timetables, _zones, _instants)
def test_transitions_are_future_ascending_and_change_the_value(
    table: Timetable[int], zone: ZoneInfo, now: datetime
) -> None:
    found = upcoming_transitions(table, now, zone, 5)

    at = [now, *(one.at for one in found)]
    values = [value_at(table, now, zone), *(one.value for one in found)]
    assert all(one < other for one, other in pairwise(at))
    assert all(one != other for one, other in pairwise(values))
    for one in found:
        assert value_at(table, one.at, zone) == one.value
        assert value_at(table, one.at - timedelta(microseconds=1), zone) != one.value


@settings(max_examples=8, deadline=None)
@given(_timetables, _zones)
def test_counting_minutes_finds_the_same(table: Timetable[int], zone: ZoneInfo) -> None:
    minutes = 15 * zones.DAY
    start = zones.minute_of(NOW)
    values = bytes(
        value_at(table, zones.instant(start + minute), zone) for minute in range(minutes)
    )

    found = [
        (one.at, one.value)
        for one in upcoming_transitions(table, NOW, zone, 500)
        if one.at < NOW + timedelta(minutes=minutes)
    ]

    assert found == zones.changes(values, start)


def schedule(
    kind: AssetKind = AssetKind.VEHICLE,
    location_id: str | None = None,
    schedule_id: str = "s",
    *,
    is_enabled: bool = True,
    age: int = 0,
) -> ChargeSchedule:
    return ChargeSchedule(
        id=schedule_id,
        user_id="u",
        target_id="t",
        target_kind=kind,
        location_id=location_id,
        timetable=FRIDAY_NIGHT,
        created_at=NOW - timedelta(days=age),
        is_enabled=is_enabled,
    )


@pytest.mark.parametrize(
    ("kind", "location_id", "at", "expected"),
    [
        (AssetKind.VEHICLE, "home", "home", True),
        (AssetKind.VEHICLE, "home", "work", False),
        (AssetKind.VEHICLE, "home", None, False),
        (AssetKind.VEHICLE, None, "work", True),
        (AssetKind.VEHICLE, None, None, False),
        (AssetKind.CHARGER, None, None, True),
        (AssetKind.CHARGER, None, "home", True),
        (AssetKind.CHARGER, "home", "home", True),
        (AssetKind.CHARGER, "home", "work", False),
        (AssetKind.CHARGER, "home", None, False),
    ],
)
def test_a_schedule_applies_where_it_is_meant_to(
    kind: AssetKind, location_id: str | None, at: str | None, *, expected: bool
) -> None:
    assert is_applicable(schedule(kind, location_id), at) is expected


def test_the_newest_enabled_applicable_schedule_controls() -> None:
    old = schedule(schedule_id="old", age=3)
    away = schedule(location_id="work", schedule_id="away", age=2)
    disabled = schedule(schedule_id="disabled", is_enabled=False, age=1)

    assert controlling([old, away, disabled], "t", "home") is old
    assert controlling([old, away, disabled], "t", "work") is away
    assert controlling([old, away, disabled], "t", None) is None
    assert controlling([old], "another", "home") is None


def test_smart_charging_disables_the_vehicles_enabled_schedules() -> None:
    changed = without_smart_charging([schedule(), schedule(is_enabled=False)], "t")

    assert [one.is_enabled for one in changed] == [False]
    assert without_smart_charging([schedule()], "another") == ()


def test_a_schedule_runs_in_its_locations_zone() -> None:
    def location(name: str, zone: str) -> Location:
        return Location(name, "u", name, 0.0, 0.0, zone, NOW)

    locations = {
        "home": location("home", "Europe/Oslo"),
        "work": location("work", "Asia/Tokyo"),
    }
    heating = TemperatureSchedule("h", "u", "t", Timetable(FollowSchedule()), NOW)

    assert timezone_of(schedule(location_id="home"), "work", locations) == "Europe/Oslo"
    assert timezone_of(schedule(), "work", locations) == "Asia/Tokyo"
    assert timezone_of(schedule(), None, locations) == "UTC"
    assert timezone_of(schedule(location_id="deleted"), "work", locations) == "UTC"
    assert timezone_of(heating, "home", locations) == "Europe/Oslo"


def test_a_timetable_of_rules_without_end_is_not_computed_ahead() -> None:
    first = next(iter(transitions(FRIDAY_NIGHT, NOW, OSLO)))

    assert first.at == local("2026-06-26T22:00")


def test_many_rules_for_times_far_ahead_are_no_work_now() -> None:
    month = timedelta(days=30)
    rules = [
        Rule(False, HourMinute(n, n + 1), None, NOW + n * month, NOW + (n + 1) * month)
        for n in range(200)
    ]
    change = Rule(True, from_at=NOW + 300 * month)

    found = upcoming_transitions(timetable(*rules, change), NOW, OSLO)

    assert found == (Transition(NOW + 300 * month, value=True),)
