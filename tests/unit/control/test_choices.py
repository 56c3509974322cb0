"""What users choose holds over what the config says, and outlives a restart."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gatewayd.control.governor.choices import PLANS_MAX, Choices
from gatewayd.control.governor.look import Memory
from gatewayd.control.governor.terms import BatteryTerms, ChargerTerms, Terms
from gatewayd.errors import InvalidError
from gatewayd.model.asset import AssetKind
from gatewayd.model.decision import Grounds
from gatewayd.model.ready_by import ReadyBy
from gatewayd.plan.battery.modes import BatteryMode, BatterySettings
from gatewayd.plan.ev.ready import Ready
from gatewayd.plan.ev.words import AlwaysCharge, ChargeMode, ChargeSettings, EvMemory
from gatewayd.state.db import Database
from gatewayd.state.store import Store
from tests.fakes.clock import FakeClock
from tests.fakes.home import asset
from tests.unit.control.governed import House, house, terms

DAILY = ReadyBy(weekdays=frozenset(range(5)), minute=420, soc_pct=80.0)
WEEKEND = ReadyBy(weekdays=frozenset({5, 6}), minute=600, energy_wh=10_000.0)
CONFIGURED = Terms(
    chargers={
        "charger": ChargerTerms(
            charging=ChargeSettings(
                mode=ChargeMode.PLAN, limit_soc_pct=90.0, plans={"work": DAILY, "fun": WEEKEND}
            )
        )
    },
    batteries={"battery": BatteryTerms(BatterySettings(BatteryMode.SELF_RELIANCE))},
)
CHARGER, BATTERY = asset(AssetKind.CHARGER), asset(AssetKind.BATTERY)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gatewayd.db"


@asynccontextmanager
async def choices(
    path: Path, terms: Terms = CONFIGURED, resume: Callable[[str], object] = bool
) -> AsyncIterator[Choices]:
    """As after a start."""
    clock = FakeClock()
    async with Database.open(path, clock=clock) as db:
        store = Store(clock, [CHARGER, BATTERY, asset(AssetKind.METER)])
        found = Choices(terms, store, db, clock, Memory(parked={"charger": "zoe"}), resume)
        await found.load()
        yield found


def charging(found: Choices) -> ChargeSettings:
    settings = found.applied().chargers["charger"].charging
    assert settings is not None
    return settings


async def test_numbers_are_set_and_given_back_to_the_config(path: Path) -> None:
    async with choices(path) as first:
        await first.set(CHARGER.id, {"min_soc_pct": 20.0, "limit_soc_pct": 100.0})
        await first.set(CHARGER.id, {"limit_energy_wh": 8_000.0})
        await first.set(BATTERY.id, {"reserve_pct": 30.0})
        await first.choose(CHARGER.id, "solar")
    async with choices(path) as second:
        settings = charging(second)
        battery = second.applied().batteries["battery"].settings
        assert second.modes()[CHARGER.id].car == "zoe"
        await second.set(CHARGER.id, {"limit_soc_pct": None, "min_soc_pct": 0.0})
        later = charging(second)

    assert settings.mode is ChargeMode.SOLAR
    # 100 % is no limit.
    assert (settings.min_soc_pct, settings.limit_soc_pct) == (20.0, None)
    assert settings.limit_energy_wh == 8_000.0
    assert (battery.reserve_pct, battery.mode) == (30.0, BatteryMode.SELF_RELIANCE)
    assert (later.min_soc_pct, later.limit_soc_pct) == (None, 90.0)


async def test_another_plan_of_a_name_does_not_show_what_came_of_the_one_before(
    path: Path,
) -> None:
    async with choices(path) as found:
        now = found._clock.now()
        came = Ready("work", now, True, now, now, 9_000.0, Grounds("so"))
        found._memory.planned["charger"] = came
        await found.plan(CHARGER.id, "fun", None)
        kept = found.plans()[CHARGER.id]["work"].ready
        await found.plan(CHARGER.id, "work", WEEKEND)
        planned = found.plans()[CHARGER.id]["work"]

    assert kept is came
    assert planned.ready is None
    assert planned.deadline_at is not None
    assert planned.deadline_at > now


async def test_of_choices_at_once_none_is_lost(path: Path) -> None:
    async with choices(path) as found, asyncio.TaskGroup() as group:
        group.create_task(found.set(CHARGER.id, {"min_soc_pct": 20.0}))
        group.create_task(found.choose(CHARGER.id, "solar", {"limit_soc_pct": 70.0}))
        group.create_task(found.plan(CHARGER.id, "work", None))
        group.create_task(found.plan(CHARGER.id, "fun", None))
    async with choices(path) as again:
        settings = charging(again)

    assert (settings.min_soc_pct, settings.limit_soc_pct) == (20.0, 70.0)
    assert settings.plans == {}


async def test_what_is_chosen_is_worked_out_again_only_when_something_of_it_changes(
    path: Path,
) -> None:
    async with choices(path) as found:
        modes, numbers, whole = found.modes(), found.numbers(), found.applied()

        assert found.modes() is modes
        assert found.numbers() is numbers
        assert found.applied() is whole

        await found.set(CHARGER.id, {"min_soc_pct": 20.0})
        assert found.numbers() != numbers
        found._memory.parked["charger"] = None
        assert found.modes()[CHARGER.id].car is None
        found._store.forget([BATTERY.id])
        assert found.modes().keys() == {CHARGER.id}
        found.terms = Terms()
        assert found.modes() == {}


async def test_whoever_steers_too_is_told_of_each_choice(path: Path) -> None:
    resumed: list[str] = []
    async with choices(path, resume=resumed.append) as found:
        await found.choose(CHARGER.id, "solar")
        await found.set(BATTERY.id, {"reserve_pct": 30.0})
        await found.plan(CHARGER.id, "work", None)
        await found.forget_wants(CHARGER.id, found._clock.now())

    assert resumed == [CHARGER.id, BATTERY.id, CHARGER.id]


async def test_a_mode_and_numbers_are_taken_together_or_not_at_all(path: Path) -> None:
    async with choices(path) as found:
        for mode, soc_pct in (("warp", 70.0), ("solar", 101.0)):
            with pytest.raises(InvalidError):
                await found.choose(CHARGER.id, mode, {"limit_soc_pct": soc_pct})
        before = charging(found)
        await found.choose(CHARGER.id, "solar", {"limit_soc_pct": 70.0})
        await found.choose(CHARGER.id, "off")
    async with choices(path) as again:
        after = charging(again)

    assert (before.mode, before.limit_soc_pct) == (ChargeMode.PLAN, 90.0)
    assert (after.mode, after.limit_soc_pct) == (ChargeMode.OFF, 70.0)


async def test_what_can_be_set_is_told_with_its_range(path: Path) -> None:
    async with choices(path) as found:
        charger, battery = found.numbers()[CHARGER.id], found.numbers()[BATTERY.id]

    assert {name: one.value for name, one in charger.items()} == {
        "min_soc_pct": 0.0,
        "limit_soc_pct": 90.0,
        "limit_energy_wh": 0.0,
        "min_a": 6.0,
        "priority": 0.0,
    }
    assert {name: one.most for name, one in battery.items()} == {
        "reserve_pct": 100.0,
        "target_pct": 100.0,
        "power_w": 50_000.0,
    }


async def test_least_current_priority_and_charging_always_are_chosen_and_stay(path: Path) -> None:
    async with choices(path) as first:
        await first.set(CHARGER.id, {"min_a": 8.0, "priority": 5.0})
        await first.charge_always(CHARGER.id, AlwaysCharge.ON)
        with pytest.raises(InvalidError):
            await first.charge_always(BATTERY.id, AlwaysCharge.ON)
    async with choices(path) as second:
        settings, term = charging(second), second.applied().chargers["charger"]
        shown = second.modes()[CHARGER.id].always_charge
        second.terms = replace(
            CONFIGURED, chargers={"charger": ChargerTerms(charging=ChargeSettings(max_a=6.0))}
        )
        least_a = charging(second).min_a

    assert (settings.min_a, term.priority, settings.priority) == (8.0, 5, 5)
    assert (settings.always_charge, shown) == (AlwaysCharge.ON, AlwaysCharge.ON)
    # What was chosen goes no further than the config.
    assert least_a == 6.0


async def test_once_is_until_the_car_leaves_that_is_there_or_comes_next(path: Path) -> None:
    async with choices(path) as first:
        own = first._memory.cars["charger"] = EvMemory()
        await first.charge_always(CHARGER.id, AlwaysCharge.ONCE)
        await first.end_sessions()
        before = charging(first).always_charge
        own.always_once_over = True
        await first.end_sessions()
        after = charging(first).always_charge
    async with choices(path) as second:
        restarted = charging(second).always_charge
        # A car that left before it was chosen ends nothing.
        await second.charge_always(CHARGER.id, AlwaysCharge.ONCE)
        await second.end_sessions()
        again = charging(second).always_charge

    assert not own.always_once_over
    assert (before, after, restarted) == (AlwaysCharge.ONCE, AlwaysCharge.OFF, AlwaysCharge.OFF)
    assert again is AlwaysCharge.ONCE


async def test_what_is_no_such_number_changes_nothing(path: Path) -> None:
    wrong: list[tuple[str, dict[str, float | None]]] = [
        (CHARGER.id, {"min_soc_pct": 101.0}),
        (CHARGER.id, {"min_soc_pct": -0.1}),
        (CHARGER.id, {"limit_energy_wh": math.nan}),
        (CHARGER.id, {"min_a": 5.0}),
        (CHARGER.id, {"min_a": 17.0}),
        (CHARGER.id, {"limit_soc_pct": 80.0, "max_soc_pct": 80.0}),
        (BATTERY.id, {"min_soc_pct": 10.0}),
        (asset(AssetKind.METER).id, {"min_soc_pct": 10.0}),
        ("nobody", {"min_soc_pct": None}),
    ]
    async with choices(path) as found:
        before = found.applied()
        for asset_id, numbers in wrong:
            with pytest.raises(InvalidError):
                await found.set(asset_id, numbers)

        assert found.applied() == before


async def test_plans_are_added_changed_and_taken_away_and_so_they_stay(path: Path) -> None:
    async with choices(path) as first:
        trip = ReadyBy(at=FakeClock().now() + timedelta(hours=9, microseconds=1), soc_pct=100.0)
        early = replace(DAILY, minute=360, is_continuous=True)
        await first.plan(CHARGER.id, "trip", trip)
        await first.plan(CHARGER.id, "gone", trip)
        await first.plan(CHARGER.id, "work", early)
        await first.plan(CHARGER.id, "fun", None)
        await first.plan(CHARGER.id, "gone", None)
    async with choices(path) as second:
        assert dict(charging(second).plans) == {"work": early, "trip": trip}
        shown = second.plans()[CHARGER.id]
        chosen = second.of(CHARGER.id).plans

    assert shown["trip"].deadline_at == trip.at
    # What the config never had leaves nothing behind.
    assert chosen.keys() == {"work", "trip", "fun"}


async def test_a_plan_needs_a_name_a_charger_and_room(path: Path) -> None:
    async with choices(path) as found:
        for asset_id, name in ((CHARGER.id, "Work!"), (BATTERY.id, "work"), ("nobody", "work")):
            with pytest.raises(InvalidError):
                await found.plan(asset_id, name, DAILY)
        for number in range(PLANS_MAX - 2):
            await found.plan(CHARGER.id, f"p{number}", DAILY)
        with pytest.raises(InvalidError, match="delete one"):
            await found.plan(CHARGER.id, "one_too_many", DAILY)
        await found.plan(CHARGER.id, "work", WEEKEND)

        assert charging(found).plans["work"] == WEEKEND


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"soc_pct": 80.0},
        {"weekdays": frozenset({1})},
        {"weekdays": frozenset({1}), "soc_pct": 80.0, "energy_wh": 1.0},
    ],
)
def test_a_plan_has_one_time_and_one_goal(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="needs either"):
        ReadyBy(**fields)  # type: ignore[arg-type]


async def test_a_plan_that_is_given_while_it_runs_starts_the_car_and_is_shown(path: Path) -> None:
    clock, one = FakeClock(), House()
    one.plug(is_charging=False)
    settings = ChargeSettings(mode=ChargeMode.PLAN, max_a=16.0)
    async with house(path, clock, terms(settings), one) as (home, _):
        await home.pass_time(30, step_s=1)
        before_a = one.drawn_a
        assert home.governor is not None
        charger = home.asset("charger").id
        soon = ReadyBy(at=clock.now() + timedelta(minutes=30), energy_wh=20_000.0)
        await home.governor.choices.plan(charger, "trip", soon)
        await home.pass_time(90, step_s=1)
        shown = home.governor.choices.plans()[charger]["trip"]
        decision = home.state("charger").decision

    assert (before_a, one.drawn_a) == (0.0, 16.0)
    assert shown.ready is not None
    assert shown.ready.is_late
    assert decision is not None
    assert "instead of" in decision.reason
