"""Consumption by session."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from gatewayd.errors import InvalidError
from gatewayd.model.statistics import ChargingSession, EnergySample
from gatewayd.plan.price_history import PriceHistory
from gatewayd.plan.prices import Prices
from gatewayd.plan.statistics.consumption import PriceBook, Tally, pieces, span

# A pause up to this belongs to the session, be it a reading that failed or a car that waits;
# so it takes as long until a session is known to be over.
PAUSE = timedelta(minutes=15)
# Less is what a charger draws for itself.
CONSUMING_W = 50.0
_LEAST_READINGS = 2


def charging_sessions(
    asset_id: str,
    samples: Iterable[EnergySample],
    start: datetime,
    end: datetime,
    now: datetime,
    prices: Mapping[str | None, Prices | PriceHistory],
) -> tuple[ChargingSession, ...]:
    """One asset's closed sessions that began from `start` to before `end`, oldest first.

    The samples must begin by PAUSE before `start`, so that a session that is under way there is
    known as one, and reach to where those that began before `end` are closed. Raises InvalidError.
    """
    if start > end:
        raise InvalidError("startDate must not be after endDate")
    groups = [
        group
        for group in _groups(samples)
        if _readings(group) >= _LEAST_READINGS and start <= group[0].start < end
    ]
    return tuple(_session(asset_id, group, prices) for group in groups if _is_over(group, now))


def _groups(samples: Iterable[EnergySample]) -> Iterator[list[EnergySample]]:
    """Consecutive consuming samples at one location."""
    group: list[EnergySample] = []
    for sample in sorted(samples, key=lambda sample: sample.start):
        if sample.energy_wh <= 0 or sample.mean_w < CONSUMING_W:
            continue
        if group and not _continues(group[-1], sample):
            yield group
            group = []
        group.append(sample)
    if group:
        yield group


def _continues(last: EnergySample, sample: EnergySample) -> bool:
    return sample.start - last.end <= PAUSE and sample.location_id == last.location_id


def _readings(group: list[EnergySample]) -> int:
    return sum(sample.readings for sample in group)


def _is_over(group: list[EnergySample], now: datetime) -> bool:
    return now - group[-1].end > PAUSE


def _session(
    asset_id: str, group: list[EnergySample], prices: Mapping[str | None, Prices | PriceHistory]
) -> ChargingSession:
    location_id, start, end = group[0].location_id, group[0].start, group[-1].end
    here = {location_id: prices[location_id]} if location_id in prices else {}
    tally = Tally()
    book = PriceBook(here, *span(group, start, end))
    for piece in pieces(group, start, end, book, lambda _: end):
        tally.add(piece, book)
    return ChargingSession(asset_id, location_id, start, end, tally.consumption())
