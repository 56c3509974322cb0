"""Commands: accepted before anything is sent, confirmed by later readings only, ended once."""

import asyncio
from pathlib import Path

import pytest

from gatewayd.errors import (
    BusyError,
    RefusedError,
    UnreachableError,
    UnsupportedError,
)
from gatewayd.model.command import (
    ActionState,
    FailureReason,
    SetMaxCurrent,
    StartCharging,
    StopCharging,
)
from gatewayd.model.reading import ChargerReading, PowerDelivery
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, charger_box
from tests.fakes.gateway import gateway
from tests.unit.devices.asking import ask, ended

START, STOP = StartCharging(), StopCharging()
GONE = UnreachableError("keba: no answer")


async def test_an_action_is_pending_and_in_the_journal_before_anything_is_sent(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        action = await ask(home, START)

        assert box.count("apply") == 0
        assert await home.action(action.id) == action
        assert ended(action) == (ActionState.PENDING, None)
        assert (action.owner, action.user_id) == ("api", "home")
        assert home.state("keba").action == action
        assert await home.events() == []


async def test_an_action_is_confirmed_by_the_reading_after_it_and_told_once(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        action = await ask(home, START)
        await home.pass_time(120, step_s=0.5)

        found = await home.action(action.id)
        assert ended(found) == (ActionState.CONFIRMED, None)
        assert box.writes == [START]
        [event] = await home.events()
        assert event.entity_id == action.id
        assert event.body == {
            "actionId": action.id,
            "updatedFields": ["state", "updatedAt", "completedAt"],
        }
        assert home.state("keba").action == found


async def test_the_proof_is_read_at_once(db: Path, clock: FakeClock, box: ScriptedBox) -> None:
    async with gateway(db, clock, {"keba": box}, poll_s=60) as home:
        await home.pass_time(1)
        action = await ask(home, START)
        await home.pass_time(0.5)

        assert ended(await home.action(action.id)) == (ActionState.CONFIRMED, None)


async def test_an_acknowledgement_confirms_nothing(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.obeys = False
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        action = await ask(home, START)
        await home.pass_time(50)

        assert box.writes
        assert ended(await home.action(action.id)) == (ActionState.PENDING, None)


async def test_a_device_that_ignores_the_command_is_told_at_0_5_15_30_s_and_then_never_again(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.obeys = False
    written_at: list[float] = []

    async def note(step: str) -> None:
        if step == "apply":
            written_at.append(clock.monotonic())

    box.step = note
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        action = await ask(home, START)
        await home.pass_time(61)

        found = await home.action(action.id)
        assert ended(found) == (ActionState.FAILED, FailureReason.NO_RESPONSE)
        assert "did not show the effect" in found.failure_detail
        assert found.completed_at is not None
        assert 60 <= (found.completed_at - found.created_at).total_seconds() <= 61
        assert [round(at - 1) for at in written_at] == [0, 5, 15, 30]

        await home.pass_time(600, step_s=1)
        assert len(written_at) == 4
        assert len(await home.events()) == 1


async def test_the_tries_go_on_every_minute_up_to_the_device_s_time(
    db: Path, clock: FakeClock
) -> None:
    box = charger_box(timeout_s=300)
    box.obeys = False
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        action = await ask(home, START)
        await home.pass_time(299, step_s=1)
        assert ended(await home.action(action.id))[0] is ActionState.PENDING
        await home.pass_time(3, step_s=1)

        assert ended(await home.action(action.id))[0] is ActionState.FAILED
        assert len(box.writes) == 8


async def test_a_device_that_obeys_late_confirms_late(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.obeys = False
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        action = await ask(home, START)
        await home.pass_time(40)
        box.set_charger(power_delivery=PowerDelivery.CHARGING)
        await home.pass_time(3)

        assert ended(await home.action(action.id)) == (ActionState.CONFIRMED, None)


async def test_a_sample_from_before_the_write_never_confirms(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.obeys = False
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        # The picture is of a charger at 10 A; the action before may still take effect.
        box.set_charger(max_current_a=10.0)
        await home.pass_time(2)
        box.faults["apply"] = GONE
        first = await ask(home, SetMaxCurrent(20))
        await home.pass_time(1)
        box.faults["read"] = GONE
        second = await ask(home, SetMaxCurrent(10))
        await home.pass_time(4)

        assert ended(await home.action(first.id))[1] is FailureReason.CONFLICT
        assert ended(await home.action(second.id)) == (ActionState.PENDING, None)


async def test_a_read_that_was_under_way_during_the_write_does_not_confirm(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    gate, wants = asyncio.Event(), {"hold": False}

    async def hold(step: str) -> None:
        if step == "answer" and wants["hold"]:
            await gate.wait()

    box.step, box.obeys = hold, False
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        # Somebody at the box starts and stops it again; the read took place in between.
        box.set_charger(power_delivery=PowerDelivery.CHARGING)
        wants["hold"] = True
        await home.pass_time(1.5)
        box.set_charger(power_delivery=PowerDelivery.STOPPED)
        action = await ask(home, START)
        await home.pass_time(1)
        assert box.count("applied") == 1
        wants["hold"] = False
        gate.set()
        await home.db.quiet()
        reading = home.state("keba").sample
        assert reading is not None
        assert isinstance(reading.reading, ChargerReading)
        assert reading.reading.is_charging

        await home.pass_time(3)
        assert ended(await home.action(action.id)) == (ActionState.PENDING, None)


async def test_a_read_between_the_journal_s_mark_and_the_write_does_not_confirm(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    gate = asyncio.Event()
    marks: list[str] = []

    async def hold(step: str) -> None:
        if step == "written":
            marks.append(step)
            if len(marks) == 4:
                await gate.wait()

    box.obeys = False
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        home.db.step = hold
        # The older one keeps "it is so already" from deciding: 16 A may be about to change.
        await ask(home, SetMaxCurrent(32))
        await home.pass_time(0.25)
        action = await ask(home, SetMaxCurrent(16))
        while len(marks) < 4:
            await asyncio.sleep(0.001)
        await clock.advance(3)
        gate.set()
        box.faults["read"] = GONE
        await home.pass_time(1)

        assert ended(await home.action(action.id)) == (ActionState.PENDING, None)
        assert box.writes == [SetMaxCurrent(32), SetMaxCurrent(16)]


async def test_a_refusal_fails_at_once_in_the_device_s_words(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    for error in (RefusedError("keba: not authorised"), UnsupportedError("keba: no such command")):
        box.faults["apply"] = error
        async with gateway(db, clock, {"keba": box}) as home:
            await home.pass_time(1)
            action = await ask(home, START)
            await home.pass_time(1)

            found = await home.action(action.id)
            assert ended(found) == (ActionState.FAILED, FailureReason.NO_RESPONSE)
            assert found.failure_detail == str(error)
            await home.pass_time(20)
    assert box.count("apply") == 2


@pytest.mark.parametrize("error", [GONE, BusyError("busy"), ZeroDivisionError("bug")])
async def test_a_write_that_fails_is_tried_again(
    db: Path, clock: FakeClock, box: ScriptedBox, error: Exception
) -> None:
    box.faults["apply"] = error
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        action = await ask(home, START)
        await home.pass_time(2)
        box.faults.clear()
        await home.pass_time(5)

        assert ended(await home.action(action.id)) == (ActionState.CONFIRMED, None)
        assert box.writes == [START]


async def test_a_write_whose_answer_was_lost_is_resolved_by_reading_and_not_repeated(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.faults["applied"] = GONE
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        action = await ask(home, START)
        await home.pass_time(20)

        assert ended(await home.action(action.id)) == (ActionState.CONFIRMED, None)
        assert box.writes == [START]


async def test_a_write_that_hangs_is_ended_and_tried_again(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async def hang(step: str) -> None:
        if step == "apply" and box.count("apply") == 1:
            await asyncio.Event().wait()

    box.step = hang
    async with gateway(db, clock, {"keba": box}, call_s=0.02) as home:
        await home.pass_time(1)
        action = await ask(home, START)
        await asyncio.sleep(0.05)
        await home.pass_time(7)

        assert ended(await home.action(action.id)) == (ActionState.CONFIRMED, None)


async def test_an_action_waits_for_an_unreachable_device_without_being_marked_sent(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        box.faults["open"] = box.faults["read"] = GONE
        await home.pass_time(10)
        action = await ask(home, START)
        await home.pass_time(10)
        assert (await home.action(action.id)).sent_at is None
        box.faults.clear()
        await home.pass_time(10)

        assert ended(await home.action(action.id)) == (ActionState.CONFIRMED, None)
        assert box.writes == [START]


async def test_after_an_outage_the_device_is_read_before_it_is_written_to(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        box.faults["open"] = box.faults["read"] = GONE
        await home.pass_time(10)
        action = await ask(home, START)
        await home.pass_time(10)
        box.set_charger(power_delivery=PowerDelivery.UNPLUGGED)

        async def slow(step: str) -> None:
            if step == "answer":
                await clock.sleep(1.5)

        box.step = slow
        box.faults.clear()
        await home.pass_time(10)

        expected = (ActionState.CANCELLED, FailureReason.FAILED_PRECONDITION)
        assert ended(await home.action(action.id)) == expected
        assert box.writes == []


async def test_an_action_for_a_device_that_stays_away_fails(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        box.faults["open"] = box.faults["read"] = GONE
        await home.pass_time(10)
        action = await ask(home, START)
        await home.pass_time(62)

        found = await home.action(action.id)
        assert ended(found) == (ActionState.FAILED, FailureReason.NO_RESPONSE)
        assert found.failure_detail == "the device could not be reached"
        box.faults.clear()
        await home.pass_time(60)
        assert box.writes == []
