"""What those who live in the home are told: by the whole government, on the page."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gatewayd.control.governor.government import Government
from gatewayd.control.governor.operator import GridOperator
from gatewayd.control.governor.overview import Governed
from gatewayd.control.governor.terms import GridTerms, Terms
from gatewayd.control.governor.week import LastWeek
from gatewayd.model.command import StartCharging, StopCharging
from gatewayd.model.decision import SHADOW
from gatewayd.model.ready_by import ReadyBy
from gatewayd.plan.arming import Arming
from gatewayd.plan.ev.words import ChargeMode, ChargeSettings
from gatewayd.plan.grid.operator import OperatorSettings
from gatewayd.state.store import Store
from gatewayd.web.render import Renderer
from tests.fakes.clock import FakeClock, settle
from tests.fakes.gateway import Gateway, SteppedDatabase, gateway
from tests.unit.control.governed import House, terms
from tests.unit.control.test_shadow import BEGIN, decided
from tests.unit.control.test_shadow import home as priced_home

SETTINGS = OperatorSettings(failsafe_w=4200.0)
DAILY = ReadyBy(weekdays=frozenset(range(7)), minute=420, energy_wh=10_000.0)
PLANNED = ChargeSettings(mode=ChargeMode.PLAN, plans={"work": DAILY})


@asynccontextmanager
async def governed(path: Path, terms: Terms) -> AsyncIterator[tuple[Gateway, Government]]:
    """A house and all that governs it, once it has looked."""
    clock, one = FakeClock(), House()
    boxes = {"charger": one.charger, "meter": one.meter}
    async with gateway(path, clock, boxes) as home, asyncio.TaskGroup() as group:
        made = Government(terms, db=home.db, store=home.store, poller=home.poller, clock=clock)
        tasks = [group.create_task(work) for work in made.services(lambda: None).values()]
        await home.pass_time(10, step_s=0.5)
        yield home, made
        for task in tasks:
            task.cancel()


def page(home: Gateway, made: Government) -> str:
    return Renderer(home.store, home.clock, "Home", overview=made.overview).page()


def of(home: Gateway, made: Government) -> Governed:
    return made.overview().assets[home.asset("charger").id]


async def test_the_page_shows_plan_trust_mode_say_fuse_and_operator(tmp_path: Path) -> None:
    limited = replace(terms(PLANNED), grid=GridTerms(operator=SETTINGS))
    async with governed(tmp_path / "gatewayd.db", limited) as (home, made):
        shown, told = page(home, made), of(home, made)

    for text in (
        "Charger · mode plan",
        "<strong>10.0 kWh</strong> by Every day 07:00",
        "The audit is passed.",
        'aria-current="step">armed',
        "Nothing is heard of the grid operator: 4.2 kW are allowed",
        "At most 4.2 kW in all (the grid operator&#39;s failsafe)",
        "it is not known to fall back by itself",
    ):
        assert text in shown
    assert told.say is not None
    assert told.say.in_words.split(": ", 1)[-1] in shown


@pytest.mark.parametrize(
    ("changes", "arming"), [({}, Arming.ARMED), ({"arming": Arming.OBSERVE}, Arming.OBSERVE)]
)
async def test_an_asset_stands_on_its_step_of_the_ladder(
    tmp_path: Path, changes: dict[str, Arming], arming: Arming
) -> None:
    async with governed(tmp_path / "gatewayd.db", terms(PLANNED, **changes)) as (home, made):
        told = of(home, made)

    assert told.trust.arming is arming
    assert told.trust.is_passed is (arming is Arming.ARMED)
    assert (told.mode is None) is (arming is Arming.OBSERVE)


async def test_what_the_audit_waits_for_is_said_in_its_own_words(tmp_path: Path) -> None:
    unheard = {"main": replace(terms().circuits["main"], meter_id="elsewhere")}
    on = replace(terms(PLANNED), circuits=unheard)
    async with governed(tmp_path / "gatewayd.db", on) as (home, made):
        trust, shown = of(home, made).trust, page(home, made)

    assert (trust.arming, trust.is_passed) == (Arming.SHADOW, False)
    assert "Not armed yet: nothing is known yet of elsewhere." in shown


async def test_what_a_user_asked_for_says_how_long_it_holds(tmp_path: Path) -> None:
    async with governed(tmp_path / "gatewayd.db", terms(PLANNED)) as (home, made):
        await made.commander.submit(home.asset("charger").id, StartCharging(), "api")
        await home.pass_time(60, step_s=1)
        told = of(home, made)

    assert told.say is not None
    assert told.say.reason == "an API client asked to start"
    assert told.until == "until the car is unplugged or another mode is chosen"


async def test_what_shadow_saves_is_reckoned_once_an_hour(tmp_path: Path) -> None:
    clock, shadowed = FakeClock(), terms(PLANNED, arming=Arming.SHADOW)
    async with SteppedDatabase.open(tmp_path / "gatewayd.db", clock=clock) as db:
        charger = await db.write(priced_home)
        owner = f"mode plan{SHADOW}"
        await db.write(lambda c: decided(c, charger, BEGIN, owner, StopCharging()))
        week = LastWeek(db, Store(clock, [charger]), clock, lambda: shadowed)
        task = asyncio.create_task(week.run())
        found = []
        for seconds in (0, 60, 600, 3600):
            await settle()
            await clock.advance(seconds)
            await db.quiet()
            found.append(week.found.get(charger.id))
        task.cancel()

    before, first, again, later = found
    assert before is None
    assert first is not None
    assert first.would is not None
    assert first.would.total.less_wh > 0
    assert again is first
    assert later is not first


def test_a_limit_says_when_it_ends() -> None:
    clock = FakeClock()
    operator = GridOperator(SETTINGS, clock)
    begun = operator.until()
    operator.limit(4000.0, 3600.0)
    operator.standing()
    limited = operator.until()
    operator.limit(4000.0, None)
    operator.standing()

    assert begun is None
    assert limited == clock.now() + timedelta(hours=1)
    assert operator.until() is None


async def test_a_failsafe_says_how_long_it_lasts_at_least() -> None:
    clock = FakeClock()
    operator = GridOperator(SETTINGS, clock)
    operator.limit(None, None)
    operator.standing()
    await clock.advance(SETTINGS.heartbeat_timeout_s + 1)
    operator.standing()

    assert operator.until() == clock.now() + timedelta(seconds=SETTINGS.failsafe_least_s)
