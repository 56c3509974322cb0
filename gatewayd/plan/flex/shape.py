"""The shape: what vehicles are expected to take, and how far that can be moved."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from gatewayd.model.flex import FlexChunk, FlexIntentRule, FlexShape
from gatewayd.plan.flex.allocation import Allocation, Share
from gatewayd.plan.flex.load import CHUNK, FlexVehicle, Load, load_of

SHOWN = 96
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOURS = CHUNK / timedelta(hours=1)


def chunk_start(now: datetime) -> datetime:
    """Where the most recent chunk began."""
    return now.astimezone(UTC) - (now - _EPOCH) % CHUNK


def allocate(
    vehicles: Iterable[FlexVehicle], rules: Sequence[FlexIntentRule], now: datetime
) -> Allocation:
    """The loads of vehicles, spread as an intent asks."""
    start = chunk_start(now)
    loads = [load_of(vehicle, start) for vehicle in vehicles]
    # Whose deadline comes first has the first choice.
    known = sorted((load for load in loads if load), key=_first_due)
    return Allocation(known, start, rules)


def flex_shape(
    vehicles: Iterable[FlexVehicle],
    rules: Sequence[FlexIntentRule],
    now: datetime,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
) -> FlexShape:
    """The chunks from `start_at` (in) to `end_at` (out) of the coming 24 hours."""
    return shape_of(allocate(vehicles, rules, now), now, start_at, end_at)


def shape_of(
    allocation: Allocation,
    now: datetime,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
) -> FlexShape:
    """An allocation as Enode shows it."""
    first = chunk_start(now)
    last = first + SHOWN * CHUNK
    start_at = min(max(start_at or first, first), last)
    end_at = max(min(end_at or last, last), start_at)
    chunks = [_chunk(allocation, number, first) for number in range(SHOWN)]
    shown = tuple(chunk for chunk in chunks if start_at <= chunk.start < end_at)
    return FlexShape(now, start_at, end_at, shown)


def _chunk(allocation: Allocation, number: int, first: datetime) -> FlexChunk:
    least_wh = sum(minimum_wh(share, number) for share in allocation.shares)
    most_wh = sum(maximum_wh(share, number) for share in allocation.shares)
    expected_wh = allocation.total_wh(number)
    # Sums of floats may differ in the last digit.
    least_wh, most_wh = min(least_wh, expected_wh), max(most_wh, expected_wh)
    return FlexChunk(
        start=first + number * CHUNK,
        expected_w=expected_wh / _HOURS,
        minimum_w=least_wh / _HOURS,
        maximum_w=most_wh / _HOURS,
    )


def minimum_wh(share: Share, number: int) -> float:
    """What a chunk must take even when all others before each deadline take all they can."""
    load = share.load
    forced = [
        due.energy_wh - (due.chunks - 1) * load.chunk_wh for due in load.dues if due.chunks > number
    ]
    return min(max([share.fixed_wh[number], *forced]), load.chunk_wh)


def maximum_wh(share: Share, number: int) -> float:
    """What a chunk can take when no other takes more than it must at once."""
    elsewhere_wh = share.load.must_wh - share.fixed_wh[number]
    return max(0.0, min(share.load.chunk_wh, share.load.room_wh - elsewhere_wh))


def _first_due(load: Load) -> int:
    return min((due.chunks for due in load.dues), default=0)
