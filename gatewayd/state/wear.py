"""Writes to memory of devices that wears out, of the last 24 hours."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from gatewayd.state.codec import time_of, time_text


def note(
    c: sqlite3.Connection, device_id: str, places: Iterable[str], at: datetime, since: datetime
) -> None:
    """They are being written; what is older than `since` is forgotten, of all devices."""
    c.execute("DELETE FROM wear WHERE at < ?", (time_text(since),))
    rows = [(device_id, place, time_text(at)) for place in places]
    c.executemany("INSERT INTO wear (device_id, place, at) VALUES (?, ?, ?)", rows)


def of(c: sqlite3.Connection, device_id: str) -> list[tuple[str, datetime]]:
    """Places of a device and when they were written, the oldest first."""
    rows = c.execute("SELECT place, at FROM wear WHERE device_id = ? ORDER BY at", (device_id,))
    return [(place, time_of(at)) for place, at in rows]
