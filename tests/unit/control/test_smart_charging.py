"""Smart charging that steers a car: what is sent, when, and what is told."""

import json
from pathlib import Path

import pytest

from gatewayd.control.steering import overrides
from gatewayd.errors import InvalidError, NotFoundError
from gatewayd.model.command import StartCharging, StopCharging
from gatewayd.model.reading import PowerDelivery
from gatewayd.state import smart_charging
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, car_box
from tests.unit.control.steered import NOON, Home, home, night_is_cheap, say

START, STOP = StartCharging(), StopCharging()
MIDNIGHT = NOON.replace(hour=0)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def box() -> ScriptedBox:
    """A car that charges 11 kW; 30 % of 58 kWh take it an hour and a half."""
    made = car_box()
    say(made, "vehicle", PowerDelivery.CHARGING, power_w=11_000.0)
    return made


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "gatewayd.db"


async def states(running: Home) -> list[str]:
    """The states that events tell of, each once in a row."""
    told: list[str] = []
    for row in await running.gateway.events(smart_charging.EVENT):
        state = json.loads(str(row.body["after"]))["charging"]["state"]
        if told[-1:] != [state]:
            told.append(state)
    return told


async def begin(running: Home) -> None:
    """An enabled policy, and the car at home."""
    await running.at("car", running.place)
    await running.policy("car")
    await running.gateway.pass_time(5)


async def override(running: Home) -> None:
    gateway = running.gateway
    await overrides.begin(
        running.steering, gateway.commander, gateway.state("car"), gateway.clock.now()
    )
    await gateway.pass_time(5)


async def end_override(running: Home) -> None:
    gateway = running.gateway
    await overrides.end(
        running.steering, gateway.commander, gateway.state("car"), gateway.clock.now()
    )
    await gateway.pass_time(5)


async def test_065_a_charge_is_stopped_until_the_cheap_hours(db: Path, box: ScriptedBox) -> None:
    async with home(db, FakeClock(MIDNIGHT), {"car": box}, night_is_cheap) as running:
        await begin(running)
        assert running.smart("car") == "PLAN:EXECUTING:STOPPED"
        assert box.writes == [STOP]
        decision = running.gateway.state("car").decision
        assert decision is not None
        assert decision.in_words == "smart charging: charging later is cheaper"
        await running.gateway.pass_time(55 * 60, step_s=5)
        assert box.writes == [STOP]
        await running.gateway.pass_time(10 * 60, step_s=5)
        assert box.writes == [STOP, START]
        assert running.smart("car") == "PLAN:EXECUTING:STARTED"
        say(box, "vehicle", PowerDelivery.COMPLETE, soc_pct=80.0)
        await running.gateway.pass_time(5)

        assert running.smart("car") == "PLAN:ENDED:FINISHED"
        told = await states(running)
        assert [one for one in told if "STARTING" not in one] == [
            "PLAN:EXECUTING:STOPPING",
            "PLAN:EXECUTING:STOPPED",
            "PLAN:EXECUTING:STARTED",
            "PLAN:ENDED:FINISHED",
        ]


async def test_the_plan_is_kept(db: Path, clock: FakeClock, box: ScriptedBox) -> None:
    async with home(db, clock, {"car": box}, night_is_cheap) as running:
        await begin(running)
        car_id = running.gateway.asset("car").id

        plan = await running.gateway.db.read(lambda c: smart_charging.latest_plan(c, car_id))
        assert plan is not None
        assert plan.stop_confirmed_at is not None
        assert plan.smart_cost is not None
        assert plan.smart_cost < plan.non_smart_cost
        assert plan.estimated_finish_at <= plan.deadline_at
        found = await running.gateway.db.read(lambda c: smart_charging.plan(c, car_id, plan.id))
        assert found == plan


