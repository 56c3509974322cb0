"""Events waiting to be delivered, written in the same transaction as the change they tell of."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


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
    """Add an event; returns its sequence number. The oldest row goes when there are too many."""
    raise NotImplementedError


def after(c: sqlite3.Connection, seq: int, limit: int = 100) -> list[OutboxRow]:
    """The rows behind a sequence number, oldest first."""
    raise NotImplementedError


def drop(c: sqlite3.Connection, through: int) -> int:
    """Delete what every receiver has, up to and including a sequence number; returns how many."""
    raise NotImplementedError
