"""The price of energy at a location, at any instant.

It is the tariff's where an interval covers the local time, else the market's, else unknown.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from itertools import pairwise

from gatewayd.model.tariff import LocationTariff, PriceSlot, Tariff
from gatewayd.plan.local_time import Stretch, stretches

_Rates = tuple[tuple[int, int, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of one location: `week` has each weekday's (from, to, cost), sorted by time.

    `market` slots are sorted and do not overlap. Made by `prices`.
    """

    zone: tzinfo
    currency: str
    week: tuple[_Rates, ...] = ((),) * 7
    market: tuple[PriceSlot, ...] = ()


def prices(
    zone: tzinfo,
    currency: str,
    tariff: Tariff | None = None,
    link: LocationTariff | None = None,
    market: Sequence[PriceSlot] = (),
) -> Prices:
    """A location's prices. An interval whose rate the tariff no longer has counts as a gap."""
    costs = {rate.name: rate.cost for rate in tariff.rates} if tariff else {}
    week: list[list[tuple[int, int, Decimal]]] = [[] for _ in range(7)]
    for interval in link.intervals if link else ():
        if interval.name in costs:
            for weekday in interval.days:
                rate = (interval.from_minute, interval.to_minute, costs[interval.name])
                week[weekday].append(rate)
    ordered = sorted(market, key=lambda slot: slot.start)
    return Prices(zone, currency, tuple(tuple(sorted(rates)) for rates in week), tuple(ordered))


def price_at(known: Prices, instant: datetime) -> Decimal | None:
    """The price per kWh at an instant; None when neither tariff nor market tells it."""
    local = instant.astimezone(known.zone)
    cost = _cost(known.week[local.weekday()], local.hour * 60 + local.minute)
    return _market_price(known.market, instant) if cost is None else cost


def price_slots(known: Prices, start: datetime, end: datetime) -> tuple[PriceSlot, ...]:
    """The prices from `start` to before `end` without gaps, each slot as long as its price."""
    slots: list[PriceSlot] = []
    cuts = [*_cuts(known, start, end), end.astimezone(UTC)]
    for begin, until in pairwise(cuts):
        price = price_at(known, begin)
        if slots and slots[-1].price == price:
            slots[-1] = PriceSlot(slots[-1].start, until, price)
        else:
            slots.append(PriceSlot(begin, until, price))
    return tuple(slots)


def _cost(rates: _Rates, minute: int) -> Decimal | None:
    position = bisect_right(rates, minute, key=lambda rate: rate[0]) - 1
    if position >= 0 and minute < rates[position][1]:
        return rates[position][2]
    return None


def _market_price(market: Sequence[PriceSlot], instant: datetime) -> Decimal | None:
    position = bisect_right(market, instant, key=lambda slot: slot.start) - 1
    if position >= 0 and instant < market[position].end:
        return market[position].price
    return None


def _cuts(known: Prices, start: datetime, end: datetime) -> list[datetime]:
    """Where the price may change from `start` to before `end`."""
    cuts: set[datetime] = set()
    for stretch in stretches(start, end, known.zone):
        cuts.add(stretch.start)
        cuts.update(at for at in _tariff_edges(known, stretch) if start < at < stretch.end)
    for slot in known.market:
        cuts.update(at for at in (slot.start, slot.end) if start < at < end)
    return sorted(cuts)


def _tariff_edges(known: Prices, stretch: Stretch) -> Iterator[datetime]:
    for day in stretch.days():
        for begin, end, _ in known.week[day.weekday()]:
            yield from (stretch.at(day, begin), stretch.at(day, end))
