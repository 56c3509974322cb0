"""Users: whoever the assets belong to."""

import sqlite3
from datetime import datetime

from gatewayd.model.location import User


def ensure(c: sqlite3.Connection, user_id: str, now: datetime) -> User:
    """The user, created when it does not exist yet."""
    raise NotImplementedError


def load(c: sqlite3.Connection) -> list[User]:
    """All users, oldest first."""
    raise NotImplementedError


def get(c: sqlite3.Connection, user_id: str) -> User | None:
    """One user."""
    raise NotImplementedError
