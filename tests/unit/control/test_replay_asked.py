"""What was asked, taken back, given way to and audited comes out of the record as it was."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gatewayd.control.direct import Direct
from gatewayd.control.governor import operator
from gatewayd.control.replay.verdict import Result, judged
from gatewayd.control.steering import overrides, schedules, smart_charging
from gatewayd.model.climate import HvacMode, PermanentHold
from gatewayd.model.command import SetMaxCurrent, StartCharging
from gatewayd.model.reading import PowerDelivery
from gatewayd.plan import asked, holds, keeping
from gatewayd.plan.audit import doubts, wired
from gatewayd.plan.ev.words import ChargeMode, ChargeSettings
from gatewayd.plan.grid.operator import OperatorSettings
from gatewayd.plan.guard import storage
from gatewayd.plan.smart.override import OverrideDecision
from gatewayd.state import assets, decisions
from gatewayd.state.engine.connect import connect
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, car_box, charger_box, thermostat_box
from tests.fakes.gateway import Gateway
from tests.unit.control import test_guarded_loads as guarded_loads
from tests.unit.control.governed import House, house, terms
from tests.unit.control.steered import Home, home, night_is_cheap, say
from tests.unit.control.test_auditor import Wired, switch
from tests.unit.control.test_smart_charging import MIDNIGHT, end_override, override

SUN = ChargeSettings(mode=ChargeMode.SOLAR, max_a=16.0)


class Nobody:
    """No schedule and no plan."""

    def controlling(self, _asset_id: str) -> str | None:
        return None


def refused(*_: object) -> OverrideDecision:
    return OverrideDecision(refusal="not today")


def judgements(path: Path) -> Counter[tuple[str, Result]]:
    """How the decisions on a database come out, by who decided and the reason's first words."""
    connection = connect(path)
    ids = [one.id for one in assets.load(connection)]
    known = decisions.by_id(connection, [seq for seq, _ in decisions.times(connection, ids)])
    found = Counter((_kind(one), judged(connection, one).result) for one in known.values())
    connection.close()
    return found


def _kind(one: decisions.Decided) -> str:
    decision = one.decision
    what = decision.command or ("" if one.action is None else "taken back")
    return f"{decision.owner} {what or decision.binding}".split("(")[0]


async def governed(path: Path) -> None:
    """A charger whose meter is wrong at first, and who is told things from all sides."""
    clock, one = FakeClock(), Wired(scale=2.0)
    one.plug(is_charging=False)
    grid = replace(terms(SUN).grid, operator=OperatorSettings(failsafe_w=8000.0))
    async with house(path, clock, replace(terms(SUN), grid=grid), one) as (running, _):
        await running.pass_time(30, step_s=0.5)
        one.scale = 1.0
        await running.pass_time(60, step_s=0.5)
        await told(running, one)
    async with house(path, clock, replace(terms(SUN), grid=grid), one) as (running, _):
        await running.pass_time(60, step_s=1)


async def told(running: Gateway, one: House) -> None:
    charger, ruler = running.asset("charger").id, running.governor
    assert ruler is not None
    ruler.operator.limit(5000.0, None)
    await Direct(running.store, running.commander, Nobody()).submit(
        charger, StartCharging(), "mqtt"
    )
    await running.pass_time(60, step_s=0.5)
    ruler.operator.limit(None, None)
    await ruler.choices.choose(charger, "now")
    await running.pass_time(60, step_s=0.5)
    action = await running.commander.submit(charger, SetMaxCurrent(8.0), "api")
    await running.commander.cancel(action.id)
    # Somebody else writes it twice.
    for current_a in (16.0, 12.0, 13.0):
        one.charger.set_charger(max_current_a=current_a)
        ruler.operator.beat()
        await running.pass_time(30, step_s=0.5)


async def miswired(path: Path) -> None:
    """A charger on another phase than its config says."""
    one = Wired(phase=2)
    one.plug(is_charging=False)
    async with house(path, FakeClock(), terms(lines=(0, 1, 2)), one) as (running, _):
        await running.pass_time(30, step_s=1)
        await switch(running, 2)


async def stored(path: Path) -> None:
    """A battery that fills itself, until the fuse has no room for it."""
    one = guarded_loads.Home(free_w=6900.0)
    async with guarded_loads.home_of(path, FakeClock(), one) as running:
        await running.pass_time(60, step_s=1)
        one.base_a[0] = 20.0
        await running.pass_time(10, step_s=1)
        one.base_a[0] = 2.0
        await running.pass_time(60, step_s=1)


