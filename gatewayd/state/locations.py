"""Locations of users."""

import sqlite3
from datetime import datetime

from gatewayd.model.location import Location


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
    raise NotImplementedError


def load(c: sqlite3.Connection, user_id: str | None = None) -> list[Location]:
    """All locations, or those of one user, oldest first."""
    raise NotImplementedError


def get(c: sqlite3.Connection, location_id: str) -> Location | None:
    """One location."""
    raise NotImplementedError
