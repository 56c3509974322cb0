"""How much is fed in."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.plan.grid.export import ExportRule, FeedIn, Producer, export_cap_w, production_limits

FIXED = FeedIn(Decimal("0.08"), Decimal(0))
PART = FeedIn(Decimal("-0.04"), Decimal("0.84"))


@pytest.mark.parametrize(
    ("rule", "price", "cap_w"),
    [
        (ExportRule(), Decimal("-0.1"), None),
        (ExportRule(cap_w=5000.0), None, 5000.0),
        (ExportRule(5000.0, stops_when_paying=True), Decimal("0.08"), 5000.0),
        (ExportRule(5000.0, stops_when_paying=True), Decimal("-0.0001"), 0.0),
        (ExportRule(stops_when_paying=True), None, None),
        (ExportRule(stops_when_paying=True), Decimal(0), None),
        (ExportRule(stops_when_paying=True, feed_in=FIXED), Decimal(-1), None),
        (ExportRule(stops_when_paying=True, feed_in=PART), Decimal("0.04"), 0.0),
        (ExportRule(stops_when_paying=True, feed_in=PART), Decimal("0.06"), None),
        (ExportRule(stops_when_paying=True, feed_in=PART), None, None),
    ],
)
def test_the_cap(rule: ExportRule, price: Decimal | None, cap_w: float | None) -> None:
    assert export_cap_w(rule, price) == cap_w


def test_without_a_cap_there_is_no_limit() -> None:
    assert production_limits(None, 0.0, [Producer("a", 1.0, 5000.0)]) == {"a": None}


def test_what_the_home_takes_may_be_produced_beside_the_cap() -> None:
    # 4 kW produced, 1 kW of it fed in: the home takes 3 kW.
    limits = production_limits(500.0, -1000.0, [Producer("a", 4000.0, 10_000.0)])

    assert limits == {"a": 3500.0}


def test_inverters_share_by_their_size() -> None:
    big, small = Producer("big", 2000.0, 8000.0), Producer("small", 1000.0, 2000.0)

    assert production_limits(0.0, 0.0, [big, small]) == {"big": 2400.0, "small": 600.0}


def test_an_unknown_home_takes_nothing() -> None:
    assert production_limits(600.0, None, [Producer("a", 4000.0, 10_000.0)]) == {"a": 600.0}


def test_up_it_goes_slowly() -> None:
    held = Producer("a", 1000.0, 5000.0, limit_w=1000.0)

    assert production_limits(0.0, 4000.0, [held]) == {"a": 1500.0}


def test_no_inverter_means_no_limit() -> None:
    assert production_limits(0.0, 0.0, []) == {}


@given(
    st.floats(0, 20_000),
    st.floats(-20_000, 20_000),
    st.lists(st.floats(0, 10_000), min_size=1, max_size=4),
)
def test_what_is_fed_in_stays_under_the_cap(
    cap_w: float, grid_w: float, powers_w: list[float]
) -> None:
    producers = [Producer(str(i), power_w, 10_000.0) for i, power_w in enumerate(powers_w)]
    home_w = sum(powers_w) + grid_w
    limits = production_limits(cap_w, grid_w, producers)

    produced_w = sum(limit_w or 0.0 for limit_w in limits.values())
    assert produced_w - max(0.0, home_w) <= cap_w + 1e-6
