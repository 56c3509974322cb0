"""Consent given, taken back and ended: grants, assets and events changed together.

What ends here is only what API clients see. A configured device stays in the home, its assets
under new ids that nobody has linked.
"""

import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from gatewayd.errors import NotFoundError
from gatewayd.model.asset import Asset, AssetKind, Consent
from gatewayd.state import (
    assets,
    givens,
    grants,
    linked_devices,
    links,
    locations,
    meta,
    outbox,
    users,
)
from gatewayd.state.codec import json_text, time_text
from gatewayd.state.grants import NOBODYS, Grant

_SETTLE = """
    UPDATE assets SET user_id = :user_id, scopes = :scopes, consent = :consent,
        location_id = iif(user_id = :user_id, location_id, NULL),
        location_updated_at = iif(user_id = :user_id, location_updated_at, NULL)
    WHERE id = :id
"""

# The events that tell of the end are told after it; the rest of what is kept is the home's own.
_KEPT = frozenset({"assets", "outbox", "told_assets"})
# How rooms call the asset that a row is about. An action is kept: it has to be seen to its end.
_ABOUT = ("asset_id", "target_id", "vehicle_id")
_KEPT_OF_ASSET = _KEPT | {"actions"}


@dataclass
class Ended:
    """What a disconnection did: assets that are gone, those that came in their place, and
    linked devices that are to be polled no more."""

    gone: list[str] = field(default_factory=list)
    left: list[Asset] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)


def give(
    c: sqlite3.Connection,
    device_id: str,
    kinds: Collection[AssetKind],
    user_id: str,
    scopes: Iterable[str],
    now: datetime,
) -> list[Asset]:
    """Let clients use a device's assets of these kinds, for a user; returns those there are.

    Assets keep their ids; one that was another user's is told as deleted and discovered.
    """
    scopes = tuple(scopes)
    users.authorise(c, user_id)
    for kind in kinds:
        grant = Grant(user_id, grants.within(scopes, kind))
        grants.put(c, device_id, kind, grant, now)
    return [
        _settle(c, asset, Grant(user_id, grants.within(scopes, asset.kind)), now)
        for asset in assets.of_device(c, device_id)
        if asset.kind in kinds
    ]


def withdraw(c: sqlite3.Connection, user_id: str, now: datetime) -> list[Asset]:
    """Take a user's authorisation back; everything is kept. Returns the assets concerned."""
    users.deauthorise(c, user_id, now)
    links.end_all(c, user_id, now)
    return [
        _agree(c, asset, Consent.WITHDRAWN, now)
        for asset in assets.of_user(c, user_id)
        if asset.consent is not Consent.NONE
    ]


def invalidate(c: sqlite3.Connection, device_id: str, now: datetime) -> list[Asset]:
    """The device refuses its login: its assets can do nothing until it is linked again."""
    found = [a for a in assets.of_device(c, device_id) if a.consent is Consent.GRANTED]
    for user_id, vendor in sorted({(asset.user_id, asset.vendor) for asset in found}):
        event = "user:credentials:invalidated"
        outbox.append(c, event, device_id, user_id, {"machineName": vendor}, now)
    return [_agree(c, asset, Consent.INVALID, now) for asset in found]


def validate(c: sqlite3.Connection, device_id: str, now: datetime) -> list[Asset]:
    """The device takes its login again."""
    return [
        _agree(c, asset, Consent.GRANTED, now)
        for asset in assets.of_device(c, device_id)
        if asset.consent is Consent.INVALID
    ]


def disconnect(
    c: sqlite3.Connection, user_id: str, vendor: str, kind: AssetKind | None, now: datetime
) -> Ended:
    """End a user's assets of a vendor, all or of one kind. Raises NotFoundError for none."""
    found = [
        asset
        for asset in assets.of_user(c, user_id)
        if asset.vendor == vendor and kind in (None, asset.kind)
    ]
    if not found:
        of_kind = f" for {kind}" if kind else ""
        raise NotFoundError(f"User {user_id} has not linked {vendor}{of_kind}")
    return _end(c, found, now)


def erase(c: sqlite3.Connection, user_id: str, now: datetime) -> Ended:
    """Remove a user and all that is the user's. Its assets are told as deleted before."""
    # Rows refer to each other across tables; what counts is that nothing dangles at the commit.
    c.execute("PRAGMA defer_foreign_keys = ON")
    ended = _end(c, assets.of_user(c, user_id), now)
    if locations.home_of(c, user_id) or meta.removed_home(c) == user_id:
        meta.mark_erased(c, user_id)
    for table in _tables_with(c, "user_id") - _KEPT:
        c.execute(f"DELETE FROM {table} WHERE user_id = ?", (user_id,))  # noqa: S608
    c.execute("DELETE FROM users WHERE id = ?", (user_id,))
    return ended


