"""The services behind webhooks, running over a home, and a receiver for what they send."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from gatewayd.enode.delivery.courier import Courier
from gatewayd.enode.events.announcer import Announcer
from gatewayd.enode.versions import NEWEST
from gatewayd.links.http import HttpLink
from gatewayd.links.http_policy import Policy
from gatewayd.state import webhooks
from gatewayd.state.webhooks import Webhook
from tests.enode import contract
from tests.enode.home import Home
from tests.fakes.receiver import Authority, Receiver, receiver

SECRET = "example-secret"
_PATIENCE_S = 10.0


@dataclass
class Hooks:
    """A home that tells what happens, and who listens."""

    home: Home
    receiver: Receiver
    authority: Authority
    tasks: list[asyncio.Task[None]]

    async def create(self, **changes: Any) -> dict[str, Any]:
        """A webhook to the receiver, or to another `url`; it must be created."""
        answer = await self.post(**changes)
        assert answer.status_code == 200, answer.text
        # So that what follows is told as a change.
        await self.step()
        return dict(answer.json())

    async def post(self, **changes: Any) -> httpx.Response:
        body = {"url": self.receiver.url, "secret": SECRET} | changes
        return await self.home.http.post("/webhooks", json=body)

    async def get(self, webhook_id: str) -> dict[str, Any]:
        return dict((await self.home.http.get(f"/webhooks/{webhook_id}")).json())

    async def stored(self, webhook_id: str) -> Webhook:
        found = await self.home.db.read(lambda c: webhooks.get(c, webhook_id))
        assert found is not None
        return found

    async def step(self, seconds: float = 1.0) -> None:
        """Let time pass second by second, each one's real requests included."""
        await self.home.clock.advance(seconds % 1)
        for _ in range(int(seconds)):
            await self.home.clock.advance(1)
            await self.rest()

    async def rest(self) -> None:
        """Until nothing is under way."""
        async with asyncio.timeout(_PATIENCE_S):
            await self.home.idle()
            while self.is_sending:
                await asyncio.sleep(0.002)
                await self.home.idle()

    @property
    def is_sending(self) -> bool:
        return any(task.get_name().startswith("webhook ") for task in asyncio.all_tasks())

    async def until(self, is_so: Callable[[], bool], within_s: float = 60.0) -> None:
        """Let time pass until something is so."""
        for _ in range(int(within_s)):
            if is_so():
                return
            await self.step()
        assert is_so(), f"not so within {within_s} s"

    def stop(self) -> None:
        """End the services, as an end of the daemon does."""
        for task in self.tasks:
            task.cancel()


async def here(_host: str) -> Sequence[str]:
    return ["127.0.0.1"]


def trusting(ca_file: Path) -> HttpLink:
    """What the daemon would have, with loopback on its list."""
    return HttpLink(Policy.of(["127.0.0.0/8"]), ca_file=ca_file, lookup=here)


@asynccontextmanager
async def hooks(home: Home, authority: Authority) -> AsyncIterator[Hooks]:
    """The services over a home, and a receiver."""
    http = trusting(authority.file)
    api = home.app.state.api
    home.app.state.api = replace(api, services=replace(api.services, http=http))
    async with receiver(authority.server()) as made, asyncio.TaskGroup() as group:
        running = Hooks(home, made, authority, [])
        start(running, group)
        await running.rest()
        yield running
        running.stop()


def start(running: Hooks, group: asyncio.TaskGroup) -> None:
    """Start the services, as the daemon does."""
    home = running.home
    courier = Courier(
        db=home.db,
        clock=home.clock,
        http=trusting(running.authority.file),
        default_version=NEWEST,
    )
    announcer = Announcer(
        store=home.store,
        db=home.db,
        clock=home.clock,
        pictured=home.poller.pictured,
        policy=home.app.state.api.services.controllers.policy,
    )
    running.tasks = [
        group.create_task(courier.run(), name="courier"),
        group.create_task(announcer.run(), name="announcer"),
    ]


def faults_of(event: dict[str, Any]) -> list[str]:
    """Where an event is not as the contract has it."""
    described = contract.spec()["webhooks"][event["event"]]["post"]
    schema = described["requestBody"]["content"]["application/json"]["schema"]
    return contract.schema_faults(schema, event)
