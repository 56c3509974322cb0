"""Users: whoever the assets belong to."""

import sqlite3
from datetime import datetime

from gatewayd.model.location import User
from gatewayd.state.codec import time_of, time_text


def ensure(c: sqlite3.Connection, user_id: str, now: datetime) -> User:
    """The user, created when it does not exist yet."""
    c.execute(
        "INSERT INTO users (id, created_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (user_id, time_text(now)),
    )
    (created_at,) = c.execute("SELECT created_at FROM users WHERE id = ?", (user_id,)).fetchone()
    return User(user_id, time_of(created_at))


def load(c: sqlite3.Connection) -> list[User]:
    """All users, oldest first."""
    rows = c.execute("SELECT id, created_at FROM users ORDER BY created_at, id")
    return [User(user_id, time_of(created_at)) for user_id, created_at in rows]


def get(c: sqlite3.Connection, user_id: str) -> User | None:
    """One user."""
    row = c.execute("SELECT id, created_at FROM users WHERE id = ?", (user_id,)).fetchone()
    return User(row[0], time_of(row[1])) if row else None
