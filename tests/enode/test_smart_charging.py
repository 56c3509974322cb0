"""Smart charging and its override, from the policy to what the car is told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gatewayd.control.steering import wishes
from gatewayd.model.asset import Asset, AssetKind
from gatewayd.model.command import StartCharging, StopCharging
from gatewayd.model.reading import PowerDelivery
from gatewayd.model.smart_charging import SmartChargingPolicy
from gatewayd.state import users
from tests.enode.home import USER, Home, home, say
from tests.fakes.driver import ScriptedBox, car_box

UNKNOWN = "6560fa37-b7ec-4ace-81ca-a8b64279f8d2"
START, STOP = StartCharging(), StopCharging()
TITLE = "Cannot activate smart charging"
Json = dict[str, Any]


def charging_car(serial: str = "WVWZZZE1ZRP000001") -> ScriptedBox:
    """A car at half its level that takes 11 kW; up to its limit of 80 % it takes an hour and 35."""
    box = car_box(serial)
    say(box, "vehicle", power_delivery=PowerDelivery.CHARGING, power_w=11_000.0)
    return box


@pytest_asyncio.fixture
async def a_home(tmp_path: Path) -> AsyncIterator[Home]:
    """A charging car at home; the clock shows 12:00 there, and energy is cheap from 13:00."""
    async with home(tmp_path, {"car": charging_car()}) as made:
        await cheap_from(made, "13:00")
        yield made


async def cheap_from(made: Home, begin: str) -> None:
    rates = [{"name": "dear", "cost": "0.40"}, {"name": "cheap", "cost": "0.10"}]
    await made.http.put("/tariffs/night", json=rates)
    intervals = [
        {"name": "dear", "from": "00:00", "to": begin},
        {"name": "cheap", "from": begin, "to": "24:00"},
    ]
    link = {"tariffId": "night", "tariffIntervals": intervals}
    await made.http.put(f"/locations/{made.location.id}/tariff", json=link)


def car(made: Home) -> Asset:
    return made.asset(AssetKind.VEHICLE)


def box(made: Home) -> ScriptedBox:
    return made.devices["car"]


async def put(made: Home, **policy: Any) -> httpx.Response:
    return await made.http.put(f"/vehicles/{car(made).id}/smart-charging-policy", json=policy)


async def policy(made: Home) -> Json:
    found = await made.http.get(f"/vehicles/{car(made).id}/smart-charging-policy")
    return dict(found.json())


async def status(made: Home) -> Json:
    found = await made.http.get(f"/vehicles/{car(made).id}/smart-charging-status")
    return dict(found.json())


async def plan(made: Home, plan_id: str = "latest") -> httpx.Response:
    return await made.http.get(f"/vehicles/{car(made).id}/smart-charging-plans/{plan_id}")


async def override(made: Home, method: str = "POST") -> httpx.Response:
    return await made.http.request(method, f"/vehicles/{car(made).id}/smart-override")


async def schedule(made: Home, **values: Any) -> Json:
    body = {
        "targetId": car(made).id,
        "targetType": "vehicle",
        "locationId": None,
        "isEnabled": True,
        "defaultShouldCharge": True,
        "rules": [],
    } | values
    answer = await made.http.post(f"/users/{USER}/schedules", json=body)
    assert answer.status_code == 200
    return dict(answer.json())


async def polled(made: Home, times: int = 3) -> None:
    for _ in range(times):
        await made.poll()


async def planned(made: Home) -> Json:
    """An enabled policy, and the plan that came of it, the car stopped."""
    assert (await put(made, isEnabled=True, deadline="20:00")).status_code == 200
    await polled(made)
    found = await status(made)
    assert found["state"] == "PLAN:EXECUTING:STOPPED"
    return found


async def unplug(made: Home) -> None:
    say(box(made), "vehicle", power_delivery=PowerDelivery.UNPLUGGED, power_w=None)
    await polled(made)


async def test_a_vehicle_without_a_policy_has_the_default_and_is_disabled(a_home: Home) -> None:
    default = {"isEnabled": False, "deadline": None, "minimumChargeLimit": 0.0}
    assert await policy(a_home) == default
    found = await status(a_home)
    assert found == {
        "updatedAt": found["updatedAt"],
        "vehicleId": car(a_home).id,
        "userId": USER,
        "vendor": "ACME",
        "state": "DISABLED",
        "stateChangedAt": found["stateChangedAt"],
        "consideration": None,
        "plan": None,
        "smartOverride": None,
    }
    shown = (await a_home.http.get(f"/vehicles/{car(a_home).id}")).json()
    assert shown["smartChargingPolicy"] == default


async def test_060_enabling_needs_a_deadline_sent_or_stored(a_home: Home) -> None:
    refused = await put(a_home, isEnabled=True)
    stored = await put(a_home, deadline="07:00")
    enabled = await put(a_home, isEnabled=True)

    assert (refused.status_code, refused.json()["title"]) == (400, TITLE)
    assert stored.json() == {"isEnabled": False, "deadline": "07:00", "minimumChargeLimit": 0.0}
    assert enabled.json() == stored.json() | {"isEnabled": True}
    assert await policy(a_home) == enabled.json()


async def test_061_the_minimum_cannot_be_above_the_limit(a_home: Home) -> None:
    refused = await put(a_home, isEnabled=True, deadline="07:00", minimumChargeLimit=81)
    enabled = await put(a_home, isEnabled=True, deadline="07:00", minimumChargeLimit=80)

    assert (refused.status_code, refused.json()["title"]) == (400, TITLE)
    assert enabled.status_code == 200


async def test_062_without_prices_there_is_nothing_to_plan(tmp_path: Path) -> None:
    async with home(tmp_path, {"car": charging_car()}) as made:
        refused = await put(made, isEnabled=True, deadline="07:00")

        assert (refused.status_code, refused.json()["title"]) == (400, TITLE)
        assert (await policy(made))["isEnabled"] is False


async def test_063_of_one_car_only_one_user_can_enable_it(a_home: Home) -> None:
    now = a_home.clock.now()
    twin = replace(car(a_home), id=UNKNOWN, user_id="berta", device_id="other", slug="other")
    wanted = SmartChargingPolicy(is_enabled=True, deadline_minute=420)
    await a_home.db.write(lambda c: users.ensure(c, "berta", now))
    a_home.store.adopt([twin])
    await a_home.steering.change(lambda c: wishes.put_policy(c, twin, wanted))

    mine = next(
        s.asset.id for s in a_home.store.site.of_kind(AssetKind.VEHICLE) if s.asset.user_id == USER
    )
    path = f"/vehicles/{mine}/smart-charging-policy"
    refused = await a_home.http.put(path, json={"isEnabled": True, "deadline": "07:00"})

    assert (refused.status_code, refused.json()["title"]) == (400, TITLE)


@pytest.mark.parametrize(
    "body",
    [
        {"deadline": None},
        {"deadline": "7:00"},
        {"deadline": "24:00"},
        {"minimumChargeLimit": 101},
        {"minimumChargeLimit": -1},
        {"minimumChargeLimit": "10"},
        {"isEnabled": "true"},
        [],
    ],
)
async def test_a_policy_that_makes_no_sense_is_refused(a_home: Home, body: Any) -> None:
    path = f"/vehicles/{car(a_home).id}/smart-charging-policy"
    refused = await a_home.http.put(path, json=body)

    assert refused.status_code == 400
    assert refused.headers["content-type"] == "application/json"


async def test_064_consideration_and_plan_are_there_in_their_states_only(a_home: Home) -> None:
    say(box(a_home), "vehicle", power_delivery=PowerDelivery.STOPPED, power_w=None)
    await polled(a_home)
    await put(a_home, isEnabled=True, deadline="20:00")
    considering = await status(a_home)
    say(box(a_home), "vehicle", power_delivery=PowerDelivery.CHARGING, power_w=11_000.0)
    await polled(a_home)
    executing = await status(a_home)

    assert considering["state"] == "CONSIDERING"
    assert considering["plan"] is None
    assert considering["consideration"] == {
        "isPluggedIn": True,
        "isCharging": False,
        "atChargingLocation": True,
        "hasTimeEstimate": False,
    }
    assert executing["state"].startswith("PLAN:EXECUTING:")
    assert executing["consideration"] is None
    assert executing["plan"]["endedAt"] is None


async def test_065_the_car_is_stopped_until_energy_is_cheap(a_home: Home) -> None:
    found = (await planned(a_home))["plan"]
    assert box(a_home).writes == [STOP]
    assert found == (await plan(a_home)).json()
    assert found["startAt"] == "2026-06-21T11:00:00.000Z"
    assert found["estimatedFinishAt"] <= "2026-06-21T18:00:00.000Z"
    assert found["smartCost"] < found["nonSmartCost"]
    assert (found["currency"], found["locationId"]) == ("NOK", a_home.location.id)
    assert found["stopConfirmedAt"] is not None

    a_home.clock.jump_wall(timedelta(hours=1))
    await polled(a_home, 5)
    assert box(a_home).writes == [STOP, START]
    assert (await status(a_home))["state"] == "PLAN:EXECUTING:STARTED"


async def test_066_a_level_below_the_minimum_charges_at_any_price(a_home: Home) -> None:
    await put(a_home, isEnabled=True, deadline="20:00", minimumChargeLimit=60)
    await polled(a_home)
    below = await status(a_home)
    say(box(a_home), "vehicle", soc_pct=61.0)
    await polled(a_home)

    assert below["state"] == "CONSIDERING"
    assert (await status(a_home))["state"] == "PLAN:EXECUTING:STOPPED"


async def test_067_unplugging_ends_the_plan(a_home: Home) -> None:
    await planned(a_home)
    await unplug(a_home)

    found = await status(a_home)
    ended = (await plan(a_home)).json()
    assert found["state"] == "PLAN:ENDED:UNPLUGGED"
    assert found["plan"] == ended
    assert ended["finalState"] == "PLAN:ENDED:UNPLUGGED"
    assert ended["endedAt"] is not None


async def test_068_another_deadline_ends_the_plan_and_makes_another(a_home: Home) -> None:
    before = (await planned(a_home))["plan"]
    await put(a_home, deadline="21:00")
    await polled(a_home)

    ended = (await plan(a_home, before["id"])).json()
    latest = (await plan(a_home)).json()
    assert ended["finalState"] == "PLAN:ENDED:DEADLINE_CHANGED"
    assert latest["id"] != before["id"]
    assert latest["endedAt"] is None
    assert (await status(a_home))["state"] == "PLAN:EXECUTING:STOPPED"


async def test_a_plan_that_does_not_exist_is_not_found(a_home: Home) -> None:
    assert (await plan(a_home)).status_code == 404
    assert (await plan(a_home, UNKNOWN)).status_code == 404


async def test_069_an_override_starts_the_car_and_its_end_resumes_the_plan(a_home: Home) -> None:
    await planned(a_home)
    begun = await override(a_home)
    again = await override(a_home)
    await polled(a_home)
    overridden = await status(a_home)

    action = (await a_home.http.get(f"/vehicles/actions/{begun.json()['vendorActionId']}")).json()
    assert begun.json() == {
        "createdAt": begun.json()["createdAt"],
        "endedAt": None,
        "targetType": "vehicle",
        "targetId": car(a_home).id,
        "vendorActionId": action["id"],
        "userId": USER,
        "vendor": "ACME",
    }
    assert again.json() == begun.json()
    assert (action["kind"], action["state"]) == ("START", "CONFIRMED")
    assert overridden["state"] == "PLAN:EXECUTING:OVERRIDDEN"
    assert overridden["smartOverride"]["vendorActionId"] == action["id"]

    ended = await override(a_home, "DELETE")
    await polled(a_home)
    assert ended.json() == begun.json() | {"endedAt": ended.json()["endedAt"]}
    assert ended.json()["endedAt"] is not None
    assert (await override(a_home, "DELETE")).status_code == 404
    assert (await status(a_home))["state"] == "PLAN:EXECUTING:STOPPED"
    assert box(a_home).writes == [STOP, START, STOP]


async def test_070_an_override_ends_when_the_charging_stops(a_home: Home) -> None:
    await planned(a_home)
    await override(a_home)
    await polled(a_home)
    say(box(a_home), "vehicle", power_delivery=PowerDelivery.STOPPED)
    await polled(a_home)

    assert (await status(a_home))["smartOverride"] is None
    assert (await override(a_home, "DELETE")).status_code == 404


async def test_an_override_without_a_plug_is_refused(a_home: Home) -> None:
    await unplug(a_home)

    assert (await override(a_home)).status_code == 400


async def test_an_override_is_shown_by_the_schedule_it_overrides(a_home: Home) -> None:
    made = await schedule(a_home, defaultShouldCharge=False)
    await polled(a_home)
    begun = (await override(a_home)).json()
    found = (await a_home.http.get(f"/schedules/{made['id']}/status")).json()

    assert found["state"] == "INACTIVE:OVERRIDDEN"
    assert found["smartOverride"] == {
        key: begun[key]
        for key in ("createdAt", "endedAt", "targetType", "targetId", "vendorActionId")
    }


async def test_071_a_short_delay_is_not_worth_a_plan(tmp_path: Path) -> None:
    async with home(tmp_path, {"car": charging_car()}) as made:
        await cheap_from(made, "12:20")
        await put(made, isEnabled=True, deadline="20:00")
        await polled(made)

        assert (await status(made))["state"] == "CONSIDERING"
        assert box(made).writes == []


async def test_072_a_plan_refuses_direct_commands_but_no_current_limit(a_home: Home) -> None:
    await planned(a_home)
    path = f"/vehicles/{car(a_home).id}"

    refused = await a_home.http.post(f"{path}/charging", json={"action": "START"})
    limited = await a_home.http.post(f"{path}/max-current", json={"maxCurrent": 10})
    await put(a_home, isEnabled=False)
    await polled(a_home, 5)
    allowed = await a_home.http.post(f"{path}/charging", json={"action": "STOP"})

    assert (refused.status_code, limited.status_code, allowed.status_code) == (422, 200, 200)


async def test_057_schedule_and_smart_charging_disable_each_other(a_home: Home) -> None:
    await planned(a_home)
    made = await schedule(a_home)
    assert (await policy(a_home))["isEnabled"] is False

    await put(a_home, isEnabled=True)
    assert (await a_home.http.get(f"/schedules/{made['id']}")).json()["isEnabled"] is False

    await a_home.http.put(f"/schedules/{made['id']}", json={"isEnabled": True})
    assert (await policy(a_home))["isEnabled"] is False


async def test_a_disabled_schedule_leaves_smart_charging_alone(a_home: Home) -> None:
    await planned(a_home)
    await schedule(a_home, isEnabled=False)

    assert (await policy(a_home))["isEnabled"] is True


async def test_what_is_no_vehicle_has_no_smart_charging(a_home: Home) -> None:
    path = f"/vehicles/{UNKNOWN}"
    answers = [
        await a_home.http.get(f"{path}/smart-charging-policy"),
        await a_home.http.put(f"{path}/smart-charging-policy", json={}),
        await a_home.http.get(f"{path}/smart-charging-status"),
        await a_home.http.get(f"{path}/smart-charging-plans/latest"),
        await a_home.http.post(f"{path}/smart-override"),
        await a_home.http.delete(f"{path}/smart-override"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 6
