"""Assets and the ids they keep for life."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from gatewayd.model.asset import Asset, Identity, MeterUsage


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
    raise NotImplementedError


def get(c: sqlite3.Connection, asset_id: str) -> Asset | None:
    """One asset."""
    raise NotImplementedError


def adopt(
    c: sqlite3.Connection, device: DeviceRecord, identity: Identity, now: datetime
) -> list[Asset]:
    """The assets of a device that has said who it is; known ones keep id, slug and location.

    New ones are announced in the outbox (`user:<kind>:discovered`). The user must exist.
    """
    raise NotImplementedError


def set_location(
    c: sqlite3.Connection, asset_id: str, location_id: str | None, now: datetime
) -> Asset:
    """Attach an asset to a location, or detach it. Raises NotFoundError for either."""
    raise NotImplementedError
