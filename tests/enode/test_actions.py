"""Actions, from the asking to the device's own report."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from gatewayd.model.asset import AssetKind
from gatewayd.model.command import SetMaxCurrent
from gatewayd.model.reading import OperationMode, PowerDelivery
from gatewayd.state import actions
from tests.enode.home import Home, say

UNKNOWN = "6560fa37-b7ec-4ace-81ca-a8b64279f8d2"


async def charge(home: Home, action: str) -> httpx.Response:
    charger_id = home.asset(AssetKind.CHARGER).id
    return await home.http.post(f"/chargers/{charger_id}/charging", json={"action": action})


async def limit(home: Home, current_a: float) -> httpx.Response:
    charger_id = home.asset(AssetKind.CHARGER).id
    path = f"/chargers/{charger_id}/max-current"
    return await home.http.post(path, json={"maxCurrent": current_a})


async def mode(home: Home, name: str) -> httpx.Response:
    battery_id = home.asset(AssetKind.BATTERY).id
    path = f"/batteries/{battery_id}/operation-mode"
    return await home.http.post(path, json={"operationMode": name})


async def cancel(home: Home, action: Any, category: str = "chargers") -> httpx.Response:
    return await home.http.post(f"/{category}/actions/{action['id']}/cancel")


async def get(home: Home, action: Any, category: str = "chargers") -> Any:
    return (await home.http.get(f"/{category}/actions/{action['id']}")).json()


async def stored(home: Home) -> int:
    """How many assets have an action at all."""
    return len(await home.db.read(actions.latest))


async def test_026_a_start_is_pending_until_the_charger_shows_it(a_home: Home) -> None:
    asked = await charge(a_home, "START")
    action = asked.json()
    assert a_home.devices["wallbox"].writes == []
    ended = await a_home.ended(action)

    assert asked.status_code == 200
    assert (action["state"], action["kind"], action["completedAt"]) == ("PENDING", "START", None)
    assert action["targetType"] == "charger"
    assert action["targetId"] == a_home.asset(AssetKind.CHARGER).id
    assert (ended["state"], ended["failureReason"]) == ("CONFIRMED", None)
    assert ended["completedAt"] is not None
    shown = await a_home.http.get(f"/chargers/{action['targetId']}")
    assert shown.json()["chargeState"]["powerDeliveryState"] == "PLUGGED_IN:CHARGING"


async def test_026_no_acknowledgement_is_taken_for_the_effect(a_home: Home) -> None:
    a_home.devices["wallbox"].obeys = False
    action = (await charge(a_home, "START")).json()
    for _ in range(5):
        await a_home.poll()

    assert a_home.devices["wallbox"].writes != []
    assert await a_home.state_of(action) == "PENDING"


async def test_027_a_start_without_a_car_is_refused_and_leaves_nothing(a_home: Home) -> None:
    say(a_home.devices["wallbox"], "charger", power_delivery=PowerDelivery.UNPLUGGED)
    await a_home.poll()

    refused = await charge(a_home, "START")

    assert refused.status_code == 400
    assert refused.headers["content-type"] == "application/json"
    assert await stored(a_home) == 0


async def test_028_what_is_so_already_is_refused(a_home: Home) -> None:
    stopped = await charge(a_home, "STOP")
    say(a_home.devices["wallbox"], "charger", power_delivery=PowerDelivery.CHARGING)
    await a_home.poll()
    charging = await charge(a_home, "START")

    assert (stopped.status_code, charging.status_code) == (400, 400)
    assert await stored(a_home) == 0


async def test_033_of_two_equal_starts_the_first_is_cancelled(a_home: Home) -> None:
    a_home.devices["wallbox"].obeys = False
    first = (await charge(a_home, "START")).json()
    second = (await charge(a_home, "START")).json()

    assert first["id"] != second["id"]
    shown = await get(a_home, first)
    assert (shown["state"], shown["failureReason"]["type"]) == ("CANCELLED", "CONFLICT")
    assert await a_home.state_of(second) == "PENDING"


async def test_034_a_charger_that_ignores_a_start_fails_it_and_is_left_alone(a_home: Home) -> None:
    wallbox = a_home.devices["wallbox"]
    wallbox.obeys = False
    action = (await charge(a_home, "START")).json()

    ended = await a_home.ended(action, within_s=400)
    writes = len(wallbox.writes)
    await a_home.clock.advance(120)

    assert (ended["state"], ended["failureReason"]["type"]) == ("FAILED", "NO_RESPONSE")
    assert writes > 0
    assert len(wallbox.writes) == writes


async def test_035_a_car_that_leaves_cancels_the_start(a_home: Home) -> None:
    wallbox = a_home.devices["wallbox"]
    wallbox.obeys = False
    action = (await charge(a_home, "START")).json()
    say(wallbox, "charger", power_delivery=PowerDelivery.UNPLUGGED)

    ended = await a_home.ended(action)

    assert ended["state"] == "CANCELLED"
    assert ended["failureReason"]["type"] == "FAILED_PRECONDITION"


async def test_036_a_pending_action_is_cancelled_once(a_home: Home) -> None:
    a_home.devices["wallbox"].obeys = False
    action = (await charge(a_home, "START")).json()

    first = await cancel(a_home, action)
    again = await cancel(a_home, action)

    assert first.status_code == 200
    assert first.json()["state"] == "CANCELLED"
    assert first.json()["failureReason"]["type"] == "REQUESTED_CANCELLATION"
    assert first.json()["completedAt"] is not None
    assert (again.status_code, again.json()) == (409, first.json())


async def test_036_a_battery_action_is_cancelled_once(a_home: Home) -> None:
    a_home.devices["hybrid"].obeys = False
    action = (await mode(a_home, "TIME_OF_USE")).json()

    first = await cancel(a_home, action, "batteries")
    again = await cancel(a_home, action, "batteries")

    assert (first.status_code, first.json()["state"]) == (200, "CANCELLED")
    assert (again.status_code, again.json()) == (409, first.json())


@pytest.mark.parametrize("category", ["chargers", "batteries"])
async def test_037_an_unknown_action_is_not_found(a_home: Home, category: str) -> None:
    unknown = {"id": UNKNOWN}

    assert (await cancel(a_home, unknown, category)).status_code == 404
    shown = await a_home.http.get(f"/{category}/actions/{UNKNOWN}")
    assert shown.status_code == 404


async def test_an_action_of_another_kind_of_asset_is_not_found(a_home: Home) -> None:
    a_home.devices["wallbox"].obeys = False
    action = (await charge(a_home, "START")).json()

    assert (await cancel(a_home, action, "batteries")).status_code == 404
    assert (await a_home.http.get(f"/batteries/actions/{action['id']}")).status_code == 404
    assert await a_home.state_of(action) == "PENDING"


@pytest.mark.parametrize("name", ["EXPORT_FOCUS", "IMPORT_FOCUS", "UNKNOWN", "self_reliance", ""])
async def test_038_a_mode_the_battery_cannot_take_is_refused(a_home: Home, name: str) -> None:
    assert (await mode(a_home, name)).status_code == 400
    assert await stored(a_home) == 0


async def test_038_a_battery_action_tells_no_reason_of_failure(a_home: Home) -> None:
    action = (await mode(a_home, "TIME_OF_USE")).json()
    ended = await a_home.ended(action)

    assert (action["state"], ended["state"]) == ("PENDING", "CONFIRMED")
    assert "failureReason" not in action | ended
    assert ended["targetState"] == {"operationMode": "TIME_OF_USE"}
    shown = await a_home.http.get(f"/batteries/{action['targetId']}")
    assert shown.json()["config"]["operationMode"] == "TIME_OF_USE"


async def test_039_a_newer_mode_cancels_the_one_that_is_pending(a_home: Home) -> None:
    a_home.devices["hybrid"].obeys = False
    first = (await mode(a_home, "TIME_OF_USE")).json()
    second = (await mode(a_home, "SELF_RELIANCE")).json()

    assert (await get(a_home, first, "batteries"))["state"] == "CANCELLED"
    assert second["state"] == "PENDING"


async def test_a_mode_that_is_so_already_is_accepted_and_confirmed(a_home: Home) -> None:
    action = (await mode(a_home, OperationMode.SELF_RELIANCE)).json()

    assert (await a_home.ended(action))["state"] == "CONFIRMED"


@pytest.mark.parametrize("current_a", [0, -1, -0.0, 5.9, 32.1, 1e300])
async def test_042_a_current_the_charger_cannot_have_is_refused(
    a_home: Home, current_a: float
) -> None:
    assert (await limit(a_home, current_a)).status_code == 400
    assert await stored(a_home) == 0


async def test_a_current_limit_is_confirmed_by_the_charger(a_home: Home) -> None:
    action = (await limit(a_home, 10)).json()
    ended = await a_home.ended(action)

    assert action["targetState"] == {"maxCurrent": 10.0}
    assert ended["state"] == "CONFIRMED"
    assert a_home.devices["wallbox"].writes == [SetMaxCurrent(10.0)]


async def test_without_the_control_scope_a_command_is_refused(a_home: Home) -> None:
    charger = a_home.asset(AssetKind.CHARGER)
    a_home.store.adopt([replace(charger, scopes=("charger:read:data",))])

    refused = await charge(a_home, "START")

    assert refused.status_code == 400
    assert "charger:control:charging" in refused.json()["detail"]
    assert await stored(a_home) == 0
