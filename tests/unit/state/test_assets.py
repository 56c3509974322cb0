"""Assets keep their ids, whatever happens to the device."""

import logging
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gatewayd.errors import NotFoundError
from gatewayd.model.asset import (
    Asset,
    AssetKind,
    Capability,
    Identity,
    MeterUsage,
    Role,
    Usages,
)
from gatewayd.state import assets, locations, outbox
from gatewayd.state.assets import DeviceRecord
from gatewayd.state.db import Database
from tests.unit.state.conftest import NOW, adding

LATER = NOW + timedelta(hours=1)

INVERTER = Role(AssetKind.INVERTER, reports=frozenset({"power_w", "energy_wh"}))
BATTERY = Role(
    AssetKind.BATTERY,
    capabilities=frozenset({Capability.SELF_RELIANCE, Capability.TIME_OF_USE}),
    confirm_timeout_s=12.5,
)
CHARGER = Role(AssetKind.CHARGER, min_current_a=6, max_current_a=16)
GRID = MeterUsage.GRID
METER = Role(AssetKind.METER)

HYBRID = Identity(
    "Fronius", "GEN24", {"inverter": INVERTER, "battery": BATTERY}, serial="1", firmware="1.2"
)
DEVICE = DeviceRecord("roof", "ada")


async def adopt(
    db: Database, identity: Identity = HYBRID, device: DeviceRecord = DEVICE
) -> list[Asset]:
    return await db.write(lambda c: assets.adopt(c, device, identity, NOW))


async def events(db: Database) -> list[outbox.OutboxRow]:
    return await db.read(lambda c: outbox.after(c, 0))


async def test_an_adopted_asset_comes_back_exactly(path: Path) -> None:
    device = DeviceRecord(
        "roof",
        "ada",
        name="Südseite",
        usages=Usages(MeterUsage.GRID),
        installed_at=NOW - timedelta(days=400),
        is_writable=False,
        scopes=("battery:read:data",),
    )
    async with Database.open(path) as db:
        adopted = await adopt(db, HYBRID, device)
    async with Database.open(path) as db:
        loaded = await db.read(assets.load)

    assert sorted(loaded, key=lambda asset: asset.role) == sorted(adopted, key=lambda a: a.role)
    inverter, battery = adopted
    assert battery == Asset(
        id=battery.id,
        device_id="roof",
        role="battery",
        slug="roof_battery",
        user_id="ada",
        vendor="FRONIUS",
        brand="Fronius",
        model="GEN24",
        spec=BATTERY,
        created_at=NOW,
        serial="1",
        firmware="1.2",
        name="Südseite",
        installed_at=NOW - timedelta(days=400),
        is_writable=False,
        scopes=("battery:read:data",),
    )
    assert inverter.spec == INVERTER


async def test_the_usage_is_of_the_meter_alone(db: Database) -> None:
    hybrid = replace(HYBRID, roles={**HYBRID.roles, "meter": METER})

    adopted = await adopt(db, hybrid, replace(DEVICE, usages=Usages(MeterUsage.GRID)))

    assert [asset.usage for asset in adopted] == [None, None, MeterUsage.GRID]


@pytest.mark.parametrize(
    ("usages", "found"),
    [
        (Usages(GRID), [GRID, None]),
        (Usages(GRID, {"meter_2": MeterUsage.LOAD}), [GRID, MeterUsage.LOAD]),
        (Usages(None, {"meter_2": GRID, "inverter": MeterUsage.LOAD}), [None, GRID]),
        (Usages(), [None, None]),
    ],
)
async def test_of_several_meters_each_has_a_usage_of_its_own(
    db: Database, usages: Usages, found: list[MeterUsage | None]
) -> None:
    """What two of them measure would add up to what nobody takes from the grid."""
    device = replace(HYBRID, roles={"inverter": INVERTER, "meter": METER, "meter_2": METER})

    adopted = await adopt(db, device, replace(DEVICE, usages=usages))

    assert [asset.usage for asset in adopted] == [None, *found]


async def test_ids_are_uuid4_and_stay_when_the_device_changes(db: Database) -> None:
    before = await adopt(db)
    newer = replace(HYBRID, model="GEN24 Plus", firmware="1.3", roles={"battery": METER})

    (after,) = await adopt(db, newer, replace(DEVICE, name="Roof"))

    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-.{12}", after.id)
    assert after == replace(before[1], model="GEN24 Plus", firmware="1.3", spec=METER, name="Roof")
    assert len(await db.read(assets.load)) == 2


@pytest.mark.parametrize(
    ("device_id", "roles", "slugs"),
    [
        ("wallbox", {"charger": CHARGER}, ["wallbox"]),
        ("roof", {"inverter": INVERTER, "battery": BATTERY}, ["roof_inverter", "roof_battery"]),
        ("inverter", {"inverter": INVERTER, "meter": METER}, ["inverter", "inverter_meter"]),
    ],
)
async def test_slugs_name_the_role_only_where_needed(
    db: Database, device_id: str, roles: dict[str, Role], slugs: list[str]
) -> None:
    adopted = await adopt(db, Identity("X", "Y", roles), DeviceRecord(device_id, "ada"))

    assert [asset.slug for asset in adopted] == slugs


