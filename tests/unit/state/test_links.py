"""Link sessions and the devices that come by them."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from gatewayd.errors import ConflictError
from gatewayd.state import linked_devices, links, users
from gatewayd.state.db import Database
from gatewayd.state.links import Wanted
from tests.unit.state.conftest import NOW, adding

WANTED = Wanted(
    "ada", "client", ("meter:read:data",), "nl-NL", "dark", "app://back", "asset", "KEBA"
)


@pytest.fixture
async def token(db: Database) -> str:
    await db.write(adding("ada"))
    return await db.write(lambda c: links.start(c, WANTED, NOW))


async def test_a_session_says_what_was_wanted(db: Database, token: str) -> None:
    session = await db.read(lambda c: links.find(c, token))

    assert session is not None
    assert session.wanted == WANTED
    assert session.draft == {}
    assert await db.read(lambda c: links.find(c, token + "x")) is None


async def test_the_token_itself_is_not_stored(db: Database, token: str) -> None:
    rows = await db.read(lambda c: [tuple(row) for row in c.execute("SELECT * FROM link_sessions")])

    assert token not in repr(rows)


async def test_a_session_is_open_for_a_day(db: Database, token: str) -> None:
    session = await db.read(lambda c: links.find(c, token))

    assert session is not None
    assert session.is_open(NOW + timedelta(hours=24, seconds=-1))
    assert not session.is_open(NOW + timedelta(hours=24))
    with pytest.raises(ConflictError):
        await db.write(partial(links.end, token=token, now=NOW + timedelta(hours=24)))


async def test_a_session_ends_once_and_forgets_what_was_typed(db: Database, token: str) -> None:
    await db.write(lambda c: links.note(c, token, "key", {"options": {"password": "p"}}))
    await db.write(lambda c: links.end(c, token, NOW))

    with pytest.raises(ConflictError, match="used"):
        await db.write(lambda c: links.end(c, token, NOW))
    session = await db.read(lambda c: links.find(c, token))
    assert session is not None
    assert (session.draft, session.is_open(NOW)) == ({}, False)


async def test_only_the_browser_of_the_first_step_goes_on(db: Database, token: str) -> None:
    fresh = await db.read(lambda c: links.find(c, token))
    await db.write(lambda c: links.note(c, token, "key", {"step": 1}))
    taken = await db.read(lambda c: links.find(c, token))

    assert fresh is not None
    assert taken is not None
    assert fresh.belongs_to("any")
    assert taken.belongs_to("key")
    assert not taken.belongs_to("other")
    assert taken.draft == {"step": 1}


async def test_old_sessions_are_purged(db: Database, token: str) -> None:
    late = NOW + timedelta(days=3)

    await db.write(lambda c: links.start(c, replace(WANTED, asset_id=None), late))

    assert await db.read(lambda c: links.find(c, token)) is None


async def test_all_sessions_of_a_user_end_together(db: Database, token: str) -> None:
    await db.write(lambda c: users.ensure(c, "bob", NOW))
    others = await db.write(lambda c: links.start(c, replace(WANTED, user_id="bob"), NOW))

    await db.write(lambda c: links.end_all(c, "ada", NOW))

    gone = await db.read(lambda c: links.find(c, token))
    there = await db.read(lambda c: links.find(c, others))
    assert gone is not None
    assert there is not None
    assert (gone.is_open(NOW), there.is_open(NOW)) == (False, True)


async def test_a_linked_device_is_called_after_its_driver(db: Database) -> None:
    configured = ["keba_p30_2"]

    ids = [
        (
            await db.write(
                lambda c: linked_devices.add(c, "keba_p30", {"host": "10.0.0.1"}, configured, NOW)
            )
        ).id
        for _ in range(2)
    ]

    assert ids == ["keba_p30", "keba_p30_3"]


async def test_an_id_stays_within_what_a_config_may_have(db: Database) -> None:
    for _ in range(2):
        device = await db.write(lambda c: linked_devices.add(c, "d" * 40, {}, (), NOW))
        assert len(device.id) == 32
    assert device.id.endswith("_2")


async def test_a_linked_device_can_be_reached_otherwise_and_be_forgotten(db: Database) -> None:
    made = await db.write(lambda c: linked_devices.add(c, "x", {"host": "a"}, (), NOW))
    await db.write(lambda c: linked_devices.change(c, made.id, {"host": "b", "password": "geheim"}))

    (found,) = await db.read(linked_devices.load)
    await db.write(lambda c: linked_devices.remove(c, made.id))

    assert found.options == {"host": "b", "password": "geheim"}
    assert "geheim" not in repr(found)
    assert await db.read(linked_devices.load) == []
