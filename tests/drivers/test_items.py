"""Devices that the operator's own map describes, by MQTT topics or HTTP paths."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from gatewayd.errors import (
    AuthError,
    BadReadingError,
    DeviceError,
    RefusedError,
    UnreachableError,
    UnsupportedError,
)
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.climate import HvacMode, PermanentHold
from gatewayd.model.command import SetMaxCurrent, StartCharging, StopCharging
from gatewayd.model.power import SetBatteryPower
from gatewayd.model.reading import BatteryReading, BatteryStatus, ContactsReading, HvacReading
from gatewayd.sdk.maps.item_driver import ItemDriver
from gatewayd.sdk.maps.items import Item, ItemMap, Telling, item_map
from tests.drivers.recorded import REGISTRY, answering
from tests.drivers.test_mqtt_devices import at_work, patiently, until_refused
from tests.fakes.mosquitto import Mosquitto, mosquitto

PUMP: dict[str, Any] = {
    "vendor": "Acme",
    "models": ["Warm 8"],
    "available": {"alive": "Online"},
    "identity": {"serial": {"topic": "info", "path": "id", "text": True}},
    "points": {
        "alive": {"topic": "LWT", "text": True, "kept": True},
        "target": {"topic": "state", "path": "zones.0.target", "valid": [5, 35]},
    },
    "assets": {
        "hvac": {
            "temperature_c": {"topic": "state", "path": "zones.0.room", "scale": 0.1},
            "power_w": {"topic": "power"},
            "mode": {"topic": "state", "path": "on", "enum": {"true": "HEAT", "false": "OFF"}},
            "hold_type": {"label": "PERMANENT"},
            "heat_setpoint_c": "target",
            "cool_setpoint_c": {"topic": "cool", "optional": True},
            "thermostat": {"modes": ["HEAT"], "heat_c": [10, 28]},
            "commands": {
                "set_permanent_hold": [
                    {
                        "topic": "set",
                        "payload": '{"target": {target}}',
                        "with": {
                            "target": {
                                "from": "heat_setpoint_c",
                                "range": [10, 28],
                                "step": 0.5,
                                "shown": "target",
                            }
                        },
                        "memory": "nvm",
                    }
                ]
            },
        }
    },
}
TOLD = {
    "LWT": "Online",
    "info": '{"id": "A1"}',
    "state": '{"on": true, "zones": [{"target": 20.5, "room": 214}]}',
    "power": "812.5",
}
WARM = HvacReading(
    power_w=812.5,
    temperature_c=21.4,
    mode="HEAT",
    hold_type="PERMANENT",
    heat_setpoint_c=20.5,
)


class Wire:
    """What a device tells, and what it is told."""

    def __init__(self, found: ItemMap, told: dict[str, str]) -> None:
        self.told = dict(told)
        self.sent: list[tuple[str, str]] = []
        self._map = found
        self.driver = ItemDriver(found, self.fetch, self.send)

    async def fetch(self) -> dict[str, Any]:
        return {
            name: item.value(self.told[item.place].encode(), item.place)
            for name, item in self._map.points.items()
            if item.place in self.told
        }

    async def send(self, _: Telling, place: str, payload: str) -> None:
        self.sent.append((place, payload))


def pump(**told: str) -> Wire:
    return Wire(item_map(PUMP), TOLD | told)


async def test_a_map_of_topics_reads_plain_texts_and_json() -> None:
    wire = pump()
    identity = await wire.driver.identify()

    assert (identity.vendor, identity.model, identity.serial) == ("Acme", "Warm 8", "A1")
    role = identity.roles["hvac"]
    assert role.kind is AssetKind.HVAC
    assert role.capabilities == {Capability.SET_PERMANENT_HOLD}
    assert "cool_setpoint_c" not in role.reports
    assert "heat_setpoint_c" in role.reports
    assert await wire.driver.read() == {"hvac": WARM}


async def test_one_that_says_it_is_away_is_unreachable() -> None:
    with pytest.raises(UnreachableError, match="it is away"):
        await pump(LWT="Offline").driver.identify()


@pytest.mark.parametrize(
    "told",
    [
        {"power": "<html>"}, {"power": "nan"}, {"power": "1e300"}, {"state": "{"},
        {"state": '{"zones": [{"target": [1]}]}'}, {"state": '{"zones": [{"target": true}]}'},
        {"state": '{"zones": [{"target": NaN}]}'}, {"state": "[" * 5000}, {"state": "null"},
    ],
)  # fmt: skip
async def test_nonsense_is_no_reading(told: dict[str, str]) -> None:
    with pytest.raises(BadReadingError):
        await pump(**told).driver.read()


@pytest.mark.parametrize(
    "state",
    ["{}", '{"zones": []}', '{"zones": [{"target": null}]}', '{"zones": [{"target": 99}]}',
     '{"zones": 5, "on": "perhaps"}'],
)  # fmt: skip
async def test_what_is_not_there_or_not_believed_is_unknown(state: str) -> None:
    reading = (await pump(state=state).driver.read())["hvac"]

    assert isinstance(reading, HvacReading)
    assert (reading.heat_setpoint_c, reading.temperature_c, reading.mode) == (None, None, None)


async def test_a_setpoint_is_told_once_within_its_range_and_not_when_it_is_shown() -> None:
    wire = pump()
    await wire.driver.identify()
    await wire.driver.apply("hvac", PermanentHold(HvacMode.HEAT, 22.7))
    await wire.driver.apply("hvac", PermanentHold(HvacMode.HEAT, 20.5))
    with pytest.raises(RefusedError, match="not between 10 and 28"):
        await wire.driver.apply("hvac", PermanentHold(HvacMode.HEAT, 29))
    with pytest.raises(UnsupportedError):
        await wire.driver.apply("hvac", StartCharging())
    with pytest.raises(UnsupportedError):
        await wire.driver.apply("meter", StartCharging())

    assert wire.sent == [("set", '{"target": 22.5}')]


async def test_memory_that_wears_is_written_ten_times_a_day() -> None:
    wire = pump()
    for number in range(10):
        await wire.driver.apply("hvac", PermanentHold(HvacMode.HEAT, 21 + number % 2))
    with pytest.raises(RefusedError, match="10 times in 24 hours"):
        await wire.driver.apply("hvac", PermanentHold(HvacMode.HEAT, 21))
    await wire.driver.apply("hvac", PermanentHold(HvacMode.HEAT, 20.5))

    assert len(wire.sent) == 10


def changed(path: str, value: object) -> dict[str, Any]:
    found = copy.deepcopy(PUMP)
    *keys, last = path.split("/")
    node: Any = found
    for key in keys:
        node = node[int(key)] if isinstance(node, list) else node[key]
    node[last] = value
    return found


HOLD = "assets/hvac/commands/set_permanent_hold/0"


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("bus", {}, "for register maps only"),
        ("available", {"lwt": "x"}, "no point lwt"),
        ("assets/hvac/warmth", 1, "no such field"),
        ("assets/hvac/is_active", {"topic": "x", "enum": {"1": "ON"}}, "true or false"),
        ("assets/hvac/power_w", {"topic": "x/#"}, "pattern"),
        ("assets/hvac/power_w", {"topic": "x", "get": "/x"}, "either topic or get"),
        ("assets/hvac/power_w", {"topic": "x", "scale": 0}, "scale"),
        ("assets/hvac/power_w", {"topic": "x", "template": "{{x}}"}, "Extra inputs"),
        ("assets/hvac/power_w", {"holding": 1}, "no register"),
        ("assets/hvac/power_w", "nothing", "no point nothing"),
        ("assets/hvac/power_w", {"get": "/x"}, "reads by topic"),
        (f"{HOLD}/payload", "{degrees}", "names in braces"),
        (f"{HOLD}/with/target/shown", "it", "no point it"),
        (f"{HOLD}/with/target/type", "u16", "no type"),
        (f"{HOLD}/get", "/x", "exactly one of"),
        ("assets/hvac/commands/start_charging", [{"topic": "x"}], "no such command"),
    ],
)
def test_a_fault_of_the_map_is_a_fault_of_the_config(path: str, value: object, fault: str) -> None:
    options = REGISTRY.info("mqtt").options
    options.model_validate({"map": PUMP})

    with pytest.raises(ValidationError, match=fault):
        options.model_validate({"map": changed(path, value)})


BATTERY = {
    "vendor": "Acme",
    "models": ["Store"],
    "points": {"in": {"get": "/now?x=1", "path": "in"}, "out": {"get": "/now?x=1", "path": "out"}},
    "assets": {
        "battery": {
            "power_w": {"diff": ["in", "out"]},
            "soc_pct": {"get": "/soc", "valid": [0, 100]},
            "status": {"get": "/now?x=1", "path": "st", "enum": {"1": "CHARGING", "2": "IDLE"}},
            "safe": {"do": "self_reliance"},
            "watchdog": {"timeout_s": 60, "feed": "repeat"},
            "commands": {
                "self_reliance": [{"get": "/auto", "memory": "ram"}],
                "set_power": [
                    {
                        "post": "/set",
                        "payload": '{"kw": {kw}}',
                        "with": {"kw": {"from": "power_w", "scale": -1000, "range": [-3000, 3000]}},
                        "memory": "ram",
                    }
                ],
            },
        }
    },
}


class Store:
    """A battery that speaks HTTP."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/now":
            return web.json_response({"in": 0, "out": 450.0, "st": 1})
        if request.path == "/soc":
            return web.Response(text="55.5")
        self.heard.append((request.path_qs, await request.text()))
        return web.Response(text="ok")


