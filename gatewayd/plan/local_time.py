"""Local clocks: when they run evenly, and when they show a given time.

A clock is set forward or back by a jump; between two jumps local time is UTC plus a constant. All
that depends on local time is computed per such stretch, so that no rule here needs to know of
daylight saving. Instants are aware; those returned are UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Local noon is at most 14 hours from noon UTC; the rest is room for a jump.
_FARTHEST = timedelta(hours=16)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` to before `end` the local clock is `offset` ahead of UTC, without a jump."""

    start: datetime
    end: datetime
    offset: timedelta

    def days(self) -> Iterator[date]:
        """The local dates it touches, in order."""
        day = (self.start + self.offset).date()
        # The end is exclusive: a stretch up to midnight does not touch the next day.
        last = (self.end - timedelta.resolution + self.offset).date()
        while day <= last:
            yield day
            day += _DAY

    def at(self, day: date, minute: int) -> datetime:
        """When the clock would show a time of a day if it ran like this for ever."""
        return datetime.combine(day, time(), UTC) + timedelta(minutes=minute) - self.offset


def stretches(start: datetime, end: datetime, zone: tzinfo) -> Iterator[Stretch]:
    """The time from `start` to `end`, cut where the local clock jumps."""
    start = start.astimezone(UTC)
    end = end.astimezone(UTC)
    while start < end:
        until = _next_jump(start, end, zone)
        yield Stretch(start, until, _offset(start, zone))
        start = until


def at_local(day: date, minute: int, zone: tzinfo) -> datetime:
    """The first instant at which the local clock shows this time of this day, or a later one.

    A time that a jump leaves out comes at the jump; one that comes twice counts the first time.
    """
    begin = datetime.combine(day, time(), UTC) - _FARTHEST
    for stretch in stretches(begin, begin + 4 * _DAY, zone):
        at = max(stretch.start, stretch.at(day, minute))
        if at < stretch.end:
            return at
    raise AssertionError(f"{zone} has no {day}")


def next_at(now: datetime, minute: int, zone: tzinfo) -> datetime:
    """The next instant after `now` at which a daily time comes."""
    day = now.astimezone(zone).date()
    while (at := at_local(day, minute, zone)) <= now:
        day += _DAY
    return at


def due_day(now: datetime, minute: int, zone: tzinfo, done: date | None) -> date | None:
    """The local date for which a daily job is due now, or None.

    `done` is the last date it was done for, from the disk. As each date is done once, neither a
    night of a clock change nor a clock or zone that is set back repeats it, and of the days of an
    outage only the last is made up for.
    """
    local = now.astimezone(zone)
    has_come = local.hour * 60 + local.minute >= minute
    day = local.date() if has_come else local.date() - _DAY
    return day if done is None or day > done else None


def _next_jump(start: datetime, end: datetime, zone: tzinfo) -> datetime:
    """The first jump after `start`, or `end`. No zone has two jumps within a day."""
    offset = _offset(start, zone)
    seen = start
    while seen < end:
        probe = min(seen + _DAY, end)
        if _offset(probe, zone) != offset:
            return min(_bisect(seen, probe, zone), end)
        seen = probe
    return end


def _bisect(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The second in which the offset has become that of `after`."""
    offset = _offset(before, zone)
    low = (before - _EPOCH) // timedelta(seconds=1)
    high = -((_EPOCH - after) // timedelta(seconds=1))
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(_EPOCH + timedelta(seconds=middle), zone) == offset:
            low = middle
        else:
            high = middle
    return _EPOCH + timedelta(seconds=high)


def _offset(instant: datetime, zone: tzinfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta(0)
