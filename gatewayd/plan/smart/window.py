"""What a vehicle needs, and the cheapest time to give it."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal, localcontext

from gatewayd.model.charging import limit_pct
from gatewayd.model.reading import VehicleReading
from gatewayd.model.tariff import PriceSlot

# A price has up to 18 digits, and so have microwatts times microseconds.
_EXACT = Context(prec=60)
_MICROSECOND = timedelta(microseconds=1)
_MICROWATTS = 1_000_000
_MICROWATT_MICROSECONDS_PER_KWH = Decimal(3_600_000) * 10**12
# An estimate of more than this tells that the power is none.
_LONGEST_S = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class ChargingNeed:
    """How long charging takes at which power."""

    duration: timedelta
    power_w: float


@dataclass(frozen=True, slots=True)
class Window:
    """One time of charging without a break, and its cost."""

    start: datetime
    end: datetime
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to before `end`."""

    start: datetime
    end: datetime


def charging_need(vehicle: VehicleReading, power_w: float | None) -> ChargingNeed | None:
    """What is left to charge up to the limit; None when there is no good estimate.

    The vehicle's own estimate of the time comes first, else level and capacity at `power_w` tell.
    """
    if power_w is None or power_w <= 0:
        return None
    duration_s = vehicle.charge_remaining_s or _duration_s(vehicle, power_w)
    if duration_s is None or not 0.0 <= duration_s <= _LONGEST_S:
        return None
    return ChargingNeed(timedelta(seconds=duration_s), power_w)


def window_cost(
    slots: Sequence[PriceSlot], start: datetime, end: datetime, power_w: float
) -> Decimal | None:
    """The cost of a power from `start` to before `end`; None where a price is missing."""
    if not slots or start < slots[0].start or end > slots[-1].end:
        return None
    total = Decimal(0)
    with localcontext(_EXACT):
        for slot in _overlapping(slots, start, end):
            if slot.price is None:
                return None
            passed = min(slot.end, end) - max(slot.start, start)
            total += slot.price * (passed // _MICROSECOND)
        return total * round(power_w * _MICROWATTS) / _MICROWATT_MICROSECONDS_PER_KWH


def cheapest_window(
    slots: Sequence[PriceSlot], start: datetime, deadline: datetime, need: ChargingNeed
) -> Window | None:
    """The cheapest window whose prices are all known; of equals the earliest. None without any.

    The cost is linear in the start between those starts at which the window's begin or end meets
    the edge of a slot, so only these need to be compared.
    """
    latest = deadline - need.duration
    edges = {slot.start for slot in slots} | {slot.end for slot in slots}
    starts = {start, latest} | edges | {edge - need.duration for edge in edges}
    best: Window | None = None
    for at in sorted(at for at in starts if start <= at <= latest):
        cost = window_cost(slots, at, at + need.duration, need.power_w)
        if cost is not None and (best is None or cost < best.cost):
            best = Window(at, at + need.duration, cost)
    return best


def cheapest_times(
    slots: Sequence[PriceSlot],
    start: datetime,
    deadline: datetime,
    need: ChargingNeed,
    *,
    is_continuous: bool = False,
) -> tuple[Span, ...]:
    """When to charge at the least cost; of equals the later. It must fit before the deadline.

    The time after the last known price is used too; what fits there whole waits for its prices, and
    for the last moment. So it does without any.
    """
    late = (Span(deadline - need.duration, deadline),)
    known = list(_known(slots, start, deadline))
    priced_until = known[-1].end if known else start
    after = deadline - priced_until
    if after >= need.duration:
        return late
    if is_continuous:
        best = cheapest_window(known, start, priced_until, need)
        return (Span(best.start, best.end),) if best else late
    spans = [Span(priced_until, deadline)] if after else []
    missing = need.duration - after
    for slot in sorted(known, key=lambda slot: (slot.price or 0, start - slot.start)):
        if not missing:
            break
        length = min(missing, slot.end - slot.start)
        spans = _joined([*spans, _part(slot, length, spans)])
        missing -= length
    return tuple(spans)


def are_known(slots: Sequence[PriceSlot], start: datetime, end: datetime) -> bool:
    """Whether every price from `start` to before `end` is known."""
    return window_cost(slots, start, end, 0.0) is not None


def _duration_s(vehicle: VehicleReading, power_w: float) -> float | None:
    if vehicle.soc_pct is None or not vehicle.capacity_wh:
        return None
    missing_pct = max(0.0, limit_pct(vehicle) - vehicle.soc_pct)
    return missing_pct / 100.0 * vehicle.capacity_wh / power_w * 3600.0


def _known(slots: Iterable[PriceSlot], start: datetime, deadline: datetime) -> Iterator[PriceSlot]:
    """From the start on, up to the first price that is not known."""
    for slot in slots:
        begin, end = max(slot.start, start), min(slot.end, deadline)
        if begin >= end:
            continue
        if slot.price is None:
            return
        yield PriceSlot(begin, end, slot.price)


def _part(slot: PriceSlot, length: timedelta, spans: Iterable[Span]) -> Span:
    """So much of a slot: next to what is chosen already, else its end."""
    is_after = any(span.end == slot.start for span in spans)
    is_before = any(span.start == slot.end for span in spans)
    if is_after and not is_before:
        return Span(slot.start, slot.start + length)
    return Span(slot.end - length, slot.end)


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        if joined and joined[-1].end == span.start:
            joined[-1] = Span(joined[-1].start, span.end)
        else:
            joined.append(span)
    return joined


def _overlapping(slots: Sequence[PriceSlot], start: datetime, end: datetime) -> Iterator[PriceSlot]:
    """The slots, which are contiguous, that a time touches."""
    first = bisect_right(slots, start, key=lambda slot: slot.start) - 1
    for position in range(first, len(slots)):
        if slots[position].start >= end:
            return
        yield slots[position]
