from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from gatewayd.model.tariff import LocationTariff, PriceSlot, Tariff, TariffInterval, TariffRate
from gatewayd.plan.price_history import PriceHistory, price_history, slots
from gatewayd.plan.prices import prices

OSLO = ZoneInfo("Europe/Oslo")
# A Monday; Oslo is two hours ahead.
START = datetime(2026, 6, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ALL_DAY = LocationTariff("t", (TariffInterval("rate", 0, 1440),))
MORNINGS = LocationTariff("u", (TariffInterval("rate", 360, 720),))


def tariff(name: str, cost: str) -> Tariff:
    return Tariff(name, (TariffRate("rate", Decimal(cost)),))


def costs(history: PriceHistory, start: datetime, end: datetime) -> list[tuple[datetime, str]]:
    found = slots(history, start, end)
    assert [one.end for one in found[:-1]] == [one.start for one in found[1:]]
    return [(one.start, str(one.price)) for one in found]


def test_a_price_holds_until_the_tariff_changes() -> None:
    versions = [(START, tariff("t", "1")), (START + DAY, tariff("t", "2"))]
    history = price_history(OSLO, [(START, ALL_DAY)], {"t": versions})

    assert costs(history, START, START + 2 * DAY) == [(START, "1"), (START + DAY, "2")]


def test_the_first_price_holds_for_the_time_before_it_was_told() -> None:
    history = price_history(OSLO, [(START, ALL_DAY)], {"t": [(START + HOUR, tariff("t", "1"))]})

    found = costs(history, START - 9 * DAY, START + DAY)

    assert found[0][0] == START - 9 * DAY
    assert {price for _, price in found} == {"1"}


def test_a_new_link_ends_the_old_one() -> None:
    history = price_history(
        OSLO,
        [(START, ALL_DAY), (START + DAY, MORNINGS)],
        {"t": [(START, tariff("t", "1"))], "u": [(START, tariff("u", "5"))]},
    )

    # Six to twelve o'clock in Oslo.
    assert costs(history, START + 20 * HOUR, START + 36 * HOUR) == [
        (START + 20 * HOUR, "1"),
        (START + 24 * HOUR, "None"),
        (START + 28 * HOUR, "5"),
        (START + 34 * HOUR, "None"),
    ]


def test_where_no_tariff_ever_was_no_price_is_known() -> None:
    assert slots(price_history(OSLO, [], {}), START, START + DAY) == ()


def test_the_market_fills_what_tariffs_leave_out() -> None:
    market = [PriceSlot(START, START + DAY, Decimal("7"))]
    versions = {"u": [(START, tariff("u", "5"))]}
    history = price_history(OSLO, [(START, MORNINGS)], versions, market)

    assert [price for _, price in costs(history, START, START + DAY)] == ["7", "5", "7"]


def test_prices_that_never_change_are_their_own_history() -> None:
    known = prices(OSLO, "NOK", tariff("t", "1"), ALL_DAY)

    (slot,) = slots(known, START, START + DAY)

    assert (slot.start, slot.end, slot.price) == (START, START + DAY, Decimal(1))


def test_hourly_changes_of_two_months_are_still_without_gaps() -> None:
    versions = [(START + n * HOUR, tariff("t", str(n % 7))) for n in range(24 * 60)]
    history = price_history(OSLO, [(START, ALL_DAY)], {"t": versions})

    found = slots(history, START, START + 60 * DAY)

    assert all(one.end == later.start for one, later in pairwise(found))
    assert len(found) == 24 * 60