async def test_a_map_of_paths_reads_tells_and_feeds_the_watchdog() -> None:
    store = Store()
    async with answering("http_json", store.answer, map=BATTERY) as driver:
        identity = await driver.identify()
        assert await driver.read() == {
            "battery": BatteryReading(power_w=-450, soc_pct=55.5, status=BatteryStatus.CHARGING)
        }
        assert driver.watchdog_s("battery") is None
        await driver.apply("battery", SetBatteryPower(-1500))
        assert driver.watchdog_s("battery") == 60
        await driver.renew("battery")

    assert identity.roles["battery"].safe is Capability.SELF_RELIANCE
    assert store.heard == [("/set", '{"kw":1.5}')] * 2


INPUTS = {
    # As a device of one generation and of the next tell them.
    "contacts": [
        {"get": "/status", "path": "inputs.0.input"},
        {"get": "/rpc/Input.GetStatus?id=0", "path": "state", "enum": {"true": 1, "false": 0}},
        {"get": "/status", "path": "inputs.7.input", "optional": True},
    ]
}


async def test_contacts_are_read_as_a_device_tells_them() -> None:
    closed = True

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/status":
            return web.json_response({"inputs": [{"input": int(closed)}]})
        return web.json_response({"id": 0, "state": closed})

    found = {"vendor": "Acme", "models": ["Inputs"], **INPUTS}
    async with answering("http_json", answer, map=found) as driver:
        assert (await driver.identify()).roles == {}
        first = await driver.read()
        closed = False
        second = await driver.read()

    assert first == {"contacts": ContactsReading((True, True, None))}
    assert second == {"contacts": ContactsReading((False, False, None))}


