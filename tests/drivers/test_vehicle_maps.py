"""Cars whose map stands in the config, on what TeslaMate and OVMS say: tests/fixtures/vehicles."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from ruamel.yaml import YAML

from gatewayd.errors import BadReadingError, RefusedError, UnreachableError
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.command import SetMaxCurrent
from gatewayd.model.reading import PowerDelivery, VehicleReading
from gatewayd.sdk.maps.items import item_map
from tests.drivers.images import command
from tests.drivers.recorded import answering
from tests.drivers.test_items import Wire
from tests.drivers.test_mqtt_devices import at_work, patiently
from tests.fakes.mosquitto import Mosquitto, mosquitto

FOLDER = Path(__file__).parents[1] / "fixtures" / "vehicles"
CARS: dict[str, Any] = {
    path.stem: YAML(typ="safe", pure=True).load(path) for path in sorted(FOLDER.glob("*.yaml"))
}
on_every_car = pytest.mark.parametrize("name", CARS)


def wired(name: str, told: dict[str, str] | None = None) -> Wire:
    return Wire(item_map(CARS[name]["device"]["map"]), CARS[name]["told"] | (told or {}))


async def reading(wire: Wire) -> dict[str, Any]:
    return asdict((await wire.driver.read())["vehicle"])


@on_every_car
async def test_a_car_tells_who_it_is_and_how_it_charges(name: str) -> None:
    wire = wired(name)
    identity = await wire.driver.identify()
    told = {key: value for key, value in asdict(identity).items() if value is not None}
    role = identity.roles["vehicle"]

    del told["roles"]
    assert told == CARS[name]["identity"]
    assert role.kind is AssetKind.VEHICLE
    assert role.capabilities == {one["do"] for one in CARS[name].get("commands", [])}
    found = {key: value for key, value in (await reading(wire)).items() if value is not None}
    assert found == pytest.approx(CARS[name]["expect"])
    assert role.reports == CARS[name]["expect"].keys()


VARIANTS = [(name, one) for name, car in CARS.items() for one in car["variants"]]


@pytest.mark.parametrize(("name", "variant"), VARIANTS, ids=lambda one: str(one)[:60])
async def test_a_car_in_other_states(name: str, variant: dict[str, Any]) -> None:
    found = await reading(wired(name, variant["told"]))

    assert {key: found[key] for key in variant["expect"]} == variant["expect"]


WRONG = [(name, one) for name, car in CARS.items() for one in car["wrong"]]


@pytest.mark.parametrize(("name", "told"), WRONG, ids=lambda one: str(one)[:60])
async def test_nonsense_is_no_reading(name: str, told: dict[str, str]) -> None:
    with pytest.raises(BadReadingError):
        await reading(wired(name, told))


COMMANDS = [(name, one) for name, car in CARS.items() for one in car.get("commands", [])]


@pytest.mark.parametrize(("name", "entry"), COMMANDS, ids=lambda one: str(one)[:60])
async def test_a_car_is_told(name: str, entry: dict[str, Any]) -> None:
    wire = wired(name)
    role = (await wire.driver.identify()).roles["vehicle"]
    await wire.driver.apply("vehicle", command(entry)[1])
    with pytest.raises(RefusedError):
        await wire.driver.apply("vehicle", SetMaxCurrent(33))

    assert [list(one) for one in wire.sent] == entry["sent"]
    assert (role.min_current_a, role.max_current_a) == (6, 32)


async def test_a_car_whose_logger_is_not_well_is_away() -> None:
    with pytest.raises(UnreachableError, match="it is away"):
        await reading(wired("teslamate", CARS["teslamate"]["away"]))


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with mosquitto(Path(tmp_path_factory.mktemp("mosquitto"))) as running:
        yield running


@on_every_car
async def test_what_the_broker_has_kept_of_a_sleeping_car_is_read(
    broker: Mosquitto, name: str
) -> None:
    device, told = CARS[name]["device"], CARS[name]["told"]
    options = {"base": device["base"], "map": device["map"], "max_age_s": 1}
    async with at_work(broker, device["driver"], options) as (driver, said):
        for topic, text in told.items():
            await said.say(f"{device['base']}/{topic}", text, retain=True)
        identity = await patiently(driver.identify)

        found = asdict((await driver.read())["vehicle"])

    assert identity.serial == CARS[name]["identity"]["serial"]
    assert found["soc_pct"] == CARS[name]["expect"]["soc_pct"]


CAR = {
    "vendor": "Acme",
    "models": ["Bolt"],
    "identity": {"serial": {"get": "/car", "path": "vin", "text": True}},
    "points": {"plug": {"get": "/car", "path": "charge.plug", "enum": {"1": True, "0": False}}},
    "assets": {
        "vehicle": {
            "soc_pct": {"get": "/car", "path": "battery.level", "valid": [0, 100]},
            "range_m": {"get": "/car", "path": "battery.miles", "scale": 1609.344},
            "latitude": {"get": "/where", "path": "0"},
            "longitude": {"get": "/where", "path": "1"},
            "power_delivery": {
                "case": [
                    {"when": {"plug": False}, "label": "UNPLUGGED"},
                    {"when": {"plug": True}, "label": "STOPPED"},
                ]
            },
            "commands": {
                "start_charging": [{"post": "/charge", "payload": '{"on": true}', "memory": "ram"}],
                "stop_charging": [{"get": "/charge?on=0", "memory": "ram"}],
            },
        }
    },
}


async def test_a_car_by_http_tells_and_is_told() -> None:
    heard: list[tuple[str, str]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/charge":
            heard.append((request.path_qs, await request.text()))
            return web.Response(text="ok")
        if request.path == "/where":
            return web.json_response([51.5, -0.12])
        battery = {"level": 70, "miles": 100}
        return web.json_response({"vin": "WF0XX", "battery": battery, "charge": {"plug": 1}})

    async with answering("http_json", answer, map=CAR) as driver:
        identity = await driver.identify()
        told = (await driver.read())["vehicle"]
        for do in (Capability.START_CHARGING, Capability.STOP_CHARGING):
            await driver.apply("vehicle", command({"do": do})[1])

    assert identity.serial == "WF0XX"
    assert told == VehicleReading(
        soc_pct=70,
        range_m=160934.4,
        latitude=51.5,
        longitude=-0.12,
        power_delivery=PowerDelivery.STOPPED,
    )
    assert heard == [("/charge", '{"on":true}'), ("/charge?on=0", "")]
