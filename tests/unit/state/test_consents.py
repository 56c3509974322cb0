"""Consent: given, withdrawn, invalid, ended; and what of a user is erased."""

import sqlite3
from datetime import timedelta

import pytest

from gatewayd.errors import NotFoundError
from gatewayd.model.asset import Asset, AssetKind, Consent, Identity, Role
from gatewayd.state import assets, consents, linked_devices, links, locations, meta, outbox, users
from gatewayd.state.assets import DeviceRecord
from gatewayd.state.db import Database
from tests.unit.state.conftest import NOW

LATER = NOW + timedelta(hours=1)
HYBRID = Identity(
    "Acme",
    "One",
    {"inverter": Role(AssetKind.INVERTER), "battery": Role(AssetKind.BATTERY)},
    serial="1",
)
ROOF = DeviceRecord("roof", "ada")
BATTERY = ("battery:read:data", "battery:control:operation_mode")
BOTH = (*BATTERY, "inverter:read:data", "inverter:read:location")
KINDS = frozenset({AssetKind.BATTERY, AssetKind.INVERTER})


async def adopt(db: Database, device: DeviceRecord = ROOF) -> dict[str, Asset]:
    found = await db.write(lambda c: assets.adopt(c, device, HYBRID, NOW))
    return {asset.role: asset for asset in found}


async def link(db: Database, scopes: tuple[str, ...] = BOTH) -> dict[str, Asset]:
    """A linked device of ada's."""

    def add(c: sqlite3.Connection) -> list[Asset]:
        users.ensure(c, "ada", NOW)
        device = linked_devices.add(c, "acme", {"host": "10.0.0.1"}, (), NOW)
        kinds = [kind for kind in KINDS if f"{kind}:read:data" in scopes]
        consents.give(c, device.id, kinds, "ada", scopes, NOW)
        return assets.adopt(c, DeviceRecord(device.id, "ada"), HYBRID, NOW)

    return {asset.role: asset for asset in await db.write(add)}


async def events(db: Database) -> list[tuple[str, str, str]]:
    rows = await db.read(lambda c: outbox.after(c, 0))
    return [(row.event, row.entity_id, row.user_id) for row in rows]


async def test_what_is_configured_needs_no_link(db: Database) -> None:
    found = await adopt(db)

    assert {asset.consent for asset in found.values()} == {Consent.GRANTED}
    assert {asset.user_id for asset in found.values()} == {"ada"}


async def test_of_a_linked_device_only_what_was_granted_is_anybodys(db: Database) -> None:
    found = await link(db, BATTERY)

    battery, inverter = found["battery"], found["inverter"]
    assert (battery.user_id, battery.consent, battery.scopes) == ("ada", Consent.GRANTED, BATTERY)
    assert (inverter.user_id, inverter.consent) == (users.NOBODY, Consent.NONE)
    assert await events(db) == [("user:battery:discovered", battery.id, "ada")]


async def test_a_grant_survives_the_next_adoption(db: Database) -> None:
    await adopt(db)
    await db.write(lambda c: users.ensure(c, "bob", NOW))
    given = await db.write(
        lambda c: consents.give(c, "roof", [AssetKind.BATTERY], "bob", BATTERY, NOW)
    )

    found = await adopt(db)

    assert [found["battery"]] == given
    assert (found["battery"].user_id, found["inverter"].user_id) == ("bob", "ada")


async def test_what_changes_hands_is_deleted_for_one_and_discovered_for_the_other(
    db: Database,
) -> None:
    battery = (await adopt(db))["battery"]
    before = len(await events(db))
    await db.write(lambda c: users.ensure(c, "bob", NOW))

    await db.write(lambda c: consents.give(c, "roof", [AssetKind.BATTERY], "bob", BATTERY, NOW))

    assert (await events(db))[before:] == [
        ("user:battery:deleted", battery.id, "ada"),
        ("user:battery:discovered", battery.id, "bob"),
    ]


async def test_a_second_grant_to_the_same_user_is_no_discovery(db: Database) -> None:
    await adopt(db)
    before = await events(db)

    await db.write(lambda c: consents.give(c, "roof", KINDS, "ada", BATTERY, NOW))

    assert await events(db) == before


async def test_withdrawal_keeps_everything_and_a_new_grant_restores_it(db: Database) -> None:
    before = await adopt(db)

    withdrawn = await db.write(lambda c: consents.withdraw(c, "ada", LATER))
    is_silent = not await db.read(lambda c: users.is_authorised(c, "ada"))
    again = await adopt(db)
    restored = await db.write(lambda c: consents.give(c, "roof", KINDS, "ada", BOTH, LATER))

    assert {asset.id for asset in withdrawn} == {asset.id for asset in before.values()}
    assert {asset.consent for asset in withdrawn} == {Consent.WITHDRAWN}
    assert {asset.consent for asset in again.values()} == {Consent.WITHDRAWN}
    assert is_silent
    assert {asset.id for asset in restored} == {asset.id for asset in before.values()}
    assert {asset.consent for asset in restored} == {Consent.GRANTED}
    assert await db.read(lambda c: users.is_authorised(c, "ada"))


