"""Older versions over the rooms they tell of: linking, statistics, every operation there is."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from fastapi.routing import APIRoute

from gatewayd.control.statistics import StatisticsRecorder
from gatewayd.enode.routes import ROUTERS
from gatewayd.enode.versions import SERVED
from gatewayd.enode.versions.paths_before_2023_08_01 import MOVED
from gatewayd.model.asset import AssetKind
from tests.enode.home import USER, Home
from tests.enode.versions.conftest import Client
from tests.fakes.measured import run_at

NOON = datetime(2026, 6, 20, 12, tzinfo=UTC)
UNKNOWN = "6560fa37-b7ec-4ace-81ca-a8b64279f8d2"


async def test_an_application_of_2023_links_with_next_to_nothing(
    a_home: Home, client: Client
) -> None:
    made = await client("2023-05-01").post("/users/berta/link", json={"vendorType": "charger"})

    session = made.json()
    assert made.status_code == 200
    assert set(session) == {"linkUrl", "linkState"}
    assert urlsplit(session["linkUrl"]).query == f"link_state={session['linkState']}"
    assert (await client("2023-05-01", "berta").get("/me")).json()["id"] == "berta"


async def test_an_application_of_2024_links_as_today(client: Client) -> None:
    asked = {"scopes": ["charger:read:data"], "language": "en-US", "redirectUri": "app://done"}

    made = await client("2024-01-01").post("/users/berta/link", json=asked)
    lacking = await client("2024-01-01").post("/users/berta/link", json={})

    assert (made.status_code, set(made.json())) == (200, {"linkUrl", "linkToken"})
    assert (lacking.status_code, "message" in lacking.json()) == (400, True)


async def test_statistics_of_charging_under_their_old_paths(a_home: Home, client: Client) -> None:
    charger = a_home.asset(AssetKind.CHARGER)
    await a_home.db.write(lambda c: run_at(c, charger, NOON, 60, 6000, 0.5))
    await StatisticsRecorder(a_home.store, a_home.db, a_home.clock).count()
    asked = {
        "type": "charger",
        "startDate": NOON.isoformat(),
        "endDate": (NOON + timedelta(hours=3)).isoformat(),
        "chargingLocationId": a_home.location.id,
    }
    http = client("2023-04-01")

    (day,) = (await http.get("/statistics/charging", params=asked)).json()
    (session,) = (await http.get("/statistics/charging/sessions", params=asked)).json()
    elsewhere = await http.get(
        "/statistics/charging", params=asked | {"chargingLocationId": UNKNOWN}
    )

    assert (day["kwhSum"], day["nonSmartCostSum"], day["estimatedSavings"]) == (6.0, 0.0, 0)
    assert session["chargingLocationId"] == a_home.location.id
    assert (session["targetId"], session["smartSession"]) == (charger.id, False)
    assert elsewhere.json() == []


async def test_a_schedule_of_2023_lives_by_its_old_names(a_home: Home, client: Client) -> None:
    charger, http = a_home.asset(AssetKind.CHARGER).id, client("2023-04-15")
    asked = {
        "chargeableId": charger,
        "chargeableType": "charger",
        "isEnabled": True,
        "defaultShouldCharge": True,
        "rules": [{"hourMinute": {"from": "07:00", "to": "09:00"}, "shouldCharge": False}],
    }

    made = await http.post("/schedules", json=asked)
    path = f"/schedules/{made.json()['id']}"
    moved = await http.put(path, json={"chargingLocationId": a_home.location.id})
    status = (await http.get(f"{path}/status")).json()
    (newest,) = (await a_home.http.get(f"/users/{USER}/schedules")).json()["data"]

    assert (made.status_code, made.json()["chargingLocationId"]) == (201, None)
    assert moved.json()["chargingLocationId"] == a_home.location.id == newest["locationId"]
    assert newest["targetId"] == made.json()["entityId"] == charger
    assert (await http.get("/schedules")).json() == [moved.json()]
    assert status["externalStart"] is None
    assert status["upcomingTransitions"][0]["targetTemperature"] is None
    assert (await client("2023-04-15", "berta").delete(path)).status_code == 404
    assert (await http.delete(path)).status_code == 204


@pytest.mark.parametrize("version", SERVED[1:])
async def test_no_operation_fails_in_any_version(
    a_home: Home, client: Client, version: str
) -> None:
    http, paths = client(version), {(moved.method, moved.path) for moved in MOVED}
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            paths |= {(method, route.path_format) for method in route.methods or ()}

    for method, template in sorted(paths):
        path = template.replace("{", "").replace("}", "")
        for body in ({}, {"rules": [1], "scopes": [{}], "targetType": 1, "defaultTarget": []}):
            answer = await http.request(method, path, json=body)
            assert answer.status_code < 500, f"{method} {path}: {answer.text}"
            if answer.status_code >= 400 and answer.content and "oauth2" not in path:
                problem = json.loads(answer.content)
                assert ("error" in problem) == (version < "2024-10-01"), path
    assert (await http.get(f"/users/{USER}/vehicles")).status_code in (200, 404)
