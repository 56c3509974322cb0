"""Users: whoever the assets belong to."""

import sqlite3
from datetime import datetime

from gatewayd.model.location import User
from gatewayd.state.codec import time_of, time_text

# Owns what nobody has linked, and is shown to nobody.
NOBODY = ""


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
    rows = c.execute(
        "SELECT id, created_at FROM users WHERE id != ? ORDER BY created_at, id", (NOBODY,)
    )
    return [User(user_id, time_of(created_at)) for user_id, created_at in rows]


def get(c: sqlite3.Connection, user_id: str) -> User | None:
    """One user."""
    row = c.execute(
        "SELECT id, created_at FROM users WHERE id = ? AND id != ?", (user_id, NOBODY)
    ).fetchone()
    return User(row[0], time_of(row[1])) if row else None


def deauthorise(c: sqlite3.Connection, user_id: str, now: datetime) -> None:
    """Tell no more events of a user, until `authorise`."""
    c.execute("UPDATE users SET deauthorised_at = ? WHERE id = ?", (time_text(now), user_id))


def authorise(c: sqlite3.Connection, user_id: str) -> None:
    """Tell events of a user again."""
    c.execute("UPDATE users SET deauthorised_at = NULL WHERE id = ?", (user_id,))


def is_authorised(c: sqlite3.Connection, user_id: str) -> bool:
    """Whether events may be told of a user; of one who is gone as well, but not of NOBODY."""
    if user_id == NOBODY:
        return False
    row = c.execute("SELECT deauthorised_at FROM users WHERE id = ?", (user_id,)).fetchone()
    return row is None or row[0] is None