async def test_a_slug_stays_when_a_role_is_added(db: Database) -> None:
    await adopt(db, replace(HYBRID, roles={"inverter": INVERTER}))

    adopted = await adopt(db)

    assert [asset.slug for asset in adopted] == ["roof", "roof_battery"]


async def test_two_assets_never_share_a_slug(db: Database) -> None:
    await adopt(db, Identity("X", "Y", {"meter": METER}), DeviceRecord("roof_battery", "ada"))

    adopted = await adopt(db)

    assert [asset.slug for asset in adopted] == ["roof_inverter", "roof_battery_2"]


async def test_only_new_assets_are_announced(db: Database) -> None:
    (inverter,) = await adopt(db, replace(HYBRID, roles={"inverter": INVERTER}))
    _, battery = await adopt(db)
    await adopt(db)

    assert [(row.event, row.entity_id, row.user_id, row.body) for row in await events(db)] == [
        ("user:inverter:discovered", inverter.id, "ada", {"assetId": inverter.id}),
        ("user:battery:discovered", battery.id, "ada", {"assetId": battery.id}),
    ]


async def test_an_adoption_that_fails_announces_nothing(db: Database) -> None:
    nameless = replace(HYBRID, model=None)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="NOT NULL"):
        await adopt(db, nameless)

    assert await events(db) == []
    assert await db.read(assets.load) == []


async def test_assets_start_only_where_their_user_has_a_location(db: Database) -> None:
    await db.write(adding("bob"))
    others = await db.write(lambda c: locations.ensure_home(c, "bob", "Home", 0, 0, "UTC", NOW))

    for location_id in (others.id, "nowhere"):
        adopted = await adopt(db, HYBRID, replace(DEVICE, location_id=location_id))
        assert {asset.location_id for asset in adopted} == {None}


async def test_another_serial_number_keeps_the_ids_and_is_reported(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    before = await adopt(db)
    assert caplog.records == []

    after = await adopt(db, replace(HYBRID, serial="2"))

    assert [asset.id for asset in after] == [asset.id for asset in before]
    assert {asset.serial for asset in after} == {"2"}
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "serial number 2 answers where 1 was" in caplog.text


async def test_a_device_that_tells_no_serial_number_keeps_the_known_one(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await adopt(db)

    after = await adopt(db, replace(HYBRID, serial=None))

    assert {asset.serial for asset in after} == {"1"}
    assert caplog.records == []


@pytest.mark.parametrize(
    ("brand", "vendor"),
    [("KEBA", "KEBA"), ("Eastron", "EASTRON"), ("go-e", "GOE"), ("Enel X", "ENELX")],
)
def test_a_vendor_is_the_brand_as_a_machine_name(brand: str, vendor: str) -> None:
    assert assets.machine_name(brand) == vendor


async def test_an_asset_is_attached_to_a_location_and_detached(db: Database) -> None:
    asset = (await adopt(db))[0]
    home = await db.write(
        lambda c: locations.ensure_home(c, "ada", "Home", 59.9, 10.7, "Europe/Oslo", NOW)
    )

    attached = await db.write(lambda c: assets.set_location(c, asset.id, home.id, LATER))
    assert attached == replace(asset, location_id=home.id, location_updated_at=LATER)
    assert (await adopt(db))[0] == attached

    detached = await db.write(lambda c: assets.set_location(c, asset.id, None, NOW))
    assert detached == replace(asset, location_id=None, location_updated_at=NOW)


async def test_the_configured_location_is_only_where_an_asset_starts(db: Database) -> None:
    await db.write(adding("ada"))
    home = await db.write(
        lambda c: locations.ensure_home(c, "ada", "Home", 59.9, 10.7, "Europe/Oslo", NOW)
    )
    device = replace(DEVICE, location_id=home.id)

    started = (await adopt(db, HYBRID, device))[0]
    await db.write(lambda c: assets.set_location(c, started.id, None, LATER))
    again = (await adopt(db, HYBRID, device))[0]

    assert (started.location_id, started.location_updated_at) == (home.id, NOW)
    assert (again.location_id, again.location_updated_at) == (None, LATER)


async def test_unknown_assets_and_locations_are_not_found(db: Database) -> None:
    asset = (await adopt(db))[0]

    with pytest.raises(NotFoundError, match="asset"):
        await db.write(lambda c: assets.set_location(c, "nobody", None, NOW))
    with pytest.raises(NotFoundError, match="location"):
        await db.write(lambda c: assets.set_location(c, asset.id, "nowhere", NOW))
    assert await db.read(lambda c: assets.get(c, "nobody")) is None
    assert await db.read(lambda c: assets.get(c, asset.id)) == asset
