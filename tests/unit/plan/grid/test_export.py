"""How much is fed in."""

from decimal import Decimal

import pytest

from gatewayd.plan.grid.export import ExportCap, ExportRule, FeedIn, export_cap

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
    found = export_cap(rule, price)

    assert (None if found is None else found.cap_w) == cap_w


def test_the_least_cap_holds_and_says_why() -> None:
    his = ExportCap(3000.0, "the grid operator")
    rule = ExportRule(5000.0, stops_when_paying=True)

    assert export_cap(None, None, his) == his
    assert export_cap(rule, None, his) == his
    assert export_cap(ExportRule(2000.0), None, his) == ExportCap(
        2000.0, "the limit of what is fed in"
    )
    for cap_w in (5000.0, 0.0):
        rule = ExportRule(cap_w, stops_when_paying=True)
        assert export_cap(rule, Decimal(-1), his) == ExportCap(0.0, "feeding in costs money now")
