"""Consumption over time, in buckets."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from gatewayd.errors import InvalidError
from gatewayd.model.statistics import ChargingBucket, EnergySample, Resolution
from gatewayd.plan.price_history import PriceHistory
from gatewayd.plan.prices import Prices
from gatewayd.plan.statistics.buckets import Buckets
from gatewayd.plan.statistics.consumption import PriceBook, Tally, pieces, span


def charging_series(
    samples: Iterable[EnergySample],
    start: datetime,
    end: datetime,
    resolution: Resolution,
    prices: Mapping[str | None, Prices | PriceHistory],
    offset: timedelta = timedelta(0),
) -> tuple[ChargingBucket, ...]:
    """One entry per bucket in which something was consumed from `start` to before `end`.

    The first bucket begins at its boundary, but only what came after `start` counts; an end on a
    boundary begins no further bucket. `prices` are by location id. Raises InvalidError.
    """
    if start > end:
        raise InvalidError("startDate must not be after endDate")

    used = [
        sample
        for sample in samples
        if sample.energy_wh > 0 and sample.start < end and sample.end > start
    ]
    # A caller may ask for centuries; prices are only needed where there are samples.
    first = max(start, min((sample.start for sample in used), default=start))
    last = min(end, max((sample.end for sample in used), default=start))

    buckets = Buckets(resolution, offset)
    tallies: dict[datetime, Tally] = {}
    book = PriceBook(prices, *span(used, first, last))
    for piece in pieces(used, first, last, book, buckets.end):
        tallies.setdefault(buckets.start(piece.start), Tally()).add(piece, book)
    return tuple(ChargingBucket(date, tallies[date].consumption()) for date in sorted(tallies))
