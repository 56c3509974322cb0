"""Whoever asks, the charger does what the strongest wants, within what the fuse bears."""

from dataclasses import replace
from pathlib import Path

import pytest

from gatewayd.errors import InvalidError, UnreachableError
from gatewayd.model.asset import MeterUsage
from gatewayd.model.command import (
    Action,
    ActionState,
    Command,
    FailureReason,
    SetMaxCurrent,
    StartCharging,
    StopCharging,
)
from gatewayd.model.reading import PowerDelivery
from gatewayd.plan.arming import Arming
from gatewayd.plan.ev.words import ChargeMode, ChargeSettings
from gatewayd.state import decisions, setpoints
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import Gateway
from tests.unit.control.governed import House, house, terms

START, STOP = StartCharging(), StopCharging()
NOW = ChargeSettings(mode=ChargeMode.NOW, max_a=16.0)
OFF = ChargeSettings(mode=ChargeMode.OFF)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "gatewayd.db"


async def ask(home: Gateway, command: Command, owner: str = "api") -> Action:
    return await home.commander.submit(home.asset("charger").id, command, owner)


async def test_a_charger_within_its_fuse_is_left_as_it_is(db: Path, clock: FakeClock) -> None:
    async with house(db, clock, terms()) as (home, one):
        await home.pass_time(60, step_s=0.5)

        assert one.charger.writes == []
        assert await home.db.read(setpoints.touched) == []


async def test_an_overloaded_phase_lowers_the_charger_within_five_seconds_and_says_why(
    db: Path, clock: FakeClock
) -> None:
    async with house(db, clock, terms()) as (home, one):
        await home.pass_time(20, step_s=0.5)
        one.base_a[1] = 15.0
        await home.pass_time(5, step_s=0.5)
        lowered_a = one.drawn_a
        one.base_a[1] = 2.0
        await home.pass_time(5, step_s=0.5)
        at_once_a = one.drawn_a
        await home.pass_time(90, step_s=0.5)
        found = (await home.db.read(decisions.latest))[home.asset("charger").id]
        shown = home.state("charger").decision

    assert 6.0 <= lowered_a <= 8.75
    assert at_once_a == lowered_a
    assert one.drawn_a == 16.0
    assert shown == found


async def test_the_decision_names_the_phase_that_binds(db: Path, clock: FakeClock) -> None:
    async with house(db, clock, terms()) as (home, one):
        await home.pass_time(20, step_s=0.5)
        one.base_a[1] = 15.0
        await home.pass_time(8, step_s=0.5)
        decision = home.state("charger").decision

    assert decision is not None
    assert decision.owner == "guard"
    assert decision.binding == "main: phase b"
    assert {one.name for one in decision.inputs} >= {"main.current_b_a", "max_current_a"}
    assert decision.candidates


async def test_a_dead_meter_leaves_the_charger_nothing(db: Path, clock: FakeClock) -> None:
    async with house(db, clock, terms()) as (home, one):
        await home.pass_time(20, step_s=0.5)
        one.meter.faults["read"] = UnreachableError("meter: no answer")
        await home.pass_time(80, step_s=1)

        assert one.drawn_a == 0.0


async def test_a_fuse_without_room_fails_a_start_and_remembers_it(
    db: Path, clock: FakeClock
) -> None:
    one = House(base_a=[22.0, 2.0, 2.0])
    one.plug(is_charging=False)
    async with house(db, clock, terms(), one) as (home, _):
        await home.pass_time(20, step_s=0.5)
        action = await ask(home, START)
        await home.pass_time(25, step_s=0.5)
        ended = await home.action(action.id)
        assert one.charger.writes in ([], [SetMaxCurrent(6.0)])
        one.base_a[0] = 2.0
        await home.pass_time(120, step_s=0.5)

    assert (ended.state, ended.failure_reason) == (
        ActionState.FAILED,
        FailureReason.FAILED_PRECONDITION,
    )
    assert "main: phase a" in ended.failure_detail
    assert one.drawn_a == 16.0


async def test_a_current_asked_for_is_confirmed_at_what_the_fuse_leaves(
    db: Path, clock: FakeClock
) -> None:
    one = House(base_a=[13.0, 2.0, 2.0])
    async with house(db, clock, terms(), one) as (home, _):
        await home.pass_time(30, step_s=0.5)
        action = await ask(home, SetMaxCurrent(32.0))
        await home.pass_time(30, step_s=0.5)
        ended = await home.action(action.id)

    assert ended.state is ActionState.CONFIRMED
    assert 6.0 <= one.drawn_a <= 10.75


async def test_a_current_asked_for_while_no_car_charges_holds_from_the_next_start(
    db: Path, clock: FakeClock
) -> None:
    one = House()
    one.plug(is_charging=False)
    async with house(db, clock, terms(), one) as (home, _):
        await home.pass_time(10, step_s=0.5)
        action = await ask(home, SetMaxCurrent(12.0))
        await home.pass_time(5, step_s=0.5)
        ended = await home.action(action.id)
        one.plug(is_charging=True)
        await home.pass_time(90, step_s=0.5)

    assert ended.state is ActionState.CONFIRMED
    assert one.drawn_a == 12.0


async def test_a_user_outlives_a_restart_and_ends_with_the_plug(db: Path, clock: FakeClock) -> None:
    one = House()
    async with house(db, clock, terms(NOW), one) as (home, _):
        await home.pass_time(20, step_s=0.5)
        action = await ask(home, STOP)
        await home.pass_time(15, step_s=0.5)
        assert (await home.action(action.id)).state is ActionState.CONFIRMED
    async with house(db, clock, terms(NOW), one) as (home, _):
        await home.pass_time(60, step_s=0.5)
        assert one.drawn_a == 0.0
        one.charger.set_charger(power_delivery=PowerDelivery.UNPLUGGED)
        await home.pass_time(10, step_s=0.5)
        one.plug(is_charging=False)
        await home.pass_time(60, step_s=0.5)

    assert one.drawn_a > 0.0


