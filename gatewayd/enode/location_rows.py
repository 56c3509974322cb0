"""The changes a client can make to locations, as functions on the database's connection."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

from gatewayd.enode import missing
from gatewayd.model.asset import Asset
from gatewayd.model.location import Location
from gatewayd.state import assets, locations, users
from gatewayd.state.codec import time_text

_INSERT = """
    INSERT INTO locations (id, user_id, name, latitude, longitude, timezone, created_at)
    VALUES (:id, :user_id, :name, :latitude, :longitude, :timezone, :created_at)
"""

_UPDATE = """
    UPDATE locations SET name = coalesce(:name, name), latitude = coalesce(:latitude, latitude),
        longitude = coalesce(:longitude, longitude), timezone = coalesce(:timezone, timezone)
    WHERE id = :id
"""
_UNCHANGED = {"name": None, "latitude": None, "longitude": None, "timezone": None}


def known(c: sqlite3.Connection, location_id: str) -> Location:
    """A location; raises NotFoundError."""
    found = locations.get(c, location_id)
    if found is None:
        raise missing.location(location_id)
    return found


def add(
    c: sqlite3.Connection, user_id: str, values: Mapping[str, object], now: datetime
) -> Location:
    """A new location of a user; raises NotFoundError for the user."""
    if users.get(c, user_id) is None:
        raise missing.user(user_id)
    location_id = str(uuid4())
    row = {"id": location_id, "user_id": user_id, "created_at": time_text(now)}
    c.execute(_INSERT, {**values, **row})
    return known(c, location_id)


def change(c: sqlite3.Connection, location_id: str, values: Mapping[str, object]) -> Location:
    """The location with some of its values replaced; raises NotFoundError."""
    c.execute(_UPDATE, {**_UNCHANGED, **values, "id": location_id})
    return known(c, location_id)


def remove(c: sqlite3.Connection, location_id: str, now: datetime) -> tuple[Location, list[Asset]]:
    """The location that is gone, and the assets that were there; raises NotFoundError."""
    gone = known(c, location_id)
    rows = c.execute("SELECT id FROM assets WHERE location_id = ?", (location_id,)).fetchall()
    detached = [assets.set_location(c, asset_id, None, now) for (asset_id,) in rows]
    c.execute("DELETE FROM locations WHERE id = ?", (location_id,))
    return gone, detached


def attach(c: sqlite3.Connection, asset: Asset, location_id: str | None, now: datetime) -> Asset:
    """The asset at a location of its own user, or at none; raises NotFoundError."""
    if location_id is not None and known(c, location_id).user_id != asset.user_id:
        raise missing.location(location_id)
    return assets.set_location(c, asset.id, location_id, now)