async def steered(path: Path) -> None:
    """A car that is charged by a plan and out of turn, a heater and a charger by schedules."""
    boxes = {"car": car_box(), "wallbox": charger_box(), "heater": stepped()}
    say(boxes["car"], "vehicle", PowerDelivery.CHARGING, power_w=11_000.0)
    async with home(path, FakeClock(MIDNIGHT), boxes, night_is_cheap) as running:
        for name in boxes:
            await running.at(name, running.place)
        await scheduled(running, boxes["wallbox"])
        await planned(running, boxes["car"])


async def scheduled(running: Home, wallbox: ScriptedBox) -> None:
    wallbox.obeys = False
    await running.put(running.heat("heater", PermanentHold(HvacMode.HEAT, 19.3, None)))
    schedule = await running.put(running.charge("wallbox"))
    await running.gateway.pass_time(3, step_s=1)
    await running.put(replace(schedule, is_enabled=False))
    await running.gateway.pass_time(3, step_s=1)


async def planned(running: Home, car: ScriptedBox) -> None:
    car.obeys = False
    await running.policy("car")
    await running.gateway.pass_time(3, step_s=1)
    await running.policy("car", is_enabled=False)
    car.obeys = True
    await running.policy("car")
    await running.gateway.pass_time(5, step_s=1)
    car.obeys = False
    await override(running)
    await end_override(running)


def stepped() -> ScriptedBox:
    """A heater that knows half degrees."""
    box = thermostat_box()
    role = box.identity.roles["hvac"]
    assert role.thermostat is not None
    role = replace(role, thermostat=replace(role.thermostat, step_c=0.5))
    box.identity = replace(box.identity, roles={"hvac": role})
    return box


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    folder = tmp_path_factory.mktemp("days")
    found = {}
    for live in (governed, miswired, stored, steered):
        found[live.__name__] = folder / f"{live.__name__}.db"
        asyncio.run(live(found[live.__name__]))
    return found


def test_all_of_it_comes_out_as_it_was(days: Mapping[str, Path]) -> None:
    said = Counter[tuple[str, Result]]()
    for path in days.values():
        said += judgements(path)

    assert {result for _, result in said} == {Result.SAME}
    assert {kind for kind, _ in said} >= {
        "api SetMaxCurrent",
        "api taken back",
        "audit None",
        "audit the wiring audit",
        "default SetMaxCurrent",
        "guard HoldCharge",
        "guard SetMaxCurrent",
        "guard StopCharging",
        "mode now SetMaxCurrent",
        "mode now another writer",
        "mqtt StartCharging",
        "schedule PermanentHold",
        "schedule taken back",
        "smart_charging StopCharging",
        "smart_charging taken back",
        "smart_override StartCharging",
        "smart_override taken back",
    }


@pytest.mark.parametrize(
    ("day", "room", "changes", "kind"),
    [
        ("governed", asked, {"refusal": lambda *_: "not today"}, "mqtt StartCharging"),
        ("governed", asked, {"overruled": lambda *_: "a plan"}, "mqtt StartCharging"),
        ("governed", keeping, {"DEVIATIONS_WITHIN_S": 5.0}, "mode now another writer"),
        ("governed", keeping, {"next_command": lambda *_: None}, "mode now another writer"),
        ("governed", doubts, {"READINGS": 16}, "audit the wiring audit"),
        ("miswired", wired, {"AGREEING": 4}, "audit the wiring audit"),
        ("governed", operator, {"_WAITS": ()}, "guard SetMaxCurrent"),
        ("governed", operator, {"decide": lambda *_: None}, "guard StopCharging"),
        ("stored", storage, {"_TOLERANCE_A": 99.0}, "guard HoldCharge"),
        ("steered", holds, {"replace": lambda one, **_: one}, "schedule PermanentHold"),
        ("steered", schedules, {"is_unwanted": lambda _: False}, "schedule taken back"),
        ("steered", smart_charging, {"OWNER": "plan"}, "smart_charging taken back"),
        (
            "steered",
            overrides,
            {"begin_override": refused},
            "smart_override StartCharging",
        ),
    ],
)
def test_another_way_of_deciding_is_told(
    day: str,
    room: Any,
    changes: Mapping[str, object],
    kind: str,
    days: Mapping[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in changes.items():
        monkeypatch.setattr(room, name, value)

    assert judgements(days[day])[kind, Result.DIFFERENT] > 0
