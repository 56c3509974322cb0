"""Assets as clients see them while devices work, fail and come back."""

from dataclasses import replace
from typing import Any

import pytest

from gatewayd.model.asset import AssetKind
from gatewayd.model.reading import PowerDelivery
from tests.enode.home import Home, say, silence, wake

PATHS = {
    AssetKind.BATTERY: "batteries",
    AssetKind.CHARGER: "chargers",
    AssetKind.INVERTER: "inverters",
    AssetKind.METER: "meters",
}
UNKNOWN = "6560fa37-b7ec-4ace-81ca-a8b64279f8d2"


def path_of(home: Home, kind: AssetKind) -> str:
    return f"/{PATHS[kind]}/{home.asset(kind).id}"


async def get(home: Home, kind: AssetKind) -> Any:
    return (await home.http.get(path_of(home, kind))).json()


async def attach(home: Home, location_id: str | None) -> Any:
    path = path_of(home, AssetKind.CHARGER)
    return await home.http.put(path, json={"locationId": location_id})


async def test_015_a_charger_is_attached_to_a_location_and_detached(a_home: Home) -> None:
    cabin = await a_home.another_location()
    await a_home.clock.advance(60)

    there = await attach(a_home, cabin.id)
    shown = await get(a_home, AssetKind.CHARGER)
    gone = await attach(a_home, None)

    assert there.json()["location"] == {
        "id": cabin.id,
        "lastUpdated": "2026-06-21T10:01:00.000Z",
    }
    assert shown == there.json()
    assert gone.json()["location"]["id"] is None


async def test_016_a_body_without_the_location_key_is_refused(a_home: Home) -> None:
    answer = await a_home.http.put(path_of(a_home, AssetKind.CHARGER), json={})

    assert answer.status_code == 400
    assert answer.json()["issues"][0]["path"] == ["locationId"]


async def test_a_charger_cannot_be_attached_to_what_is_not_its_users(a_home: Home) -> None:
    foreign = await a_home.another_location("bob")

    assert (await attach(a_home, foreign.id)).status_code == 404
    assert (await attach(a_home, UNKNOWN)).status_code == 404
    assert (await attach(a_home, "home")).status_code == 400
    shown = await get(a_home, AssetKind.CHARGER)
    assert shown["location"]["id"] == a_home.location.id


async def test_a_charger_that_may_not_be_written_stays_so_when_it_is_moved(a_home: Home) -> None:
    device = a_home.devices["wallbox"]
    silence(device)
    await a_home.clock.advance(30)
    device.identity = replace(device.identity, serial="STRANGER")
    wake(device)

    async def is_locked() -> bool:
        return not a_home.asset(AssetKind.CHARGER).is_writable

    await a_home.until(is_locked)

    await attach(a_home, None)

    assert not a_home.asset(AssetKind.CHARGER).is_writable


async def test_017_a_charger_that_does_not_charge_has_no_rate(a_home: Home) -> None:
    wallbox = a_home.devices["wallbox"]
    say(wallbox, "charger", power_delivery=PowerDelivery.CHARGING, power_w=7360.0)
    await a_home.poll()
    charging = (await get(a_home, AssetKind.CHARGER))["chargeState"]
    say(wallbox, "charger", power_delivery=PowerDelivery.STOPPED, power_w=3.0)
    await a_home.poll()
    stopped = (await get(a_home, AssetKind.CHARGER))["chargeState"]

    assert (charging["isCharging"], charging["chargeRate"]) == (True, 7.36)
    assert (stopped["isCharging"], stopped["chargeRate"]) == (False, None)


@pytest.mark.parametrize("kind", PATHS)
async def test_018_a_device_that_falls_silent_keeps_its_values(
    a_home: Home, kind: AssetKind
) -> None:
    before = await get(a_home, kind)
    device = a_home.devices["wallbox" if kind is AssetKind.CHARGER else "hybrid"]
    silence(device)
    await a_home.clock.advance(30)

    silent = await get(a_home, kind)
    wake(device)

    async def is_back() -> bool:
        return bool((await get(a_home, kind))["isReachable"])

    await a_home.until(is_back)
    assert (before["isReachable"], silent["isReachable"]) == (True, False)
    assert silent == before | {"isReachable": False}
    assert (await get(a_home, kind))["lastSeen"] > silent["lastSeen"]


@pytest.mark.parametrize("kind", PATHS)
async def test_019_a_refresh_hint_is_answered_at_once_and_followed_by_newer_data(
    a_home: Home, kind: AssetKind
) -> None:
    await a_home.clock.advance(0.5)
    before = await get(a_home, kind)

    hinted = await a_home.http.post(f"{path_of(a_home, kind)}/refresh-hint")
    await a_home.clock.advance(0.3)
    unknown = await a_home.http.post(f"/{PATHS[kind]}/{UNKNOWN}/refresh-hint")

    assert (hinted.status_code, hinted.content) == (204, b"")
    assert a_home.pokes == [a_home.asset(kind).device_id]
    assert (await get(a_home, kind))["lastSeen"] > before["lastSeen"]
    assert unknown.status_code == 404


async def test_a_device_that_is_away_may_be_hinted_at(a_home: Home) -> None:
    silence(a_home.devices["wallbox"])
    await a_home.clock.advance(30)

    hinted = await a_home.http.post(f"{path_of(a_home, AssetKind.CHARGER)}/refresh-hint")

    assert hinted.status_code == 204


async def test_020_a_meter_that_exports_has_negative_power(a_home: Home) -> None:
    assert (await get(a_home, AssetKind.METER))["energyState"]["power"] == -0.82


async def test_021_a_battery_that_discharges_has_a_negative_rate(a_home: Home) -> None:
    say(a_home.devices["hybrid"], "battery", power_w=-2500.0)
    await a_home.poll()

    state = (await get(a_home, AssetKind.BATTERY))["chargeState"]
    assert (state["chargeRate"], state["status"]) == (-2.5, "DISCHARGING")


async def test_a_state_is_dated_with_the_arrival_of_its_sample(a_home: Home) -> None:
    await a_home.clock.advance(2.0)

    battery = await get(a_home, AssetKind.BATTERY)

    assert battery["chargeState"]["lastUpdated"] == "2026-06-21T10:00:02.000Z"
    assert battery["config"]["lastUpdated"] == "2026-06-21T10:00:02.000Z"
    assert battery["lastSeen"] == "2026-06-21T10:00:02.000Z"
