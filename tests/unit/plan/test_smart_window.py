from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.model.reading import VehicleReading
from gatewayd.model.tariff import PriceSlot
from gatewayd.plan.smart.window import (
    ChargingNeed,
    are_known,
    charging_need,
    cheapest_times,
    cheapest_window,
    window_cost,
)

START = datetime(2026, 6, 22, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def slots(*by_hour: object) -> list[PriceSlot]:
    return [
        PriceSlot(START + n * HOUR, START + (n + 1) * HOUR, None if p is None else Decimal(str(p)))
        for n, p in enumerate(by_hour)
    ]


@pytest.mark.parametrize(
    ("vehicle", "power_w", "hours"),
    [
        (VehicleReading(soc_pct=40, charge_limit_pct=80, capacity_wh=50_000), 10_000.0, 2.0),
        (VehicleReading(soc_pct=40, capacity_wh=50_000), 10_000.0, 3.0),
        (VehicleReading(soc_pct=90, charge_limit_pct=80, capacity_wh=50_000), 10_000.0, 0.0),
        (VehicleReading(soc_pct=40, capacity_wh=50_000, charge_remaining_s=5400), 10_000.0, 1.5),
        (VehicleReading(charge_remaining_s=5400), 7_000.0, 1.5),
        (VehicleReading(soc_pct=40, capacity_wh=50_000), None, None),
        (VehicleReading(soc_pct=40, capacity_wh=50_000), 0.0, None),
        (VehicleReading(soc_pct=40, capacity_wh=50_000), 1e-9, None),
        (VehicleReading(soc_pct=40), 10_000.0, None),
        (VehicleReading(capacity_wh=50_000), 10_000.0, None),
        (VehicleReading(charge_remaining_s=1e300), 10_000.0, None),
    ],
)
def test_what_a_vehicle_needs(
    vehicle: VehicleReading, power_w: float | None, hours: float | None
) -> None:
    need = charging_need(vehicle, power_w)

    assert (need and need.duration / HOUR) == hours


def test_a_cost_is_price_times_energy() -> None:
    begin = START + 30 * MINUTE

    assert window_cost(slots(1, 2), begin, begin + HOUR, 10_000.0) == Decimal(15)
    assert window_cost(slots(1, 2), START, START + 2 * HOUR, 1_500.0) == Decimal("4.5")


def test_without_every_price_there_is_no_cost() -> None:
    assert window_cost(slots(1, None), START, START + 61 * MINUTE, 1000.0) is None
    assert window_cost(slots(1, None), START, START + HOUR, 1000.0) == Decimal(1)
    assert window_cost(slots(1), START, START + 2 * HOUR, 1000.0) is None
    assert window_cost(slots(1), START - MINUTE, START + MINUTE, 1000.0) is None
    assert window_cost([], START, START + HOUR, 1000.0) is None


def test_prices_are_known_where_all_are() -> None:
    assert are_known(slots(1, None), START, START + HOUR)
    assert not are_known(slots(1, None), START, START + HOUR + MINUTE)
    assert not are_known(slots(1), START, START + HOUR + MINUTE)


def test_the_cheapest_window_may_begin_or_end_at_an_edge() -> None:
    need = ChargingNeed(90 * MINUTE, 1000.0)
    deadline = START + 4 * HOUR

    ends_late = cheapest_window(slots(9, 5, 1, 9), START, deadline, need)
    begins_late = cheapest_window(slots(9, 1, 5, 9), START, deadline, need)

    assert ends_late is not None
    assert (ends_late.start - START, ends_late.cost) == (90 * MINUTE, Decimal("3.5"))
    assert begins_late is not None
    assert (begins_late.start - START, begins_late.cost) == (60 * MINUTE, Decimal("3.5"))


def test_of_equal_windows_the_earliest_is_taken() -> None:
    need = ChargingNeed(HOUR, 1000.0)

    window = cheapest_window(slots(5, 1, 5, 1, 5), START, START + 5 * HOUR, need)

    assert window is not None
    assert window.start == START + HOUR


def test_a_window_of_unknown_price_is_not_taken() -> None:
    need = ChargingNeed(HOUR, 1000.0)

    window = cheapest_window(slots(5, None, 4, None), START, START + 4 * HOUR, need)

    assert window is not None
    assert window.start == START + 2 * HOUR
    assert cheapest_window(slots(None, None), START, START + 2 * HOUR, need) is None


def test_without_time_there_is_no_window() -> None:
    need = ChargingNeed(3 * HOUR, 1000.0)

    assert cheapest_window(slots(1, 1), START, START + 2 * HOUR, need) is None


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.none() | st.decimals(-2, 2, places=3), min_size=2, max_size=10),
    st.integers(1, 300),
    st.integers(0, 60),
    st.integers(0, 600),
)
def test_no_other_minute_is_cheaper(
    by_hour: list[Decimal | None], duration: int, begin: int, length: int
) -> None:
    book = slots(*by_hour)
    start = START + begin * MINUTE
    deadline = min(start + length * MINUTE, book[-1].end)
    need = ChargingNeed(duration * MINUTE, 7_400.0)

    found = cheapest_window(book, start, deadline, need)

    at, costs = start, {}
    while at + need.duration <= deadline:
        cost = window_cost(book, at, at + need.duration, need.power_w)
        if cost is not None:
            costs[at] = cost
        at += MINUTE
    assert (found is None) == (not costs)
    if found is not None:
        assert found.cost == min(costs.values())
        assert found.start == min(at for at, cost in costs.items() if cost == found.cost)
        assert start <= found.start
        assert found.end == found.start + need.duration <= deadline


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.decimals(-2, 2, places=9), min_size=4, max_size=4),
    st.lists(st.integers(0, 4 * 3_600_000_000), min_size=3, max_size=6).map(sorted),
)
def test_the_parts_of_a_window_cost_what_it_costs(by_hour: list[Decimal], edges: list[int]) -> None:
    at = [START + timedelta(microseconds=edge) for edge in edges]

    parts = [window_cost(slots(*by_hour), a, b, 3_000.0) for a, b in pairwise(at)]
    whole = window_cost(slots(*by_hour), at[0], at[-1], 3_000.0)

    assert whole is not None
    assert abs(sum(part for part in parts if part is not None) - whole) < Decimal("1e-25")


@given(
    costs=st.lists(st.integers(-5, 5), min_size=1, max_size=8),
    unknown=st.integers(0, 3),
    quarters=st.integers(1, 16),
)
@settings(max_examples=150, deadline=None)
def test_the_cheapest_times_are_the_cheapest_quarters(
    costs: list[int], unknown: int, quarters: int
) -> None:
    known = [*costs, *[None] * unknown]
    deadline = START + len(known) * HOUR
    need = ChargingNeed(min(quarters, 4 * len(known)) * 15 * MINUTE, 1000.0)

    spans = cheapest_times(slots(*known), START, deadline, need)

    lengths = [span.end - span.start for span in spans]
    assert sum(lengths, timedelta()) == need.duration
    assert all(a.end < b.start for a, b in pairwise(spans))
    assert spans[0].start >= START
    assert spans[-1].end <= deadline
    if need.duration > unknown * HOUR:
        priced_until = START + len(costs) * HOUR
        parts = [(span.start, min(span.end, priced_until)) for span in spans]
        paid = sum(
            window_cost(slots(*costs), a, b, 1000.0) or Decimal(0) for a, b in parts if a < b
        )
        count = need.duration // (15 * MINUTE) - 4 * unknown
        best = sorted(cost for cost in costs for _ in range(4))[:count]
        assert paid == Decimal(sum(best)) / 4
