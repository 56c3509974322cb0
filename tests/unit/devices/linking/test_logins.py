"""A device that refuses its login."""

import asyncio
from pathlib import Path

from gatewayd.devices.linking.logins import LoginWatch
from gatewayd.errors import AuthError, UnreachableError
from gatewayd.model.asset import Consent
from tests.fakes.clock import FakeClock
from tests.fakes.driver import charger_box
from tests.fakes.gateway import Gateway, gateway


async def watched(running: Gateway, seconds: float) -> None:
    """Let time pass while somebody watches the logins."""
    watch = LoginWatch(
        poller=running.poller, db=running.db, store=running.store, clock=running.clock
    )
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(watch.run())
        await running.pass_time(seconds)
        task.cancel()


async def test_a_refused_login_takes_the_consent_away_until_it_works_again(tmp_path: Path) -> None:
    box = charger_box()
    async with gateway(tmp_path / "g.db", FakeClock(), {"wall": box}) as running:
        await running.pass_time(3)
        before = running.asset("wall")
        box.faults |= dict.fromkeys(("read", "identify"), AuthError("wrong password"))

        await watched(running, 20)
        refused = running.asset("wall")
        told = await running.events("user:credentials:invalidated")
        box.faults.clear()
        await watched(running, 60)

        assert (refused.id, refused.consent) == (before.id, Consent.INVALID)
        assert [row.user_id for row in told] == ["home"]
        assert running.asset("wall").consent is Consent.GRANTED
        assert len(await running.events("user:credentials:invalidated")) == 1


async def test_a_device_that_is_merely_away_keeps_its_consent(tmp_path: Path) -> None:
    box = charger_box()
    async with gateway(tmp_path / "g.db", FakeClock(), {"wall": box}) as running:
        await running.pass_time(3)
        box.faults |= dict.fromkeys(("read", "identify"), UnreachableError("no answer"))

        await watched(running, 30)

        assert not running.state("wall").is_reachable
        assert running.asset("wall").consent is Consent.GRANTED
