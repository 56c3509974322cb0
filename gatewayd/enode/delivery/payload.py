"""From rows of the outbox to the bytes of a payload. Pure."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, takewhile
from typing import Any
from uuid import UUID, uuid4, uuid5

from gatewayd.enode.versions import adapt_event, knows_event
from gatewayd.enode.wire.base import iso_ms
from gatewayd.enode.wire.event import Heartbeat, WebhookTest
from gatewayd.state.outbox import OutboxRow

# A year of statistics is large, and a receiver has its own limit; a single event always fits.
_MOST_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class Payload:
    """What is sent. `id` tells a repeated delivery from a new one; `through` is its last event."""

    id: str
    body: bytes
    through: int = 0


def fitting(rows: Sequence[OutboxRow]) -> list[OutboxRow]:
    """As many of the first rows as make a payload of reasonable size."""
    sizes = accumulate(len(json.dumps(row.body)) for row in rows)
    count = sum(1 for _ in takewhile(lambda size: size <= _MOST_BYTES, sizes))
    return list(rows[: max(1, count)])


def batch(webhook_id: str, rows: Sequence[OutboxRow], version: str) -> Payload | None:
    """The payload of these events, in a webhook's version; None when it has none of them.

    Its id follows from what is in it: an attempt after a crash has the same, and one whose
    content has changed has another.
    """
    known = [row for row in rows if knows_event(version, row.event)]
    if not known:
        return None
    body = _array([adapt_event(version, _event(row, version)) for row in known])
    content = f"{rows[-1].seq}:{hashlib.sha256(body).hexdigest()}"
    return Payload(str(uuid5(UUID(webhook_id), content)), body, rows[-1].seq)


def heartbeat(pending: int, version: str, now: datetime) -> Payload:
    """A sign of life."""
    beat = Heartbeat(
        event="system:heartbeat", created_at=now, version=version, pending_events=pending
    )
    return _single(beat.model_dump(mode="json", by_alias=True), version)


def trial(version: str, now: datetime) -> Payload:
    """What the test of a webhook sends."""
    event = WebhookTest(event="enode:webhook:test", created_at=now, version=version)
    return _single(event.model_dump(mode="json", by_alias=True), version)


def _single(event: dict[str, Any], version: str) -> Payload:
    return Payload(str(uuid4()), _array([adapt_event(version, event)]))


def _event(row: OutboxRow, version: str) -> dict[str, Any]:
    return {
        "event": row.event,
        "createdAt": iso_ms(row.created_at),
        "version": version,
        "user": {"id": row.user_id},
        **row.body,
    }


def _array(events: list[Any]) -> bytes:
    return json.dumps(events, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
