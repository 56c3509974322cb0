"""Poller, commander and control loop over a charger by OCPP: actions end by what it tells."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.lan.ocpp import DRIVER, Options
from gatewayd.control.loop import ControlLoop
from gatewayd.devices.commander import Commander
from gatewayd.devices.device import ConfiguredDevice
from gatewayd.devices.poller import Poller
from gatewayd.links.ocpp import ChargePoints
from gatewayd.links.pool import Links
from gatewayd.model.command import ActionState, Command, SetMaxCurrent, StartCharging, StopCharging
from gatewayd.state import assets
from gatewayd.state.store import Store
from gatewayd.virtual.devices.ocpp_calling import Speech
from gatewayd.virtual.devices.ocpp_charger import OcppCharger
from tests.fakes.charge_point import connected
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import SteppedDatabase

both = pytest.mark.parametrize("version", ["1.6", "2.0.1"])


@dataclass
class Running:
    """The devices' half of the daemon with one charger, which has a car and charges."""

    clock: FakeClock
    db: SteppedDatabase
    store: Store
    commander: Commander
    box: OcppCharger
    speech: Speech

    async def pass_time(self, seconds: int) -> None:
        for second in range(seconds):
            await self.clock.advance(1.0)
            if second % 20 == 0:
                await self.speech.heartbeat()
            await self.db.quiet()

    async def ends(self, command: Command) -> ActionState:
        """Ask for something, and wait until that has ended."""
        [state] = self.store.site.of_device("garage")
        action = await self.commander.submit(state.asset.id, command, "api")
        for _ in range(300):
            await self.pass_time(1)
            found = await self.commander.get(action.id)
            if found is not None and found.state is not ActionState.PENDING:
                return found.state
        return ActionState.PENDING


@asynccontextmanager
async def running(path: Path, version: str) -> AsyncIterator[Running]:
    clock = FakeClock()
    async with SteppedDatabase.open(path / "gatewayd.db", clock=clock) as db:
        points = ChargePoints(db, clock, is_served=True)
        links, store = Links(ocpp=points), Store(clock, await db.read(assets.load))
        device = ConfiguredDevice("garage", DRIVER, Options(charge_point="CP1"), "home")
        poller = Poller(
            {"garage": device}, links=links, db=db, store=store, clock=clock, jitter=lambda: 0.0
        )
        commander = Commander(db=db, store=store, poller=poller, clock=clock)
        control = ControlLoop(
            store=store,
            poller=poller,
            commander=commander,
            clock=clock,
            notify=lambda _: None,
        )
        box = OcppCharger("CP1", clock)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one.run()) for one in (poller, commander, control)]
            await db.quiet()
            async with connected(points, box, version) as (_, speech):
                await speech.boot()
                await speech.plug_in()
                await speech.begin("04A2B3C4")
                made = Running(clock, db, store, commander, box, speech)
                await made.pass_time(15)
                yield made
            for task in tasks:
                task.cancel()


@both
async def test_an_action_is_confirmed_by_what_the_charger_tells(
    tmp_path: Path, version: str
) -> None:
    async with running(tmp_path, version) as home:
        limited = await home.ends(SetMaxCurrent(10.0))
        limited_a = home.box.offered_a
        stopped = await home.ends(StopCharging())
        stopped_a = home.box.offered_a
        started = await home.ends(StartCharging())

        assert (limited, stopped, started) == (ActionState.CONFIRMED,) * 3
        assert (limited_a, stopped_a, home.box.offered_a) == (10.0, 0.0, 10.0)


@both
async def test_an_action_that_was_accepted_and_ignored_fails(tmp_path: Path, version: str) -> None:
    async with running(tmp_path, version) as home:
        home.box.obeys = False

        assert await home.ends(SetMaxCurrent(10.0)) is ActionState.FAILED


@both
async def test_a_charger_that_was_away_is_no_stranger_when_it_calls(
    tmp_path: Path, version: str
) -> None:
    async with running(tmp_path, version) as home:
        assert home.speech.boot_status == "Accepted"
        assert home.box.transaction is not None


@both
async def test_a_limit_outlives_its_time_as_long_as_we_do(tmp_path: Path, version: str) -> None:
    async with running(tmp_path, version) as home:
        await home.ends(SetMaxCurrent(10.0))
        await home.pass_time(400)
        kept_a = home.box.offered_a
    await home.clock.advance(400)

    assert kept_a == 10.0
    assert home.box.offered_a == 6.0