async def test_a_refused_login_is_told_once_and_mended_by_the_next_that_works(
    db: Database,
) -> None:
    await adopt(db)
    before = len(await events(db))

    for _ in range(2):
        await db.write(lambda c: consents.invalidate(c, "roof", LATER))
    told = (await events(db))[before:]
    invalid = await db.read(lambda c: assets.of_device(c, "roof"))
    mended = await db.write(lambda c: consents.validate(c, "roof", LATER))

    assert told == [("user:credentials:invalidated", "roof", "ada")]
    assert {asset.consent for asset in invalid} == {Consent.INVALID}
    assert {asset.consent for asset in mended} == {Consent.GRANTED}
    assert len(mended) == 2


async def test_disconnecting_a_configured_device_leaves_it_in_the_home_as_nobodys(
    db: Database,
) -> None:
    before = await adopt(db)
    told = len(await events(db))

    ended = await db.write(lambda c: consents.disconnect(c, "ada", "ACME", None, LATER))
    after = await adopt(db)

    assert set(ended.gone) == {asset.id for asset in before.values()}
    assert {a.id for a in ended.left} == {a.id for a in after.values()}
    assert {a.id for a in ended.left}.isdisjoint(ended.gone)
    assert {a.slug for a in ended.left} == {a.slug for a in before.values()}
    assert {a.consent for a in after.values()} == {Consent.NONE}
    assert ended.devices == []
    assert sorted(name for name, _, _ in (await events(db))[told:]) == [
        "user:battery:deleted",
        "user:inverter:deleted",
    ]


async def test_disconnecting_one_kind_keeps_the_others(db: Database) -> None:
    before = await link(db)

    ended = await db.write(
        lambda c: consents.disconnect(c, "ada", "ACME", AssetKind.BATTERY, LATER)
    )

    kept = await db.read(lambda c: assets.get(c, before["inverter"].id))
    assert ended.gone == [before["battery"].id]
    assert kept == before["inverter"]
    assert await db.read(linked_devices.load) != []


async def test_a_linked_device_goes_with_its_last_kind(db: Database) -> None:
    await link(db)

    await db.write(lambda c: consents.disconnect(c, "ada", "ACME", AssetKind.BATTERY, LATER))
    ended = await db.write(
        lambda c: consents.disconnect(c, "ada", "ACME", AssetKind.INVERTER, LATER)
    )

    assert ended.devices == ["acme"]
    assert ended.left == []
    assert await db.read(linked_devices.load) == []
    assert await db.read(assets.load) == []


@pytest.mark.parametrize(
    ("user_id", "vendor", "kind"),
    [
        ("ada", "OTHER", None),
        ("bob", "ACME", None),
        ("ada", "ACME", AssetKind.CHARGER),
        (users.NOBODY, "ACME", None),
    ],
)
async def test_what_is_not_linked_cannot_be_disconnected(
    db: Database, user_id: str, vendor: str, kind: AssetKind | None
) -> None:
    await adopt(db)

    with pytest.raises(NotFoundError):
        await db.write(lambda c: consents.disconnect(c, user_id, vendor, kind, LATER))


async def test_nothing_of_an_erased_user_is_left(db: Database) -> None:
    await db.write(lambda c: users.ensure(c, "ada", NOW))
    home = await db.write(
        lambda c: locations.ensure_home(c, "ada", "Home", 0, 0, "Europe/Oslo", NOW)
    )
    await adopt(db, DeviceRecord("roof", "ada", location_id=home.id))
    await link(db)
    wanted = links.Wanted("ada", "client", BOTH, "en-US", "system", "app://x")
    await db.write(lambda c: links.start(c, wanted, NOW))

    await db.write(lambda c: consents.erase(c, "ada", LATER))

    def left(c: sqlite3.Connection) -> dict[str, int]:
        tables = consents._tables_with(c, "user_id") - {"outbox", "told_assets"}
        return {
            table: c.execute(f"SELECT count(*) FROM {table} WHERE user_id = 'ada'").fetchone()[0]
            for table in tables
        }

    counts = await db.read(left)
    assert {"locations", "link_sessions", "grants", "actions", "assets"} <= counts.keys()
    assert set(counts.values()) == {0}
    assert await db.read(lambda c: users.get(c, "ada")) is None
    assert await db.read(linked_devices.load) == []


async def test_the_configured_user_does_not_come_back_by_a_restart(db: Database) -> None:
    await db.write(lambda c: users.ensure(c, "ada", NOW))
    await db.write(lambda c: locations.ensure_home(c, "ada", "Home", 0, 0, "UTC", NOW))
    await adopt(db)

    await db.write(lambda c: consents.erase(c, "ada", LATER))
    again = await adopt(db)
    new = await adopt(db, DeviceRecord("shed", "ada"))

    assert await db.read(users.load) == []
    assert await db.read(meta.erased_home_user) == "ada"
    assert {asset.user_id for asset in [*again.values(), *new.values()]} == {users.NOBODY}


async def test_connections_are_users_and_vendors(db: Database) -> None:
    await adopt(db)
    await link(db)
    assert await db.read(consents.connections) == 1

    await db.write(lambda c: users.ensure(c, "bob", NOW))
    await db.write(lambda c: consents.give(c, "roof", KINDS, "bob", BOTH, NOW))
    assert await db.read(consents.connections) == 2

    await db.write(lambda c: consents.disconnect(c, "bob", "ACME", None, LATER))
    assert await db.read(consents.connections) == 1
