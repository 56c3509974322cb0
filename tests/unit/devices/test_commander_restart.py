"""After a kill the journal is taken up: what is too old or unclear is never executed."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from gatewayd.errors import UnreachableError
from gatewayd.model.command import (
    Action,
    ActionState,
    FailureReason,
    SetOperationMode,
    StartCharging,
    StopCharging,
)
from gatewayd.model.reading import OperationMode, PowerDelivery
from gatewayd.state import actions, meta
from gatewayd.state.db import Database
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, battery_box
from tests.fakes.gateway import Gateway, gateway

START = StartCharging()
GONE = UnreachableError("keba: no answer")
FAILED_NO_RESPONSE = (ActionState.FAILED, FailureReason.NO_RESPONSE)
PENDING = (ActionState.PENDING, None)
CONFIRMED = (ActionState.CONFIRMED, None)


async def leave_intent(db: Path, clock: FakeClock, box: ScriptedBox) -> Action:
    """A run that ended before it sent anything."""
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        home.tasks["commander"].cancel()
        await home.db.quiet()
        return await home.commander.submit(home.asset("keba").id, START, "api")


async def leave_sent(db: Path, clock: FakeClock, box: ScriptedBox) -> Action:
    """A run that ended after it sent the command, before it saw the effect."""
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        box.faults["read"] = GONE
        box.obeys = False
        action = await home.commander.submit(home.asset("keba").id, START, "api")
        await home.pass_time(0.5)
    assert box.writes == [START]
    box.faults.clear()
    box.steps.clear()
    box.writes.clear()
    box.obeys = True
    return action


async def end_of(home: Gateway, action: Action) -> tuple[ActionState, FailureReason | None]:
    found = await home.action(action.id)
    return found.state, found.failure_reason


async def test_an_intent_is_carried_out_after_the_device_was_read(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    action = await leave_intent(db, clock, box)
    box.steps.clear()
    await clock.advance(5)
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(5)

        assert await end_of(home, action) == CONFIRMED
        assert box.writes == [START]
        assert box.steps.index("read") < box.steps.index("apply")


async def test_an_intent_whose_precondition_is_gone_is_not_sent(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    action = await leave_intent(db, clock, box)
    box.set_charger(power_delivery=PowerDelivery.UNPLUGGED)
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(5)

        expected = (ActionState.CANCELLED, FailureReason.FAILED_PRECONDITION)
        assert await end_of(home, action) == expected
        assert box.writes == []


async def test_what_was_sent_and_took_effect_is_confirmed_without_sending_again(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    action = await leave_sent(db, clock, box)
    box.set_charger(power_delivery=PowerDelivery.CHARGING)
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(5)

        assert await end_of(home, action) == CONFIRMED
        assert box.writes == []


async def test_what_was_sent_without_effect_is_sent_again_while_there_is_time(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    action = await leave_sent(db, clock, box)
    await clock.advance(20)
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(5)

        assert await end_of(home, action) == CONFIRMED
        assert box.writes == [START]
        assert box.steps.index("read") < box.steps.index("apply")


async def test_an_unreachable_device_is_waited_for_until_the_time_is_over(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    action = await leave_sent(db, clock, box)
    box.faults["open"] = GONE
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(50)
        assert await end_of(home, action) == PENDING
        await home.pass_time(12)
        assert await end_of(home, action) == FAILED_NO_RESPONSE
        box.faults.clear()
        await home.pass_time(30)

        assert box.writes == []


async def test_the_time_goes_on_counting_over_the_restart(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    action = await leave_sent(db, clock, box)
    box.obeys = False
    await clock.advance(40)
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(18)
        assert await end_of(home, action) == PENDING
        await home.pass_time(3)

        assert await end_of(home, action) == FAILED_NO_RESPONSE


@pytest.mark.parametrize("leave", [leave_intent, leave_sent])
async def test_an_expired_action_is_never_executed(
    db: Path, clock: FakeClock, box: ScriptedBox, leave: Callable[..., object]
) -> None:
    action = await (leave_intent if leave is leave_intent else leave_sent)(db, clock, box)
    await clock.advance(60)
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(120, step_s=0.5)

        assert await end_of(home, action) == FAILED_NO_RESPONSE
        assert box.writes == []
        assert len(await home.events()) == 1


async def test_an_expired_action_that_took_effect_is_confirmed(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    action = await leave_sent(db, clock, box)
    box.set_charger(power_delivery=PowerDelivery.CHARGING)
    await clock.advance(3600)
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(5)

        assert await end_of(home, action) == CONFIRMED


async def test_an_expired_action_does_not_wait_for_ever_for_a_reading(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    action = await leave_sent(db, clock, box)
    await clock.advance(3600)
    box.faults["open"] = GONE
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(32)

        assert await end_of(home, action) == FAILED_NO_RESPONSE


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=30)])
@pytest.mark.parametrize("leave", [leave_intent, leave_sent])
async def test_an_action_is_not_executed_when_the_clock_jumped_while_we_were_down(
    db: Path, clock: FakeClock, box: ScriptedBox, jump: timedelta, leave: object
) -> None:
    action = await (leave_intent if leave is leave_intent else leave_sent)(db, clock, box)
    clock.jump_wall(jump)
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(40)

        assert await end_of(home, action) == FAILED_NO_RESPONSE
        assert box.writes == []


async def test_an_action_is_not_executed_while_the_clock_is_behind_what_was_seen_before(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    action = await leave_intent(db, clock, box)
    later = clock.now() + timedelta(seconds=30)
    async with Database.open(db) as database:
        await database.write(lambda c: meta.mark_time(c, later))
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(5)

        assert await end_of(home, action) == FAILED_NO_RESPONSE
        assert box.writes == []


async def test_an_action_from_before_the_boot_is_not_executed(db: Path, box: ScriptedBox) -> None:
    clock = FakeClock()
    action = await leave_intent(db, clock, box)
    # The machine starts again with the time it had, as one without a battery clock does.
    rebooted = FakeClock(clock.now() + timedelta(seconds=2))
    async with gateway(db, rebooted, {"keba": box}) as home:
        await home.pass_time(5)

        assert await end_of(home, action) == FAILED_NO_RESPONSE
        assert box.writes == []


async def test_a_battery_mode_is_taken_up_too(db: Path, clock: FakeClock) -> None:
    cell = battery_box()
    mode = SetOperationMode(OperationMode.IMPORT_FOCUS)
    async with gateway(db, clock, {"cell": cell}) as home:
        await home.pass_time(1)
        home.tasks["commander"].cancel()
        await home.db.quiet()
        action = await home.commander.submit(home.asset("cell").id, mode, "api")
    async with gateway(db, clock, {"cell": cell}) as home:
        await home.pass_time(5)

        assert await end_of(home, action) == CONFIRMED
        assert cell.writes == [mode]


async def test_an_action_of_a_device_that_was_removed_meanwhile_ends(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    action = await leave_sent(db, clock, box)
    async with gateway(db, clock, {}) as home:
        await home.pass_time(2)

        assert await end_of(home, action) == (ActionState.CANCELLED, FailureReason.NOT_FOUND)


async def test_the_newest_action_of_each_asset_is_shown_again(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        asset_id = home.asset("keba").id
        await home.commander.submit(asset_id, START, "api")
        await home.pass_time(3)
        newest = await home.commander.submit(asset_id, StopCharging(), "api")
        await home.pass_time(3)
    async with gateway(db, clock, {"keba": box}) as home:
        await home.db.quiet()

        assert home.state("keba").action == await home.action(newest.id)


async def test_taking_an_action_up_can_be_replaced_and_cancelled_as_ever(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    action = await leave_sent(db, clock, box)
    box.obeys = False
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        cancelled = await home.commander.cancel(action.id)
        await home.pass_time(60)

        assert cancelled.failure_reason is FailureReason.REQUESTED_CANCELLATION
        assert box.writes in ([], [START])
        assert await home.db.read(actions.pending) == []
