"""Events waiting to be delivered, written in the same transaction as the change they tell of."""

import json
import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gatewayd.state import users
from gatewayd.state.codec import json_text, time_of, time_text

log = logging.getLogger(__name__)

# At about 1 KB for an event that holds a whole asset, the outbox stays under 60 MB.
MAX_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One event. `seq` only ever grows and is never used twice."""

    seq: int
    event: str
    entity_id: str
    user_id: str
    body: Mapping[str, object]
    created_at: datetime


def append(
    c: sqlite3.Connection,
    event: str,
    entity_id: str,
    user_id: str,
    body: Mapping[str, object],
    now: datetime,
) -> int:
    """Add an event; returns its sequence number. The oldest rows go when there are too many.

    Nothing is told, and 0 returned, of a user who has withdrawn the authorisation.
    """
    if not users.is_authorised(c, user_id):
        return 0
    cursor = c.execute(
        "INSERT INTO outbox (event, entity_id, user_id, body, created_at) VALUES (?, ?, ?, ?, ?)",
        (event, entity_id, user_id, json_text(body), time_text(now)),
    )
    seq = cursor.lastrowid or 0
    (oldest,) = c.execute("SELECT min(seq) FROM outbox").fetchone()
    if seq - oldest >= MAX_ROWS:
        lost = drop(c, oldest + MAX_ROWS // 100)
        log.warning("outbox: full: dropped the %d oldest events, nobody fetched them", lost)
    return seq


def after(c: sqlite3.Connection, seq: int, limit: int = 100) -> list[OutboxRow]:
    """The rows behind a sequence number, oldest first."""
    rows = c.execute("SELECT * FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit))
    return [row_of(row) for row in rows]


def newest(c: sqlite3.Connection) -> int:
    """The last sequence number given, also when its row is gone; 0 before the first."""
    row = c.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
    return int(row[0]) if row else 0


def complete(c: sqlite3.Connection, seq: int, body: Mapping[str, object] | None) -> None:
    """Give an event the body that its receivers get; without one there is nothing to tell."""
    if body is None:
        c.execute("DELETE FROM outbox WHERE seq = ?", (seq,))
    else:
        c.execute("UPDATE outbox SET body = ? WHERE seq = ?", (json_text(body), seq))


def drop(c: sqlite3.Connection, through: int) -> int:
    """Delete what every receiver has, up to and including a sequence number; returns how many."""
    return c.execute("DELETE FROM outbox WHERE seq <= ?", (through,)).rowcount


def row_of(row: sqlite3.Row) -> OutboxRow:
    """A row of the table as an event."""
    seq, event, entity_id, user_id, body, created_at = row
    return OutboxRow(seq, event, entity_id, user_id, json.loads(body), time_of(created_at))
