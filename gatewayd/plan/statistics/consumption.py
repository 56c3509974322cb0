"""Cuts samples where price or bucket changes, and adds up the pieces."""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal, localcontext

from gatewayd.model.statistics import Consumption, EnergySample, PowerRange, PriceRange
from gatewayd.model.tariff import PriceSlot
from gatewayd.plan.price_history import PriceHistory, slots
from gatewayd.plan.prices import Prices
from gatewayd.plan.statistics.savings import after

# A price has up to 18 digits, a century's microwatt-hours of a house up to 16.
_EXACT = Context(prec=60)
_UWH_PER_KWH_DIGITS = 9
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sample within which the price is one; None where it is not known."""

    sample: EnergySample
    start: datetime
    end: datetime
    price: Decimal | None

    @property
    def energy_uwh(self) -> int:
        return share_uwh(self.sample, self.start, self.end)


# Energy, in microwatt-hours, by its price.
_ByPrice = dict[Decimal, int]


class Tally:
    """A sum of pieces, and what the same energy would have cost, had no plan put it off."""

    def __init__(self) -> None:
        self._energy_uwh = 0
        self._seconds = 0.0
        self._watt_seconds = 0.0
        self._min_w = math.inf
        self._max_w = -math.inf
        self._by_price: _ByPrice = {}
        self._at_once: _ByPrice = {}
        self._is_put_off = False

    def add(self, piece: Piece, book: "PriceBook") -> None:
        """Count a piece; `book` has the prices at which it would have been charged at once."""
        energy_uwh = piece.energy_uwh
        seconds = (piece.end - piece.start).total_seconds()
        self._energy_uwh += energy_uwh
        self._seconds += seconds
        self._watt_seconds += seconds * piece.sample.mean_w
        self._min_w = min(self._min_w, piece.sample.min_w)
        self._max_w = max(self._max_w, piece.sample.max_w)
        if piece.price is not None:
            _count(self._by_price, piece.price, energy_uwh)
            instead = _at_once(piece, book)
            self._is_put_off |= bool(instead)
            for price, uwh in instead or [(piece.price, energy_uwh)]:
                _count(self._at_once, price, uwh)

    def consumption(self) -> Consumption:
        """The sum; at least one piece must have been added."""
        mean_w = self._watt_seconds / self._seconds
        # Rounding may put a mean a last digit outside.
        mean_w = min(max(mean_w, self._min_w), self._max_w)
        power = PowerRange(self._min_w, self._max_w, mean_w)
        if not self._by_price:
            return Consumption(self._energy_uwh, power, None, None)
        cost = _cost(self._by_price)
        price = _price_range(self._by_price, cost)
        if not self._is_put_off:
            return Consumption(self._energy_uwh, power, price, cost)
        before = _cost(self._at_once)
        was = _price_range(self._at_once, before)
        return Consumption(self._energy_uwh, power, price, cost, was, before - cost)


def _count(by_price: _ByPrice, price: Decimal, energy_uwh: int) -> None:
    by_price[price] = by_price.get(price, 0) + energy_uwh


def _cost(by_price: _ByPrice) -> Decimal:
    with localcontext(_EXACT):
        products = (price * energy for price, energy in by_price.items())
        return sum(products, Decimal(0)).scaleb(-_UWH_PER_KWH_DIGITS)


def _price_range(by_price: _ByPrice, cost: Decimal) -> PriceRange:
    low, high = min(by_price), max(by_price)
    energy = Decimal(sum(by_price.values())).scaleb(-_UWH_PER_KWH_DIGITS)
    # Less than a microwatt-hour has no weight.
    mean = cost / energy if energy else low
    return PriceRange(low, high, min(max(mean, low), high))


def _at_once(piece: Piece, book: "PriceBook") -> list[tuple[Decimal, int]]:
    """The piece's energy by the prices it would have had; nothing unless all of them are known."""
    sample, energy_uwh = piece.sample, piece.energy_uwh
    if sample.at_once is None or energy_uwh == 0:
        return []
    before_uwh = share_uwh(sample, sample.start, piece.start)
    begin = after(sample.at_once, before_uwh)
    end = after(sample.at_once, before_uwh + energy_uwh)
    whole = EnergySample(begin, end, energy_uwh / 1_000_000, 0.0, 0.0, 0.0, sample.location_id)
    parts = pieces([whole], begin, end, book, lambda _: end)
    found = [(part.price, part.energy_uwh) for part in parts]
    known = [(price, uwh) for price, uwh in found if price is not None]
    return known if len(known) == len(found) else []


class PriceBook:
    """The price slots of several locations over one time, see `span`."""

    def __init__(
        self,
        known: Mapping[str | None, Prices | PriceHistory],
        start: datetime,
        end: datetime,
    ) -> None:
        self._slots = {
            location_id: slots(prices, start, end) for location_id, prices in known.items()
        }
        self._starts = {
            location_id: [slot.start for slot in slots]
            for location_id, slots in self._slots.items()
        }

    def slot(self, location_id: str | None, at: datetime) -> PriceSlot | None:
        """The slot around an instant of the time covered; None where no price is known at all."""
        position = bisect_right(self._starts.get(location_id, []), at) - 1
        return self._slots[location_id][position] if position >= 0 else None


def span(
    samples: Iterable[EnergySample], start: datetime, end: datetime
) -> tuple[datetime, datetime]:
    """A time, with those at which the samples would have been charged at once."""
    for sample in samples:
        if sample.at_once is not None:
            start = min(start, sample.at_once.start)
            end = max(end, after(sample.at_once, sample.energy_uwh))
    return start, end


def pieces(
    samples: Iterable[EnergySample],
    start: datetime,
    end: datetime,
    book: PriceBook,
    edge_after: Callable[[datetime], datetime],
) -> Iterator[Piece]:
    """The samples' parts from `start` to before `end`, cut at prices and at further edges."""
    for sample in samples:
        begin, last = max(sample.start, start), min(sample.end, end)
        while begin < last:
            slot = book.slot(sample.location_id, begin)
            until = min(edge_after(begin), last)
            if slot is not None:
                until = min(until, slot.end)
            yield Piece(sample, begin, until, slot.price if slot else None)
            begin = until


def share_uwh(sample: EnergySample, start: datetime, end: datetime) -> int:
    """A sample's energy between two instants within it, by time.

    Both are counted from the sample's start, so that parts add up to the whole without a rest.
    """
    if start == sample.start and end == sample.end:
        return sample.energy_uwh
    return _until(sample, end) - _until(sample, start)


def _until(sample: EnergySample, instant: datetime) -> int:
    passed = (instant - sample.start) // _MICROSECOND
    return sample.energy_uwh * passed // ((sample.end - sample.start) // _MICROSECOND)
