"""Checks tariffs, and lists a location's tariff as Enode does."""

from collections.abc import Iterable, Iterator, Sequence

from gatewayd.errors import InvalidError
from gatewayd.model.hour_minute import DAY_MINUTES, format_hour_minute
from gatewayd.model.tariff import LocationTariff, Tariff, TariffEntry, TariffInterval, TariffRate

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MOST_ISSUES = 50

Issue = dict[str, object]


def entries(link: LocationTariff) -> tuple[TariffEntry, ...]:
    """One entry per weekday and interval, by weekday and time, in the local time as it was put."""
    found = [
        TariffEntry(
            weekday, interval.from_minute, interval.to_minute, link.tariff_id, interval.name
        )
        for interval in link.intervals
        for weekday in interval.days
    ]
    return tuple(sorted(found, key=lambda entry: (entry.weekday, entry.from_minute)))


def check_rates(rates: Sequence[TariffRate]) -> None:
    """Raise InvalidError when two rates of a tariff have one name."""
    seen: set[str] = set()
    issues = []
    for position, rate in enumerate(rates):
        if rate.name in seen:
            message = f"{rate.name[:50]!r} is there twice"
            issues.append(_issue("duplicate_name", [position, "name"], message))
        seen.add(rate.name)
    if issues:
        detail = "the names of a tariff's rates must differ"
        raise InvalidError(detail, issues=tuple(issues[:_MOST_ISSUES]))


def check_intervals(tariff: Tariff, intervals: Sequence[TariffInterval]) -> None:
    """Raise InvalidError when intervals are empty, overlap or name no rate; gaps are allowed."""
    names = {rate.name for rate in tariff.rates}
    issues = [
        *_unknown_names(names, intervals),
        *_empty_intervals(intervals),
        *_overlaps(intervals),
    ]
    if issues:
        detail = f"the tariff intervals are not valid: {issues[0]['message']}"
        raise InvalidError(detail, issues=tuple(issues[:_MOST_ISSUES]))


def _unknown_names(names: set[str], intervals: Iterable[TariffInterval]) -> Iterator[Issue]:
    for position, interval in enumerate(intervals):
        if interval.name not in names:
            message = f"the tariff has no rate {interval.name[:50]!r}"
            yield _issue("unknown_rate", [position, "name"], message)


def _empty_intervals(intervals: Iterable[TariffInterval]) -> Iterator[Issue]:
    for position, interval in enumerate(intervals):
        if not 0 <= interval.from_minute < interval.to_minute <= DAY_MINUTES:
            message = f"{_span(interval)} must end after it begins; split it at midnight"
            yield _issue("empty_interval", [position, "to"], message)


def _overlaps(intervals: Sequence[TariffInterval]) -> Iterator[Issue]:
    """Each two that overlap, once, told with the first weekday on which they do."""
    seen: set[tuple[int, int]] = set()
    for weekday in range(7):
        for pair in _overlaps_on(weekday, intervals):
            if pair not in seen:
                seen.add(pair)
                one, other = (intervals[position] for position in pair)
                message = f"{_WEEKDAYS[weekday]}: {_span(one)} overlaps {_span(other)}"
                yield _issue("overlap", list(pair), message)


def _overlaps_on(weekday: int, intervals: Sequence[TariffInterval]) -> Iterator[tuple[int, int]]:
    of_day = [n for n, interval in enumerate(intervals) if weekday in interval.days]
    farthest: int | None = None
    for position in sorted(of_day, key=lambda n: intervals[n].from_minute):
        interval = intervals[position]
        if farthest is not None and interval.from_minute < intervals[farthest].to_minute:
            yield min(farthest, position), max(farthest, position)
        if farthest is None or interval.to_minute > intervals[farthest].to_minute:
            farthest = position


def _span(interval: TariffInterval) -> str:
    begin, end = format_hour_minute(interval.from_minute), format_hour_minute(interval.to_minute)
    return f"{interval.name[:50]!r} {begin}-{end}"


def _issue(code: str, path: list[object], message: str) -> Issue:
    return {"code": code, "path": path, "message": message}
