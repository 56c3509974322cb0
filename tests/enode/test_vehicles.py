"""Vehicles as clients see them, and what they can be told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gatewayd.control.whereabouts import Whereabouts
from gatewayd.enode.interventions.catalogue import CONTROL_SCOPE, LOCATION_SCOPE, LOGIN, READ_ONLY
from gatewayd.model.asset import AssetKind, Capability, Consent
from gatewayd.model.reading import PowerDelivery
from gatewayd.state import actions
from tests.enode.home import Home, home, say, silence
from tests.fakes.driver import car_box, charger_box

UNKNOWN = "6560fa37-b7ec-4ace-81ca-a8b64279f8d2"


@pytest_asyncio.fixture
async def a_garage(tmp_path: Path) -> AsyncIterator[Home]:
    async with home(tmp_path, {"car": car_box(), "wallbox": charger_box()}) as made:
        yield made


def path_of(garage: Home) -> str:
    return f"/vehicles/{garage.asset(AssetKind.VEHICLE).id}"


async def get(garage: Home) -> Any:
    return (await garage.http.get(path_of(garage))).json()


async def charge(garage: Home, action: str) -> httpx.Response:
    return await garage.http.post(f"{path_of(garage)}/charging", json={"action": action})


async def limit(garage: Home, current_a: float) -> httpx.Response:
    return await garage.http.post(f"{path_of(garage)}/max-current", json={"maxCurrent": current_a})


async def stored(garage: Home) -> int:
    return len(await garage.db.read(actions.latest))


async def test_a_vehicle_shows_what_it_says(a_garage: Home) -> None:
    shown = await get(a_garage)

    assert shown["information"] == {
        "vin": "WVWZZZE1ZRP000001",
        "brand": "Acme",
        "model": "Roadster",
        "year": 2023,
        "displayName": "Acme Roadster",
    }
    assert shown["chargeState"] | {"lastUpdated": None} == {
        "batteryLevel": 50.0,
        "range": 187.4,
        "isPluggedIn": True,
        "isCharging": False,
        "isFullyCharged": False,
        "batteryCapacity": 58.0,
        "chargeLimit": 80.0,
        "chargeRate": None,
        "chargeTimeRemaining": None,
        "lastUpdated": None,
        "maxCurrent": 16.0,
        "powerDeliveryState": "PLUGGED_IN:STOPPED",
    }
    assert shown["odometer"]["distance"] == 31234.5
    assert shown["smartChargingPolicy"] == {
        "isEnabled": False,
        "deadline": None,
        "minimumChargeLimit": 0.0,
    }
    assert all(ability["isCapable"] for ability in shown["capabilities"].values())


async def test_lists_hold_the_vehicle_of_its_user_only(a_garage: Home) -> None:
    everyone = (await a_garage.http.get("/vehicles")).json()["data"]
    annas = (await a_garage.http.get("/users/anna/vehicles")).json()["data"]
    bobs = (await a_garage.http.get("/users/bob/vehicles")).json()["data"]

    assert everyone == annas == [await get(a_garage)]
    assert bobs == []


async def test_rate_and_time_left_are_told_while_charging_only(a_garage: Home) -> None:
    car = a_garage.devices["car"]
    charging = {"power_delivery": PowerDelivery.CHARGING, "power_w": 11_040.0}
    say(car, "vehicle", charge_remaining_s=5430.0, **charging)
    await a_garage.poll()
    charging_state = (await get(a_garage))["chargeState"]
    say(car, "vehicle", power_delivery=PowerDelivery.COMPLETE, power_w=20.0)
    await a_garage.poll()
    complete = (await get(a_garage))["chargeState"]

    assert (charging_state["chargeRate"], charging_state["chargeTimeRemaining"]) == (11.04, 90.0)
    assert (complete["chargeRate"], complete["chargeTimeRemaining"]) == (None, None)
    assert (complete["isCharging"], complete["isFullyCharged"]) == (False, True)


async def test_a_silent_vehicle_keeps_its_values(a_garage: Home) -> None:
    before = await get(a_garage)
    silence(a_garage.devices["car"])
    await a_garage.clock.advance(30)

    assert await get(a_garage) == before | {"isReachable": False}


async def test_a_refresh_hint_polls_the_car(a_garage: Home) -> None:
    answer = await a_garage.http.post(f"{path_of(a_garage)}/refresh-hint")

    assert (answer.status_code, a_garage.pokes) == (204, ["car"])


async def test_what_is_no_vehicle_is_not_found(a_garage: Home) -> None:
    charger_id = a_garage.asset(AssetKind.CHARGER).id

    for path in (f"/vehicles/{charger_id}", f"/vehicles/{UNKNOWN}", "/vehicles/car"):
        assert (await a_garage.http.get(path)).status_code == 404
        assert (await a_garage.http.post(f"{path}/refresh-hint")).status_code == 404
        started = await a_garage.http.post(f"{path}/charging", json={"action": "START"})
        assert started.status_code == 404


async def test_022_a_login_that_ended_blocks_every_capability(a_garage: Home) -> None:
    vehicle = a_garage.asset(AssetKind.VEHICLE)
    a_garage.store.adopt([replace(vehicle, consent=Consent.INVALID)])

    shown = await get(a_garage)

    blocked = {"isCapable": False, "interventionIds": [LOGIN.id]}
    assert all(ability == blocked for ability in shown["capabilities"].values())
    told = (await a_garage.http.get(f"/interventions/{LOGIN.id}")).json()
    assert told["resolution"]["action"] == "Link"


async def test_025_a_vehicle_that_comes_to_a_location_is_there(a_garage: Home) -> None:
    car = a_garage.devices["car"]
    whereabouts = Whereabouts(a_garage.store, a_garage.db, a_garage.clock)

    async def move(latitude: float, longitude: float) -> Any:
        say(car, "vehicle", latitude=latitude, longitude=longitude)
        await a_garage.poll()
        await whereabouts.look()
        return (await get(a_garage))["location"]

    away = await move(59.93, 10.75)
    back = await move(59.9115, 10.7505)
    cabin = await a_garage.another_location()
    at_cabin = await move(cabin.latitude, cabin.longitude)

    assert (away["id"], away["latitude"]) == (None, 59.93)
    assert back["id"] == a_garage.location.id
    assert (at_cabin["id"], at_cabin["longitude"]) == (cabin.id, cabin.longitude)


async def test_without_the_location_scope_coordinates_stay_at_home(a_garage: Home) -> None:
    vehicle = a_garage.asset(AssetKind.VEHICLE)
    scopes = ("vehicle:control:charging", "vehicle:read:data")
    a_garage.store.adopt([replace(vehicle, scopes=scopes)])

    shown = await get(a_garage)

    assert (shown["location"]["latitude"], shown["location"]["longitude"]) == (None, None)
    blocked = {"isCapable": False, "interventionIds": [LOCATION_SCOPE.id]}
    assert shown["capabilities"]["location"] == blocked
    assert shown["capabilities"]["smartCharging"] == blocked
    assert shown["capabilities"]["startCharging"]["isCapable"]


async def test_what_keeps_a_vehicle_from_being_controlled_is_told(a_garage: Home) -> None:
    vehicle = a_garage.asset(AssetKind.VEHICLE)
    a_garage.store.adopt([replace(vehicle, is_writable=False)])
    read_only = (await get(a_garage))["capabilities"]
    a_garage.store.adopt([replace(vehicle, scopes=("vehicle:read:data", "vehicle:read:location"))])
    unscoped = (await get(a_garage))["capabilities"]

    for name in ("startCharging", "stopCharging", "setMaxCurrent", "smartCharging"):
        assert read_only[name] == {"isCapable": False, "interventionIds": [READ_ONLY.id]}
        assert unscoped[name] == {"isCapable": False, "interventionIds": [CONTROL_SCOPE.id]}


async def test_what_a_vehicle_cannot_do_at_all_is_missing_and_not_blocked(a_garage: Home) -> None:
    vehicle = a_garage.asset(AssetKind.VEHICLE)
    spec = replace(
        vehicle.spec,
        capabilities=frozenset({Capability.STOP_CHARGING}),
        reports=frozenset({"soc_pct"}),
    )
    a_garage.store.adopt([replace(vehicle, spec=spec, scopes=("vehicle:read:data",), serial=None)])

    shown = (await get(a_garage))["capabilities"]

    missing = {"isCapable": False, "interventionIds": []}
    for name in ("information", "chargeState", "odometer", "startCharging", "smartCharging"):
        assert shown[name] == missing, name
    assert shown["stopCharging"]["interventionIds"] == [CONTROL_SCOPE.id]


async def test_a_start_is_confirmed_by_the_car_s_own_report(a_garage: Home) -> None:
    action = (await charge(a_garage, "START")).json()
    ended = await a_garage.ended(action)

    assert (action["state"], action["targetType"], action["kind"]) == (
        "PENDING",
        "vehicle",
        "START",
    )
    assert (ended["state"], ended["failureReason"]) == ("CONFIRMED", None)
    assert (await get(a_garage))["chargeState"]["isCharging"] is True


async def test_027_a_start_of_an_unplugged_car_is_refused_and_leaves_nothing(
    a_garage: Home,
) -> None:
    say(a_garage.devices["car"], "vehicle", power_delivery=PowerDelivery.UNPLUGGED)
    await a_garage.poll()

    assert (await charge(a_garage, "START")).status_code == 400
    assert await stored(a_garage) == 0


@pytest.mark.parametrize(
    "full", [{"power_delivery": PowerDelivery.COMPLETE}, {"soc_pct": 80.0}, {"soc_pct": 81.0}]
)
async def test_029_a_full_car_is_not_started(a_garage: Home, full: dict[str, Any]) -> None:
    say(a_garage.devices["car"], "vehicle", **full)
    await a_garage.poll()

    refused = await charge(a_garage, "START")

    assert refused.status_code == 400
    assert "full" in refused.json()["detail"]
    assert (await get(a_garage))["chargeState"]["isFullyCharged"] is True
    assert await stored(a_garage) == 0


async def test_032_equal_starts_are_one_action_and_a_stop_replaces_it(a_garage: Home) -> None:
    car = a_garage.devices["car"]
    car.obeys = False
    first = (await charge(a_garage, "START")).json()
    await a_garage.poll()
    again = (await charge(a_garage, "START")).json()
    say(car, "vehicle", power_delivery=PowerDelivery.CHARGING)
    stop = (await charge(a_garage, "STOP")).json()

    assert again["id"] == first["id"]
    assert stop["id"] != first["id"]
    shown = (await a_garage.http.get(f"/vehicles/actions/{first['id']}")).json()
    assert (shown["state"], shown["failureReason"]["type"]) == ("CANCELLED", "CONFLICT")
    assert await a_garage.state_of(stop) == "PENDING"


async def test_a_current_limit_of_a_vehicle_is_confirmed(a_garage: Home) -> None:
    action = (await limit(a_garage, 10)).json()
    ended = await a_garage.ended(action)

    assert (action["targetType"], action["targetState"]) == ("vehicle", {"maxCurrent": 10.0})
    assert ended["state"] == "CONFIRMED"


@pytest.mark.parametrize("current_a", [0, -1, 5.9, 32.1])
async def test_042_a_current_the_vehicle_cannot_have_is_refused(
    a_garage: Home, current_a: float
) -> None:
    assert (await limit(a_garage, current_a)).status_code == 400
    assert await stored(a_garage) == 0


async def test_a_vehicle_s_action_is_cancelled_once(a_garage: Home) -> None:
    a_garage.devices["car"].obeys = False
    action = (await charge(a_garage, "START")).json()
    path = f"/vehicles/actions/{action['id']}/cancel"

    first = await a_garage.http.post(path)
    again = await a_garage.http.post(path)

    assert (first.status_code, first.json()["state"]) == (200, "CANCELLED")
    assert (again.status_code, again.json()) == (409, first.json())


async def test_037_an_unknown_action_of_a_vehicle_is_not_found(a_garage: Home) -> None:
    charger = a_garage.asset(AssetKind.CHARGER)
    path = f"/chargers/{charger.id}/charging"
    foreign = (await a_garage.http.post(path, json={"action": "START"})).json()["id"]

    for action_id in (UNKNOWN, foreign):
        assert (await a_garage.http.get(f"/vehicles/actions/{action_id}")).status_code == 404
        cancelled = await a_garage.http.post(f"/vehicles/actions/{action_id}/cancel")
        assert cancelled.status_code == 404


async def test_a_body_is_refused_before_anything_is_asked_of_the_car(a_garage: Home) -> None:
    path = f"{path_of(a_garage)}/charging"

    for body in ({}, {"action": "start"}, {"action": "START", "force": True}):
        assert (await a_garage.http.post(path, json=body)).status_code == 400
    assert a_garage.devices["car"].writes == []
