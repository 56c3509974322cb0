"""Devices that came by a link session, beside those of the configuration."""

import json
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gatewayd.state.codec import json_text, time_of, time_text

_SELECT = "SELECT id, driver, options, name, created_at FROM linked_devices"
# What the configuration allows for an id.
_ID_LENGTH = 32


@dataclass(frozen=True, slots=True)
class LinkedDevice:
    """`options` are texts as typed, for the driver's options model; they may hold a password."""

    id: str
    driver: str
    options: Mapping[str, str] = field(repr=False)
    name: str | None
    created_at: datetime


def add(
    c: sqlite3.Connection,
    driver: str,
    options: Mapping[str, str],
    configured: Collection[str],
    now: datetime,
) -> LinkedDevice:
    """A new device; its id is the driver's name, with a number when a device has or had that."""
    rows = c.execute("SELECT id FROM linked_devices UNION SELECT device_id FROM assets")
    device_id = _free_id(driver, {*configured, *(known for (known,) in rows)})
    c.execute(
        "INSERT INTO linked_devices (id, driver, options, created_at) VALUES (?, ?, ?, ?)",
        (device_id, driver, json_text(dict(options)), time_text(now)),
    )
    return LinkedDevice(device_id, driver, dict(options), None, now)


def load(c: sqlite3.Connection) -> list[LinkedDevice]:
    """All of them, oldest first."""
    return [_device(row) for row in c.execute(f"{_SELECT} ORDER BY created_at, id")]


def get(c: sqlite3.Connection, device_id: str) -> LinkedDevice | None:
    """One device; None also for a configured one."""
    row = c.execute(f"{_SELECT} WHERE id = ?", (device_id,)).fetchone()
    return _device(row) if row else None


def change(c: sqlite3.Connection, device_id: str, options: Mapping[str, str]) -> None:
    """Reach a device by other options from now on."""
    c.execute(
        "UPDATE linked_devices SET options = ? WHERE id = ?",
        (json_text(dict(options)), device_id),
    )


def remove(c: sqlite3.Connection, device_id: str) -> None:
    """Forget a device and how it was reached."""
    c.execute("DELETE FROM linked_devices WHERE id = ?", (device_id,))


def _free_id(driver: str, taken: Collection[str]) -> str:
    device_id, number = driver[:_ID_LENGTH], 1
    while device_id in taken:
        number += 1
        end = f"_{number}"
        device_id = driver[: _ID_LENGTH - len(end)] + end
    return device_id


def _device(row: sqlite3.Row) -> LinkedDevice:
    device_id, driver, options, name, created_at = row
    return LinkedDevice(device_id, driver, json.loads(options), name, time_of(created_at))
