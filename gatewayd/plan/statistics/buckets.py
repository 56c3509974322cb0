"""Where the buckets of a time series begin and end."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from gatewayd.errors import InvalidError
from gatewayd.model.statistics import Resolution

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_WITHIN_AN_HOUR = {
    Resolution.QUARTER_HOUR: timedelta(minutes=15),
    Resolution.HALF_HOUR: timedelta(minutes=30),
    Resolution.HOUR: timedelta(hours=1),
}
_OFFSET_MAX_H = 24.0


def offset_of(utc_offset_h: float | None) -> timedelta:
    """Enode's utcOffset as a duration; raises InvalidError."""
    hours = 0.0 if utc_offset_h is None else utc_offset_h
    # Written so that NaN, which compares false with everything, is refused.
    if not -_OFFSET_MAX_H < hours < _OFFSET_MAX_H:
        raise InvalidError("utcOffset must be a number of hours between -24 and 24")
    return timedelta(minutes=round(hours * 60))


def bucket(at: datetime, resolution: Resolution, offset: timedelta) -> tuple[datetime, datetime]:
    """Start and end of the bucket around an instant, in UTC.

    From DAY on, buckets are those of a clock that is `offset` ahead of UTC; weeks begin on Monday.
    """
    length = _WITHIN_AN_HOUR.get(resolution)
    if length is not None:
        start = at.astimezone(UTC) - (at - _EPOCH) % length
        return start, start + length
    local = (at.astimezone(UTC) + offset).replace(hour=0, minute=0, second=0, microsecond=0)
    start, end = _CALENDAR[resolution](local)
    return start - offset, end - offset


class Buckets:
    """Buckets of one size. Remembers the last, for what is asked in order of time."""

    def __init__(self, resolution: Resolution, offset: timedelta) -> None:
        self._resolution = resolution
        self._offset = offset
        self._start = self._end = _EPOCH

    def start(self, at: datetime) -> datetime:
        """Where the bucket around an instant begins."""
        self._turn(at)
        return self._start

    def end(self, at: datetime) -> datetime:
        """Where the bucket around an instant ends, which is after it."""
        self._turn(at)
        return self._end

    def _turn(self, at: datetime) -> None:
        if not self._start <= at < self._end:
            self._start, self._end = bucket(at, self._resolution, self._offset)


def _day(midnight: datetime) -> tuple[datetime, datetime]:
    return midnight, midnight + _DAY


def _week(midnight: datetime) -> tuple[datetime, datetime]:
    start = midnight - midnight.weekday() * _DAY
    return start, start + 7 * _DAY


def _month(midnight: datetime) -> tuple[datetime, datetime]:
    start = midnight.replace(day=1)
    # A month's first day plus 31 days is in the next month, whichever it is.
    return start, (start + 31 * _DAY).replace(day=1)


def _year(midnight: datetime) -> tuple[datetime, datetime]:
    start = midnight.replace(month=1, day=1)
    return start, start.replace(year=start.year + 1)


_CALENDAR: dict[Resolution, Callable[[datetime], tuple[datetime, datetime]]] = {
    Resolution.DAY: _day,
    Resolution.WEEK: _week,
    Resolution.MONTH: _month,
    Resolution.YEAR: _year,
}
