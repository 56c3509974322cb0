"""Assets and the ids they keep for life."""

import json
import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from gatewayd.errors import NotFoundError
from gatewayd.model.asset import Asset, AssetKind, Consent, Identity, MeterUsage, Role, Usages
from gatewayd.state import grants, locations, outbox, users
from gatewayd.state.codec import json_text, role_of, role_text, time_of, time_text
from gatewayd.state.grants import Grant

log = logging.getLogger(__name__)

# The columns are named as the fields of Asset.
_SELECT = "SELECT * FROM assets"

_INSERT = """
    INSERT INTO assets (id, device_id, role, slug, user_id, vendor, brand, model, spec, created_at,
        serial, firmware, name, usage, installed_at, location_id, location_updated_at,
        is_writable, scopes, consent)
    VALUES (:id, :device_id, :role, :slug, :user_id, :vendor, :brand, :model, :spec, :now,
        :serial, :firmware, :name, :usage, :installed_at, :location_id,
        iif(:location_id IS NULL, NULL, :now), :is_writable, :scopes, :consent)
"""

_UPDATE = """
    UPDATE assets SET user_id = :user_id, vendor = :vendor, brand = :brand, model = :model,
        spec = :spec, serial = coalesce(:serial, serial), firmware = :firmware, name = :name,
        usage = :usage, installed_at = :installed_at, is_writable = :is_writable, scopes = :scopes,
        consent = :consent
    WHERE device_id = :device_id AND role = :role
"""


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """What the configuration says of a device; where something was granted, that wins.

    `location_id` is where its assets start, if it is their user's; a later `set_location` wins
    over it.
    """

    id: str
    user_id: str
    name: str | None = None
    usages: Usages = field(default_factory=Usages)
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

    New ones are announced in the outbox (`user:<kind>:discovered`), unless nobody has linked
    them. Another serial number than before is taken over, and logged as a warning: it may be
    another device at this address.
    """
    known = _by_role(c, device.id)
    _warn_of_another_serial(device.id, known, identity)
    for role, spec in identity.roles.items():
        grant = grants.of(c, device.id, spec.kind, Grant(device.user_id, device.scopes))
        users.ensure(c, grant.user_id, now)
        row = _row(device, grant, identity, role, spec)
        if role in known:
            c.execute(_UPDATE, row)
        else:
            _insert(c, device, identity, row, now)
    adopted = _by_role(c, device.id)
    return [adopted[role] for role in identity.roles]


def of_device(c: sqlite3.Connection, device_id: str) -> list[Asset]:
    """The assets of a device, oldest first."""
    rows = c.execute(f"{_SELECT} WHERE device_id = ? ORDER BY created_at, id", (device_id,))
    return [_asset(row) for row in rows]


def of_user(c: sqlite3.Connection, user_id: str) -> list[Asset]:
    """The assets of a user, oldest first."""
    rows = c.execute(f"{_SELECT} WHERE user_id = ? ORDER BY created_at, id", (user_id,))
    return [_asset(row) for row in rows]


def set_location(
    c: sqlite3.Connection, asset_id: str, location_id: str | None, now: datetime
) -> Asset:
    """Attach an asset to a location, or detach it. Raises NotFoundError for either."""
    if location_id is not None:
        locations.known(c, location_id)
    c.execute(
        "UPDATE assets SET location_id = ?, location_updated_at = ? WHERE id = ?",
        (location_id, time_text(now), asset_id),
    )
    asset = get(c, asset_id)
    if asset is None:
        raise NotFoundError(f"Could not find asset with ID {asset_id}")
    return asset


def detach(c: sqlite3.Connection, location_id: str, now: datetime) -> list[Asset]:
    """Take away all assets that are at a location; returns them."""
    rows = c.execute("SELECT id FROM assets WHERE location_id = ?", (location_id,)).fetchall()
    return [set_location(c, asset_id, None, now) for (asset_id,) in rows]


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
    user_id = str(row["user_id"])
    place_id = _own_location(c, device.location_id, user_id)
    c.execute(_INSERT, {**row, **start, "location_id": place_id})
    if row["consent"] is not Consent.NONE:
        announce(c, "discovered", identity.roles[role].kind, asset_id, user_id, now)


def announce(
    c: sqlite3.Connection, what: str, kind: AssetKind, asset_id: str, user_id: str, now: datetime
) -> None:
    """Tell in the outbox that an asset was `discovered` or `deleted`."""
    outbox.append(c, f"user:{kind}:{what}", asset_id, user_id, {"assetId": asset_id}, now)


def _own_location(c: sqlite3.Connection, location_id: str | None, user_id: str) -> str | None:
    """The location, if it still exists and is the user's."""
    place = locations.get(c, location_id) if location_id else None
    return location_id if place and place.user_id == user_id else None


def _row(
    device: DeviceRecord, grant: Grant, identity: Identity, role: str, spec: Role
) -> dict[str, object]:
    """The columns that follow the device, the configuration and the grant."""
    return {
        "device_id": device.id,
        "role": role,
        "user_id": grant.user_id,
        "vendor": machine_name(identity.vendor),
        "brand": identity.vendor,
        "model": identity.model,
        "spec": role_text(spec),
        "serial": identity.serial,
        "firmware": identity.firmware,
        "name": device.name,
        "usage": _usage(device, identity, role),
        "installed_at": time_text(device.installed_at),
        "is_writable": device.is_writable,
        "scopes": json_text(grant.scopes),
        "consent": grant.consent,
    }


def _usage(device: DeviceRecord, identity: Identity, role: str) -> MeterUsage | None:
    roles = identity.roles.items()
    return device.usages.of(role, [name for name, one in roles if one.kind is AssetKind.METER])


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


def _by_role(c: sqlite3.Connection, device_id: str) -> dict[str, Asset]:
    return {asset.role: asset for asset in of_device(c, device_id)}


def _asset(row: sqlite3.Row) -> Asset:
    columns: dict[str, Any] = dict(row)
    return Asset(
        **columns
        | {
            "spec": role_of(columns["spec"]),
            "usage": MeterUsage(columns["usage"]) if columns["usage"] else None,
            "is_writable": bool(columns["is_writable"]),
            "scopes": tuple(json.loads(columns["scopes"])),
            "consent": Consent(columns["consent"]),
            "installed_at": time_of(columns["installed_at"]),
            "location_updated_at": time_of(columns["location_updated_at"]),
            "created_at": time_of(columns["created_at"]),
        }
    )
