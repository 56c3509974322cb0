"""Prices as they were: what was used is paid by the tariff of its time, not by today's."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import pairwise
from typing import TypeVar

from gatewayd.model.tariff import LocationTariff, PriceSlot, Tariff
from gatewayd.plan.prices import Prices, price_slots, prices

T = TypeVar("T")

_NO_CURRENCY = ""

# What held from an instant on, oldest first.
Since = Sequence[tuple[datetime, T]]


@dataclass(frozen=True, slots=True)
class PriceHistory:
    """Prices that changed: each holds from its instant to the next, the first also before it."""

    periods: tuple[tuple[datetime, Prices], ...]


def price_history(
    zone: tzinfo,
    links: Since[LocationTariff],
    tariffs: Mapping[str, Since[Tariff]],
    market: Sequence[PriceSlot] = (),
) -> PriceHistory:
    """A location's prices over time, from its own links and the tariffs' versions.

    They are numbers without a currency: whoever entered the tariff knows which it is.
    A tariff holds for the time before it was first told too: whoever enters it after a month means
    that month.
    """
    changes = {since for since, _ in links}
    linked = {link.tariff_id for _, link in links}
    changes.update(since for name in linked for since, _ in tariffs.get(name, ()))
    periods = []
    for since in sorted(changes):
        link = _held(links, since)
        tariff = _held(tariffs.get(link.tariff_id, ()), since) if link else None
        periods.append((since, prices(zone, _NO_CURRENCY, tariff, link, market)))
    return PriceHistory(tuple(periods))


def slots(known: Prices | PriceHistory, start: datetime, end: datetime) -> tuple[PriceSlot, ...]:
    """The prices from `start` to before `end` without gaps."""
    if isinstance(known, Prices):
        return price_slots(known, start, end)
    found: list[PriceSlot] = []
    for begin, until, held in _periods(known, start, end):
        found.extend(price_slots(held, begin, until))
    return tuple(found)


def _periods(
    known: PriceHistory, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, Prices]]:
    edges = [start, *(since for since, _ in known.periods if start < since < end), end]
    for begin, until in pairwise(edges):
        held = _held(known.periods, begin)
        if held is not None and begin < until:
            yield begin, until, held


def _held(versions: Since[T], at: datetime) -> T | None:
    """The version of an instant; before the first, the first."""
    if not versions:
        return None
    position = bisect_right(versions, at, key=lambda version: version[0]) - 1
    return versions[max(position, 0)][1]
