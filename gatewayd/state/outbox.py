"""Events waiting to be delivered, written in the same transaction as the change they tell of."""

import json
import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gatewayd.state.codec import json_text, time_of, time_text

log = logging.getLogger(__name__)

# Weeks of a home's events; at about 300 bytes each the outbox stays under 30 MB.
MAX_ROWS = 100_000


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
    """Add an event; returns its sequence number. The oldest rows go when there are too many."""
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
    return [_row(row) for row in rows]


def drop(c: sqlite3.Connection, through: int) -> int:
    """Delete what every receiver has, up to and including a sequence number; returns how many."""
    return c.execute("DELETE FROM outbox WHERE seq <= ?", (through,)).rowcount


def _row(row: sqlite3.Row) -> OutboxRow:
    seq, event, entity_id, user_id, body, created_at = row
    return OutboxRow(seq, event, entity_id, user_id, json.loads(body), time_of(created_at))
