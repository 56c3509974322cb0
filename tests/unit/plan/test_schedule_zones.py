"""Schedules in every IANA zone from 2020 to 2035, against an oracle that counts minutes.

By default the days around every jump of every clock, and some ordinary ones; with `-m nightly`
every minute of the sixteen years.
"""

from datetime import timedelta
from itertools import takewhile

import pytest

from gatewayd.model.schedule import HourMinute, Rule, Timetable
from gatewayd.plan.schedule import transitions, value_at
from tests.unit.plan import zones
from tests.unit.plan.zones import DAY, END, START, Clock

WORKDAYS = frozenset(range(5))

TIMETABLES = {
    "nights that begin on Fridays": [Rule(1, HourMinute(22 * 60, 6 * 60), frozenset({4}))],
    "within a gap": [Rule(1, HourMinute(2 * 60 + 5, 2 * 60 + 25))],
    "around midnight": [
        Rule(1, HourMinute(23 * 60 + 30, 0)),
        Rule(2, HourMinute(0, 10)),
        Rule(1, HourMinute(40, 70)),
    ],
    "whole days": [Rule(1, None, WORKDAYS), Rule(2, HourMinute(2 * 60 + 30, 150), frozenset({6}))],
    "many": [
        Rule(1, HourMinute(0, 6 * 60)),
        Rule(0, HourMinute(60, 105)),
        Rule(2, HourMinute(135, 165), WORKDAYS),
        Rule(1, HourMinute(22 * 60 + 45, 23 * 60 + 15), frozenset({5, 6})),
    ],
}


def _check(clock: Clock, rules: list[Rule[int]], start: int, end: int) -> None:
    timetable = Timetable(0, tuple(rules))
    until = zones.instant(end)
    found = takewhile(
        lambda transition: transition.at < until,
        transitions(timetable, zones.instant(start), clock.zone),
    )

    expected = zones.changes(zones.series(clock, zones.table(0, rules), start, end), start)

    assert [(one.at, one.value) for one in found] == expected


def test_there_are_zones_of_all_kinds() -> None:
    clocks = zones.clocks()

    assert sum(len(clock.names) for clock in clocks) > 500
    assert sum(len(clock.jumps) for clock in clocks) > 1000
    for name in ("Australia/Lord_Howe", "America/Havana", "Asia/Beirut", "Africa/Casablanca"):
        assert any(name in clock.names for clock in clocks)


@pytest.mark.parametrize("rules", TIMETABLES.values(), ids=TIMETABLES.keys())
def test_around_every_jump_each_transition_comes_exactly_once(rules: list[Rule[int]]) -> None:
    for clock in zones.clocks():
        for jump in clock.jumps:
            _check(clock, rules, max(START, jump - 2 * DAY + 7), min(END, jump + 2 * DAY))


@pytest.mark.parametrize("rules", TIMETABLES.values(), ids=TIMETABLES.keys())
def test_on_ordinary_days_each_transition_comes_exactly_once(rules: list[Rule[int]]) -> None:
    for number, clock in enumerate(zones.clocks()):
        start = START + number * 61 * DAY
        _check(clock, rules, start, start + 30 * DAY)


@pytest.mark.parametrize(
    "name",
    ["Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Africa/Casablanca", "Asia/Gaza"],
)
def test_over_sixteen_years_each_transition_comes_exactly_once(name: str) -> None:
    clock = next(clock for clock in zones.clocks() if name in clock.names)

    _check(clock, TIMETABLES["within a gap"], START, END)


def test_the_value_is_that_of_the_minute() -> None:
    rules = TIMETABLES["many"]
    timetable = Timetable(0, tuple(rules))
    week = zones.table(0, rules)
    for clock in zones.clocks():
        zone = clock.zone
        for jump in clock.jumps[:6]:
            start = jump - 3 * 60
            values = zones.series(clock, week, start, min(END, jump + 3 * 60))
            for minute in range(0, len(values), 5):
                at = zones.instant(start + minute) + timedelta(seconds=59.9)
                assert value_at(timetable, at, zone) == values[minute]


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("rules", TIMETABLES.values(), ids=TIMETABLES.keys())
def test_every_minute_of_sixteen_years_in_every_zone(rules: list[Rule[int]]) -> None:
    for clock in zones.clocks():
        _check(clock, rules, START, END)
