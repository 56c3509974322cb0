from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.errors import InvalidError
from gatewayd.model.tariff import (
    LocationTariff,
    PriceSlot,
    Tariff,
    TariffInterval,
    TariffRate,
    format_cost,
    parse_cost,
)
from gatewayd.plan.prices import Prices, price_at, price_slots, prices
from gatewayd.plan.tariff import check_intervals, check_rates, entries

OSLO = ZoneInfo("Europe/Oslo")
PEAK, LOW = Decimal("0.40"), Decimal("0.10")
TARIFF = Tariff("grid", (TariffRate("peak", PEAK), TariffRate("low", LOW)))
WEEK = LocationTariff(
    "grid",
    (
        TariffInterval("low", 0, 6 * 60),
        TariffInterval("peak", 6 * 60, 22 * 60, frozenset(range(5))),
        TariffInterval("low", 22 * 60, 24 * 60),
    ),
)
MONDAY = datetime(2026, 6, 22, tzinfo=OSLO)
HOUR = timedelta(hours=1)


def known(*market: PriceSlot, link: LocationTariff | None = WEEK) -> Prices:
    return prices(OSLO, "NOK", TARIFF, link, market)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(0, LOW), (5.999, LOW), (6, PEAK), (21.999, PEAK), (22, LOW), (24, LOW), (5 * 24 + 12, None)],
)
def test_the_tariff_holds_by_the_local_clock(hours: float, expected: Decimal | None) -> None:
    assert price_at(known(), MONDAY + timedelta(hours=hours)) == expected


def test_a_gap_has_the_market_price_and_else_none() -> None:
    noon = MONDAY + timedelta(days=5, hours=12)
    slot = PriceSlot(noon, noon + HOUR, Decimal("0.07"))
    book = known(slot, PriceSlot(noon + HOUR, noon + 2 * HOUR, None))

    assert price_at(book, noon - timedelta(microseconds=1)) is None
    assert price_at(book, noon) == Decimal("0.07")
    assert price_at(book, noon + HOUR) is None
    assert price_at(book, noon + 2 * HOUR) is None


def test_the_tariff_comes_before_the_market() -> None:
    slot = PriceSlot(MONDAY, MONDAY + 24 * HOUR, Decimal(9))

    assert price_at(known(slot), MONDAY + 12 * HOUR) == PEAK


def test_without_a_tariff_only_the_market_counts() -> None:
    slot = PriceSlot(MONDAY, MONDAY + HOUR, Decimal(9))
    book = prices(OSLO, "NOK", market=[slot])

    assert [price_at(book, MONDAY), price_at(book, MONDAY + HOUR)] == [Decimal(9), None]


def test_a_rate_that_the_tariff_no_longer_has_is_a_gap() -> None:
    link = LocationTariff("grid", (TariffInterval("gone", 0, 1440),))

    assert price_at(known(link=link), MONDAY) is None


def test_slots_are_cut_at_local_boundaries() -> None:
    slots = price_slots(known(), MONDAY + 5 * HOUR, MONDAY + 30 * HOUR)

    assert [(slot.start - MONDAY, slot.end - MONDAY, slot.price) for slot in slots] == [
        (5 * HOUR, 6 * HOUR, LOW),
        (6 * HOUR, 22 * HOUR, PEAK),
        (22 * HOUR, 30 * HOUR, LOW),
    ]


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param(datetime(2026, 3, 29, tzinfo=OSLO), 0, id="left out in spring"),
        pytest.param(datetime(2026, 10, 25, tzinfo=OSLO), 2, id="twice in autumn"),
        pytest.param(datetime(2026, 10, 26, tzinfo=OSLO), 1, id="an ordinary day"),
    ],
)
def test_an_hour_counts_as_often_as_the_clock_shows_it(day: datetime, hours: int) -> None:
    link = LocationTariff("grid", (TariffInterval("peak", 120, 180),))
    start = day.astimezone(UTC)

    slots = price_slots(known(link=link), start, (day + timedelta(days=1)).astimezone(UTC))

    spans = [slot.end - slot.start for slot in slots if slot.price == PEAK]
    assert sum(spans, timedelta()) == hours * HOUR


def test_the_market_cuts_a_gap_and_not_the_tariff() -> None:
    noon = MONDAY + timedelta(days=5, hours=5)
    market = [PriceSlot(noon + n * HOUR, noon + (n + 1) * HOUR, Decimal(n)) for n in range(4)]

    slots = price_slots(known(*reversed(market)), noon, noon + 4 * HOUR)

    assert [slot.price for slot in slots] == [LOW, Decimal(1), Decimal(2), Decimal(3)]


def test_an_empty_window_has_no_slots() -> None:
    assert price_slots(known(), MONDAY, MONDAY) == ()


