"""Production of an inverter, by its local days."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from gatewayd.model.statistics import (
    EnergySample,
    InverterStatistics,
    ProductionEntry,
    Resolution,
    StatisticsRefusal,
)
from gatewayd.plan.local_time import at_local
from gatewayd.plan.statistics.consumption import share_uwh

# The last minute of an interval is on the disk by then.
SETTLE = timedelta(minutes=2)
_QUARTER = timedelta(minutes=15)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_YEARS = range(1969, 3000)


@dataclass(frozen=True, slots=True)
class ProductionQuery:
    """A local day, or a local month where `day` is None."""

    year: int
    month: int
    day: int | None = None


def window(query: ProductionQuery, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """From when to when samples are needed; None for a date that does not exist."""
    days = _days(query)
    if days is None:
        return None
    return at_local(days[0], 0, zone), at_local(days[-1] + _DAY, 0, zone)


def inverter_statistics(
    samples: Iterable[EnergySample],
    query: ProductionQuery,
    zone: ZoneInfo,
    installed_at: datetime,
    now: datetime,
    *,
    is_backfilling: bool = False,
) -> InverterStatistics | StatisticsRefusal:
    """A day by quarters of an hour (92 to 100, as the clock jumps) or a month by days.

    A slot without any sample has no value.
    """
    days = _days(query)
    if days is None:
        return StatisticsRefusal("The date does not exist")
    if days[-1] < installed_at.astimezone(zone).date():
        return StatisticsRefusal(
            "No data available for dates before the installation date of the inverter"
        )
    edges = _quarters(days[0], zone) if query.day else _midnights(days, zone)
    return InverterStatistics(
        timezone=zone.key,
        resolution=Resolution.QUARTER_HOUR if query.day else Resolution.DAY,
        data=_entries(samples, edges, zone),
        retry_after=_retry_after(edges[0], edges[-1], now, is_backfilling=is_backfilling),
    )


def _days(query: ProductionQuery) -> list[date] | None:
    """The local dates asked for, in order; None where there are no such."""
    if query.year not in _YEARS:
        return None
    try:
        first = date(query.year, query.month, query.day or 1)
    except ValueError:
        return None
    if query.day is not None:
        return [first]
    days = (first + number * _DAY for number in range(31))
    return [day for day in days if day.month == first.month]


def _midnights(days: list[date], zone: ZoneInfo) -> list[datetime]:
    return [at_local(day, 0, zone) for day in [*days, days[-1] + _DAY]]


def _quarters(day: date, zone: ZoneInfo) -> list[datetime]:
    start, end = _midnights([day], zone)
    return [start + number * _QUARTER for number in range((end - start) // _QUARTER)] + [end]


def _entries(
    samples: Iterable[EnergySample], edges: list[datetime], zone: ZoneInfo
) -> tuple[ProductionEntry, ...]:
    sums: dict[int, int] = {}
    for sample in samples:
        begin, last = max(sample.start, edges[0]), min(sample.end, edges[-1])
        while begin < last:
            slot = bisect_right(edges, begin) - 1
            until = min(edges[slot + 1], last)
            sums[slot] = sums.get(slot, 0) + share_uwh(sample, begin, until)
            begin = until
    return tuple(
        ProductionEntry(start.astimezone(zone), sums[slot] / 1e6 if slot in sums else None)
        for slot, (start, _) in enumerate(pairwise(edges))
    )


def _retry_after(
    start: datetime, end: datetime, now: datetime, *, is_backfilling: bool
) -> datetime | None:
    """When more will be known; None when all is."""
    settled = end + SETTLE
    if now >= settled and not is_backfilling:
        return None
    later = max(now, start)
    next_quarter = later - (later - _EPOCH) % _QUARTER + _QUARTER + SETTLE
    return min(next_quarter, settled) if now < settled else next_quarter
