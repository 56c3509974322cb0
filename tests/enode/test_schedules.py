"""Schedules, from the asking to what the devices are told."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gatewayd.model.asset import AssetKind
from gatewayd.model.climate import FollowSchedule, HvacMode, PermanentHold
from gatewayd.model.command import StartCharging, StopCharging
from gatewayd.model.reading import PowerDelivery
from gatewayd.state import assets
from tests.enode.home import USER, Home, home, say, wallbox
from tests.fakes.driver import car_box, thermostat_box

UNKNOWN = "6560fa37-b7ec-4ace-81ca-a8b64279f8d2"
START, STOP = StartCharging(), StopCharging()
Json = dict[str, Any]


@pytest_asyncio.fixture
async def a_home(tmp_path: Path) -> AsyncIterator[Home]:
    """A home with everything that schedules are for; its clock shows Sunday, 12:00 in Oslo."""
    devices = {"wallbox": wallbox(), "car": car_box(), "heat": thermostat_box()}
    async with home(tmp_path, devices) as made:
        yield made


def body(home: Home, kind: AssetKind = AssetKind.CHARGER, **values: Any) -> Json:
    """A schedule that always wants charging."""
    return {
        "targetId": home.asset(kind).id,
        "targetType": kind.value,
        "locationId": None,
        "isEnabled": True,
        "defaultShouldCharge": True,
        "rules": [],
    } | values


def warmth(home: Home, **values: Any) -> Json:
    """A schedule that lets the heater alone."""
    return {
        "targetId": home.asset(AssetKind.HVAC).id,
        "targetType": "hvac",
        "isEnabled": True,
        "defaultTargetState": {"holdType": "SCHEDULED"},
        "rules": [],
    } | values


async def post(home: Home, wanted: Json, user_id: str = USER) -> httpx.Response:
    return await home.http.post(f"/users/{user_id}/schedules", json=wanted)


async def create(home: Home, wanted: Json) -> Json:
    made = await post(home, wanted)
    assert made.status_code == 200, made.text
    found: Json = made.json()
    return found


async def put(home: Home, made: Json, **changes: Any) -> httpx.Response:
    return await home.http.put(f"/schedules/{made['id']}", json=changes)


async def status(home: Home, made: Json) -> Json:
    found: Json = (await home.http.get(f"/schedules/{made['id']}/status")).json()
    return found


async def polled(home: Home, times: int = 3) -> None:
    for _ in range(times):
        await home.poll()


async def move(home: Home, kind: AssetKind, place_id: str | None) -> None:
    """Put an asset somewhere."""
    asset, now = home.asset(kind), home.clock.now()
    moved = await home.db.write(lambda c: assets.set_location(c, asset.id, place_id, now))
    home.store.adopt([moved])


async def start(home: Home, kind: AssetKind = AssetKind.CHARGER) -> httpx.Response:
    path = f"/{kind.value}s/{home.asset(kind).id}/charging"
    return await home.http.post(path, json={"action": "START"})


async def test_056_a_created_schedule_is_shown_and_a_deleted_one_is_gone(a_home: Home) -> None:
    rule = {
        "shouldCharge": False,
        "hourMinute": {"from": "22:00", "to": "06:00"},
        "weekdays": [4, 0],
        "fromTimestamp": "2026-06-22T10:00:00.000Z",
        "toTimestamp": "2026-07-22T10:00:00.000Z",
    }
    wanted = body(a_home, rules=[rule, {"shouldCharge": True}], locationId=a_home.location.id)
    made = await create(a_home, wanted)
    assert made == wanted | {
        "id": made["id"],
        "rules": [rule | {"weekdays": [0, 4]}, {"shouldCharge": True}],
    }
    path = f"/schedules/{made['id']}"
    assert (await a_home.http.get(path)).json() == made
    listed = (await a_home.http.get(f"/users/{USER}/schedules")).json()
    assert listed == {"data": [made], "pagination": {"after": None, "before": None}}

    assert (await a_home.http.delete(path)).status_code == 204
    for gone in (path, f"{path}/status"):
        assert (await a_home.http.get(gone)).status_code == 404
    assert (await a_home.http.delete(path)).status_code == 404
    assert (await put(a_home, made)).status_code == 404


async def test_a_temperature_schedule_comes_back_as_it_was_sent(a_home: Home) -> None:
    hold = {"holdType": "PERMANENT", "mode": "HEAT", "heatSetpoint": 21.5}
    auto = {
        "holdType": "PERMANENT",
        "mode": "AUTO",
        "heatSetpoint": 20.0,
        "coolSetpoint": 25.0,
    }
    off = {"holdType": "PERMANENT", "mode": "OFF"}
    rules = [{"targetState": state, "weekdays": [6]} for state in (hold, auto, off)]
    wanted = warmth(a_home, rules=rules)

    made = await create(a_home, wanted)

    assert made == wanted | {"id": made["id"]}


async def test_055_a_change_keeps_what_it_does_not_name(a_home: Home) -> None:
    made = await create(a_home, body(a_home, rules=[{"shouldCharge": False}]))

    disabled = await put(a_home, made, isEnabled=False)
    unchanged = await put(a_home, made)

    assert disabled.json() == made | {"isEnabled": False}
    assert unchanged.json() == made | {"isEnabled": False}


@pytest.mark.parametrize(
    "changes",
    [
        {"rules": [{}]},
        {"rules": [{"shouldCharge": "yes"}]},
        {"rules": [{"shouldCharge": True, "hourMinute": {"from": "24:00", "to": "06:00"}}]},
        {"rules": [{"shouldCharge": True, "hourMinute": {"from": "06:00"}}]},
        {"rules": [{"shouldCharge": True, "hourMinute": None}]},
        {"rules": [{"shouldCharge": True, "weekdays": [7]}]},
        {"rules": [{"shouldCharge": True, "weekdays": [True]}]},
        {"rules": [{"shouldCharge": True, "fromTimestamp": "2026-06-22T10:00:00"}]},
        {"rules": [{"shouldCharge": True, "toTimestamp": "0001-01-01T00:00:00+14:00"}]},
        {"rules": [{"shouldCharge": True}] * 201},
        {"locationId": "home"},
        {"isEnabled": None},
        {"colour": "blue"},
        {"defaultTargetState": {"holdType": "SCHEDULED"}},
    ],
)
async def test_a_schedule_that_makes_no_sense_is_refused(a_home: Home, changes: Json) -> None:
    made = await create(a_home, body(a_home))

    for refused in (await post(a_home, body(a_home) | changes), await put(a_home, made, **changes)):
        assert refused.status_code == 400
        assert refused.json()["issues"]


@pytest.mark.parametrize("missing", ["isEnabled", "rules", "locationId", "targetId"])
async def test_a_new_schedule_needs_every_key(a_home: Home, missing: str) -> None:
    wanted = body(a_home)
    del wanted[missing]

    assert (await post(a_home, wanted)).status_code == 400


@pytest.mark.parametrize(
    "state",
    [
        {"holdType": "PERMANENT", "mode": "HEAT", "heatSetpoint": "21"},
        {"holdType": "PERMANENT", "mode": "HEAT", "heat_setpoint": 21},
        {"holdType": "PERMANENT", "mode": "HEAT"},
        {"holdType": "PERMANENT", "mode": "HEAT", "heatSetpoint": 99},
        {"holdType": "PERMANENT", "mode": "OFF", "heatSetpoint": 20},
        {"holdType": "SCHEDULED", "mode": "OFF"},
        {"holdType": "PERMANENT", "mode": "AUTO", "heatSetpoint": 24, "coolSetpoint": 24.5},
    ],
)
async def test_a_heater_is_not_to_be_set_as_it_cannot_be(a_home: Home, state: Json) -> None:
    refused = await post(a_home, warmth(a_home, defaultTargetState=state))

    assert refused.status_code == 400


async def test_what_is_not_the_users_is_not_there(a_home: Home) -> None:
    cabin = await a_home.another_location("berta")
    wrong = [
        await post(a_home, body(a_home), "nobody"),
        await post(a_home, body(a_home), "berta"),
        await post(a_home, body(a_home, targetId=UNKNOWN)),
        await post(a_home, body(a_home, targetType="vehicle")),
        await post(a_home, body(a_home, locationId=UNKNOWN)),
        await post(a_home, body(a_home, locationId=cabin.id)),
    ]

    assert [answer.status_code for answer in wrong] == [404] * 6
    assert (await a_home.http.get("/users/nobody/schedules")).json()["data"] == []
    assert (await a_home.http.get(f"/users/{USER}/schedules")).json()["data"] == []


async def test_a_schedule_can_be_given_another_target(a_home: Home) -> None:
    made = await create(a_home, body(a_home))
    car_id = a_home.asset(AssetKind.VEHICLE).id

    half = await put(a_home, made, targetId=car_id)
    moved = await put(a_home, made, targetId=car_id, targetType="vehicle")
    mixed = await put(a_home, made, targetType="hvac")

    assert (half.status_code, moved.status_code, mixed.status_code) == (404, 200, 400)
    assert (await start(a_home)).status_code == 200


async def test_030_031_a_schedule_refuses_direct_commands_until_it_is_disabled(
    a_home: Home,
) -> None:
    charger_id = a_home.asset(AssetKind.CHARGER).id
    made = await create(a_home, body(a_home, defaultShouldCharge=False))
    refused = await start(a_home)
    limited = await a_home.http.post(f"/chargers/{charger_id}/max-current", json={"maxCurrent": 10})
    await put(a_home, made, isEnabled=False)
    started = await start(a_home)

    assert (refused.status_code, limited.status_code) == (422, 200)
    assert refused.json()["type"].endswith("/unprocessable-entity")
    assert started.status_code == 200


async def test_041_a_heater_with_a_schedule_refuses_hold_and_follow(a_home: Home) -> None:
    path = f"/hvacs/{a_home.asset(AssetKind.HVAC).id}"
    hold = {"mode": "HEAT", "heatSetpoint": 20}
    made = await create(a_home, warmth(a_home))

    held = await a_home.http.post(f"{path}/permanent-hold", json=hold)
    followed = await a_home.http.post(f"{path}/follow-schedule")
    await a_home.http.delete(f"/schedules/{made['id']}")
    after = await a_home.http.post(f"{path}/permanent-hold", json=hold)

    assert (held.status_code, followed.status_code, after.status_code) == (422, 422, 200)


async def test_044_a_rule_across_midnight_counts_for_the_day_it_begins(a_home: Home) -> None:
    rule = {
        "shouldCharge": True,
        "hourMinute": {"from": "22:00", "to": "06:00"},
        "weekdays": [4],
    }
    made = await create(
        a_home,
        body(a_home, defaultShouldCharge=False, rules=[rule], locationId=a_home.location.id),
    )
    # Friday 21:00 in Oslo.
    a_home.clock.jump_wall(timedelta(days=5, hours=9))
    transitions = (await status(a_home, made))["upcomingTransitions"]

    assert transitions == [
        {"at": "2026-06-26T20:00:00.000Z", "shouldCharge": True},
        {"at": "2026-06-27T04:00:00.000Z", "shouldCharge": False},
    ]
    for hours, expected in ((2, True), (6.99, True), (0.01, False)):
        a_home.clock.jump_wall(timedelta(hours=hours))
        parts = (await status(a_home, made))["isChargingExpectedParts"]
        assert parts["shouldCharge"] is expected


async def test_045_a_wall_time_moves_by_an_hour_when_clocks_change(a_home: Home) -> None:
    rule = {"shouldCharge": False, "hourMinute": {"from": "12:00", "to": "13:00"}}
    made = await create(a_home, body(a_home, rules=[rule], locationId=a_home.location.id))
    found = []
    for day in (24, 25):
        a_home.clock.jump_wall(
            -(a_home.clock.now() - a_home.clock.now().replace(month=10, day=day, hour=0))
        )
        found.append((await status(a_home, made))["upcomingTransitions"][0]["at"])

    assert found == ["2026-10-24T10:00:00.000Z", "2026-10-25T11:00:00.000Z"]


async def test_046_from_is_in_and_to_is_out(a_home: Home) -> None:
    rule = {"shouldCharge": False, "hourMinute": {"from": "12:00", "to": "12:01"}}
    made = await create(a_home, body(a_home, rules=[rule], locationId=a_home.location.id))
    at_from = await status(a_home, made)
    await a_home.clock.advance(60)
    at_to = await status(a_home, made)

    assert at_from["isChargingExpectedParts"]["shouldCharge"] is False
    assert at_to["isChargingExpectedParts"]["shouldCharge"] is True


async def test_047_a_rule_that_has_passed_is_ignored(a_home: Home) -> None:
    rule = {"shouldCharge": False, "toTimestamp": "2026-06-21T10:00:00Z"}
    made = await create(a_home, body(a_home, rules=[rule]))
    found = await status(a_home, made)

    assert found["isChargingExpectedParts"]["shouldCharge"] is True
    assert found["upcomingTransitions"] == []


async def test_048_two_transitions_at_most_which_alternate(a_home: Home) -> None:
    rules = [
        {"shouldCharge": False, "hourMinute": {"from": begin, "to": end}}
        for begin, end in (("13:00", "14:00"), ("15:00", "16:00"), ("17:00", "18:00"))
    ]
    made = await create(a_home, body(a_home, rules=rules))
    first, second = (await status(a_home, made))["upcomingTransitions"]

    assert first["at"] < second["at"]
    assert (first["shouldCharge"], second["shouldCharge"]) == (False, True)


async def test_049_what_never_changes_has_no_transitions(a_home: Home) -> None:
    made = await create(a_home, body(a_home))

    assert (await status(a_home, made))["upcomingTransitions"] == []


async def test_050_a_disabled_schedule_commands_nothing(a_home: Home) -> None:
    made = await create(a_home, body(a_home, isEnabled=False))
    await polled(a_home)

    assert (await status(a_home, made))["state"] == "INACTIVE:DISABLED"
    assert a_home.devices["wallbox"].writes == []


async def test_051_a_vehicle_that_is_away_is_not_controlled(a_home: Home) -> None:
    await move(a_home, AssetKind.VEHICLE, None)
    made = await create(a_home, body(a_home, AssetKind.VEHICLE, locationId=a_home.location.id))
    await polled(a_home)

    assert (await status(a_home, made))["state"] == "INACTIVE:AWAY"
    assert a_home.devices["car"].writes == []
    assert (await start(a_home, AssetKind.VEHICLE)).status_code == 200


async def test_052_a_charger_without_a_location_is_controlled_all_the_same(a_home: Home) -> None:
    await move(a_home, AssetKind.CHARGER, None)
    made = await create(a_home, body(a_home))
    await polled(a_home)

    assert (await status(a_home, made))["state"] == "ALIGNED"
    assert a_home.devices["wallbox"].writes == [START]


async def test_053_what_charges_is_stopped(a_home: Home) -> None:
    say(a_home.devices["wallbox"], "charger", power_delivery=PowerDelivery.CHARGING)
    await a_home.poll()
    made = await create(a_home, body(a_home, defaultShouldCharge=False))
    before = await status(a_home, made)
    await polled(a_home)
    after = await status(a_home, made)

    assert (before["state"], before["isCharging"]) == ("PENDING", True)
    assert (after["state"], after["isCharging"]) == ("ALIGNED", False)
    assert after["changedAt"] > before["changedAt"]


async def test_053_what_does_not_obey_is_misaligned(a_home: Home) -> None:
    a_home.devices["wallbox"].obeys = False
    made = await create(a_home, body(a_home))

    async def is_misaligned() -> bool:
        return str((await status(a_home, made))["state"]) == "MISALIGNED"

    await a_home.until(is_misaligned)


async def test_054_nothing_is_expected_without_a_car(a_home: Home) -> None:
    say(a_home.devices["wallbox"], "charger", power_delivery=PowerDelivery.UNPLUGGED)
    await a_home.poll()
    made = await create(a_home, body(a_home))
    found = await status(a_home, made)

    assert found["state"] == "ALIGNED"
    assert found["isChargingExpected"] is False
    assert found["isChargingExpectedParts"] == {
        "needsCharge": True,
        "isPluggedIn": False,
        "shouldCharge": True,
    }


async def test_059_a_heater_is_held_at_the_boundary(a_home: Home) -> None:
    hold = {"holdType": "PERMANENT", "mode": "HEAT", "heatSetpoint": 22}
    rule = {"targetState": hold, "hourMinute": {"from": "12:01", "to": "12:02"}}
    made = await create(a_home, warmth(a_home, rules=[rule]))
    before = await status(a_home, made)
    await polled(a_home, 35)
    during = await status(a_home, made)
    await polled(a_home, 30)

    scheduled = {"holdType": "SCHEDULED"}
    assert (before["state"], before["expected"], before["current"]) == (
        "ALIGNED",
        scheduled,
        scheduled,
    )
    assert [coming["target"] for coming in before["upcomingTransitions"]] == [hold, scheduled]
    assert (during["state"], during["expected"], during["current"]) == ("ALIGNED", hold, hold)
    assert a_home.devices["heat"].writes == [PermanentHold(HvacMode.HEAT, 22.0), FollowSchedule()]


async def test_a_schedule_of_a_target_that_has_gone_can_be_disabled(a_home: Home) -> None:
    made = await create(a_home, body(a_home))
    a_home.store.forget([a_home.asset(AssetKind.CHARGER).id])

    assert (await status(a_home, made))["state"] == "INACTIVE:INCAPABLE"
    assert (await put(a_home, made, isEnabled=False)).status_code == 200
