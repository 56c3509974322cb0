"""Flex: what vehicles could take, and what moves it."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gatewayd.model.asset import AssetKind
from gatewayd.model.command import StartCharging, StopCharging
from gatewayd.model.reading import PowerDelivery
from tests.enode.home import USER, Home, home, say
from tests.fakes.driver import car_box

UNKNOWN = "6560fa37-b7ec-4ace-81ca-a8b64279f8d2"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
START, STOP = StartCharging(), StopCharging()
Json = dict[str, Any]


@pytest_asyncio.fixture
async def a_home(tmp_path: Path) -> AsyncIterator[Home]:
    """A car at half its level that charges 11 kW; the clock shows Sunday, 12:00 at home."""
    car = car_box()
    say(car, "vehicle", power_delivery=PowerDelivery.CHARGING, power_w=11_000.0)
    async with home(tmp_path, {"car": car}) as made:
        yield made


def policy(made: Home, **changes: Any) -> Json:
    """80 % by 20:00 every day."""
    day = {"deadline": "20:00", "minimumChargeTarget": 80.0}
    return {
        "locationId": made.location.id,
        "vehicleId": made.asset(AssetKind.VEHICLE).id,
        "batteryReserve": 10.0,
        "schedule": dict.fromkeys(DAYS, day),
    } | changes


async def post(made: Home, body: Json) -> httpx.Response:
    return await made.http.post("/flex/vehicle-policies", json=body)


async def create(made: Home) -> str:
    answer = await post(made, policy(made))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def override(made: Home, policy_id: str, **body: Any) -> httpx.Response:
    return await made.http.post(f"/flex/vehicle-policies/{policy_id}/overrides", json=body)


async def status(made: Home, policy_id: str) -> Json:
    return dict((await made.http.get(f"/flex/vehicle-policies/{policy_id}/status")).json())


async def shape(made: Home, **query: str) -> Json:
    return dict((await made.http.get("/flex/shape", params=query)).json())


async def intent(made: Home) -> Json:
    return dict((await made.http.get("/flex/intent")).json())


def pressure(made: Home, hours: float, value: float, kind: str = "CHUNK_PRESSURE") -> Json:
    at = made.clock.now() + timedelta(hours=hours)
    return {"kind": kind, "timestamp": at.isoformat().replace("+00:00", "Z"), "pressure": value}


async def move(made: Home, *rules: Json) -> httpx.Response:
    return await made.http.put("/flex/intent", json={"rules": list(rules)})


async def polled(made: Home, times: int = 4) -> None:
    for _ in range(times):
        await made.poll()


def avoid_now(made: Home) -> list[Json]:
    """Rather in three hours than in the first hour."""
    return [pressure(made, chunk / 4, -1.0) for chunk in range(4)]


async def test_a_policy_is_shown_until_it_is_deleted(a_home: Home) -> None:
    made = (await post(a_home, policy(a_home))).json()
    path = f"/flex/vehicle-policies/{made['id']}"

    assert made == policy(a_home) | {"id": made["id"]}
    assert (await a_home.http.get(path)).json() == made
    assert (await a_home.http.delete(path)).status_code == 204
    assert (await a_home.http.get(path)).status_code == 404
    assert (await a_home.http.delete(path)).status_code == 404


@pytest.mark.parametrize("day", DAYS)
async def test_106_a_policy_needs_every_weekday(a_home: Home, day: str) -> None:
    body = policy(a_home)
    del body["schedule"][day]

    assert (await post(a_home, body)).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"batteryReserve": 21},
        {"batteryReserve": -1},
        {"schedule": {key: {"deadline": "20:00", "minimumChargeTarget": 19} for key in DAYS}},
        {"schedule": {key: {"deadline": "25:00", "minimumChargeTarget": 80} for key in DAYS}},
        {"colour": "blue"},
    ],
)
async def test_a_policy_that_makes_no_sense_is_refused(a_home: Home, changes: Json) -> None:
    assert (await post(a_home, policy(a_home, **changes))).status_code == 400


async def test_a_policy_is_of_one_vehicle_at_its_users_location(a_home: Home) -> None:
    cabin = await a_home.another_location("berta")
    assert (await post(a_home, policy(a_home, vehicleId=UNKNOWN))).status_code == 404
    assert (await post(a_home, policy(a_home, locationId=UNKNOWN))).status_code == 404
    assert (await post(a_home, policy(a_home, locationId=cabin.id))).status_code == 404
    await create(a_home)
    assert (await post(a_home, policy(a_home))).status_code == 400


async def test_107_the_shape_is_contiguous_and_within_its_bounds(a_home: Home) -> None:
    await create(a_home)
    found = await shape(a_home)
    chunks = found["chunks"]
    starts = [datetime.fromisoformat(chunk["timestamp"]) for chunk in chunks]

    assert found["startAt"] == chunks[0]["timestamp"] == "2026-06-21T10:00:00.000Z"
    assert found["chunkSizeMinutes"] == 15
    assert len(chunks) == 96
    assert {b - a for a, b in pairwise(starts)} == {timedelta(minutes=15)}
    for chunk in chunks:
        assert chunk["minimumKw"] <= chunk["expectedKw"] <= chunk["maximumKw"]
    assert chunks[0]["expectedKw"] == 11.0
    window = await shape(a_home, startAt=chunks[4]["timestamp"], endAt=chunks[8]["timestamp"])
    assert [c["timestamp"] for c in window["chunks"]] == [c["timestamp"] for c in chunks[4:8]]
    assert (window["startAt"], window["endAt"]) == (chunks[4]["timestamp"], chunks[8]["timestamp"])


async def test_a_car_that_is_away_has_no_shape(a_home: Home) -> None:
    cabin = await a_home.another_location(USER)
    answer = await post(a_home, policy(a_home, locationId=cabin.id))

    assert answer.status_code == 200
    assert all(chunk["maximumKw"] == 0 for chunk in (await shape(a_home))["chunks"])


async def test_108_an_intent_is_replaced_and_a_preview_changes_nothing(a_home: Home) -> None:
    await create(a_home)
    before = await intent(a_home)
    assert before["rules"] == []

    body = {"rules": avoid_now(a_home), "previousRevisionId": before["revisionId"]}
    looked = (await a_home.http.post("/flex/intent/preview", json=body)).json()
    assert looked["isValid"] is True
    assert looked["resultantShape"]["chunks"][0]["expectedKw"] == 0
    assert await intent(a_home) == before
    assert (await shape(a_home))["chunks"][0]["expectedKw"] == 11.0

    assert (await move(a_home, *avoid_now(a_home))).status_code == 204
    after = await intent(a_home)
    assert after["revisionId"] != before["revisionId"]
    assert [rule["pressure"] for rule in after["rules"]] == [-1.0] * 4
    assert (await shape(a_home))["chunks"][0]["expectedKw"] == 0
    stale = (await a_home.http.post("/flex/intent/preview", json=body)).json()
    assert stale["isValid"] is False
    assert stale["errors"]
    await move(a_home)
    assert (await intent(a_home))["rules"] == []


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "CHUNK_PRESSURE", "timestamp": "2026-06-21T10:00:00Z", "pressure": 1.1},
        {"kind": "CHUNK_MAX", "timestamp": "2026-06-21T10:00:00Z", "pressure": -1},
        {"kind": "CHUNK_MAX", "timestamp": "2026-06-21T10:00:00Z"},
        {"kind": "PUSH", "timestamp": "2026-06-21T10:00:00Z", "pressure": 0},
        {"kind": "EPOCH", "timestamp": "now", "pressure": 0},
    ],
)
async def test_an_intent_that_makes_no_sense_is_refused(a_home: Home, rule: Json) -> None:
    before = await intent(a_home)

    assert (await move(a_home, rule)).status_code == 400
    assert await intent(a_home) == before


async def test_109_an_immediate_start_leaves_no_flexibility(a_home: Home) -> None:
    policy_id = await create(a_home)
    before = (await shape(a_home))["chunks"][0]
    begun = await override(a_home, policy_id, type="IMMEDIATE_START", target=70)
    after = (await shape(a_home))["chunks"][0]

    assert begun.json() == {"type": "IMMEDIATE_START", "target": 70.0, "policyId": policy_id}
    assert before["minimumKw"] == 0
    assert after["minimumKw"] == 11.0
    assert (await status(a_home, policy_id))["state"] == "ACTIVE:IMMEDIATE_START"
    path = f"/flex/vehicle-policies/{policy_id}/overrides"
    assert (await a_home.http.delete(path)).status_code == 204
    assert (await shape(a_home))["chunks"][0] == before


async def test_an_immediate_start_is_over_at_its_level_for_good(a_home: Home) -> None:
    policy_id = await create(a_home)
    await override(a_home, policy_id, type="IMMEDIATE_START", target=70)
    say(a_home.devices["car"], "vehicle", soc_pct=70.0)
    await polled(a_home)
    say(a_home.devices["car"], "vehicle", soc_pct=40.0)
    await polled(a_home)

    assert (await status(a_home, policy_id))["override"] is None


async def test_a_next_day_schedule_changes_the_next_deadline(a_home: Home) -> None:
    policy_id = await create(a_home)
    assert (await status(a_home, policy_id))["deadline"] == "2026-06-21T18:00:00.000Z"
    changed = await override(a_home, policy_id, type="NEXT_DAY_SCHEDULE", deadline="22:00")
    found = await status(a_home, policy_id)

    assert changed.json() == {
        "type": "NEXT_DAY_SCHEDULE",
        "deadline": "22:00",
        "policyId": policy_id,
    }
    assert (found["deadline"], found["target"]) == ("2026-06-21T20:00:00.000Z", 80.0)
    assert found["state"] == "ACTIVE:REGULAR"


@pytest.mark.parametrize(
    "body",
    [
        {"type": "IMMEDIATE_START"},
        {"type": "IMMEDIATE_START", "target": 0},
        {"type": "IMMEDIATE_START", "target": 101},
        {"type": "NEXT_DAY_SCHEDULE", "minimumChargeTarget": 10},
        {"type": "NEXT_DAY_SCHEDULE", "deadline": None},
        {"type": "NEVER"},
    ],
)
async def test_an_override_that_makes_no_sense_is_refused(a_home: Home, body: Json) -> None:
    policy_id = await create(a_home)

    assert (await override(a_home, policy_id, **body)).status_code == 400
    assert (await status(a_home, policy_id))["override"] is None


async def test_what_has_no_policy_is_not_found(a_home: Home) -> None:
    path = f"/flex/vehicle-policies/{UNKNOWN}"
    answers = [
        await a_home.http.get(path),
        await a_home.http.delete(path),
        await a_home.http.get(f"{path}/status"),
        await override(a_home, UNKNOWN, type="NEXT_DAY_SCHEDULE"),
        await a_home.http.delete(f"{path}/overrides"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 5


async def test_an_intent_lets_the_car_wait_and_charge_later(a_home: Home) -> None:
    await create(a_home)
    await polled(a_home)
    assert a_home.devices["car"].writes == []
    await move(a_home, *avoid_now(a_home))
    await polled(a_home)
    assert a_home.devices["car"].writes == [STOP]
    a_home.clock.jump_wall(timedelta(hours=1))
    await polled(a_home, 5)

    assert a_home.devices["car"].writes == [STOP, START]


async def test_a_car_that_waits_is_given_back_with_its_policy(a_home: Home) -> None:
    policy_id = await create(a_home)
    await move(a_home, *avoid_now(a_home))
    await polled(a_home)
    await a_home.http.delete(f"/flex/vehicle-policies/{policy_id}")
    await polled(a_home)

    assert a_home.devices["car"].writes == [STOP, START]


async def test_an_immediate_start_ends_the_waiting(a_home: Home) -> None:
    policy_id = await create(a_home)
    await move(a_home, *avoid_now(a_home))
    await polled(a_home)
    await override(a_home, policy_id, type="IMMEDIATE_START", target=70)
    await polled(a_home)

    assert a_home.devices["car"].writes == [STOP, START]


async def test_what_a_user_starts_is_not_stopped_in_the_same_quarter(a_home: Home) -> None:
    await create(a_home)
    await move(a_home, *avoid_now(a_home))
    await polled(a_home)
    path = f"/vehicles/{a_home.asset(AssetKind.VEHICLE).id}/charging"
    assert (await a_home.http.post(path, json={"action": "START"})).status_code == 200
    await polled(a_home)

    assert a_home.devices["car"].writes == [STOP, START]
