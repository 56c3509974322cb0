"""Locations of users."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from gatewayd.errors import NotFoundError
from gatewayd.model.location import Location
from gatewayd.state import meta, users
from gatewayd.state.codec import time_of, time_text

_SELECT = "SELECT id, user_id, name, latitude, longitude, timezone, created_at FROM locations"

_UPSERT_HOME = """
    INSERT INTO locations (id, user_id, name, latitude, longitude, timezone, created_at, is_home)
    VALUES (?, ?, ?, ?, ?, ?, ?, 1)
    ON CONFLICT (user_id) WHERE is_home DO UPDATE SET
        name = excluded.name, latitude = excluded.latitude,
        longitude = excluded.longitude, timezone = excluded.timezone
"""

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


def ensure_home(
    c: sqlite3.Connection,
    user_id: str,
    name: str,
    latitude: float,
    longitude: float,
    timezone: str,
    now: datetime,
) -> Location:
    """The user's home as configured; its id stays when name, place or zone change."""
    home = (str(uuid4()), user_id, name, latitude, longitude, timezone, time_text(now))
    c.execute(_UPSERT_HOME, home)
    return _location(c.execute(f"{_SELECT} WHERE user_id = ? AND is_home", (user_id,)).fetchone())


def configured_home(
    c: sqlite3.Connection,
    user_id: str,
    name: str,
    latitude: float,
    longitude: float,
    timezone: str,
    now: datetime,
) -> Location | None:
    """The home as configured, and its user, created when they are new.

    None when somebody erased the user or deleted the home: a restart brings neither back.
    """
    if meta.erased_home_user(c) == user_id:
        return None
    users.ensure(c, user_id, now)
    if meta.removed_home(c) == user_id:
        return None
    return ensure_home(c, user_id, name, latitude, longitude, timezone, now)


def load(c: sqlite3.Connection, user_id: str | None = None) -> list[Location]:
    """All locations, or those of one user, oldest first."""
    rows = c.execute(
        f"{_SELECT} WHERE user_id = coalesce(?, user_id) ORDER BY created_at, id", (user_id,)
    )
    return [_location(row) for row in rows]


def get(c: sqlite3.Connection, location_id: str) -> Location | None:
    """One location."""
    row = c.execute(f"{_SELECT} WHERE id = ?", (location_id,)).fetchone()
    return _location(row) if row else None


def known(c: sqlite3.Connection, location_id: str, user_id: str | None = None) -> Location:
    """One location, of this user if one is given. Raises NotFoundError."""
    found = get(c, location_id)
    if found is None or user_id not in (None, found.user_id):
        raise NotFoundError(f"Could not find location with ID {location_id}")
    return found


def add(
    c: sqlite3.Connection, user_id: str, values: Mapping[str, object], now: datetime
) -> Location:
    """A new location of a user who exists. `values` are name, latitude, longitude and timezone."""
    location_id = str(uuid4())
    row = {"id": location_id, "user_id": user_id, "created_at": time_text(now)}
    c.execute(_INSERT, {**values, **row})
    return known(c, location_id)


def change(c: sqlite3.Connection, location_id: str, values: Mapping[str, object]) -> Location:
    """Replace some of the values that `add` takes. Raises NotFoundError."""
    c.execute(_UPDATE, {**_UNCHANGED, **values, "id": location_id})
    return known(c, location_id)


def remove(c: sqlite3.Connection, location_id: str) -> Location:
    """Delete a location at which no asset is. Raises NotFoundError.

    That of the configuration stays away too, whatever the next start reads there.
    """
    gone = known(c, location_id)
    if home_of(c, gone.user_id) == gone:
        meta.mark_home_removed(c, gone.user_id)
    c.execute("DELETE FROM locations WHERE id = ?", (location_id,))
    return gone


def home_of(c: sqlite3.Connection, user_id: str) -> Location | None:
    """The user's home as configured."""
    row = c.execute(f"{_SELECT} WHERE user_id = ? AND is_home", (user_id,)).fetchone()
    return _location(row) if row else None


def _location(row: sqlite3.Row) -> Location:
    columns: dict[str, Any] = dict(row)
    return Location(**columns | {"created_at": time_of(columns["created_at"])})
