"""Vehicles come to locations and leave them, and locations are moved under them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gatewayd.control.whereabouts import Whereabouts
from gatewayd.model.asset import Asset, AssetKind
from gatewayd.model.location import Location
from gatewayd.model.reading import VehicleReading
from gatewayd.state import assets, locations, users
from gatewayd.state.assets import DeviceRecord
from gatewayd.state.db import Database
from gatewayd.state.store import Store
from tests.fakes.clock import FakeClock
from tests.fakes.driver import car_box

USER = "anna"


@dataclass
class Street:
    """A car whose words a test chooses, and the home it may be at."""

    clock: FakeClock
    db: Database
    store: Store
    whereabouts: Whereabouts
    home: Location

    @property
    def car(self) -> Asset:
        (state,) = self.store.site.of_kind(AssetKind.VEHICLE)
        return state.asset

    async def stored(self) -> Asset:
        (found,) = await self.db.read(assets.load)
        return found

    def say(self, latitude: float | None, longitude: float | None) -> None:
        reading = VehicleReading(soc_pct=50.0, latitude=latitude, longitude=longitude)
        self.store.put("car", {"vehicle": reading})

    async def look(self) -> str | None:
        """Where the car is after one look."""
        await self.whereabouts.look()
        return self.car.location_id


@asynccontextmanager
async def street(path: Path) -> AsyncIterator[Street]:
    clock = FakeClock()
    async with Database.open(path / "state.db", clock=clock) as db:
        home = await db.write(
            lambda c: (
                users.ensure(c, USER, clock.now()),
                locations.ensure_home(c, USER, "Home", 59.91, 10.75, "UTC", clock.now()),
            )[1]
        )
        record = DeviceRecord("car", USER, location_id=home.id)
        identity = car_box().identity
        made = await db.write(lambda c: assets.adopt(c, record, identity, clock.now()))
        store = Store(clock, made)
        yield Street(clock, db, store, Whereabouts(store, db, clock), home)


@pytest.fixture
async def a_street(tmp_path: Path) -> AsyncIterator[Street]:
    async with street(tmp_path) as made:
        yield made


async def test_a_car_that_leaves_and_comes_back_is_stored_and_shown(a_street: Street) -> None:
    a_street.say(59.95, 10.75)
    away = await a_street.look()
    a_street.say(59.9101, 10.7501)
    back = await a_street.look()

    assert (away, back) == (None, a_street.home.id)
    assert await a_street.stored() == a_street.car
    assert a_street.car.location_updated_at == a_street.clock.now()


@pytest.mark.parametrize("place", [(None, None), (59.95, None), (None, 10.75)])
async def test_a_car_that_does_not_say_where_it_is_stays_where_it_was(
    a_street: Street, place: tuple[float | None, float | None]
) -> None:
    a_street.say(*place)

    assert await a_street.look() == a_street.home.id


async def test_a_location_that_is_moved_leaves_the_car_behind(a_street: Street) -> None:
    a_street.say(59.91, 10.75)
    before = await a_street.look()
    await a_street.db.write(lambda c: c.execute("UPDATE locations SET latitude = 10"))

    assert (before, await a_street.look()) == (a_street.home.id, None)


async def test_the_locations_of_others_do_not_count(a_street: Street) -> None:
    now = a_street.clock.now()
    await a_street.db.write(
        lambda c: (
            users.ensure(c, "bob", now),
            locations.ensure_home(c, "bob", "Next door", 59.95, 10.75, "UTC", now),
        )
    )
    a_street.say(59.95, 10.75)

    assert await a_street.look() is None


async def test_a_car_that_stays_is_written_about_once(a_street: Street) -> None:
    a_street.say(59.95, 10.75)
    await a_street.look()
    first = await a_street.stored()
    await a_street.clock.advance(60)
    await a_street.look()

    assert await a_street.stored() == first


async def test_it_looks_every_few_seconds(a_street: Street) -> None:
    a_street.say(59.95, 10.75)
    running = asyncio.create_task(a_street.whereabouts.run())
    for _ in range(50):
        await a_street.clock.advance(1)
        await a_street.db.read(lambda c: None)
        if a_street.car.location_id is None:
            break
    running.cancel()

    assert a_street.car.location_id is None
