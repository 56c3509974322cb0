"""The courier alone, over a real database, with a real receiver: nothing else happens."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from gatewayd.enode.delivery import retries
from gatewayd.enode.delivery.courier import Courier
from gatewayd.enode.versions import NEWEST
from gatewayd.state import clients, outbox, webhooks
from gatewayd.state.db import Database
from gatewayd.state.webhooks import Webhook
from tests.enode.hooks import SECRET, trusting
from tests.fakes.clock import FakeClock, settle
from tests.fakes.receiver import Authority, Delivery, Receiver, receiver

# An event that is complete as it is; its vendor's name tells one from another.
CREDENTIALS = "user:credentials:invalidated"
_PATIENCE_S = 60.0


@dataclass
class Post:
    """What a test talks to."""

    clock: FakeClock
    db: Database
    receiver: Receiver
    authority: Authority
    group: asyncio.TaskGroup
    client_id: str
    timeout_s: float = 5.0
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def add(self, **changes: Any) -> Webhook:
        """A webhook to the receiver that wants CREDENTIALS, or what the changes say."""
        values = {
            "url": self.receiver.url,
            "secret": SECRET,
            "events": [CREDENTIALS],
            "api_version": None,
            "header_name": None,
            "header_value": None,
        } | changes
        now = self.clock.now()
        return await self.db.write(lambda c: webhooks.add(c, self.client_id, values, now))

    async def change(self, webhook: Webhook, **values: Any) -> None:
        await self.db.write(lambda c: webhooks.change(c, webhook.id, values))

    async def stored(self, webhook: Webhook) -> Webhook:
        found = await self.db.read(lambda c: webhooks.get(c, webhook.id))
        assert found is not None
        return found

    async def happen(self, *names: str) -> None:
        for name in names:
            await self.db.write(self._event(name))

    async def numbered(self, count: int) -> list[str]:
        names = [str(number) for number in range(count)]
        await self.happen(*names)
        return names

    def _event(self, name: str) -> Callable[..., int]:
        now = self.clock.now()
        return lambda c: outbox.append(c, CREDENTIALS, name, "anna", {"vendor": name}, now)

    async def step(self, seconds: int = 1) -> None:
        """Let time pass second by second, each one's requests included."""
        for _ in range(seconds):
            await self.clock.advance(1)
            await self.rest()

    async def rest(self) -> None:
        """Until nothing is under way."""
        async with asyncio.timeout(_PATIENCE_S):
            await self._idle()
            while any(task.get_name().startswith("webhook ") for task in asyncio.all_tasks()):
                await asyncio.sleep(0.001)
                await self._idle()

    async def _idle(self) -> None:
        for _ in range(5):
            await self.db.write(lambda c: None)
            await self.db.read(lambda c: None)
            await settle(5)

    async def fail_for_a_day(self) -> None:
        """Let every attempt fail until the courier gives up; only the wall clock has to move."""
        for pause_s in (0.0, *retries.PAUSES_S):
            self.clock.jump_wall(timedelta(seconds=pause_s))
            await self.step()

    def start(self) -> None:
        courier = Courier(
            db=self.db,
            clock=self.clock,
            http=trusting(self.authority.file),
            default_version=NEWEST,
            timeout_s=self.timeout_s,
        )
        self.tasks = [self.group.create_task(courier.run(), name="courier")]

    async def stop(self) -> None:
        """End it as a stop of the daemon does."""
        for task in self.tasks:
            task.cancel()
        await asyncio.wait(self.tasks)


def vendors(deliveries: list[Delivery]) -> list[str]:
    """The names of the events that arrived."""
    events = [event for delivery in deliveries for event in delivery.events]
    return [event["vendor"] for event in events if event["event"] == CREDENTIALS]


@asynccontextmanager
async def post(path: Path, authority: Authority) -> AsyncIterator[Post]:
    """A running courier."""
    clock = FakeClock()
    async with (
        Database.open(path / "state.db", clock=clock) as db,
        receiver(authority.server()) as made,
        asyncio.TaskGroup() as group,
    ):
        client = await db.write(lambda c: clients.add(c, "test", clock.now()))
        running = Post(clock, db, made, authority, group, client.id)
        running.start()
        await running.rest()
        yield running
        await running.stop()