async def test_072_a_plan_that_is_carried_out_controls_the_car(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with home(db, clock, {"car": box}, night_is_cheap) as running:
        await begin(running)
        car_id = running.gateway.asset("car").id
        assert running.steering.controlling(car_id)
        await running.policy("car", is_enabled=False)

        assert running.steering.controlling(car_id) is None


async def test_a_disabled_policy_gives_the_charge_back(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with home(db, clock, {"car": box}, night_is_cheap) as running:
        await begin(running)
        await running.policy("car", is_enabled=False)
        await running.gateway.pass_time(5)

        assert box.writes == [STOP, START]


async def test_067_unplugging_ends_the_plan(db: Path, clock: FakeClock, box: ScriptedBox) -> None:
    async with home(db, clock, {"car": box}, night_is_cheap) as running:
        await begin(running)
        say(box, "vehicle", PowerDelivery.UNPLUGGED, power_w=None)
        await running.gateway.pass_time(5)

        assert running.smart("car") == "PLAN:ENDED:UNPLUGGED"
        plan = running.steering.known.smart_of(running.gateway.asset("car")).charging.plan
        assert plan is not None
        assert plan.ended_at is not None


async def test_a_plan_goes_on_after_a_restart(db: Path, clock: FakeClock, box: ScriptedBox) -> None:
    async with home(db, clock, {"car": box}, night_is_cheap) as running:
        await begin(running)
        plan = running.steering.known.smart_of(running.gateway.asset("car")).charging.plan
        told = await states(running)
    await clock.advance(60)
    async with home(db, clock, {"car": box}, night_is_cheap) as running:
        await running.gateway.pass_time(5)
        after = running.steering.known.smart_of(running.gateway.asset("car")).charging

        assert after.plan == plan
        assert await states(running) == told
        assert box.writes == [STOP]


async def test_057_a_schedule_disables_smart_charging(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with home(db, clock, {"car": box}, night_is_cheap) as running:
        await begin(running)
        await running.put(running.charge("car", default=True))
        await running.gateway.pass_time(5)

        car_id = running.gateway.asset("car").id
        assert running.steering.policy(car_id).is_enabled is False
        assert running.smart("car") in ("DISABLED", "PLAN:ENDED:DISABLED")
        assert box.writes == [STOP, START]


async def test_057_smart_charging_disables_schedules(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with home(db, clock, {"car": box}, night_is_cheap) as running:
        schedule = await running.put(running.charge("car", default=True))
        await begin(running)

        assert running.steering.known.schedules[schedule.id].is_enabled is False
        assert running.state(schedule) == "INACTIVE:DISABLED"


async def test_069_an_override_starts_and_its_end_lets_the_plan_go_on(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with home(db, clock, {"car": box}, night_is_cheap) as running:
        await begin(running)
        await override(running)
        assert running.smart("car") == "PLAN:EXECUTING:OVERRIDDEN"
        assert box.writes == [STOP, START]
        await end_override(running)

        assert running.smart("car") == "PLAN:EXECUTING:STOPPED"
        assert box.writes == [STOP, START, STOP]
        with pytest.raises(NotFoundError):
            await end_override(running)


async def test_070_an_override_ends_when_the_car_stops(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with home(db, clock, {"car": box}, night_is_cheap) as running:
        await begin(running)
        await override(running)
        say(box, "vehicle", PowerDelivery.STOPPED)
        await running.gateway.pass_time(5)

        assert running.smart("car") == "PLAN:EXECUTING:STOPPED"
        status = running.steering.known.smart_of(running.gateway.asset("car"))
        assert status.override is None


async def test_a_schedule_is_overridden_too(db: Path, clock: FakeClock, box: ScriptedBox) -> None:
    async with home(db, clock, {"car": box}) as running:
        await running.at("car", running.place)
        schedule = await running.put(running.charge("car", default=False))
        await running.gateway.pass_time(5)
        await override(running)
        assert running.state(schedule) == "INACTIVE:OVERRIDDEN"
        assert box.writes == [STOP, START]
        await end_override(running)

        assert running.state(schedule) == "ALIGNED"
        assert box.writes == [STOP, START, STOP]


async def test_an_override_ends_the_stop_that_is_under_way(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    box.obeys = False
    async with home(db, clock, {"car": box}, night_is_cheap) as running:
        await begin(running)
        assert running.smart("car") == "PLAN:EXECUTING:STOPPING"
        box.obeys = True
        await override(running)
        writes = len(box.writes)
        await running.gateway.pass_time(30)

        assert running.smart("car") == "PLAN:EXECUTING:OVERRIDDEN"
        assert STOP not in box.writes[writes:]


async def test_an_override_without_a_car_at_the_plug_is_refused(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    say(box, "vehicle", PowerDelivery.UNPLUGGED)
    async with home(db, clock, {"car": box}) as running:
        with pytest.raises(InvalidError):
            await override(running)

        assert running.steering.known.overrides == {}


async def test_a_second_override_is_the_first(db: Path, clock: FakeClock, box: ScriptedBox) -> None:
    async with home(db, clock, {"car": box}, night_is_cheap) as running:
        await begin(running)
        await override(running)
        first = running.steering.known.overrides
        await override(running)

        assert running.steering.known.overrides == first
        assert box.writes == [STOP, START]
