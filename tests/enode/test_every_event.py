"""Each of the webhook events comes of a real change in a home and arrives, signed, by HTTPS."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gatewayd.control.statistics import StatisticsRecorder
from gatewayd.devices.linking.logins import LoginWatch
from gatewayd.enode.wire.event import EVENTS, body_keys
from gatewayd.errors import AuthError
from gatewayd.model.asset import AssetKind
from gatewayd.model.reading import InverterReading, PowerDelivery
from gatewayd.state.history import MinuteRecorder
from tests.enode.home import USER, configure, home, hybrid, say, wallbox
from tests.enode.hooks import SECRET, Hooks, faults_of, hooks
from tests.fakes.driver import ScriptedBox, car_box, thermostat_box
from tests.fakes.receiver import Authority, Delivery

Json = dict[str, Any]
QUIET_S = 8
TIMES = {"lastSeen", "lastUpdated"}
PATHS = {kind.value: f"{kind}s" for kind in AssetKind} | {"battery": "batteries"}
BEAT = "system:heartbeat"
# Told to every webhook, whatever it asked for.
UNASKED = {BEAT, "enode:webhook:test"}


def charging_car(serial: str = "WVWZZZE1ZRP000001") -> ScriptedBox:
    box = car_box(serial)
    say(box, "vehicle", power_delivery=PowerDelivery.CHARGING, power_w=11_000.0)
    return box


# By kind: the device it is a role of, and how to make one.
DEVICES: dict[str, tuple[str, Callable[[], ScriptedBox]]] = {
    "battery": ("hybrid", hybrid),
    "charger": ("wallbox", wallbox),
    "hvac": ("heat", thermostat_box),
    "inverter": ("hybrid", hybrid),
    "meter": ("hybrid", hybrid),
    "vehicle": ("car", charging_car),
}
# By kind: what a device says anew, and which values of Enode's that changes.
SAID: dict[str, tuple[Json, set[str]]] = {
    "battery": ({"soc_pct": 54.0}, {"chargeState.batteryLevel"}),
    "charger": (
        {"power_delivery": PowerDelivery.UNPLUGGED},
        {"chargeState.isPluggedIn", "chargeState.powerDeliveryState"},
    ),
    "hvac": ({"temperature_c": 19.5}, {"temperatureState.currentTemperature"}),
    "inverter": (
        {"power_w": 0.0},
        {"productionState.productionRate", "productionState.isProducing"},
    ),
    "meter": ({"power_w": 2500.0}, {"energyState.power"}),
    "vehicle": (
        {"soc_pct": 51.0, "range_m": 190_000.0},
        {"chargeState.batteryLevel", "chargeState.range"},
    ),
}


@dataclass
class Story:
    """A home that is listened to, and what the API showed before the change."""

    hook: Hooks
    group: asyncio.TaskGroup
    webhook_id: str = ""
    before: Json = field(default_factory=dict)

    def run(self, service: Any) -> None:
        """Have a service beside the others, as the daemon does."""
        self.hook.tasks.append(self.group.create_task(service.run()))

    async def listen(self, name: str) -> None:
        made = await self.hook.create(events=[] if name in UNASKED else [name])
        self.webhook_id = made["id"]

    def told(self, name: str) -> list[Json]:
        return self.hook.receiver.events_named(name)

    async def shown(self, path: str) -> Json:
        return dict((await self.hook.home.http.get(path)).json())

    async def send(self, method: str, path: str, body: Any = None) -> Json:
        answer = await self.hook.home.http.request(method, path, json=body)
        assert answer.is_success, answer.text
        return dict(answer.json()) if answer.content else {}

    def id_of(self, kind: str) -> str:
        return self.hook.home.asset(AssetKind(kind)).id

    async def connect(self, devices: Mapping[str, ScriptedBox]) -> None:
        """Have these devices and no others."""
        made = self.hook.home
        found = {name: configure(name, box, made.location.id) for name, box in devices.items()}
        await made.poller.reconfigure(found)


Change = Callable[[Story], Awaitable[None]]
CHANGES: dict[str, Change] = {}


def changes(name: str) -> Callable[[Change], Change]:
    """Register what makes an event happen."""

    def keep(change: Change) -> Change:
        CHANGES[name] = change
        return change

    return keep


def changes_of(kind: str) -> None:
    """What happens to assets of a kind."""
    device, make = DEVICES[kind]

    @changes(f"user:{kind}:discovered")
    async def connected(story: Story) -> None:
        box = make()
        box.identity = replace(box.identity, serial="another")
        await story.connect({**story.hook.home.devices, "another": box})

    @changes(f"user:{kind}:updated")
    async def said(story: Story) -> None:
        story.before = await story.shown(f"/{PATHS[kind]}/{story.id_of(kind)}")
        say(story.hook.home.devices[device], kind, **SAID[kind][0])

    @changes(f"user:{kind}:deleted")
    async def removed(story: Story) -> None:
        devices = story.hook.home.devices
        await story.connect({name: box for name, box in devices.items() if name != device})


for each_kind in AssetKind:
    changes_of(each_kind.value)


@changes("user:credentials:invalidated")
async def a_login_ends(story: Story) -> None:
    made = story.hook.home
    story.run(LoginWatch(poller=made.poller, db=made.db, store=made.store, clock=made.clock))
    refused = AuthError("the password is wrong")
    made.devices["wallbox"].faults |= {"read": refused, "identify": refused}


@changes("user:vendor-action:updated")
async def an_action_is_confirmed(story: Story) -> None:
    box, path = story.hook.home.devices["wallbox"], f"/chargers/{story.id_of('charger')}/charging"
    box.obeys = False
    story.before = await story.send("POST", path, {"action": "START"})
    # A moment later, so that its times differ.
    await story.hook.step(3)
    say(box, "charger", power_delivery=PowerDelivery.CHARGING)


def schedule_of(story: Story) -> Json:
    return {
        "targetId": story.id_of("charger"),
        "targetType": "charger",
        "locationId": None,
        "isEnabled": True,
        "defaultShouldCharge": True,
        "rules": [],
    }


@changes("user:schedule:execution-updated")
async def a_schedule_begins_to_hold(story: Story) -> None:
    await story.send("POST", f"/users/{USER}/schedules", schedule_of(story))


@changes("user:vehicle:smart-charging-status-updated")
async def a_plan_is_made(story: Story) -> None:
    rates = [{"name": "dear", "cost": "0.40"}, {"name": "cheap", "cost": "0.10"}]
    day = [
        {"name": "dear", "from": "00:00", "to": "13:00"},
        {"name": "cheap", "from": "13:00", "to": "24:00"},
    ]
    place, car = story.hook.home.location.id, f"/vehicles/{story.id_of('vehicle')}"
    await story.send("PUT", "/tariffs/night", rates)
    await story.send(
        "PUT", f"/locations/{place}/tariff", {"tariffId": "night", "tariffIntervals": day}
    )
    story.before = await story.shown(f"{car}/smart-charging-status")
    wish = {"isEnabled": True, "deadline": "20:00"}
    await story.send("PUT", f"{car}/smart-charging-policy", wish)


@changes("user:inverter:statistics-updated")
async def a_quarter_of_an_hour_passes(story: Story) -> None:
    made = story.hook.home
    box = made.devices["hybrid"]

    async def produce(step: str) -> None:
        reading = box.readings["inverter"]
        if step == "read" and isinstance(reading, InverterReading):
            say(box, "inverter", energy_wh=(reading.energy_wh or 0.0) + 2.0)

    box.step = produce
    made.clock.jump_wall(timedelta(minutes=12))
    story.run(MinuteRecorder(made.store, made.db, made.clock))
    for _ in range(8):
        await made.clock.advance(60)
        await made.idle()
    await count(story)


async def count(story: Story) -> None:
    """Count the energy, as it is done after every quarter of an hour."""
    made = story.hook.home
    await StatisticsRecorder(made.store, made.db, made.clock).count()


@changes("system:heartbeat")
async def five_minutes_pass(story: Story) -> None:
    await story.hook.home.clock.advance(300)


@changes("enode:webhook:test")
async def a_test_is_asked_for(story: Story) -> None:
    tested = await story.send("POST", f"/webhooks/{story.webhook_id}/test")
    assert tested["status"] == "SUCCESS"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest_asyncio.fixture
async def story(tmp_path: Path, authority: Authority) -> AsyncIterator[Story]:
    devices = {name: make() for name, make in DEVICES.values()}
    async with (
        home(tmp_path, devices) as made,
        hooks(made, authority) as listening,
        asyncio.TaskGroup() as group,
    ):
        yield Story(listening, group)
        listening.stop()


def test_a_change_is_known_for_every_event() -> None:
    assert set(CHANGES) == set(EVENTS)


@pytest.mark.parametrize("name", EVENTS)
async def test_an_event_comes_of_a_real_change_once_and_arrives_signed(
    story: Story, name: str
) -> None:
    await story.listen(name)
    await CHANGES[name](story)
    await story.hook.until(lambda: bool(story.told(name)))
    await story.hook.step(QUIET_S)
    told = story.told(name)
    await story.hook.step(QUIET_S)

    assert story.told(name) == told, "every device was read again, and nothing had changed"
    assert {event["event"] for event in story.hook.receiver.events} - {BEAT} <= {name}
    for event in told:
        check_envelope(event)
    for delivery in story.hook.receiver.deliveries:
        check_signature(delivery)
    if "updatedFields" in body_keys(name):
        check_fields(told, story.before)


def check_envelope(event: Json) -> None:
    assert faults_of(event) == []
    assert event["version"] == "2025-10-01"
    if event["event"] not in UNASKED:
        assert event["user"] == {"id": USER}


def check_signature(delivery: Delivery) -> None:
    expected = hmac.new(SECRET.encode(), delivery.body, hashlib.sha1).hexdigest()
    assert delivery.method == "POST"
    assert delivery.headers["content-type"] == "application/json"
    assert delivery.headers["x-enode-signature"] == f"sha1={expected}"


def check_fields(told: list[Json], before: Json) -> None:
    """Each event names exactly what differs from the one before, or from what the API showed."""
    for event in told:
        (key,) = body_keys(event["event"]) - {"updatedFields", "schedule"}
        fields = event["updatedFields"]
        assert sorted(fields) == sorted(differing(before, event[key]))
        if key in SAID:
            assert {path for path in fields if path.split(".")[-1] not in TIMES} == SAID[key][1]
        before = event[key]


def differing(before: Json, after: Json) -> set[str]:
    old, new = flat(before), flat(after)
    return {path for path in old.keys() | new.keys() if old.get(path, ...) != new.get(path, ...)}


def flat(value: Any, at: str = "") -> Json:
    if not isinstance(value, dict):
        return {at.removeprefix("."): value}
    return {path: leaf for key in value for path, leaf in flat(value[key], f"{at}.{key}").items()}
