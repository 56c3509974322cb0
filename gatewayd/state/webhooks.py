"""Webhooks: who wants which events, and how far each has got in the outbox.

A webhook has no queue of its own but a place in the outbox, so an event is stored once however
many receivers wait for it.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from gatewayd.errors import InvalidError
from gatewayd.state import outbox
from gatewayd.state.codec import json_text, time_of, time_text
from gatewayd.state.outbox import OutboxRow

EVERYTHING = "*"
BATCH = 100
# Nobody needs more, and each costs a request for every event.
MOST = 100
# The newest events stay a while for those who follow the outbox without being a webhook.
KEPT_ROWS = 1_000

# The columns are named as the fields of Webhook.
_SELECT = """
    SELECT w.*, c.api_version AS client_version FROM webhooks w JOIN clients c ON c.id = client_id
"""

_INSERT = """
    INSERT INTO webhooks (id, client_id, url, secret, events, api_version, header_name,
        header_value, created_at, last_success_at, delivered)
    VALUES (:id, :client_id, :url, :secret, :events, :api_version, :header_name, :header_value,
        :now, :now, :delivered)
"""

# An active webhook keeps its place; an inactive one misses what happened meanwhile.
_RENEW = """
    UPDATE webhooks SET attempts = 0, retry_at = NULL,
        delivered = iif(is_active, delivered, :newest), batch = iif(is_active, batch, NULL),
        is_active = 1
    WHERE id = :id
"""

_PENDING = """
    FROM outbox WHERE seq > :delivered AND seq <= coalesce(:batch, seq)
        AND (:wants_all OR event IN (SELECT value FROM json_each(:events)))
"""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One receiver of a client. `events` are Enode's names, or EVERYTHING.

    `api_version` None follows the version its client is pinned to, which may be None too. The
    fields from `delivered` on say where delivery stands, see migration 0002.
    """

    id: str
    client_id: str
    url: str
    secret: str = field(repr=False)
    events: tuple[str, ...]
    api_version: str | None
    header_name: str | None
    header_value: str | None = field(repr=False)
    created_at: datetime
    last_success_at: datetime
    is_active: bool
    delivered: int
    batch: int | None
    attempts: int
    retry_at: datetime | None
    client_version: str | None

    def version(self, default: str) -> str:
        """The API version its events are in."""
        return self.api_version or self.client_version or default


def add(
    c: sqlite3.Connection, client_id: str, values: Mapping[str, object], now: datetime
) -> Webhook:
    """A new webhook of a client, which gets what happens from now on.

    `values` are url, secret, events, api_version, header_name and header_value, all of them.
    Raises InvalidError when the client has one with this URL, or when there are too many.
    """
    _check_url(c, client_id, values["url"])
    (count,) = c.execute("SELECT count(*) FROM webhooks").fetchone()
    if count >= MOST:
        raise InvalidError(f"there are {MOST} webhooks already: delete one")
    webhook_id = str(uuid4())
    row = {
        "id": webhook_id,
        "client_id": client_id,
        "now": time_text(now),
        "delivered": outbox.newest(c),
    }
    c.execute(_INSERT, {**_columns(values), **row})
    return _one(c, webhook_id)


def load(c: sqlite3.Connection, client_id: str | None = None) -> list[Webhook]:
    """All webhooks, or those of one client, oldest first."""
    rows = c.execute(
        f"{_SELECT} WHERE client_id = coalesce(?, client_id) ORDER BY w.created_at, w.id",
        (client_id,),
    )
    return [_webhook(row) for row in rows]


def get(c: sqlite3.Connection, webhook_id: str) -> Webhook | None:
    """One webhook."""
    row = c.execute(f"{_SELECT} WHERE w.id = ?", (webhook_id,)).fetchone()
    return _webhook(row) if row else None


def change(c: sqlite3.Connection, webhook_id: str, values: Mapping[str, object]) -> Webhook | None:
    """Replace some of the values `add` takes, and try again at once, also if it was inactive.

    None when there is no such webhook. Raises InvalidError for the URL of another.
    """
    known = get(c, webhook_id)
    if known is not None and "url" in values:
        _check_url(c, known.client_id, values["url"], webhook_id)
    columns = _columns(values)
    if columns:
        changes = ", ".join(f"{column} = :{column}" for column in columns)
        c.execute(f"UPDATE webhooks SET {changes} WHERE id = :id", columns | {"id": webhook_id})  # noqa: S608
    renew(c, webhook_id)
    return get(c, webhook_id)


def remove(c: sqlite3.Connection, webhook_id: str) -> bool:
    """Delete a webhook and what waited for it; False when there is none."""
    return c.execute("DELETE FROM webhooks WHERE id = ?", (webhook_id,)).rowcount == 1


def renew(c: sqlite3.Connection, webhook_id: str) -> None:
    """Forget its failures and make it active."""
    c.execute(_RENEW, {"id": webhook_id, "newest": outbox.newest(c)})


