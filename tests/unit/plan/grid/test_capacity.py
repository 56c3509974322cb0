"""Capacity tariffs within the running quarter of an hour."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.plan.grid.capacity import CapacitySettings, Quarter, import_limit_w

SETTINGS = CapacitySettings(billed_w=2500.0, margin_w=0.0)


@pytest.mark.parametrize(
    ("quarter", "limit_w"),
    [
        (Quarter(0.0, 0.0), 2500.0),
        (Quarter(450.0, 312.5), 2500.0),
        (Quarter(450.0, 0.0), 5000.0),
        (Quarter(450.0, 625.0), 0.0),
        (Quarter(450.0, 900.0), 0.0),
        (Quarter(0.0, 0.0, month_peak_w=4000.0), 4000.0),
        (Quarter(450.0, None, month_peak_w=4000.0), 4000.0),
        (Quarter(899.0, 595.0), 3600.0),
    ],
)
def test_what_is_left_of_a_quarter(quarter: Quarter, limit_w: float) -> None:
    assert import_limit_w(SETTINGS, quarter) == pytest.approx(limit_w)


def test_the_margin_is_not_used() -> None:
    settings = CapacitySettings(billed_w=2500.0, margin_w=100.0)

    assert import_limit_w(settings, Quarter(0.0, 0.0)) == 2400.0
    assert import_limit_w(settings, Quarter(450.0, None)) == 2400.0


@given(st.lists(st.floats(0.0, 20_000.0), min_size=90, max_size=90))
def test_whoever_keeps_to_it_never_makes_a_new_peak(wishes_w: list[float]) -> None:
    imported_wh = 0.0
    for step, wish_w in enumerate(wishes_w):
        limit_w = import_limit_w(SETTINGS, Quarter(step * 10.0, imported_wh))
        imported_wh += min(wish_w, limit_w) * 10.0 / 3600.0

    assert imported_wh * 4.0 <= 2500.0 + 1e-6
