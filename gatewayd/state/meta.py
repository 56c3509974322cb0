"""Facts about this gateway itself."""

import sqlite3
from datetime import datetime


def gateway_id(c: sqlite3.Connection) -> str:
    """This gateway's uuid4, made at the first call and kept."""
    raise NotImplementedError


def mark_time(c: sqlite3.Connection, now: datetime) -> None:
    """Remember the latest time ever seen; it never goes back."""
    raise NotImplementedError


def latest_time(c: sqlite3.Connection) -> datetime | None:
    """The latest time ever marked: the real time cannot be earlier."""
    raise NotImplementedError
