"""Assets and the ids they keep for life."""

import json
import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from gatewayd.errors import NotFoundError
from gatewayd.model.asset import Asset, AssetKind, Identity, MeterUsage, Role
from gatewayd.state import locations, outbox, users
from gatewayd.state.codec import json_text, role_of, role_text, time_of, time_text

log = logging.getLogger(__name__)

# The columns are named as the fields of Asset.
_SELECT = "SELECT * FROM assets"

_INSERT = """
    INSERT INTO assets (id, device_id, role, slug, user_id, vendor, brand, model, spec, created_at,
        serial, firmware, name, usage, installed_at, location_id, location_updated_at,
        is_writable, scopes)
    VALUES (:id, :device_id, :role, :slug, :user_id, :vendor, :brand, :model, :spec, :now,
        :serial, :firmware, :name, :usage, :installed_at, :location_id,
        iif(:location_id IS NULL, NULL, :now), :is_writable, :scopes)
"""

_UPDATE = """
    UPDATE assets SET user_id = :user_id, vendor = :vendor, brand = :brand, model = :model,
        spec = :spec, serial = coalesce(:serial, serial), firmware = :firmware, name = :name,
        usage = :usage, installed_at = :installed_at, is_writable = :is_writable, scopes = :scopes
    WHERE device_id = :device_id AND role = :role
"""


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """What the configuration says of a device.

    `location_id` is where its assets start; a later `set_location` wins over it.
    """

    id: str
    user_id: str
    name: str | None = None
    usage: MeterUsage | None = None
    installed_at: datetime | None = None
    location_id: str | None = None
    is_writable: bool = True
    scopes: tuple[str, ...] = ()


def load(c: sqlite3.Connection) -> list[Asset]:
    """All assets ever adopted, oldest first, also those of devices no longer configured."""
    return [_asset(row) for row in c.execute(f"{_SELECT} ORDER BY created_at, id")]


def get(c: sqlite3.Connection, asset_id: str) -> Asset | None:
    """One asset."""
    row = c.execute(f"{_SELECT} WHERE id = ?", (asset_id,)).fetchone()
    return _asset(row) if row else None


def adopt(
    c: sqlite3.Connection, device: DeviceRecord, identity: Identity, now: datetime
) -> list[Asset]:
    """The assets of a device that has said who it is; known ones keep id, slug and location.

    New ones are announced in the outbox (`user:<kind>:discovered`). Another serial number than
    before is taken over, and logged as a warning: it may be another device at this address.
    """
    users.ensure(c, device.user_id, now)
    known = _of_device(c, device.id)
    _warn_of_another_serial(device.id, known, identity)
    for role, spec in identity.roles.items():
        row = _row(device, identity, role, spec)
        if role in known:
            c.execute(_UPDATE, row)
        else:
            _insert(c, device, identity, row, now)
    adopted = _of_device(c, device.id)
    return [adopted[role] for role in identity.roles]


def set_location(
    c: sqlite3.Connection, asset_id: str, location_id: str | None, now: datetime
) -> Asset:
    """Attach an asset to a location, or detach it. Raises NotFoundError for either."""
    if location_id is not None and locations.get(c, location_id) is None:
        raise NotFoundError(f"Could not find location with ID {location_id}")
    c.execute(
        "UPDATE assets SET location_id = ?, location_updated_at = ? WHERE id = ?",
        (location_id, time_text(now), asset_id),
    )
    asset = get(c, asset_id)
    if asset is None:
        raise NotFoundError(f"Could not find asset with ID {asset_id}")
    return asset


def machine_name(brand: str) -> str:
    """Enode's name of a vendor: the brand's letters and digits in upper case."""
    return "".join(letter for letter in brand if letter.isalnum()).upper()


def _insert(
    c: sqlite3.Connection,
    device: DeviceRecord,
    identity: Identity,
    row: dict[str, object],
    now: datetime,
) -> None:
    asset_id, role = str(uuid4()), str(row["role"])
    start = {"id": asset_id, "slug": _slug(c, device.id, role, identity), "now": time_text(now)}
    c.execute(_INSERT, {**row, **start, "location_id": device.location_id})
    event = f"user:{identity.roles[role].kind}:discovered"
    outbox.append(c, event, asset_id, device.user_id, {"assetId": asset_id}, now)


def _row(device: DeviceRecord, identity: Identity, role: str, spec: Role) -> dict[str, object]:
    """The columns that follow the device and the configuration."""
    return {
        "device_id": device.id,
        "role": role,
        "user_id": device.user_id,
        "vendor": machine_name(identity.vendor),
        "brand": identity.vendor,
        "model": identity.model,
        "spec": role_text(spec),
        "serial": identity.serial,
        "firmware": identity.firmware,
        "name": device.name,
        "usage": device.usage if spec.kind is AssetKind.METER else None,
        "installed_at": time_text(device.installed_at),
        "is_writable": device.is_writable,
        "scopes": json_text(device.scopes),
    }


def _slug(c: sqlite3.Connection, device_id: str, role: str, identity: Identity) -> str:
    alone = len(identity.roles) == 1 or role == device_id
    slug = device_id if alone else f"{device_id}_{role}"
    # Two devices `a` and `a_b` can come to the same slug, and two assets may not share topics.
    while c.execute("SELECT 1 FROM assets WHERE slug = ?", (slug,)).fetchone():
        slug += "_2"
    return slug


def _warn_of_another_serial(device_id: str, known: Mapping[str, Asset], identity: Identity) -> None:
    old = next((asset.serial for asset in known.values() if asset.serial), None)
    if old and identity.serial and old != identity.serial:
        log.warning(
            "%s: serial number %s answers where %s was: check that the address is right",
            device_id,
            identity.serial,
            old,
        )


def _of_device(c: sqlite3.Connection, device_id: str) -> dict[str, Asset]:
    found = [_asset(row) for row in c.execute(f"{_SELECT} WHERE device_id = ?", (device_id,))]
    return {asset.role: asset for asset in found}


def _asset(row: sqlite3.Row) -> Asset:
    columns: dict[str, Any] = dict(row)
    return Asset(
        **columns
        | {
            "spec": role_of(columns["spec"]),
            "usage": MeterUsage(columns["usage"]) if columns["usage"] else None,
            "is_writable": bool(columns["is_writable"]),
            "scopes": tuple(json.loads(columns["scopes"])),
            "installed_at": time_of(columns["installed_at"]),
            "location_updated_at": time_of(columns["location_updated_at"]),
            "created_at": time_of(columns["created_at"]),
        }
    )
