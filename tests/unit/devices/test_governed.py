"""What the commander does where others have a say: governance, watchdogs and parting."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gatewayd.devices.poller import Poller
from gatewayd.devices.registers_before import RegistersBefore
from gatewayd.errors import StorageError, UnreachableError
from gatewayd.model.asset import Asset
from gatewayd.model.command import (
    ActionState,
    Command,
    SetMaxCurrent,
    SetOperationMode,
    StopCharging,
)
from gatewayd.model.reading import OperationMode, PowerDelivery
from gatewayd.plan.arbiter.claims import Setpoint
from gatewayd.plan.governed import Answer
from gatewayd.plan.keeping import Kept
from gatewayd.sdk.driver import Driver
from gatewayd.state import setpoints
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, battery_box
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


async def test_where_nobody_is_given_way_to_a_choice_changes_nothing(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        home.commander.resume("nobody")
        home.commander.release("nobody")
        asset_id = keep(home, 8.0)
        await home.pass_time(3)
        before = list(box.writes)
        home.commander.resume(asset_id)
        await home.pass_time(5)

    assert box.writes == before


async def test_a_device_that_is_lost_before_the_write_is_written_to_by_nobody(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.set_charger(power_delivery=PowerDelivery.CHARGING)
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)

        async def lose(step: str) -> None:
            if step == "write":
                home.poller._lives["keba"].driver = None
                raise StorageError("disk full")

        home.db.step = lose
        keep(home, 8.0)
        await home.pass_time(1)

    assert box.writes == []


class Registers(RegistersBefore):
    """Registers that cannot be read at first, and are not back at first."""

    def __init__(self, poller: Poller) -> None:
        super().__init__(poller, call_s=10.0)
        self.looks, self.lasts = [None, False], [False, True]

    async def look(self, asset: Asset, command: Command, *, may_skip: bool) -> bool | None:
        return self.looks.pop(0) if self.looks else False

    async def give_back(self, driver: Driver, asset: Asset, command: Command) -> None:
        await driver.apply(asset.role, command)

    def is_as_before(self, command: Command) -> bool:
        return False

    def recall(self, words: Mapping[str, int] | None) -> None:
        pass

    async def are_back(self, asset: Asset) -> bool:
        return self.lasts.pop(0)


async def test_registers_are_read_before_and_back_before_it_is_forgotten(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.set_charger(power_delivery=PowerDelivery.CHARGING)
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        found = Registers(home.poller)
        asset_id = keep(home, 8.0)
        home.commander._lanes[asset_id].holding._was.registers = found
        await home.pass_time(5)
        home.commander.release(asset_id)
        await home.pass_time(8)

        assert (found.looks, found.lasts) == ([], [])
        assert box.writes == [SetMaxCurrent(8.0), SetMaxCurrent(16.0)]
        assert await home.db.read(setpoints.touched) == []


async def test_a_stop_leaves_what_is_away(db: Path, clock: FakeClock, box: ScriptedBox) -> None:
    cell = battery_box()
    async with gateway(db, clock, {"cell": cell}) as home:
        await home.pass_time(1)
        forced = Kept(SetOperationMode(OperationMode.IMPORT_FOCUS), "plan", 1e6)
        home.commander.steer(home.asset("cell").id, forced)
        await home.pass_time(4)
        home.poller._lives["cell"].driver = None
        cell.faults["read"] = UnreachableError("cell: no answer")
        async with asyncio.TaskGroup() as group:
            group.create_task(home.commander.give_back(2))
            await home.pass_time(3)

        assert await home.db.read(setpoints.touched) == [home.asset("cell").id]
    assert cell.writes == [forced.wish]
