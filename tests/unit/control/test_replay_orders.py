"""What schedules, smart charging and flex ordered comes out of the record as it was."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from sqlite3 import Connection
from types import MappingProxyType

import pytest

from gatewayd.control.replay.again import again
from gatewayd.control.replay.record import unpacked
from gatewayd.control.replay.verdict import Result, judged
from gatewayd.control.steering import flex
from gatewayd.control.steering.decision import Glances, Outcome
from gatewayd.control.steering.known import Known
from gatewayd.devices.record import packed
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.climate import HvacMode, PermanentHold
from gatewayd.model.command import Action, ActionState, SetMaxCurrent, StopCharging
from gatewayd.model.reading import PowerDelivery, VehicleReading
from gatewayd.model.site import Site
from gatewayd.plan import schedule_grounds
from gatewayd.plan.asked import asked
from gatewayd.plan.given import AskedGiven
from gatewayd.plan.smart import grounds as smart_grounds
from gatewayd.state import decisions
from tests.fakes.clock import FakeClock
from tests.fakes.driver import car_box, charger_box, thermostat_box
from tests.fakes.home import state
from tests.unit.control.steered import NOON, Home, home, night_is_cheap, say

MIDNIGHT = NOON.replace(hour=0)


async def results(running: Home) -> Counter[tuple[str, Result]]:
    def count(c: Connection) -> Counter[tuple[str, Result]]:
        ids = [state.asset.id for state in running.gateway.store.site.assets.values()]
        found = decisions.by_id(c, [seq for seq, _ in decisions.times(c, ids)])
        return Counter((one.decision.owner, judged(c, one).result) for one in found.values())

    return await running.gateway.db.read(count)


async def test_orders_come_out_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes = {"car": car_box(), "wallbox": charger_box(), "heater": thermostat_box()}
    say(boxes["car"], "vehicle", PowerDelivery.CHARGING, power_w=11_000.0)
    path, clock = tmp_path / "gatewayd.db", FakeClock(MIDNIGHT)
    async with home(path, clock, boxes, night_is_cheap) as running:
        for name in boxes:
            await running.at(name, running.place)
        await running.put(running.charge("wallbox"))
        held = PermanentHold(HvacMode.HEAT, 19.0, None)
        await running.put(running.heat("heater", held))
        await running.policy("car")
        wallbox = running.gateway.asset("wallbox").id
        await running.gateway.pass_time(30, step_s=1)
        await running.gateway.commander.submit(wallbox, SetMaxCurrent(10.0), "api")
        await running.gateway.pass_time(5, step_s=1)

        said = await results(running)
        monkeypatch.setattr(schedule_grounds, "local", lambda _at, _zone: "some time")
        monkeypatch.setattr(smart_grounds, "local", lambda _at, _zone: "some time")
        changed = await results(running)

    assert said == {
        ("schedule", Result.SAME): 2,
        ("smart_charging", Result.SAME): 1,
        ("api", Result.SAME): 1,
    }
    assert changed["smart_charging", Result.DIFFERENT] == 1


def test_flex_comes_out_as_it_was() -> None:
    waits = VehicleReading(power_delivery=PowerDelivery.STOPPED)
    car = state(AssetKind.VEHICLE, waits)
    role = replace(
        car.asset.spec,
        capabilities=frozenset({Capability.START_CHARGING, Capability.STOP_CHARGING}),
    )
    asset = replace(car.asset, spec=role)
    stop = Action(
        "1",
        "home",
        asset.id,
        asset.kind,
        StopCharging(),
        flex.OWNER,
        NOON,
        NOON,
        ActionState.CONFIRMED,
    )
    car = replace(car, asset=asset, action=stop)
    site, done = Site(MappingProxyType({asset.id: car})), Outcome()
    flex.decide(Known(), site, NOON + timedelta(hours=1), Glances(), done)

    [order] = done.orders

    why, owner = order.grounds, order.owner
    given = AskedGiven("1.0", car, order.command, owner, why, 0.0, order.given)
    _, said = asked(given, NOON)
    assert said.owner == flex.OWNER
    assert again(unpacked(packed(given)), said) == said
