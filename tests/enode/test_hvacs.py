"""Heaters and coolers as clients see them, and what they can be set to."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gatewayd.enode.services import NoControllers
from gatewayd.model.asset import AssetKind
from gatewayd.model.climate import FollowSchedule, HvacMode, PermanentHold
from gatewayd.model.command import Command
from gatewayd.state import actions
from tests.enode.home import Home, home, say
from tests.fakes.driver import charger_box, thermostat_box

UNKNOWN = "6560fa37-b7ec-4ace-81ca-a8b64279f8d2"


@pytest_asyncio.fixture
async def a_flat(tmp_path: Path) -> AsyncIterator[Home]:
    async with home(tmp_path, {"heat": thermostat_box(), "wallbox": charger_box()}) as made:
        yield made


class Scheduled(NoControllers):
    """Every asset has a schedule."""

    def controlling(self, asset_id: str) -> str | None:
        return f"the schedule of {asset_id[:1]}"


def control(flat: Home) -> None:
    """Have a schedule decide over all assets from now on."""
    api = flat.app.state.api
    flat.app.state.api = replace(api, services=replace(api.services, controllers=Scheduled()))


def path_of(flat: Home) -> str:
    return f"/hvacs/{flat.asset(AssetKind.HVAC).id}"


async def get(flat: Home) -> Any:
    return (await flat.http.get(path_of(flat))).json()


async def hold(flat: Home, **body: Any) -> httpx.Response:
    return await flat.http.post(f"{path_of(flat)}/permanent-hold", json=body)


async def follow(flat: Home) -> httpx.Response:
    return await flat.http.post(f"{path_of(flat)}/follow-schedule")


async def stored(flat: Home) -> int:
    return len(await flat.db.read(actions.latest))


async def test_a_heat_pump_shows_what_it_says(a_flat: Home) -> None:
    shown = await get(a_flat)

    assert shown["consumptionRate"] == 1.2
    assert shown["information"] == {
        "brand": "Acme",
        "model": "Warm",
        "displayName": "Acme Warm",
        "groupName": None,
        "category": "HEAT_PUMP",
    }
    assert shown["temperatureState"]["currentTemperature"] == 20.5
    assert shown["temperatureState"]["isActive"] is True
    assert shown["thermostatState"] | {"lastUpdated": None} == {
        "mode": "HEAT",
        "heatSetpoint": 21.0,
        "coolSetpoint": None,
        "holdType": "SCHEDULED",
        "lastUpdated": None,
    }
    assert shown["location"] == {"id": a_flat.location.id}


async def test_a_heat_pump_shows_what_it_can_be_set_to(a_flat: Home) -> None:
    capable = {"isCapable": True, "interventionIds": []}

    assert (await get(a_flat))["capabilities"] == {
        "capableModes": ["OFF", "AUTO", "COOL", "HEAT"],
        "coolSetpointRange": {"min": 18.0, "max": 30.0},
        "heatSetpointRange": {"min": 10.0, "max": 25.0},
        "setpointDifferenceRange": {"min": 2.0, "max": 15.0},
        "setFollowSchedule": capable,
        "setPermanentHold": capable,
    }


async def test_what_is_unknown_of_a_heater_is_shown_as_such(a_flat: Home) -> None:
    hvac = a_flat.asset(AssetKind.HVAC)
    a_flat.store.adopt([replace(hvac, spec=replace(hvac.spec, thermostat=None))])
    unknown = {"power_w": None, "is_active": None, "mode": "EMERGENCY", "hold_type": None}
    say(a_flat.devices["heat"], "hvac", **unknown, temperature_c=None, heat_setpoint_c=None)
    await a_flat.poll()

    shown = await get(a_flat)

    assert shown["consumptionRate"] is None
    assert shown["temperatureState"]["isActive"] is False
    assert (shown["thermostatState"]["mode"], shown["thermostatState"]["holdType"]) == (
        "UNKNOWN",
        None,
    )
    assert shown["capabilities"]["capableModes"] is None
    assert shown["capabilities"]["heatSetpointRange"] is None


async def test_a_heater_at_rest_consumes_nothing(a_flat: Home) -> None:
    say(a_flat.devices["heat"], "hvac", is_active=False, power_w=4.0)
    await a_flat.poll()

    assert (await get(a_flat))["consumptionRate"] == 0.0


async def test_lists_hold_the_heaters_of_a_user(a_flat: Home) -> None:
    everyone = (await a_flat.http.get("/hvacs")).json()["data"]
    annas = (await a_flat.http.get("/users/anna/hvacs")).json()["data"]

    assert everyone == annas == [await get(a_flat)]
    assert (await a_flat.http.get("/users/bob/hvacs")).json()["data"] == []


async def test_a_heater_is_attached_to_a_location_and_detached(a_flat: Home) -> None:
    cabin = await a_flat.another_location()

    there = await a_flat.http.put(path_of(a_flat), json={"locationId": cabin.id})
    gone = await a_flat.http.put(path_of(a_flat), json={"locationId": None})

    assert there.json()["location"] == {"id": cabin.id}
    assert gone.json()["location"] == {"id": None}
    assert (await a_flat.http.put(path_of(a_flat), json={})).status_code == 400
    nowhere = await a_flat.http.put(path_of(a_flat), json={"locationId": UNKNOWN})
    assert nowhere.status_code == 404


async def test_a_refresh_hint_polls_the_heater(a_flat: Home) -> None:
    answer = await a_flat.http.post(f"{path_of(a_flat)}/refresh-hint")

    assert (answer.status_code, a_flat.pokes) == (204, ["heat"])


@pytest.mark.parametrize(
    ("body", "command"),
    [
        ({"mode": "HEAT", "heatSetpoint": 22}, PermanentHold(HvacMode.HEAT, 22.0)),
        ({"mode": "COOL", "coolSetpoint": 24.5}, PermanentHold(HvacMode.COOL, None, 24.5)),
        (
            {"mode": "AUTO", "heatSetpoint": 20, "coolSetpoint": 25},
            PermanentHold(HvacMode.AUTO, 20.0, 25.0),
        ),
        ({"mode": "OFF"}, PermanentHold(HvacMode.OFF)),
    ],
)
async def test_a_hold_is_confirmed_by_the_device(
    a_flat: Home, body: dict[str, Any], command: Command
) -> None:
    asked = await hold(a_flat, **body)
    action = asked.json()
    ended = await a_flat.ended(action)

    assert (asked.status_code, action["state"], action["completedAt"]) == (200, "PENDING", None)
    assert action["target"] == body | {"holdType": "PERMANENT"}
    assert "failureReason" not in action | ended
    assert ended["state"] == "CONFIRMED"
    assert a_flat.devices["heat"].writes == [command]
    shown = (await get(a_flat))["thermostatState"]
    assert (shown["mode"], shown["holdType"]) == (body["mode"], "PERMANENT")


async def test_a_device_goes_back_to_its_own_schedule(a_flat: Home) -> None:
    await a_flat.ended((await hold(a_flat, mode="OFF")).json())
    action = (await follow(a_flat)).json()
    ended = await a_flat.ended(action)

    assert (action["target"], ended["state"]) == ({"holdType": "SCHEDULED"}, "CONFIRMED")
    assert a_flat.devices["heat"].writes[-1] == FollowSchedule()


@pytest.mark.parametrize(
    "body",
    [
        {"mode": "HEAT", "heatSetpoint": 25.1},
        {"mode": "HEAT", "heatSetpoint": 9.9},
        {"mode": "COOL", "coolSetpoint": 30.1},
        {"mode": "AUTO", "heatSetpoint": 20, "coolSetpoint": 21.5},
        {"mode": "AUTO", "heatSetpoint": 10, "coolSetpoint": 30},
        {"mode": "AUTO", "heatSetpoint": 20},
        {"mode": "OFF", "heatSetpoint": 20},
        {"mode": "HEAT", "heatSetpoint": 20, "coolSetpoint": 25},
        {"mode": "HEAT"},
        {"mode": "HEAT", "heatSetpoint": "20"},
        {"mode": "HEAT", "heatSetpoint": 20, "holdType": "PERMANENT"},
        {"mode": "UNKNOWN"},
        {"heatSetpoint": 20},
        {},
    ],
)
async def test_040_a_hold_beyond_the_device_is_refused_and_leaves_nothing(
    a_flat: Home, body: dict[str, Any]
) -> None:
    assert (await hold(a_flat, **body)).status_code == 400
    assert await stored(a_flat) == 0


async def test_a_mode_the_device_has_not_is_refused(a_flat: Home) -> None:
    hvac = a_flat.asset(AssetKind.HVAC)
    assert hvac.spec.thermostat is not None
    heater = replace(hvac.spec.thermostat, modes=frozenset({HvacMode.HEAT, HvacMode.OFF}))
    a_flat.store.adopt([replace(hvac, spec=replace(hvac.spec, thermostat=heater))])

    refused = await hold(a_flat, mode="COOL", coolSetpoint=24)

    assert refused.status_code == 400
    assert "only HEAT, OFF" in refused.json()["detail"]


async def test_041_a_schedule_refuses_hold_and_follow(a_flat: Home) -> None:
    control(a_flat)

    held, followed = await hold(a_flat, mode="OFF"), await follow(a_flat)

    assert (held.status_code, followed.status_code) == (422, 422)
    assert "controlled by the schedule" in held.json()["detail"]
    assert await stored(a_flat) == 0


async def test_a_wrong_body_is_told_before_the_schedule_is(a_flat: Home) -> None:
    control(a_flat)

    assert (await hold(a_flat, mode="HEAT")).status_code == 400
    assert (await hold(a_flat, mode="HEAT", heatSetpoint=99)).status_code == 422


async def test_a_schedule_of_a_charger_refuses_start_and_stop_but_no_limit(a_flat: Home) -> None:
    control(a_flat)
    charger = f"/chargers/{a_flat.asset(AssetKind.CHARGER).id}"

    started = await a_flat.http.post(f"{charger}/charging", json={"action": "START"})
    limited = await a_flat.http.post(f"{charger}/max-current", json={"maxCurrent": 10})

    assert (started.status_code, limited.status_code) == (422, 200)


async def test_a_heater_s_action_is_cancelled_once(a_flat: Home) -> None:
    a_flat.devices["heat"].obeys = False
    action = (await hold(a_flat, mode="OFF")).json()
    path = f"/hvacs/actions/{action['id']}/cancel"

    first = await a_flat.http.post(path)
    again = await a_flat.http.post(path)

    assert (first.status_code, first.json()["state"]) == (200, "CANCELLED")
    assert (again.status_code, again.json()) == (409, first.json())
    assert (await a_flat.http.post(f"/hvacs/actions/{UNKNOWN}/cancel")).status_code == 404


async def test_a_newer_hold_cancels_the_one_that_is_pending(a_flat: Home) -> None:
    a_flat.devices["heat"].obeys = False
    first = (await hold(a_flat, mode="OFF")).json()
    second = (await hold(a_flat, mode="OFF")).json()

    assert first["id"] != second["id"]
    assert await a_flat.state_of(first) == "CANCELLED"


async def test_what_is_no_heater_is_not_found(a_flat: Home) -> None:
    charger_id = a_flat.asset(AssetKind.CHARGER).id

    for path in (f"/hvacs/{charger_id}", f"/hvacs/{UNKNOWN}", "/hvacs/heat"):
        assert (await a_flat.http.get(path)).status_code == 404
        assert (await a_flat.http.post(f"{path}/follow-schedule")).status_code == 404
        put = await a_flat.http.put(path, json={"locationId": None})
        assert put.status_code == 404
