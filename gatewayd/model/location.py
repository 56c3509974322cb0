"""Locations and users, with Enode's meaning."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Location:
    """A place of a user. `timezone` is an IANA name; schedules and tariffs run in it."""

    id: str
    user_id: str
    name: str
    latitude: float
    longitude: float
    timezone: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class User:
    """Whoever the assets belong to; the id is chosen by the caller."""

    id: str
    created_at: datetime
