"""Commands that meet other commands, cancellations, lost preconditions and failing rooms."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gatewayd.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    StorageError,
    UnreachableError,
)
from gatewayd.model.command import (
    Action,
    ActionState,
    FailureReason,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
)
from gatewayd.model.reading import ChargerReading, OperationMode, PowerDelivery
from gatewayd.state import actions
from tests.fakes.clock import FakeClock, settle
from tests.fakes.driver import ScriptedBox, battery_box, charger_box, configured, obeyed
from tests.fakes.gateway import gateway
from tests.unit.devices.asking import ask, cancel_or_not, ended

START, STOP = StartCharging(), StopCharging()
GONE = UnreachableError("keba: no answer")


async def test_a_newer_action_takes_over(db: Path, clock: FakeClock, box: ScriptedBox) -> None:
    box.obeys = False
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        first = await ask(home, START)
        await home.pass_time(1)
        second = await ask(home, STOP)

        found = await home.action(first.id)
        assert ended(found) == (ActionState.CANCELLED, FailureReason.CONFLICT)
        assert home.state("keba").action == second
        assert [row.entity_id for row in await home.events()] == [first.id]
        await home.pass_time(20)

        assert box.writes == [START, STOP]
        assert ended(await home.action(second.id)) == (ActionState.CONFIRMED, None)


async def test_equal_actions_are_two_actions(db: Path, clock: FakeClock, box: ScriptedBox) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        first, second = await ask(home, START), await ask(home, START)
        await home.pass_time(10)

        assert ended(await home.action(first.id))[1] is FailureReason.CONFLICT
        assert ended(await home.action(second.id)) == (ActionState.CONFIRMED, None)


async def test_actions_asked_for_at_the_same_moment_leave_one_to_be_done(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(ask(home, SetMaxCurrent(6.0 + n))) for n in range(10)]
        await home.pass_time(10)

        ends = [ended(await home.action(task.result().id)) for task in asked]
        assert ends.count((ActionState.CONFIRMED, None)) == 1
        assert ends.count((ActionState.CANCELLED, FailureReason.CONFLICT)) == 9
        assert len(await home.events()) == 10
        winner = next(task.result() for task, end in zip(asked, ends, strict=True) if not end[1])
        assert box.writes[-1] == winner.command


async def test_the_newer_action_is_written_after_the_older_one(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    gate = asyncio.Event()

    async def hold(step: str) -> None:
        if step == "apply" and box.count("apply") == 1:
            await gate.wait()

    box.step = hold
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        await ask(home, SetMaxCurrent(10))
        await home.pass_time(1)
        second = await ask(home, SetMaxCurrent(20))
        await home.pass_time(1)
        gate.set()
        await home.pass_time(5)

        assert box.writes == [SetMaxCurrent(10), SetMaxCurrent(20)]
        assert ended(await home.action(second.id)) == (ActionState.CONFIRMED, None)


async def test_a_cancelled_action_is_not_tried_again(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.obeys = False
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        action = await ask(home, START)
        await home.pass_time(1)
        cancelled = await home.commander.cancel(action.id)

        assert ended(cancelled) == (ActionState.CANCELLED, FailureReason.REQUESTED_CANCELLATION)
        assert await home.action(action.id) == cancelled
        assert home.state("keba").action == cancelled
        await home.pass_time(60)
        assert box.writes == [START]
        assert len(await home.events()) == 1


async def test_a_cancellation_touches_no_other_asset(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    other = charger_box("C2")
    box.obeys = other.obeys = False
    async with gateway(db, clock, {"keba": box, "other": other}) as home:
        await home.pass_time(1)
        mine, theirs = await ask(home, START), await ask(home, START, "other")
        await home.pass_time(1)
        await home.commander.cancel(mine.id)
        other.obeys = True
        await home.pass_time(7)

        assert ended(await home.action(theirs.id)) == (ActionState.CONFIRMED, None)


async def test_an_action_cancelled_while_it_is_being_marked_is_never_sent(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        gate = asyncio.Event()
        marks: list[str] = []

        async def hold(step: str) -> None:
            if step == "written" and len(marks) < 2:
                marks.append(step)
                if len(marks) == 2:
                    await gate.wait()

        home.db.step = hold
        action = await ask(home, START)
        await settle()
        while len(marks) < 2:
            await asyncio.sleep(0.001)
        await home.commander.cancel(action.id)
        gate.set()
        await home.pass_time(10)

        assert (await home.action(action.id)).sent_at is not None
        assert box.writes == []


async def test_an_action_whose_cancellation_was_itself_cancelled_is_not_sent_again(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.obeys = False
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        action = await ask(home, START)
        await home.pass_time(1)
        # The journal says so, and nobody told the lane.
        found = await home.action(action.id)
        gone = found.ended(ActionState.CANCELLED, clock.now(), FailureReason.CONFLICT)
        await home.db.write(lambda c: actions.update(c, gone))
        await home.pass_time(60)

        assert box.writes == [START]
        assert await home.action(action.id) == gone


async def test_an_action_whose_caller_went_away_is_still_done(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        asset = home.asset("keba")
        now = clock.now()
        action = Action("lost", "home", asset.id, asset.kind, START, "api", now, now)
        await home.db.write(lambda c: actions.insert(c, action))
        await home.pass_time(15)

        assert ended(await home.action("lost")) == (ActionState.CONFIRMED, None)


async def test_what_has_ended_or_never_was_cannot_be_cancelled(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        action = await ask(home, START)
        await home.pass_time(5)
        before = await home.action(action.id)

        with pytest.raises(ConflictError):
            await home.commander.cancel(action.id)
        with pytest.raises(NotFoundError):
            await home.commander.cancel("nobody")
        assert await home.action(action.id) == before
        assert await home.commander.get("nobody") is None


async def test_of_a_cancellation_and_a_confirmation_at_once_one_counts(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        action = await ask(home, START)
        while box.count("applied") == 0:
            await asyncio.sleep(0.001)
        async with asyncio.TaskGroup() as group:
            group.create_task(cancel_or_not(home, action))
            group.create_task(home.pass_time(1))
        await home.pass_time(5)

        assert len(await home.events()) == 1
        assert (await home.action(action.id)).state in (
            ActionState.CANCELLED,
            ActionState.CONFIRMED,
        )


async def test_unplugging_cancels_and_ends_the_writing(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.obeys = False
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        action = await ask(home, START)
        await home.pass_time(1)
        box.set_charger(power_delivery=PowerDelivery.UNPLUGGED)
        await home.pass_time(60)

        expected = (ActionState.CANCELLED, FailureReason.FAILED_PRECONDITION)
        assert ended(await home.action(action.id)) == expected
        assert box.writes == [START]


async def test_removing_the_asset_cancels(db: Path, clock: FakeClock, box: ScriptedBox) -> None:
    box.obeys = False
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        action = await ask(home, START)
        await home.pass_time(1)
        await home.poller.reconfigure({})
        await home.pass_time(60)

        expected = (ActionState.CANCELLED, FailureReason.NOT_FOUND)
        assert ended(await home.action(action.id)) == expected
        assert box.writes == [START]


async def test_an_asset_that_becomes_read_only_is_not_written_to(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.obeys = False
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        action = await ask(home, START)
        await home.pass_time(1)
        await home.poller.reconfigure({"keba": configured("keba", box, read_only=True)})
        await home.pass_time(60)

        expected = (ActionState.CANCELLED, FailureReason.FAILED_PRECONDITION)
        assert ended(await home.action(action.id)) == expected
        assert box.writes == [START]


@pytest.mark.parametrize(
    ("command", "delivery"),
    [
        (START, PowerDelivery.CHARGING),
        (START, PowerDelivery.UNPLUGGED),
        (STOP, PowerDelivery.STOPPED),
        (SetMaxCurrent(0), PowerDelivery.STOPPED),
        (SetMaxCurrent(64), PowerDelivery.STOPPED),
        (SetOperationMode(OperationMode.TIME_OF_USE), PowerDelivery.STOPPED),
    ],
)
async def test_what_cannot_come_true_is_refused_and_not_stored(
    db: Path, clock: FakeClock, box: ScriptedBox, command: object, delivery: PowerDelivery
) -> None:
    box.set_charger(power_delivery=delivery)
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        with pytest.raises(InvalidError):
            await ask(home, command)
        with pytest.raises(NotFoundError):
            await home.commander.submit("nobody", START, "api")

        assert await home.pending() == []


async def test_a_battery_that_has_the_mode_is_confirmed_by_a_fresh_reading_without_a_write(
    db: Path, clock: FakeClock
) -> None:
    cell = battery_box()
    async with gateway(db, clock, {"cell": cell}, poll_s=60) as home:
        await home.pass_time(1)
        cell.faults["read"] = GONE
        action = await ask(home, SetOperationMode(OperationMode.SELF_RELIANCE), "cell")
        await home.pass_time(1)
        assert ended(await home.action(action.id)) == (ActionState.PENDING, None)
        cell.faults.clear()
        await home.pass_time(6)

        assert ended(await home.action(action.id)) == (ActionState.CONFIRMED, None)
        assert cell.writes == []


async def test_a_battery_that_only_seemed_to_have_the_mode_is_written(
    db: Path, clock: FakeClock
) -> None:
    cell = battery_box()
    mode = SetOperationMode(OperationMode.SELF_RELIANCE)
    async with gateway(db, clock, {"cell": cell}, poll_s=60) as home:
        await home.pass_time(1)
        other = SetOperationMode(OperationMode.IMPORT_FOCUS)
        cell.readings["battery"] = obeyed(cell.readings["battery"], other)
        action = await ask(home, mode, "cell")
        await home.pass_time(2)

        assert ended(await home.action(action.id)) == (ActionState.CONFIRMED, None)
        assert cell.writes == [mode]


async def test_a_current_that_is_set_already_is_unnecessary(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        action = await ask(home, SetMaxCurrent(16))
        await home.pass_time(5)

        expected = (ActionState.CANCELLED, FailureReason.UNNECESSARY)
        assert ended(await home.action(action.id)) == expected
        assert box.writes == []


async def test_what_seems_set_is_written_when_a_cancelled_write_may_still_take_effect(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.obeys = False
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        first = await ask(home, SetMaxCurrent(32))
        await home.pass_time(1)
        await home.commander.cancel(first.id)
        await ask(home, SetMaxCurrent(16))
        await home.pass_time(3)

        assert box.writes == [SetMaxCurrent(32), SetMaxCurrent(16)]


async def test_the_device_s_own_step_confirms_a_current(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.obeys = False
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        action = await ask(home, SetMaxCurrent(10.4))
        await home.pass_time(1)
        box.set_charger(max_current_a=10.0)
        await home.pass_time(3)

        assert ended(await home.action(action.id)) == (ActionState.CONFIRMED, None)


async def test_a_clock_that_jumps_neither_ends_nor_prolongs_an_action(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.obeys = False
    for days in (30, -60):
        async with gateway(db, clock, {"keba": box}) as home:
            await home.pass_time(1)
            action = await ask(home, START)
            clock.jump_wall(timedelta(days=days))
            await home.pass_time(50)
            assert ended(await home.action(action.id))[0] is ActionState.PENDING
            await home.pass_time(12)

            found = await home.action(action.id)
            assert ended(found)[0] is ActionState.FAILED
            assert found.completed_at is not None
            assert found.completed_at >= found.created_at


async def test_nothing_is_sent_that_the_journal_could_not_take(
    db: Path, clock: FakeClock, box: ScriptedBox, caplog: pytest.LogCaptureFixture
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        action = await ask(home, START)

        async def full(step: str) -> None:
            if step == "write":
                raise StorageError("the disk is full")

        home.db.step = full
        await home.pass_time(10)
        assert box.writes == []
        assert len([line for line in caplog.messages if "journal" in line]) == 1

        async def fine(step: str) -> None:
            pass

        home.db.step = fine
        await home.pass_time(5)
        assert ended(await home.action(action.id)) == (ActionState.CONFIRMED, None)


async def test_a_slow_device_does_not_delay_the_commands_of_another(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async def hang(step: str) -> None:
        if step == "apply":
            await asyncio.Event().wait()

    box.step = hang
    other = charger_box("C2")
    async with gateway(db, clock, {"keba": box, "other": other}) as home:
        await home.pass_time(1)
        await ask(home, START)
        action = await ask(home, START, "other")
        await home.pass_time(1)

        assert ended(await home.action(action.id)) == (ActionState.CONFIRMED, None)


@pytest.mark.parametrize("step", ["apply", "applied"])
async def test_a_lane_that_a_library_s_cancellation_ended_looks_and_goes_on(
    db: Path, clock: FakeClock, box: ScriptedBox, step: str
) -> None:
    box.faults[step] = asyncio.CancelledError()
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        action = await ask(home, START)
        await home.pass_time(0.5)
        box.faults.clear()
        await home.pass_time(5)

        assert ended(await home.action(action.id)) == (ActionState.CONFIRMED, None)
        assert box.writes == [START]


async def test_what_was_read_before_such_an_end_confirms_nothing(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.obeys = False
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        await ask(home, SetMaxCurrent(32))
        await home.pass_time(1)
        box.faults["apply"], box.faults["read"] = asyncio.CancelledError(), GONE
        action = await ask(home, SetMaxCurrent(16))
        await home.pass_time(3)

        assert (await home.action(action.id)).sent_at is not None
        assert ended(await home.action(action.id)) == (ActionState.PENDING, None)


async def test_an_action_asked_for_before_the_commander_runs_is_done_when_it_does(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        home.tasks["commander"].cancel()
        await home.db.quiet()
        action = await ask(home, START)
        await home.pass_time(1)
        assert box.writes == []
        async with asyncio.TaskGroup() as group:
            again = group.create_task(home.commander.run())
            await home.pass_time(3)
            again.cancel()

        assert ended(await home.action(action.id)) == (ActionState.CONFIRMED, None)


def test_the_scripted_charger_obeys_as_a_real_one_does() -> None:
    before = ChargerReading(power_delivery=PowerDelivery.STOPPED)

    assert obeyed(before, START) == replace(before, power_delivery=PowerDelivery.CHARGING)