_minutes = st.integers(0, 1440)
_intervals = st.builds(
    TariffInterval,
    st.sampled_from(["peak", "low", "gone"]),
    _minutes,
    _minutes,
    st.none() | st.frozensets(st.integers(0, 6)),
)
_zones = st.sampled_from(["UTC", "Europe/Oslo", "America/Havana", "Australia/Lord_Howe"]).map(
    ZoneInfo
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(_intervals, max_size=5),
    _zones,
    st.integers(0, 365 * 24 * 60),
    st.lists(st.integers(0, 4 * 1440), max_size=4, unique=True).map(sorted),
)
def test_slots_are_contiguous_and_tell_the_price_of_every_minute(
    intervals: list[TariffInterval], zone: ZoneInfo, begin: int, edges: list[int]
) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=begin)
    end = start + timedelta(days=4, minutes=3)
    market = [
        PriceSlot(start + timedelta(minutes=a), start + timedelta(minutes=b), Decimal(b))
        for a, b in pairwise(edges)
    ]
    link = LocationTariff("grid", tuple(_without_overlaps(intervals)))
    book = prices(zone, "NOK", TARIFF, link, market)

    slots = price_slots(book, start, end)

    assert (slots[0].start, slots[-1].end) == (start, end)
    assert all(one.end == other.start for one, other in pairwise(slots))
    assert all(one.price != other.price for one, other in pairwise(slots))
    for slot in slots:
        at = slot.start
        while at < slot.end:
            assert price_at(book, at) == slot.price
            at += timedelta(minutes=7)
        assert price_at(book, slot.end - timedelta(microseconds=1)) == slot.price


def _without_overlaps(intervals: list[TariffInterval]) -> list[TariffInterval]:
    kept: list[TariffInterval] = []
    for interval in intervals:
        try:
            names = tuple(TariffRate(one.name, LOW) for one in [*kept, interval])
            check_intervals(Tariff("grid", names), [*kept, interval])
        except InvalidError:
            continue
        kept.append(interval)
    return kept


def refused(*intervals: TariffInterval) -> list[object]:
    with pytest.raises(InvalidError) as caught:
        check_intervals(TARIFF, intervals)
    return [issue["message"] for issue in caught.value.issues]


def test_an_overlap_is_told_once_and_names_both() -> None:
    first = TariffInterval("peak", 6 * 60, 22 * 60, frozenset({1, 2}))
    second = TariffInterval("low", 21 * 60, 24 * 60)

    assert refused(first, second) == ["Tuesday: 'peak' 06:00-22:00 overlaps 'low' 21:00-24:00"]


def test_every_interval_under_a_long_one_is_told() -> None:
    long = TariffInterval("peak", 0, 1440)
    short = TariffInterval("low", 60, 120)
    late = TariffInterval("low", 600, 660)

    assert len(refused(long, short, late)) == 2


def test_intervals_that_touch_and_gaps_are_allowed() -> None:
    check_intervals(TARIFF, WEEK.intervals)
    check_intervals(TARIFF, ())
    monday = TariffInterval("peak", 0, 1440, frozenset({0}))
    check_intervals(TARIFF, [monday, TariffInterval("low", 0, 1440, frozenset({1}))])


@pytest.mark.parametrize(("begin", "end"), [(60, 60), (120, 60), (0, 1441), (-1, 60), (1320, 360)])
def test_an_interval_must_end_on_its_day_after_it_begins(begin: int, end: int) -> None:
    assert len(refused(TariffInterval("peak", begin, end))) == 1


def test_a_rate_that_the_tariff_does_not_have_is_refused() -> None:
    assert refused(TariffInterval("night", 0, 60)) == ["the tariff has no rate 'night'"]


def test_the_list_of_faults_has_an_end() -> None:
    assert len(refused(*[TariffInterval("night", 0, 60, frozenset())] * 500)) == 50


def test_names_of_rates_must_differ() -> None:
    check_rates(TARIFF.rates)
    with pytest.raises(InvalidError) as caught:
        check_rates([*TARIFF.rates, TariffRate("low", PEAK)])
    assert [issue["path"] for issue in caught.value.issues] == [[2, "name"]]


def test_a_location_lists_one_entry_per_weekday_and_interval() -> None:
    found = entries(WEEK)

    assert len(found) == 7 + 5 + 7
    assert [(one.weekday, one.from_minute) for one in found] == sorted(
        (one.weekday, one.from_minute) for one in found
    )
    assert {one.tariff_id for one in found} == {"grid"}
    assert [(one.from_minute, one.to_minute, one.tariff_name) for one in found[:3]] == [
        (0, 360, "low"),
        (360, 1320, "peak"),
        (1320, 1440, "low"),
    ]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("0.50", "0.50"),
        ("+.5", "0.5"),
        ("-12.", "-12"),
        ("999999999.999999999", "999999999.999999999"),
        ("0.000000001", "0.000000001"),
        ("-0", "-0"),
    ],
)
def test_a_cost_is_written_without_an_exponent(text: str, written: str) -> None:
    assert format_cost(parse_cost(text)) == written
    assert parse_cost(written) == parse_cost(text)


@pytest.mark.parametrize(
    "text",
    ["", ".", "1e3", "NaN", "Infinity", "1_0", "1,5", " 1", "1\n", "1" * 10, "0." + "1" * 10],
)
def test_what_is_no_cost_is_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="decimal number"):
        parse_cost(text)
