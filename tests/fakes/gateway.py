"""The devices' half of the daemon, running on a fake clock and a real database."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from gatewayd.control.governor.bench import Bench
from gatewayd.control.governor.governor import Governor
from gatewayd.control.governor.guard_loop import GuardLoop
from gatewayd.control.governor.terms import Terms
from gatewayd.control.loop import ControlLoop
from gatewayd.devices.commander import Commander
from gatewayd.devices.poller import Poller
from gatewayd.links.pool import Links
from gatewayd.model.asset import Asset
from gatewayd.model.command import Action
from gatewayd.model.site import AssetState
from gatewayd.state import actions, assets, outbox
from gatewayd.state.db import Database
from gatewayd.state.outbox import OutboxRow
from gatewayd.state.store import Store
from tests.fakes.clock import FakeClock, settle
from tests.fakes.driver import ScriptedBox, configured

T = TypeVar("T")


class Service(Protocol):
    """What lives until it is cancelled."""

    async def run(self) -> None: ...


async def _pass(_: str) -> None:
    pass


class SteppedDatabase(Database):
    """A real database that tells when nobody waits for it, and can be broken at each step."""

    waiting = 0
    step: Callable[[str], Awaitable[None]] = staticmethod(_pass)

    async def write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        await self.step("write")
        done = await self._count(super().write(change))
        await self.step("written")
        return done

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        await self.step("look up")
        found = await self._count(super().read(query))
        await self.step("looked up")
        return found

    async def quiet(self) -> None:
        """Until every task waits for time or for somebody else than the database."""
        await settle(5)
        while self.waiting:
            await asyncio.sleep(0.0002)
            await settle(5)

    async def _count(self, work: Awaitable[T]) -> T:
        self.waiting += 1
        try:
            return await work
        finally:
            self.waiting -= 1


@dataclass
class Gateway:
    """What a test talks to. `told` are the messages to systemd."""

    clock: FakeClock
    db: SteppedDatabase
    store: Store
    poller: Poller
    commander: Commander
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    bench: Bench | None = None
    governor: Governor | None = None

    async def pass_time(self, seconds: float, step_s: float = 0.25) -> None:
        """Let time pass in steps so small that the database keeps up."""
        await self.db.quiet()
        for _ in range(round(seconds / step_s)):
            await self.clock.advance(step_s)
            await self.db.quiet()

    def state(self, device_id: str) -> AssetState:
        """The device's only asset."""
        [found] = self.store.site.of_device(device_id)
        return found

    def asset(self, device_id: str) -> Asset:
        return self.state(device_id).asset

    async def action(self, action_id: str) -> Action:
        found = await self.commander.get(action_id)
        assert found is not None
        return found

    async def events(self, name: str = "user:vendor-action:updated") -> list[OutboxRow]:
        rows = await self.db.read(lambda c: outbox.after(c, 0))
        return [row for row in rows if row.event == name]

    async def pending(self) -> list[Action]:
        return await self.db.read(actions.pending)


@asynccontextmanager
async def gateway(
    path: Path,
    clock: FakeClock,
    boxes: dict[str, ScriptedBox],
    *,
    poll_s: float = 2.0,
    call_s: float = 30.0,
    step: Callable[[str], Awaitable[None]] = _pass,
    terms: Terms | None = None,
) -> AsyncIterator[Gateway]:
    """Run over the database at `path`; leaving the block stops it. Governed if there are terms."""
    devices = {name: configured(name, box, poll_s) for name, box in boxes.items()}
    async with SteppedDatabase.open(path, clock=clock) as db:
        known = await db.read(assets.load)
        db.step = step
        store = Store(clock, known)
        poller = Poller(
            devices,
            links=Links(),
            db=db,
            store=store,
            clock=clock,
            jitter=lambda: 0.0,
            call_s=call_s,
        )
        bench = Bench(terms or Terms(), store, clock)
        commander = Commander(
            db=db, store=store, poller=poller, clock=clock, call_s=call_s, governance=bench
        )
        running = Gateway(clock, db, store, poller, commander)
        loop = ControlLoop(
            store=store,
            poller=poller,
            commander=commander,
            clock=clock,
            notify=running.told.append,
            may_renew=bench.renews,
        )
        services: dict[str, Service] = {"poller": poller, "commander": commander, "control": loop}
        if terms is not None:
            governor = Governor(bench=bench, store=store, db=db, commander=commander, clock=clock)
            guard = GuardLoop(bench=bench, store=store, devices=poller, clock=clock)
            running.bench, running.governor = bench, governor
            services |= {"governor": governor, "guard": guard}
        async with asyncio.TaskGroup() as tasks:
            for name, service in services.items():
                running.tasks[name] = tasks.create_task(service.run(), name=name)
            await db.quiet()
            yield running
            for task in running.tasks.values():
                task.cancel()
