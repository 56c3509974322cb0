"""Schedules that steer devices: what is sent, when, and what is told."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gatewayd.model.climate import FollowSchedule, HvacMode, PermanentHold, TargetState
from gatewayd.model.command import ActionState, SetMaxCurrent, StartCharging, StopCharging
from gatewayd.model.reading import PowerDelivery
from gatewayd.model.schedule import HourMinute, Rule
from gatewayd.state import meta, schedules
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, car_box, charger_box, thermostat_box
from tests.unit.control.steered import Home, daily, home, say

START, STOP = StartCharging(), StopCharging()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def box() -> ScriptedBox:
    return charger_box()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "gatewayd.db"


async def events(running: Home) -> list[tuple[str | None, str]]:
    """The states that the events of schedules tell of, before and after."""
    told = []
    for row in await running.gateway.events(schedules.EVENT):
        before = row.body["before"]
        after = json.loads(str(row.body["after"]))["state"]
        told.append((json.loads(str(before))["state"] if before else None, after))
    return told


async def test_a_charger_is_started_and_stopped_by_the_clock(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with home(db, clock, {"wallbox": box}) as running:
        await running.at("wallbox", running.place)
        schedule = await running.put(
            running.charge("wallbox", daily("12:10", "12:20", value=True), default=False)
        )
        assert running.state(schedule) == "ALIGNED"
        assert box.writes == []

        await running.gateway.pass_time(9 * 60, step_s=1)
        assert box.writes == []
        await running.gateway.pass_time(2 * 60, step_s=1)
        assert box.writes == [START]
        assert running.state(schedule) == "ALIGNED"
        await running.gateway.pass_time(10 * 60, step_s=1)
        assert box.writes == [START, STOP]


async def test_a_command_is_an_action_of_the_schedule(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with home(db, clock, {"wallbox": box}) as running:
        await running.put(running.charge("wallbox"))
        await running.gateway.pass_time(5)

        action = running.gateway.state("wallbox").action
        assert action is not None
        assert (action.owner, action.state) == ("schedule", ActionState.CONFIRMED)
        decision = running.gateway.state("wallbox").decision
        assert decision is not None
        assert decision.in_words == "the schedule says to charge"


async def test_053_a_charging_car_is_pending_until_it_stops_then_aligned(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    say(box, "charger", PowerDelivery.CHARGING)
    async with home(db, clock, {"wallbox": box}) as running:
        schedule = await running.put(running.charge("wallbox", default=False))
        await running.gateway.pass_time(5)

        assert running.state(schedule) == "ALIGNED"
        assert await events(running) == [(None, "PENDING"), ("PENDING", "ALIGNED")]


async def test_053_a_stubborn_charger_is_misaligned_and_told_again_after_a_rest(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    say(box, "charger", PowerDelivery.CHARGING)
    box.obeys = False
    async with home(db, clock, {"wallbox": box}) as running:
        schedule = await running.put(running.charge("wallbox", default=False))
        await running.gateway.pass_time(70, step_s=1)
        assert running.state(schedule) == "MISALIGNED"
        writes = len(box.writes)
        await running.gateway.pass_time(14 * 60, step_s=1)
        assert len(box.writes) == writes
        await running.gateway.pass_time(2 * 60, step_s=1)

        assert len(box.writes) > writes
        assert running.state(schedule) == "PENDING" or len(box.writes) > writes + 1


async def test_058_each_change_is_told_once_and_no_other(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with home(db, clock, {"wallbox": box}) as running:
        schedule = await running.put(running.charge("wallbox", default=False))
        await running.gateway.pass_time(60, step_s=1)
        assert await events(running) == [(None, "ALIGNED")]
        await running.put(replace(schedule, is_enabled=False))

        assert await events(running) == [(None, "ALIGNED"), ("ALIGNED", "INACTIVE:DISABLED")]


async def test_050_a_disabled_schedule_sends_nothing(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with home(db, clock, {"wallbox": box}) as running:
        schedule = await running.put(replace(running.charge("wallbox"), is_enabled=False))
        await running.gateway.pass_time(30)

        assert running.state(schedule) == "INACTIVE:DISABLED"
        assert box.writes == []


async def test_050_disabling_withdraws_what_is_under_way(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.obeys = False
    async with home(db, clock, {"wallbox": box}) as running:
        schedule = await running.put(running.charge("wallbox"))
        await running.gateway.pass_time(3)
        await running.put(replace(schedule, is_enabled=False))
        writes = len(box.writes)
        await running.gateway.pass_time(60)

        action = running.gateway.state("wallbox").action
        assert action is not None
        assert action.state is ActionState.CANCELLED
        assert len(box.writes) == writes


async def test_a_removed_schedule_leaves_nothing_under_way(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.obeys = False
    async with home(db, clock, {"wallbox": box}) as running:
        schedule = await running.put(running.charge("wallbox"))
        await running.gateway.pass_time(3)
        await running.steering.change(lambda c: schedules.remove(c, schedule.id))
        await running.gateway.db.quiet()

        assert await running.gateway.pending() == []
        assert running.steering.controlling(running.gateway.asset("wallbox").id) is None


async def test_030_an_enabled_schedule_controls_its_target_and_a_disabled_one_does_not(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with home(db, clock, {"wallbox": box}) as running:
        asset_id = running.gateway.asset("wallbox").id
        schedule = await running.put(running.charge("wallbox"))
        assert running.steering.controlling(asset_id)
        await running.put(replace(schedule, is_enabled=False))

        assert running.steering.controlling(asset_id) is None


async def test_a_current_limit_under_way_is_not_ended_by_a_schedule(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.obeys = False
    async with home(db, clock, {"wallbox": box}) as running:
        asset_id = running.gateway.asset("wallbox").id
        limit = await running.gateway.commander.submit(asset_id, SetMaxCurrent(10.0), "api")
        await running.put(running.charge("wallbox"))
        await running.gateway.pass_time(20)
        assert START not in box.writes
        assert (await running.gateway.action(limit.id)).state is ActionState.PENDING
        box.obeys = True
        await running.gateway.pass_time(30)

        assert (await running.gateway.action(limit.id)).state is ActionState.CONFIRMED
        assert box.writes[-1] == START


async def test_051_a_vehicle_that_is_away_is_left_alone(db: Path, clock: FakeClock) -> None:
    box = car_box()
    async with home(db, clock, {"car": box}) as running:
        await running.at("car", None)
        schedule = await running.put(running.charge("car"))
        await running.gateway.pass_time(5)
        assert running.state(schedule) == "INACTIVE:AWAY"
        assert box.writes == []
        await running.at("car", running.place)
        await running.gateway.pass_time(5)

        assert running.state(schedule) == "ALIGNED"
        assert box.writes == [START]


async def test_059_a_heater_is_set_at_the_boundary_and_given_back(
    db: Path, clock: FakeClock
) -> None:
    box = thermostat_box()
    warm = PermanentHold(HvacMode.HEAT, 22.0)
    async with home(db, clock, {"heat": box}) as running:
        await running.at("heat", running.place)
        rule: Rule[TargetState] = Rule(warm, HourMinute(12 * 60 + 10, 12 * 60 + 20))
        schedule = await running.put(running.heat("heat", FollowSchedule(), rule))
        await running.gateway.pass_time(9 * 60, step_s=1)
        assert box.writes == []
        await running.gateway.pass_time(2 * 60, step_s=1)
        assert box.writes == [warm]
        assert running.state(schedule) == "ALIGNED"
        await running.gateway.pass_time(10 * 60, step_s=1)

        assert box.writes == [warm, FollowSchedule()]


async def test_of_two_schedules_the_newer_one_controls(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with home(db, clock, {"wallbox": box}) as running:
        older = await running.put(running.charge("wallbox"))
        await running.gateway.pass_time(5)
        newer = replace(
            running.charge("wallbox", default=False),
            id="newer",
            created_at=clock.now() + timedelta(seconds=1),
        )
        await running.put(newer)
        await running.gateway.pass_time(5)

        assert box.writes == [START, STOP]
        assert running.state(older) == "INACTIVE:OVERRIDDEN"
        assert running.state(newer) == "ALIGNED"


async def test_a_schedule_goes_on_after_a_restart_and_tells_nothing_twice(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with home(db, clock, {"wallbox": box}) as running:
        schedule = await running.put(
            running.charge("wallbox", daily("10:20", "10:30", value=True), default=False)
        )
        told = await events(running)
    await clock.advance(15 * 60)
    async with home(db, clock, {"wallbox": box}) as running:
        assert running.state(schedule) == "ALIGNED"
        assert await events(running) == told
        await running.gateway.pass_time(6 * 60, step_s=1)

        assert box.writes == [START]


async def test_a_start_from_before_a_restart_is_not_sent_twice(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.obeys = False
    async with home(db, clock, {"wallbox": box}) as running:
        await running.put(running.charge("wallbox"))
        await running.gateway.pass_time(3)
        [before] = await running.gateway.pending()
    async with home(db, clock, {"wallbox": box}) as running:
        await running.gateway.pass_time(5)

        assert [one.id for one in await running.gateway.pending()] == [before.id]


async def test_nothing_is_sent_while_the_clock_shows_a_time_that_has_passed(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with home(db, clock, {"wallbox": box}) as running:
        now = clock.now()
        await running.gateway.db.write(lambda c: meta.mark_time(c, now))
        await running.put(replace(running.charge("wallbox"), is_enabled=False))
    clock.jump_wall(timedelta(days=-900))
    async with home(db, clock, {"wallbox": box}) as running:
        await running.put(running.charge("wallbox"))
        await running.gateway.pass_time(10)
        assert box.writes == []
        clock.jump_wall(timedelta(days=900))
        await running.gateway.pass_time(40)

        assert box.writes == [START]
