"""Delivers to every webhook on its own: a receiver that hangs holds up nobody else.

Where delivery stands is in the database alone, so nothing is lost or reordered by a restart, and
whoever changes a webhook need not tell this service.
"""

import asyncio
import logging
import sqlite3
from dataclasses import dataclass
from datetime import timedelta
from itertools import takewhile

from gatewayd.clock import Clock
from gatewayd.enode.delivery import payload, retries
from gatewayd.enode.delivery.payload import Payload
from gatewayd.enode.delivery.sending import TIMEOUT_S, send
from gatewayd.enode.events.notes import is_complete
from gatewayd.errors import StorageError
from gatewayd.links.http import HttpLink
from gatewayd.state import webhooks
from gatewayd.state.db import Database
from gatewayd.state.outbox import OutboxRow
from gatewayd.state.webhooks import Webhook

log = logging.getLogger(__name__)

_TICK_S = 1.0
_TIDY_S = 60.0
_HEARTBEAT_S = 300.0


@dataclass(frozen=True)
class Queue:
    """A webhook and what it waits for, as far as it can be sent now."""

    webhook: Webhook
    rows: list[OutboxRow]


class Courier:
    """Looks for work once a second; one request at a time per webhook."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        http: HttpLink,
        default_version: str,
        heartbeat_s: float = _HEARTBEAT_S,
        timeout_s: float = TIMEOUT_S,
        tick_s: float = _TICK_S,
    ) -> None:
        self._db = db
        self._clock = clock
        self._http = http
        self._default_version = default_version
        self._heartbeat_s = heartbeat_s
        self._timeout_s = timeout_s
        self._tick_s = tick_s
        self._busy = set[str]()
        self._beat_at: dict[str, float] = {}
        self._is_reported = False

    async def run(self) -> None:
        """Deliver until cancelled."""
        tidy_at = self._clock.monotonic()
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    await self._look(group)
                    if self._clock.monotonic() >= tidy_at:
                        tidy_at = self._clock.monotonic() + _TIDY_S
                        await self._db.write(webhooks.tidy)
                except StorageError as error:
                    self._report(error)
                await self._clock.sleep(self._tick_s)

    async def _look(self, group: asyncio.TaskGroup) -> None:
        """Start on every webhook for which there is something to do."""
        queues = await self._db.read(_queues)
        self._beat_at = {
            queue.webhook.id: self._beat_at.get(
                queue.webhook.id, self._clock.monotonic() + self._heartbeat_s
            )
            for queue in queues
        }
        for queue in queues:
            if queue.webhook.id not in self._busy and self._has_work(queue):
                self._busy.add(queue.webhook.id)
                name = f"webhook {queue.webhook.id}"
                group.create_task(self._serve(queue.webhook.id), name=name)

    def _has_work(self, queue: Queue) -> bool:
        webhook = queue.webhook
        if webhook.attempts:
            return retries.is_due(webhook.attempts, webhook.retry_at, self._clock.now())
        return bool(queue.rows) or webhook.batch is not None or self._is_beat_due(webhook)

    def _is_beat_due(self, webhook: Webhook) -> bool:
        due_at = self._beat_at.get(webhook.id)
        return due_at is not None and self._clock.monotonic() >= due_at

    async def _serve(self, webhook_id: str) -> None:
        """Deliver to one webhook until nothing is left or an attempt fails."""
        try:
            while await self._deliver(webhook_id):
                pass
        except StorageError as error:
            self._report(error)
        finally:
            self._busy.discard(webhook_id)

    async def _deliver(self, webhook_id: str) -> bool:
        """Make one attempt; whether to go on at once."""
        queue = await self._db.read(lambda c: _queue(c, webhooks.get(c, webhook_id)))
        if queue is None or not self._has_work(queue):
            return False
        if queue.webhook.batch is not None and not queue.rows:
            await self._db.write(lambda c: webhooks.release(c, webhook_id))
            return True
        made = await self._payload(queue)
        if made is None:
            await self._db.write(lambda c: webhooks.release(c, webhook_id))
            return True
        return await self._attempt(queue.webhook, made)

    async def _payload(self, queue: Queue) -> Payload | None:
        webhook, rows = queue.webhook, queue.rows
        version = webhook.version(self._default_version)
        if not rows or (self._is_beat_due(webhook) and not webhook.attempts):
            self._beat_at[webhook.id] = self._clock.monotonic() + self._heartbeat_s
            pending = await self._db.read(lambda c: webhooks.count_pending(c, webhook))
            return payload.heartbeat(pending, version, self._clock.now())
        if webhook.batch is None:
            rows = payload.fitting(rows)
            # Before the first byte leaves: an attempt after a crash must send the same.
            await self._db.write(lambda c: webhooks.pin(c, webhook.id, rows[-1].seq))
        return payload.batch(webhook.id, rows, version)

    async def _attempt(self, webhook: Webhook, payload: Payload) -> bool:
        outcome = await send(
            self._http, webhook, payload, self._clock.now(), timeout_s=self._timeout_s
        )
        if not outcome.is_success:
            await self._failed(webhook, outcome.why)
            return False
        now = self._clock.now()
        await self._db.write(
            lambda c: webhooks.succeeded(c, webhook.id, now, through=payload.through)
        )
        self._is_reported = False
        if webhook.attempts:
            log.info("webhook %s: delivers again", webhook.id)
        return True

    async def _failed(self, webhook: Webhook, why: str) -> None:
        attempts = webhook.attempts + 1
        pause_s = retries.pause_s(attempts)
        if pause_s is None:
            log.error("webhook %s: inactive after %d attempts: %s", webhook.id, attempts, why)
            await self._db.write(lambda c: webhooks.give_up(c, webhook))
            return
        if attempts == 1:
            log.warning("webhook %s: delivery fails, its events wait: %s", webhook.id, why)
        retry_at = self._clock.now() + timedelta(seconds=pause_s)
        await self._db.write(lambda c: webhooks.failed(c, webhook, retry_at))

    def _report(self, error: StorageError) -> None:
        if not self._is_reported:
            log.error("webhooks wait, because nothing can be stored: %s", error)
        self._is_reported = True


def _queues(c: sqlite3.Connection) -> list[Queue]:
    found = [_queue(c, webhook, limit=1) for webhook in webhooks.load(c)]
    return [queue for queue in found if queue is not None]


def _queue(
    c: sqlite3.Connection, webhook: Webhook | None, limit: int = webhooks.BATCH
) -> Queue | None:
    """What an active webhook waits for; a row whose body is yet to be made stops the rest."""
    if webhook is None or not webhook.is_active:
        return None
    rows = webhooks.pending(c, webhook, limit)
    return Queue(webhook, list(takewhile(is_complete, rows)))