def pending(c: sqlite3.Connection, webhook: Webhook, limit: int = BATCH) -> list[OutboxRow]:
    """The next events it waits for, oldest first: those of the payload under way, if any."""
    rows = c.execute(f"SELECT * {_PENDING} ORDER BY seq LIMIT :limit", _wish(webhook, limit=limit))
    return [outbox.row_of(row) for row in rows]


def count_pending(c: sqlite3.Connection, webhook: Webhook) -> int:
    """How many events it waits for."""
    row = c.execute(f"SELECT count(*) {_PENDING}", _wish(webhook) | {"batch": None}).fetchone()
    return int(row[0])


def pin(c: sqlite3.Connection, webhook_id: str, through: int) -> None:
    """Fix the end of the payload that is now attempted."""
    c.execute("UPDATE webhooks SET batch = ? WHERE id = ?", (through, webhook_id))


def release(c: sqlite3.Connection, webhook_id: str) -> None:
    """Pass over a payload under way of which nothing is wanted or left any more."""
    c.execute(
        "UPDATE webhooks SET delivered = max(delivered, batch), batch = NULL"
        " WHERE id = ? AND batch IS NOT NULL",
        (webhook_id,),
    )


def succeeded(c: sqlite3.Connection, webhook_id: str, now: datetime, through: int = 0) -> None:
    """Everything through this event has arrived; a success makes the webhook healthy."""
    c.execute(
        "UPDATE webhooks SET last_success_at = ?, delivered = max(delivered, ?),"
        " batch = iif(batch <= ?, NULL, batch) WHERE id = ?",
        (time_text(now), through, through, webhook_id),
    )
    renew(c, webhook_id)


def failed(c: sqlite3.Connection, webhook: Webhook, retry_at: datetime) -> None:
    """One more attempt failed, unless the webhook was changed or well again in the meantime."""
    c.execute(
        "UPDATE webhooks SET attempts = attempts + 1, retry_at = ? WHERE id = ? AND attempts = ?",
        (time_text(retry_at), webhook.id, webhook.attempts),
    )


def give_up(c: sqlite3.Connection, webhook: Webhook) -> None:
    """The last attempt failed: make it inactive; what waited for it is gone."""
    c.execute(
        "UPDATE webhooks SET is_active = 0, attempts = 0, retry_at = NULL, batch = NULL,"
        " delivered = ? WHERE id = ? AND attempts = ?",
        (outbox.newest(c), webhook.id, webhook.attempts),
    )


def audience(c: sqlite3.Connection) -> frozenset[str]:
    """The events that some active webhook wants."""
    rows = c.execute("SELECT value FROM webhooks, json_each(events) WHERE is_active")
    return frozenset(value for (value,) in rows)


def delivered_through(c: sqlite3.Connection) -> int:
    """The last event that every active webhook has."""
    row = c.execute("SELECT min(delivered) FROM webhooks WHERE is_active").fetchone()
    return outbox.newest(c) if row[0] is None else int(row[0])


def tidy(c: sqlite3.Connection) -> int:
    """Delete the events nobody waits for any more but the newest; returns how many."""
    newest = outbox.newest(c)
    through = newest - KEPT_ROWS
    for webhook in load(c):
        if webhook.is_active:
            waiting = pending(c, webhook, limit=1)
            if waiting:
                through = min(through, waiting[0].seq - 1)
            elif webhook.batch is None:
                c.execute("UPDATE webhooks SET delivered = ? WHERE id = ?", (newest, webhook.id))
    return outbox.drop(c, through)


def _wish(webhook: Webhook, **more: object) -> dict[str, object]:
    return {
        "delivered": webhook.delivered,
        "batch": webhook.batch,
        "wants_all": EVERYTHING in webhook.events,
        "events": json_text(webhook.events),
        **more,
    }


def _check_url(c: sqlite3.Connection, client_id: str, url: object, but: str = "") -> None:
    taken = "SELECT 1 FROM webhooks WHERE client_id = ? AND url = ? AND id != ?"
    if c.execute(taken, (client_id, url, but)).fetchone():
        raise InvalidError("there is a webhook with this URL already: change that one")


def _columns(values: Mapping[str, object]) -> dict[str, object]:
    return {
        column: json_text(value) if column == "events" else value
        for column, value in values.items()
    }


def _one(c: sqlite3.Connection, webhook_id: str) -> Webhook:
    row = c.execute(f"{_SELECT} WHERE w.id = ?", (webhook_id,)).fetchone()
    return _webhook(row)


def _webhook(row: sqlite3.Row) -> Webhook:
    columns: dict[str, Any] = dict(row)
    return Webhook(
        **columns
        | {
            "events": tuple(json.loads(columns["events"])),
            "is_active": bool(columns["is_active"]),
            "created_at": time_of(columns["created_at"]),
            "last_success_at": time_of(columns["last_success_at"]),
            "retry_at": time_of(columns["retry_at"]),
        }
    )
