"""Events: what is told of what happens to assets and actions."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from pydantic import TypeAdapter

from gatewayd.enode.events.difference import updated_fields
from gatewayd.enode.wire.event import EVENTS
from gatewayd.model.asset import AssetKind
from gatewayd.model.reading import OperationMode, PowerDelivery
from gatewayd.state import outbox
from tests.enode import contract
from tests.enode.home import POLL_S, USER, Home, say, silence
from tests.enode.hooks import Hooks, faults_of, hooks, start
from tests.enode.shapes import shape
from tests.fakes.receiver import Authority

PUBLISHED = contract.spec()["webhooks"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest_asyncio.fixture
async def a_hook(a_home: Home, authority: Authority) -> AsyncIterator[Hooks]:
    async with hooks(a_home, authority) as made:
        yield made
        for event in made.receiver.events:
            assert faults_of(event) == []


def of(hook: Hooks, name: str) -> list[Any]:
    return hook.receiver.events_named(name)


def schema_of(name: str) -> Any:
    body = PUBLISHED[name]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return shape(body, contract.spec())


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_s_wire_class_equals_its_schema(name: str) -> None:
    schema = TypeAdapter(EVENTS[name]).json_schema(by_alias=True)

    assert shape(schema, schema) == schema_of(name)


def test_every_event_of_the_contract_has_a_wire_class() -> None:
    assert set(EVENTS) == set(PUBLISHED)
    assert len(PUBLISHED) == 25


async def test_096_a_poll_that_changes_nothing_is_not_told(a_hook: Hooks) -> None:
    await a_hook.create()

    await a_hook.step(60)

    assert a_hook.receiver.deliveries == []


async def test_a_change_is_told_with_the_whole_asset_and_what_changed(a_hook: Hooks) -> None:
    await a_hook.create()
    meter = a_hook.home.asset(AssetKind.METER)
    say(a_hook.home.devices["hybrid"], "meter", power_w=2500.0)

    await a_hook.until(lambda: bool(a_hook.receiver.events))

    (event,) = a_hook.receiver.events
    assert event["event"] == "user:meter:updated"
    assert event["user"] == {"id": USER}
    assert event["meter"] == (await a_hook.home.http.get(f"/meters/{meter.id}")).json()
    assert event["meter"]["energyState"]["power"] == 2.5
    assert set(event["updatedFields"]) == {
        "lastSeen",
        "energyState.power",
        "energyState.lastUpdated",
    }


async def test_a_device_that_falls_silent_is_told(a_hook: Hooks) -> None:
    await a_hook.create(events=["user:charger:updated"])
    silence(a_hook.home.devices["wallbox"])

    await a_hook.until(lambda: bool(a_hook.receiver.events))

    (event,) = a_hook.receiver.events
    assert "isReachable" in event["updatedFields"]
    assert event["charger"]["isReachable"] is False


async def test_changes_in_quick_succession_are_told_together(a_hook: Hooks) -> None:
    await a_hook.create(events=["user:meter:updated"])
    for watt in range(40):
        say(a_hook.home.devices["hybrid"], "meter", power_w=1000.0 + watt * 100)
        await a_hook.step(1)
    await a_hook.step(6)

    told = [event["meter"]["energyState"]["power"] for event in a_hook.receiver.events]
    assert 6 <= len(told) <= 9
    assert told == sorted(set(told))
    assert told[-1] == 4.9


async def test_what_is_more_than_a_measured_value_is_told_sooner(a_hook: Hooks) -> None:
    await a_hook.create(events=["user:charger:updated"])
    wallbox = a_hook.home.devices["wallbox"]
    for ampere in range(6, 26):
        say(wallbox, "charger", max_current_a=float(ampere))
        await a_hook.step(1)
    await a_hook.step(6)

    told = [event["charger"]["chargeState"]["maxCurrent"] for event in a_hook.receiver.events]
    assert 4 <= len(told) <= 6
    assert told[-1] == 25


async def test_a_value_that_came_back_meanwhile_is_not_told(a_hook: Hooks) -> None:
    await a_hook.create(events=["user:meter:updated"])
    hybrid = a_hook.home.devices["hybrid"]
    say(hybrid, "meter", power_w=100.0)
    await a_hook.until(lambda: bool(a_hook.receiver.events))
    say(hybrid, "meter", power_w=200.0)
    await a_hook.step(POLL_S)
    say(hybrid, "meter", power_w=100.0)

    await a_hook.step(40)

    assert len(a_hook.receiver.events) == 1


async def test_a_charger_that_is_moved_is_told(a_hook: Hooks) -> None:
    charger = a_hook.home.asset(AssetKind.CHARGER)
    cabin = await a_hook.home.another_location()
    await a_hook.create(events=["user:charger:updated"])

    await a_hook.home.http.put(f"/chargers/{charger.id}", json={"locationId": cabin.id})
    await a_hook.step(2)

    (event,) = a_hook.receiver.events
    assert event["charger"]["location"]["id"] == cabin.id
    assert "location.id" in event["updatedFields"]


async def test_a_change_right_after_the_creation_of_a_webhook_is_told(a_hook: Hooks) -> None:
    await a_hook.home.clock.advance(POLL_S - 0.5)
    await a_hook.rest()
    answer = await a_hook.post(events=["user:meter:updated"])
    say(a_hook.home.devices["hybrid"], "meter", power_w=2500.0)

    await a_hook.step(4)

    assert answer.status_code == 200
    assert len(a_hook.receiver.events) == 1


async def test_043_an_action_is_told_once_for_each_transition(a_hook: Hooks) -> None:
    await a_hook.create(events=["user:vendor-action:updated"])
    charger = a_hook.home.asset(AssetKind.CHARGER)
    path = f"/chargers/{charger.id}/charging"

    asked = await a_hook.home.http.post(path, json={"action": "START"})
    await a_hook.until(lambda: bool(a_hook.receiver.events))
    await a_hook.step(30)

    (event,) = a_hook.receiver.events
    ended = (await a_hook.home.http.get(f"/chargers/actions/{asked.json()['id']}")).json()
    assert event["vendorAction"] == ended
    assert ended["state"] == "CONFIRMED"
    assert event["updatedFields"] == ["state", "updatedAt", "completedAt"]


async def test_043_an_action_that_replaces_another_tells_of_both(a_hook: Hooks) -> None:
    await a_hook.create(events=["user:vendor-action:updated"])
    a_hook.home.devices["wallbox"].obeys = False
    path = f"/chargers/{a_hook.home.asset(AssetKind.CHARGER).id}/max-current"
    first = (await a_hook.home.http.post(path, json={"maxCurrent": 10})).json()
    a_hook.home.devices["wallbox"].obeys = True
    second = (await a_hook.home.http.post(path, json={"maxCurrent": 12})).json()

    await a_hook.until(lambda: len(a_hook.receiver.events) > 1)

    told = [event["vendorAction"] for event in a_hook.receiver.events]
    assert [action["id"] for action in told] == [first["id"], second["id"]]
    assert [action["state"] for action in told] == ["CANCELLED", "CONFIRMED"]
    assert told[0]["failureReason"]["type"] == "CONFLICT"
    assert "failureReason" in a_hook.receiver.events[0]["updatedFields"]


async def test_an_action_of_a_battery_is_told_too(a_hook: Hooks) -> None:
    await a_hook.create(events=["user:vendor-action:updated", "user:battery:updated"])
    path = f"/batteries/{a_hook.home.asset(AssetKind.BATTERY).id}/operation-mode"

    await a_hook.home.http.post(path, json={"operationMode": "TIME_OF_USE"})
    await a_hook.until(lambda: len(a_hook.receiver.events) > 1)

    (action,) = of(a_hook, "user:vendor-action:updated")
    (battery,) = of(a_hook, "user:battery:updated")
    assert action["vendorAction"]["targetState"] == {"operationMode": OperationMode.TIME_OF_USE}
    assert "config.operationMode" in battery["updatedFields"]


async def test_after_a_restart_only_what_changed_meanwhile_is_told(a_hook: Hooks) -> None:
    await a_hook.create()
    say(a_hook.home.devices["hybrid"], "meter", power_w=2500.0)
    await a_hook.until(lambda: bool(a_hook.receiver.events))
    a_hook.stop()
    await asyncio.wait(a_hook.tasks)
    say(a_hook.home.devices["wallbox"], "charger", power_delivery=PowerDelivery.UNPLUGGED)
    await a_hook.step(POLL_S * 2)
    a_hook.receiver.deliveries.clear()

    async with asyncio.TaskGroup() as group:
        start(a_hook, group)
        await a_hook.step(20)
        a_hook.stop()

    (event,) = a_hook.receiver.events
    assert event["event"] == "user:charger:updated"
    assert "chargeState.powerDeliveryState" in event["updatedFields"]


async def test_without_a_listener_nothing_is_written(a_hook: Hooks) -> None:
    async def rows() -> int:
        return await a_hook.home.db.read(outbox.newest)

    before = await rows()
    say(a_hook.home.devices["hybrid"], "meter", power_w=2500.0)
    await a_hook.step(20)

    assert await rows() == before


async def test_a_device_that_leaves_is_told_and_one_that_comes_back(a_hook: Hooks) -> None:
    await a_hook.create()
    charger = a_hook.home.asset(AssetKind.CHARGER)
    shown = (await a_hook.home.http.get(f"/chargers/{charger.id}")).json()
    devices = dict(a_hook.home.poller._devices)

    await a_hook.home.poller.reconfigure({"hybrid": devices["hybrid"]})
    await a_hook.step(3)
    (gone,) = a_hook.receiver.events
    a_hook.receiver.deliveries.clear()
    await a_hook.home.poller.reconfigure(devices)
    await a_hook.step(10)

    assert gone["event"] == "user:charger:deleted"
    assert gone["charger"] | {"lastSeen": 0, "chargeState": 0} == shown | {
        "lastSeen": 0,
        "chargeState": 0,
    }
    (back,) = of(a_hook, "user:charger:discovered")
    assert back["charger"]["id"] == charger.id


async def test_a_new_device_is_told_with_its_first_reading(a_hook: Hooks) -> None:
    devices = dict(a_hook.home.poller._devices)
    await a_hook.home.poller.reconfigure({"hybrid": devices["hybrid"]})
    await a_hook.create()
    twin = replace(devices["wallbox"], id="second")

    await a_hook.home.poller.reconfigure({"hybrid": devices["hybrid"], "second": twin})
    await a_hook.step(5)

    (found,) = a_hook.receiver.events
    assert found["event"] == "user:charger:discovered"
    assert found["charger"]["chargeState"]["powerDeliveryState"] == "PLUGGED_IN:STOPPED"
    assert found["charger"]["isReachable"] is True


async def test_an_event_nobody_can_complete_holds_up_nothing(
    a_hook: Hooks, caplog: pytest.LogCaptureFixture
) -> None:
    await a_hook.create()
    now = a_hook.home.clock.now()
    notes = [
        ("user:vendor-action:updated", {"actionId": "gone", "updatedFields": ["state"]}),
        ("user:meter:discovered", {"assetId": "gone"}),
        ("user:meter:deleted", {"assetId": "gone"}),
        ("user:meter:updated", {"assetId": "gone"}),
        ("user:no:such-event", {}),
    ]
    for name, body in notes:
        await a_hook.home.db.write(
            lambda c, name=name, body=body: outbox.append(c, name, "gone", USER, body, now)  # type: ignore[misc]
        )
    say(a_hook.home.devices["hybrid"], "meter", power_w=2500.0)

    await a_hook.step(15)

    assert [event["event"] for event in a_hook.receiver.events] == ["user:meter:updated"]
    assert "user:no:such-event, is left out" in caplog.text


DOCUMENT = {
    "id": "1",
    "lastSeen": "a",
    "chargeState": {"level": 1, "lastUpdated": "a"},
    "location": {"id": None, "lastUpdated": "a"},
    "scopes": ["a"],
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"lastSeen": "b"}, []),
        ({"chargeState": {"level": 1, "lastUpdated": "b"}, "lastSeen": "b"}, []),
        (
            {"chargeState": {"level": 2, "lastUpdated": "b"}, "lastSeen": "b"},
            ["lastSeen", "chargeState.level", "chargeState.lastUpdated"],
        ),
        ({"scopes": ["a", "b"]}, ["scopes"]),
        ({"location": {"id": "x", "lastUpdated": "a"}}, ["location.id"]),
        ({"location": None}, ["location.id", "location.lastUpdated", "location"]),
        ({"new": 0}, ["new"]),
        ({"id": 1}, ["id"]),
    ],
)
def test_updated_fields_are_paths_of_values_and_none_when_only_times_changed(
    changes: dict[str, Any], expected: list[str]
) -> None:
    assert updated_fields(DOCUMENT, DOCUMENT | changes) == expected


def test_paths_are_as_receivers_know_them() -> None:
    path = re.compile(r"[a-z]\w*(\.[a-z]\w*)*")
    assert all(path.fullmatch(one) for one in updated_fields({}, DOCUMENT))
