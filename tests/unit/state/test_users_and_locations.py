"""Users, locations, and the facts about the gateway."""

import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path

from gatewayd.model.location import Location, User
from gatewayd.state import locations, meta, users
from gatewayd.state.db import Database
from tests.unit.state.conftest import NOW, adding

LATER = NOW + timedelta(days=1)


async def test_a_user_is_created_once(db: Database) -> None:
    first = await db.write(lambda c: users.ensure(c, "ada", NOW))
    again = await db.write(lambda c: users.ensure(c, "ada", LATER))

    assert first == again == User("ada", NOW)
    assert await db.read(lambda c: users.get(c, "ada")) == first
    assert await db.read(lambda c: users.get(c, "bob")) is None


async def test_users_come_oldest_first(db: Database) -> None:
    await db.write(lambda c: users.ensure(c, "b", NOW))
    await db.write(lambda c: users.ensure(c, "a", LATER))

    assert [user.id for user in await db.read(users.load)] == ["b", "a"]


async def test_the_home_keeps_its_id_when_name_place_and_zone_change(db: Database) -> None:
    await db.write(adding("ada"))
    old = await db.write(
        lambda c: locations.ensure_home(c, "ada", "Home", 59.9, 10.7, "Europe/Oslo", NOW)
    )
    new = await db.write(
        lambda c: locations.ensure_home(c, "ada", "Cabin", 61.1, 10.5, "Europe/Berlin", LATER)
    )

    assert old == Location(old.id, "ada", "Home", 59.9, 10.7, "Europe/Oslo", NOW)
    assert new == Location(old.id, "ada", "Cabin", 61.1, 10.5, "Europe/Berlin", NOW)
    assert await db.read(locations.load) == [new]
    assert await db.read(lambda c: locations.get(c, old.id)) == new


async def test_locations_can_be_asked_for_one_user(db: Database) -> None:
    def two_homes(c: sqlite3.Connection) -> None:
        for user_id in ("ada", "bob"):
            users.ensure(c, user_id, NOW)
            locations.ensure_home(c, user_id, "Home", 0, 0, "UTC", NOW)

    await db.write(two_homes)
    found = await db.read(lambda c: locations.load(c, "bob"))

    assert [location.user_id for location in found] == ["bob"]
    assert len(await db.read(locations.load)) == 2
    assert await db.read(lambda c: locations.get(c, "nowhere")) is None


async def test_the_gateway_keeps_its_id(path: Path) -> None:
    async with Database.open(path) as db:
        first = await db.write(meta.gateway_id)
    async with Database.open(path) as db:
        assert await db.write(meta.gateway_id) == first
        assert await db.read(meta.gateway_id) == first


async def test_the_latest_time_never_goes_back(db: Database) -> None:
    assert await db.read(meta.latest_time) is None

    for now in (NOW, LATER, NOW - timedelta(days=9999), LATER - timedelta(microseconds=1)):
        await db.write(partial(meta.mark_time, now=now))

    assert await db.read(meta.latest_time) == LATER


async def test_times_are_kept_to_the_microsecond_and_in_utc(db: Database) -> None:
    oslo = datetime(2026, 6, 21, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))

    kept = await db.write(lambda c: users.ensure(c, "ada", oslo))

    assert kept.created_at == oslo
    assert kept.created_at.tzinfo is UTC
