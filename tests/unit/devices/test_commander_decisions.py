"""Every command has a reason on record, written together with its action."""

import asyncio
from pathlib import Path

import pytest

from gatewayd.errors import InvalidError
from gatewayd.model.command import SetMaxCurrent, StartCharging
from gatewayd.model.decision import Decision, Grounds, Input
from gatewayd.state import actions, decisions
from gatewayd.state.decisions import Decided
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, charger_box
from tests.fakes.gateway import Gateway, gateway
from tests.unit.devices.asking import ask

DEAR = Grounds("energy is dear", (Input("price", "0.40 EUR/kWh"),), ("now", "later"), "the price")


async def recorded(home: Gateway, device_id: str = "keba") -> list[Decided]:
    asset_id = home.asset(device_id).id
    ids = [one for one, _ in await home.db.read(lambda c: decisions.times(c, [asset_id]))]
    found = await home.db.read(lambda c: decisions.by_id(c, ids))
    return [found[one] for one in ids]


async def test_a_command_is_recorded_with_its_grounds_and_what_the_asset_said(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1.5)
        asset_id = home.asset("keba").id
        action = await home.commander.submit(asset_id, SetMaxCurrent(10.0), "plan", DEAR)
        await home.pass_time(5)

        [one] = await recorded(home)
        assert one.action is not None
        assert one.action == await home.action(action.id)
        assert one.decision.command == SetMaxCurrent(10.0)
        assert (one.decision.owner, one.decision.reason) == ("plan", "energy is dear")
        assert one.decision.inputs == (
            Input("price", "0.40 EUR/kWh"),
            Input("power_delivery", "PLUGGED_IN:STOPPED", 1.5),
            Input("max_current_a", 16.0, 1.5),
        )
        assert home.state("keba").decision == one.decision


async def test_no_action_is_without_its_decision_when_the_process_dies(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async def die(step: str) -> None:
        if step == "written" and asking.is_set():
            raise asyncio.CancelledError

    asking = asyncio.Event()
    async with gateway(db, clock, {"keba": box}, step=die) as home:
        asking.set()
        with pytest.raises(asyncio.CancelledError):
            await ask(home, StartCharging())
        asking.clear()

        acted = await home.db.read(actions.latest)
        decided = await recorded(home)
        assert [one.action and one.action.id for one in decided] == [a.id for a in acted.values()]


async def test_what_is_refused_leaves_no_decision(db: Path, clock: FakeClock) -> None:
    async with gateway(db, clock, {"keba": charger_box()}) as home:
        with pytest.raises(InvalidError):
            await ask(home, SetMaxCurrent(900.0))

        assert await recorded(home) == []


async def test_to_take_a_command_back_is_a_decision_too(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.obeys = False
    async with gateway(db, clock, {"keba": box}) as home:
        action = await ask(home, StartCharging())
        await home.commander.cancel(action.id, Grounds("nobody wants it any more"))

        decision = home.state("keba").decision
        assert decision == Decision(
            clock.now(), home.asset("keba").id, "api", None, "nobody wants it any more"
        )
        assert (await recorded(home))[-1].decision == decision


async def test_the_reason_is_known_again_after_a_restart(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.commander.submit(home.asset("keba").id, StartCharging(), "plan", DEAR)
    async with gateway(db, clock, {"keba": box}) as home:
        decision = home.state("keba").decision

    assert decision is not None
    assert decision.in_words == "plan: energy is dear"