async def test_off_is_off_whatever_an_app_asks(db: Path, clock: FakeClock) -> None:
    async with house(db, clock, terms(OFF)) as (home, one):
        await home.pass_time(20, step_s=0.5)
        assert one.drawn_a == 0.0
        action = await ask(home, START)
        await home.pass_time(30, step_s=0.5)
        ended = await home.action(action.id)

    assert ended.failure_reason is FailureReason.FAILED_PRECONDITION
    assert "charging is off" in ended.failure_detail
    assert one.drawn_a == 0.0


async def test_a_schedule_gives_way_to_a_user_and_not_to_a_plan(db: Path, clock: FakeClock) -> None:
    async with house(db, clock, terms(NOW)) as (home, one):
        await home.pass_time(20, step_s=0.5)
        await ask(home, STOP, "schedule")
        await home.pass_time(10, step_s=0.5)
        stopped_a = one.drawn_a
        await ask(home, START, "smart_charging")
        await home.pass_time(10, step_s=0.5)
        still_a = one.drawn_a
        await ask(home, START)
        await home.pass_time(20, step_s=0.5)

    assert (stopped_a, still_a) == (0.0, 0.0)
    assert one.drawn_a >= 6.0


async def test_a_mode_that_was_chosen_outlives_a_restart(db: Path, clock: FakeClock) -> None:
    one = House()
    async with house(db, clock, terms(NOW), one) as (home, _):
        await home.pass_time(20, step_s=0.5)
        assert home.governor is not None
        asset_id = home.asset("charger").id
        with pytest.raises(InvalidError):
            await home.governor.choices.choose(asset_id, "warp")
        await home.governor.choices.choose(asset_id, "off")
        await home.pass_time(8, step_s=0.5)
        assert one.drawn_a == 0.0
    async with house(db, clock, terms(NOW), one) as (home, _):
        await home.pass_time(60, step_s=0.5)
        assert home.governor is not None
        found = home.governor.choices.modes()[home.asset("charger").id]

    assert found.mode == "off"
    assert one.drawn_a == 0.0


async def test_a_charger_that_is_only_watched_is_told_nothing(db: Path, clock: FakeClock) -> None:
    for arming in (Arming.OBSERVE, Arming.SHADOW):
        one = House()
        path = db.with_name(f"{arming}.db")
        async with house(path, clock, terms(OFF, arming=arming), one) as (home, _):
            await home.pass_time(30, step_s=0.5)
            assert one.charger.writes == []
            action = await ask(home, STOP)
            await home.pass_time(10, step_s=0.5)
            assert (await home.action(action.id)).state is ActionState.CONFIRMED
            found = await home.db.read(decisions.latest)
            owner = home.state("charger").decision
        assert one.charger.writes == [STOP]
        assert len(found) == 1
        assert owner is not None


async def test_a_watchdog_is_not_fed_for_a_grant_that_rests_on_nothing(
    db: Path, clock: FakeClock
) -> None:
    one = House()
    one.charger.watchdogs["charger"] = 30.0
    async with house(db, clock, terms(), one) as (home, _):
        await home.pass_time(20, step_s=0.5)
        one.meter.faults["read"] = UnreachableError("meter: no answer")
        await home.pass_time(70, step_s=1)
        fed = len(one.charger.renewals)
        await home.pass_time(60, step_s=1)

    assert fed > 0
    assert len(one.charger.renewals) == fed


async def test_a_grant_that_nobody_renews_is_over(db: Path, clock: FakeClock) -> None:
    async with house(db, clock, terms(NOW)) as (home, one):
        await home.pass_time(20, step_s=0.5)
        home.tasks["guard"].cancel()
        await home.pass_time(20, step_s=1)
        still_a = one.drawn_a
        await home.pass_time(20, step_s=1)

        decision = home.state("charger").decision

    assert decision is not None
    assert decision.binding == "the guard has not looked of late"
    assert still_a >= 6.0
    assert one.drawn_a == 0.0


async def test_a_dead_governor_and_guard_leave_the_charger_at_what_is_safe(
    db: Path, clock: FakeClock
) -> None:
    one = House()
    async with house(db, clock, terms(NOW), one) as (home, _):
        await home.pass_time(20, step_s=0.5)
        one.base_a[1] = 10.0
        await home.pass_time(10, step_s=0.5)
        before_a = one.drawn_a
        home.tasks["guard"].cancel()
        home.tasks["governor"].cancel()
        await home.pass_time(100, step_s=1)

    assert before_a >= 6.0
    assert one.drawn_a == 0.0


async def test_the_sun_is_followed(db: Path, clock: FakeClock) -> None:
    solar = ChargeSettings(mode=ChargeMode.SOLAR, min_a=6.0, max_a=16.0)
    one = House(base_a=[-10.5, -10.5, -10.5])
    one.plug(is_charging=False)
    async with house(db, clock, terms(solar), one) as (home, _):
        await home.pass_time(3)
        grid = home.asset("meter")
        home.store.adopt([replace(grid, usage=MeterUsage.GRID)])
        await home.pass_time(50, step_s=1)
        early_a = one.drawn_a
        await home.pass_time(120, step_s=1)

    assert early_a == 0.0
    assert 9.0 <= one.drawn_a <= 10.5
