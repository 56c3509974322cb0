"""Locations of users."""

import sqlite3
from datetime import datetime
from typing import Any
from uuid import uuid4

from gatewayd.model.location import Location
from gatewayd.state.codec import time_of, time_text

_SELECT = "SELECT id, user_id, name, latitude, longitude, timezone, created_at FROM locations"

_UPSERT_HOME = """
    INSERT INTO locations (id, user_id, name, latitude, longitude, timezone, created_at, is_home)
    VALUES (?, ?, ?, ?, ?, ?, ?, 1)
    ON CONFLICT (user_id) WHERE is_home DO UPDATE SET
        name = excluded.name, latitude = excluded.latitude,
        longitude = excluded.longitude, timezone = excluded.timezone
"""


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


def _location(row: sqlite3.Row) -> Location:
    columns: dict[str, Any] = dict(row)
    return Location(**columns | {"created_at": time_of(columns["created_at"])})
