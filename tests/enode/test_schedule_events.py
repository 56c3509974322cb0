"""What receivers are told of schedules and smart charging."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gatewayd.model.asset import AssetKind
from gatewayd.model.reading import PowerDelivery
from tests.enode.home import USER, Home, home, say
from tests.enode.hooks import Hooks, faults_of, hooks
from tests.fakes.driver import car_box, thermostat_box
from tests.fakes.receiver import Authority

SCHEDULE = "user:schedule:execution-updated"
SMART = "user:vehicle:smart-charging-status-updated"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest_asyncio.fixture
async def a_hook(tmp_path: Path, authority: Authority) -> AsyncIterator[Hooks]:
    car = car_box()
    say(car, "vehicle", power_delivery=PowerDelivery.CHARGING, power_w=11_000.0)
    async with (
        home(tmp_path, {"car": car, "heat": thermostat_box()}) as made,
        hooks(made, authority) as listening,
    ):
        await listening.create(events=[SCHEDULE, SMART])
        yield listening
        for event in listening.receiver.events:
            assert faults_of(event) == []


def of(hook: Hooks, name: str) -> list[Any]:
    return hook.receiver.events_named(name)


async def schedule(made: Home, kind: AssetKind, **values: Any) -> Any:
    target = {"targetId": made.asset(kind).id, "targetType": kind.value, "isEnabled": True}
    body = target | {"rules": []} | values
    answer = await made.http.post(f"/users/{USER}/schedules", json=body)
    assert answer.status_code == 200
    return answer.json()


async def smart(made: Home, **policy: Any) -> None:
    await made.http.put(
        "/tariffs/night", json=[{"name": "x", "cost": "0.40"}, {"name": "y", "cost": "0.10"}]
    )
    week = [
        {"name": "x", "from": "00:00", "to": "13:00"},
        {"name": "y", "from": "13:00", "to": "24:00"},
    ]
    link = {"tariffId": "night", "tariffIntervals": week}
    await made.http.put(f"/locations/{made.location.id}/tariff", json=link)
    path = f"/vehicles/{made.asset(AssetKind.VEHICLE).id}/smart-charging-policy"
    assert (await made.http.put(path, json=policy)).status_code == 200


async def test_058_each_status_of_a_schedule_is_told_with_the_schedule(a_hook: Hooks) -> None:
    made = await schedule(
        a_hook.home, AssetKind.VEHICLE, locationId=None, defaultShouldCharge=False
    )
    await a_hook.until(lambda: len(of(a_hook, SCHEDULE)) >= 2)

    first, second = of(a_hook, SCHEDULE)
    assert [first["status"]["state"], second["status"]["state"]] == ["PENDING", "ALIGNED"]
    assert first["schedule"] == second["schedule"] == made
    assert first["user"] == {"id": USER}
    assert set(second["updatedFields"]) >= {"state", "isCharging"}
    assert "scheduleId" in first["updatedFields"]
    await a_hook.step(30)
    assert len(of(a_hook, SCHEDULE)) == 2


async def test_058_a_temperature_schedule_is_told_too(a_hook: Hooks) -> None:
    hold = {"holdType": "PERMANENT", "mode": "HEAT", "heatSetpoint": 22}
    await schedule(a_hook.home, AssetKind.HVAC, defaultTargetState=hold)
    await a_hook.until(lambda: len(of(a_hook, SCHEDULE)) >= 2)

    assert of(a_hook, SCHEDULE)[-1]["status"]["current"] == hold


async def test_a_transition_that_passes_is_told(a_hook: Hooks) -> None:
    rule = {"shouldCharge": False, "hourMinute": {"from": "12:01", "to": "12:02"}}
    await schedule(
        a_hook.home,
        AssetKind.HVAC,
        defaultTargetState={"holdType": "SCHEDULED"},
        rules=[
            {
                "targetState": {"holdType": "PERMANENT", "mode": "OFF"},
                "hourMinute": rule["hourMinute"],
            }
        ],
    )
    await a_hook.until(lambda: len(of(a_hook, SCHEDULE)) == 1)
    await a_hook.step(70)

    assert "upcomingTransitions" in of(a_hook, SCHEDULE)[1]["updatedFields"]


async def test_smart_charging_is_told_from_the_plan_to_its_end(a_hook: Hooks) -> None:
    await smart(a_hook.home, isEnabled=True, deadline="20:00")
    await a_hook.step(5)
    a_hook.home.clock.jump_wall(timedelta(hours=1))
    await a_hook.step(5)
    say(a_hook.home.devices["car"], "vehicle", power_delivery=PowerDelivery.UNPLUGGED, power_w=None)
    await a_hook.step(5)

    told = [event["smartChargingStatus"]["state"] for event in of(a_hook, SMART)]
    assert list(dict.fromkeys(told)) == [
        "PLAN:EXECUTING:STOPPING",
        "PLAN:EXECUTING:STOPPED",
        "PLAN:EXECUTING:STARTING",
        "PLAN:EXECUTING:STARTED",
        "PLAN:ENDED:UNPLUGGED",
    ]
    for event in of(a_hook, SMART):
        assert event["updatedFields"]
        assert event["user"] == {"id": USER}


async def test_a_plan_that_waits_is_told_once(a_hook: Hooks) -> None:
    await smart(a_hook.home, isEnabled=True, deadline="20:00")
    await a_hook.step(5)
    count = len(of(a_hook, SMART))
    await a_hook.step(120)

    assert len(of(a_hook, SMART)) == count
