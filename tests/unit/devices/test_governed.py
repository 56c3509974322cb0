"""What the commander does where others have a say: governance, watchdogs and parting."""

from dataclasses import dataclass
from pathlib import Path

from gatewayd.errors import UnreachableError
from gatewayd.model.command import ActionState, Command, SetMaxCurrent, StopCharging
from gatewayd.model.reading import PowerDelivery
from gatewayd.plan.arbiter.claims import Setpoint
from gatewayd.plan.governed import Answer
from gatewayd.plan.keeping import Kept
from gatewayd.state import setpoints
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox
from tests.fakes.gateway import Gateway, gateway
from tests.unit.devices.asking import ask


@dataclass
class Says:
    """A governance of one mind."""

    found: Answer | None = None
    most_a: float | None = None

    def answer(self, _asset_id: str, _command: Command) -> Answer | None:
        return self.found

    def safe_a(self, _asset_id: str) -> float | None:
        return self.most_a


def governed(home: Gateway, says: Says) -> None:
    home.commander._governance = says


def keep(home: Gateway, current_a: float) -> str:
    asset_id = home.asset("keba").id
    kept = Kept(Setpoint(current_a), "guard", home.clock.monotonic() + 1e6)
    home.commander.steer(asset_id, kept)
    return asset_id


async def test_an_action_on_what_is_governed_writes_nothing_itself(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.set_charger(power_delivery=PowerDelivery.CHARGING)
    async with gateway(db, clock, {"keba": box}) as home:
        governed(home, Says(Answer(StopCharging())))
        await home.pass_time(1)
        action = await ask(home, StopCharging())
        await home.pass_time(5)
        waiting = (await home.action(action.id)).state
        box.set_charger(power_delivery=PowerDelivery.STOPPED)
        await home.pass_time(5)

        assert (waiting, box.writes) == (ActionState.PENDING, [])
        assert (await home.action(action.id)).state is ActionState.CONFIRMED


async def test_a_charger_rests_at_what_is_safe_and_how_it_was_is_kept(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.set_charger(power_delivery=PowerDelivery.CHARGING, max_current_a=32.0)
    async with gateway(db, clock, {"keba": box}) as home:
        says = Says(most_a=10.0)
        governed(home, says)
        await home.pass_time(1)
        asset_id = keep(home, 6.0)
        await home.pass_time(4)
        home.commander.release(asset_id)
        await home.pass_time(20)
        resting = list(box.writes)

        assert resting == [SetMaxCurrent(6.0), SetMaxCurrent(10.0)]
        assert await home.db.read(setpoints.touched) == [asset_id]
        was = home.commander.before(asset_id)
        assert was is not None
        assert SetMaxCurrent(32.0) in was.commands
        says.most_a = None
        home.commander.steer(asset_id, Kept(Setpoint(10.0), "guard", 1e6))
        home.commander.release(asset_id)
        await home.pass_time(10)
        assert box.writes[2:] == [SetMaxCurrent(32.0)]
        assert home.commander.before(asset_id) is None
        assert home.commander.before("nobody") is None


async def test_a_watchdog_that_could_not_be_fed_is_fed_at_the_next_chance(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.watchdogs["charger"] = 12.0
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        box.faults["renew"] = UnreachableError("keba: no answer")
        await home.pass_time(8)
        tried, fed = box.count("renew"), len(box.renewals)
        box.faults.clear()
        await home.pass_time(3)

        assert tried > 2
        assert fed < len(box.renewals)


async def test_what_is_parting_is_steered_by_nobody(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        home.commander._parting = {"keba"}
        keep(home, 8.0)
        await home.pass_time(5)

    assert box.writes == []
