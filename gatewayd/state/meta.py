"""Facts about this gateway itself."""

import sqlite3
from datetime import datetime
from uuid import uuid4

from gatewayd.state.codec import time_of, time_text

_GATEWAY_ID = "gateway_id"
_LATEST_TIME = "latest_time"
_ERASED_HOME_USER = "erased_home_user"
_REMOVED_HOME = "removed_home_of"
_FIREHOSE = "firehose_webhook"
_SESSIONS = "charging_sessions"


def gateway_id(c: sqlite3.Connection) -> str:
    """This gateway's uuid4, made at the first call (so call it in a write) and kept."""
    known = _get(c, _GATEWAY_ID)
    if known is not None:
        return known
    made = str(uuid4())
    c.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (_GATEWAY_ID, made))
    return made


def mark_time(c: sqlite3.Connection, now: datetime) -> None:
    """Remember the latest time ever seen; it never goes back."""
    c.execute(
        "INSERT INTO meta (key, value) VALUES (?, ?)"
        " ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
        (_LATEST_TIME, time_text(now)),
    )


def latest_time(c: sqlite3.Connection) -> datetime | None:
    """The latest time ever marked: the real time cannot be earlier."""
    return time_of(_get(c, _LATEST_TIME))


def erased_home_user(c: sqlite3.Connection) -> str | None:
    """The configured user, if that user was erased and has not been linked again since."""
    return _get(c, _ERASED_HOME_USER)


def mark_erased(c: sqlite3.Connection, user_id: str) -> None:
    """Remember that the configured user was erased, so that no restart brings the user back."""
    _put(c, _ERASED_HOME_USER, user_id)
    c.execute("DELETE FROM meta WHERE key = ?", (_REMOVED_HOME,))


def unmark_erased(c: sqlite3.Connection, user_id: str) -> None:
    """The user is there again."""
    c.execute("DELETE FROM meta WHERE key = ? AND value = ?", (_ERASED_HOME_USER, user_id))


def removed_home(c: sqlite3.Connection) -> str | None:
    """The configured user, if the configured location was deleted."""
    return _get(c, _REMOVED_HOME)


def mark_home_removed(c: sqlite3.Connection, user_id: str) -> None:
    """Remember that the configured location was deleted, so that no restart brings it back."""
    _put(c, _REMOVED_HOME, user_id)


def firehose(c: sqlite3.Connection, client_id: str) -> str | None:
    """The id of the webhook that a client made as its only one, before there could be many."""
    return _get(c, f"{_FIREHOSE} {client_id}")


def set_firehose(c: sqlite3.Connection, client_id: str, webhook_id: str) -> None:
    """From now on this webhook is the one."""
    _put(c, f"{_FIREHOSE} {client_id}", webhook_id)


def sessions(c: sqlite3.Connection) -> str | None:
    """What was known of cars and their sessions, as it was written."""
    return _get(c, _SESSIONS)


def keep_sessions(c: sqlite3.Connection, text: str) -> None:
    """Instead of what was known before."""
    _put(c, _SESSIONS, text)


def _put(c: sqlite3.Connection, key: str, value: str) -> None:
    c.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))


def _get(c: sqlite3.Connection, key: str) -> str | None:
    row = c.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None