def connections(c: sqlite3.Connection) -> int:
    """How many users are linked with how many vendors."""
    (count,) = c.execute(
        "SELECT count(DISTINCT user_id || char(0) || vendor) FROM assets WHERE consent != ?",
        (Consent.NONE,),
    ).fetchone()
    return int(count)


def _settle(c: sqlite3.Connection, asset: Asset, grant: Grant, now: datetime) -> Asset:
    """The asset under another grant, with the events of its coming and going."""
    was_shown = asset.consent is not Consent.NONE
    is_moved = asset.user_id != grant.user_id
    if is_moved:
        _forget_wishes(c, asset.id)
    if was_shown and is_moved:
        assets.announce(c, "deleted", asset.kind, asset.id, asset.user_id, now)
    c.execute(_SETTLE, _columns(grant) | {"id": asset.id})
    if is_moved or not was_shown:
        assets.announce(c, "discovered", asset.kind, asset.id, grant.user_id, now)
    return _known(c, asset.id)


def _agree(c: sqlite3.Connection, asset: Asset, consent: Consent, now: datetime) -> Asset:
    grant = Grant(asset.user_id, asset.scopes, consent)
    grants.put(c, asset.device_id, asset.kind, grant, now)
    c.execute(_SETTLE, _columns(grant) | {"id": asset.id})
    return _known(c, asset.id)


def _end(c: sqlite3.Connection, found: Iterable[Asset], now: datetime) -> Ended:
    ended = Ended()
    givens.erase(c)
    for asset in found:
        assets.announce(c, "deleted", asset.kind, asset.id, asset.user_id, now)
        grants.put(c, asset.device_id, asset.kind, NOBODYS, now)
        _forget_wishes(c, asset.id)
        ended.gone.append(asset.id)
        ended.left.append(_succeed(c, asset, now))
    for device_id in sorted({asset.device_id for asset in ended.left}):
        _remove_if_unused(c, device_id, ended)
    return ended


def _succeed(c: sqlite3.Connection, asset: Asset, now: datetime) -> Asset:
    """What stays of a device's role in the home: the same under a new id, nobody's."""
    row = dict(c.execute("SELECT * FROM assets WHERE id = ?", (asset.id,)).fetchone())
    c.execute("DELETE FROM assets WHERE id = ?", (asset.id,))
    fresh = {"id": str(uuid4()), "created_at": time_text(now)}
    places = {"location_id": None, "location_updated_at": None}
    row |= _columns(NOBODYS) | fresh | places
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    c.execute(f"INSERT INTO assets ({names}) VALUES ({marks})", row)  # noqa: S608
    return _known(c, fresh["id"])


def _remove_if_unused(c: sqlite3.Connection, device_id: str, ended: Ended) -> None:
    """A linked device of which nobody has linked anything any more is forgotten."""
    there = assets.of_device(c, device_id)
    if linked_devices.get(c, device_id) is None:
        return
    if any(asset.consent is not Consent.NONE for asset in there):
        return
    linked_devices.remove(c, device_id)
    grants.drop(c, device_id)
    c.execute("DELETE FROM assets WHERE device_id = ?", (device_id,))
    ended.left = [asset for asset in ended.left if asset.device_id != device_id]
    ended.gone += [asset.id for asset in there]
    ended.devices.append(device_id)


def _forget_wishes(c: sqlite3.Connection, asset_id: str) -> None:
    """Remove what a user wanted of an asset: schedules, smart charging and the like."""
    for column in _ABOUT:
        for table in _tables_with(c, column) - _KEPT_OF_ASSET:
            c.execute(f"DELETE FROM {table} WHERE {column} = ?", (asset_id,))  # noqa: S608


def _tables_with(c: sqlite3.Connection, column: str) -> frozenset[str]:
    """Every table with a column of this name, whichever room it belongs to."""
    rows = c.execute(
        "SELECT m.name FROM sqlite_master m, pragma_table_info(m.name) p"
        " WHERE m.type = 'table' AND p.name = ?",
        (column,),
    )
    return frozenset(name for (name,) in rows)


def _columns(grant: Grant) -> dict[str, object]:
    return {
        "user_id": grant.user_id,
        "scopes": json_text(grant.scopes),
        "consent": grant.consent,
    }


def _known(c: sqlite3.Connection, asset_id: str) -> Asset:
    asset = assets.get(c, asset_id)
    if asset is None:
        raise NotFoundError(f"Could not find asset with ID {asset_id}")
    return asset