async def test_what_is_only_read_takes_no_command() -> None:
    store = Store()
    async with answering("http_json", store.answer, map=BATTERY, read_only=True) as driver:
        assert not (await driver.identify()).roles["battery"].capabilities
        with pytest.raises(UnsupportedError):
            await driver.apply("battery", SetBatteryPower(0))

    assert store.heard == []


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [(401, "", AuthError), (404, "", RefusedError), (200, "<html>", BadReadingError),
     (200, "x" * 70_000, BadReadingError)],
)  # fmt: skip
async def test_an_answer_that_is_none_gives_no_reading(
    status: int, text: str, error: type[DeviceError]
) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text)

    async with answering("http_json", answer, map=BATTERY) as driver:
        with pytest.raises(error):
            await driver.identify()


async def test_a_login_has_a_name_and_a_password() -> None:
    options = REGISTRY.info("http_json").options
    with pytest.raises(ValidationError, match="belong together"):
        options.model_validate({"host": "h", "map": BATTERY, "username": "me"})
    seen: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers.get("Authorization", "").partition(" ")[0])
        return await Store().answer(request)

    login = {"username": "me", "password": "secret"}
    async with answering("http_json", answer, map=BATTERY, **login) as driver:
        await driver.read()
    assert set(seen) == {"Basic"}


CHARGER = {
    "vendor": "Acme",
    "models": ["Box"],
    "assets": {
        "charger": {
            "max_current_a": {"topic": "limit"},
            "commands": {
                "set_max_current": [
                    {"topic": "set", "payload": "{a}", "with": {"a": {"from": "current_a"}}}
                ],
                "stop_charging": [{"topic": "on", "payload": "0"}],
            },
        }
    },
}


async def test_a_current_that_no_car_charges_with_is_refused_and_stopping_never() -> None:
    wire = Wire(item_map(CHARGER), {"limit": "16"})
    with pytest.raises(RefusedError, match="below the 6 A"):
        await wire.driver.apply("charger", SetMaxCurrent(4))
    await wire.driver.apply("charger", SetMaxCurrent(10))
    for _ in range(12):
        await wire.driver.apply("charger", StopCharging())

    assert wire.sent == [("set", "10"), *[("on", "0")] * 12]


@pytest.mark.parametrize(
    ("item", "told", "value"),
    [
        ({"nan": [-1]}, "-1", None), ({"text": True}, " x ", "x"), ({}, "", None),
        ({"enum": {"1": True}}, "1", True),
        ({"path": "a", "enum": {"1": True}}, '{"a": 1.0}', True),
        ({"scale": 0.1, "offset": -40}, "503", 10.3), ({"path": "a.1"}, '{"a": [1, 2]}', 2),
    ],
)  # fmt: skip
def test_a_text_becomes_a_value(item: dict[str, Any], told: str, value: object) -> None:
    assert Item(topic="x", **item).value(told.encode(), "x") == value


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with mosquitto(Path(tmp_path_factory.mktemp("mosquitto"))) as running:
        yield running


async def test_a_device_by_mqtt_below_its_base(broker: Mosquitto) -> None:
    options = {"map": PUMP, "base": "home/pump"}
    async with at_work(broker, "mqtt", options, "home/pump/set") as (driver, device):
        for topic, text in TOLD.items():
            await device.say(f"home/pump/{topic}", text, retain=True)
        assert (await patiently(driver.identify)).serial == "A1"
        assert await driver.read() == {"hvac": WARM}
        await driver.apply("hvac", PermanentHold(HvacMode.HEAT, 23))
        await device.until(lambda: len(device.messages) == 1)
        await device.say("home/pump/LWT", "Offline", retain=True)
        with pytest.raises(UnreachableError, match="it is away"):
            await until_refused(driver)

    assert device.all("home/pump/set") == ['{"target": 23}']
    assert not device.messages[0].retain
