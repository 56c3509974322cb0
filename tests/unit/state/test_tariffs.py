"""Tariffs as they are and as they were."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from gatewayd.model.tariff import LocationTariff, Tariff, TariffInterval, TariffRate
from gatewayd.state import locations, tariffs, users
from gatewayd.state.db import Database
from tests.unit.state.conftest import NOW

DAY = timedelta(days=1)
WEEKEND = TariffInterval("low", 0, 1440, frozenset({5, 6}))
ALWAYS = TariffInterval("peak", 0, 1440)


def tariff(cost: str) -> Tariff:
    return Tariff("t", (TariffRate("low", Decimal(cost)),))


@pytest.fixture
async def home(db: Database) -> str:
    await db.write(lambda c: users.ensure(c, "anna", NOW))
    place = await db.write(
        lambda c: locations.ensure_home(c, "anna", "Home", 59.9, 10.7, "Europe/Oslo", NOW)
    )
    return place.id


async def test_a_tariff_is_read_back_exactly(db: Database) -> None:
    costs = ("0.2500", "-0.000000001", "999999999.999999999", "0")
    rates = tuple(TariffRate(f"rate {cost}", Decimal(cost)) for cost in costs)
    await db.write(lambda c: tariffs.put(c, Tariff("t", rates), NOW))

    found = await db.read(lambda c: tariffs.get(c, "t"))

    assert found is not None
    assert [str(rate.cost) for rate in found.rates] == ["0.2500", "-1E-9", *costs[2:]]


async def test_what_a_tariff_was_is_remembered_with_its_time(db: Database) -> None:
    for day, cost in enumerate(("1", "2", "2", "3")):
        await db.write(partial(tariffs.put, tariff=tariff(cost), now=NOW + day * DAY))

    assert await db.read(lambda c: tariffs.history(c, "t")) == [
        (NOW, tariff("1")),
        (NOW + DAY, tariff("2")),
        (NOW + 3 * DAY, tariff("3")),
    ]
    assert await db.read(lambda c: tariffs.get(c, "t")) == tariff("3")


async def test_a_clock_that_was_ahead_does_not_hide_what_comes_after(db: Database) -> None:
    await db.write(lambda c: tariffs.put(c, tariff("1"), NOW))
    await db.write(lambda c: tariffs.put(c, tariff("2"), NOW + 3650 * DAY))
    await db.write(lambda c: tariffs.put(c, tariff("3"), NOW + DAY))

    assert await db.read(lambda c: tariffs.history(c, "t")) == [
        (NOW, tariff("1")),
        (NOW + DAY, tariff("3")),
    ]


async def test_what_nobody_can_ask_for_any_more_is_forgotten(db: Database) -> None:
    for day in range(4):
        await db.write(partial(tariffs.put, tariff=tariff(str(day)), now=NOW + day * DAY))
    late = NOW + 2 * DAY + tariffs.KEEP
    await db.write(lambda c: tariffs.put(c, tariff("9"), late))

    kept = await db.read(lambda c: tariffs.history(c, "t"))

    assert [since for since, _ in kept] == [NOW + 2 * DAY, NOW + 3 * DAY, late]


async def test_a_locations_tariffs_are_read_back_with_their_times(db: Database, home: str) -> None:
    first, second = LocationTariff("t", (WEEKEND,)), LocationTariff("u", (ALWAYS, WEEKEND))
    for day, link in enumerate((first, first, second)):
        at = NOW + day * DAY
        await db.write(partial(tariffs.link, location_id=home, wanted=link, now=at))

    assert await db.read(lambda c: tariffs.links(c, home)) == [
        (NOW, first),
        (NOW + 2 * DAY, second),
    ]
    assert await db.read(lambda c: tariffs.linked(c, home)) == second
    assert await db.read(lambda c: tariffs.linked(c, "elsewhere")) is None
