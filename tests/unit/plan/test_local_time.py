"""Daily times: once per local date, in every zone, whatever the clock does."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from gatewayd.plan.local_time import at_local, due_day, next_at, stretches
from tests.unit.plan import zones

BERLIN = ZoneInfo("Europe/Berlin")
HAVANA = ZoneInfo("America/Havana")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "minute", "zone", "expected"),
    [
        pytest.param(date(2026, 1, 5), 150, BERLIN, "2026-01-05T01:30", id="an ordinary day"),
        pytest.param(date(2026, 3, 29), 150, BERLIN, "2026-03-29T01:00", id="left out: the jump"),
        pytest.param(date(2026, 10, 25), 150, BERLIN, "2026-10-25T00:30", id="twice: the first"),
        pytest.param(date(2026, 3, 8), 0, HAVANA, "2026-03-08T05:00", id="no midnight"),
        pytest.param(date(2026, 11, 1), 30, HAVANA, "2026-11-01T04:30", id="midnight twice"),
        pytest.param(date(2026, 10, 4), 135, LORD_HOWE, "2026-10-03T15:30", id="half an hour"),
        pytest.param(date(2026, 1, 5), 1440, BERLIN, "2026-01-05T23:00", id="the day's end"),
    ],
)
def test_a_local_time_is_found(day: date, minute: int, zone: ZoneInfo, expected: str) -> None:
    assert at_local(day, minute, zone) == utc(expected)


def test_the_next_time_is_after_now() -> None:
    at = utc("2026-01-05T06:00")

    assert next_at(at - timedelta(microseconds=1), 7 * 60, BERLIN) == at
    assert next_at(at, 7 * 60, BERLIN) == at + timedelta(days=1)


def test_a_stretch_ends_at_the_jump_even_when_asked_between_seconds() -> None:
    jump = utc("2026-03-29T01:00")

    first, second = stretches(jump - timedelta(milliseconds=300), jump + timedelta(hours=1), BERLIN)

    assert (first.end, second.start) == (jump, jump)
    assert second.offset - first.offset == timedelta(hours=1)


def test_stretches_fill_the_time_asked_for() -> None:
    start = utc("2026-01-01T00:00") + timedelta(microseconds=7)
    parts = list(stretches(start, start + timedelta(days=730), BERLIN))

    assert len(parts) == 5
    assert parts[0].start == start
    assert parts[-1].end == start + timedelta(days=730)
    assert all(one.end == other.start for one, other in pairwise(parts))


@pytest.mark.parametrize("minute", [0, 150])
def test_a_daily_job_is_due_once_per_local_date_in_every_zone(minute: int) -> None:
    for clock in zones.clocks():
        for jump in clock.jumps:
            if not zones.START + 4 * zones.DAY < jump < zones.END - 4 * zones.DAY:
                continue
            start = zones.instant(jump) - timedelta(days=2)
            first = start.astimezone(clock.zone).date() - timedelta(days=1)

            days = _days_done(start, minute, clock.zone, first)

            last = first + timedelta(days=len(days))
            assert days == [first + timedelta(days=n + 1) for n in range(len(days))]
            assert at_local(last + timedelta(days=1), minute, clock.zone) > start + timedelta(
                days=4
            )


def _days_done(start: datetime, minute: int, zone: ZoneInfo, done: date) -> list[date]:
    """What a loop that looks every quarter of an hour for four days would do."""
    days = []
    for quarter in range(4 * 96 + 1):
        day = due_day(start + timedelta(minutes=15 * quarter), minute, zone, done)
        if day is not None:
            days.append(day)
            done = day
    return days


def test_a_job_is_due_at_its_minute_and_not_again() -> None:
    done = date(2026, 1, 4)
    at = utc("2026-01-05T06:00")

    assert due_day(at - timedelta(seconds=1), 7 * 60, BERLIN, done) is None
    assert due_day(at, 7 * 60, BERLIN, done) == date(2026, 1, 5)
    assert due_day(at, 7 * 60, BERLIN, date(2026, 1, 5)) is None


def test_after_an_outage_only_the_last_day_is_made_up_for() -> None:
    now = utc("2026-02-05T05:00")

    assert due_day(now, 7 * 60, BERLIN, date(2026, 1, 4)) == date(2026, 2, 4)


def test_a_clock_set_back_repeats_nothing() -> None:
    assert due_day(utc("2026-01-01T12:00"), 60, BERLIN, date(2026, 1, 5)) is None


def test_moving_to_another_zone_repeats_nothing() -> None:
    now = utc("2026-01-05T06:30")
    done = due_day(now, 7 * 60, BERLIN, date(2026, 1, 4))

    assert done == date(2026, 1, 5)
    for name in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"):
        day = due_day(now, 7 * 60, ZoneInfo(name), done)
        assert day is None or day > done
