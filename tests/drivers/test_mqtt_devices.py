"""Devices that tell of themselves over MQTT, through a real Mosquitto."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from gatewayd.devices.registry import Registry
from gatewayd.errors import BadReadingError, UnreachableError, UnsupportedError
from gatewayd.links.mqtt_source import MqttSource
from gatewayd.links.mqtt_wire import Broker
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.command import StartCharging, is_confirmed
from gatewayd.model.power import SetProductionLimit
from gatewayd.model.reading import InverterReading, MeterReading
from gatewayd.sdk.driver import Driver
from tests.fakes.clock import FakeClock
from tests.fakes.mosquitto import Listener, Mosquitto, listening, mosquitto, until

REGISTRY = Registry()
T = TypeVar("T")
SERIAL = "116491132532"
PLACE = f"solar/{SERIAL}"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with mosquitto(Path(tmp_path_factory.mktemp("mosquitto"))) as running:
        yield running


@asynccontextmanager
async def at_work(
    broker: Mosquitto, name: str, options: dict[str, Any], *topics: str
) -> AsyncIterator[tuple[Driver, Listener]]:
    """A driver, and the device that it listens to."""
    ours = Broker("127.0.0.1", broker.port, client_id=f"g-{name}")
    source = MqttSource(ours, FakeClock())
    info = REGISTRY.info(name)
    async with asyncio.TaskGroup() as group, listening(broker.port, *topics) as device:
        task = group.create_task(source.run())
        async with info.open(info.options.model_validate(options), Links(mqtt=source)) as driver:
            await until(lambda: source.is_connected)
            yield driver, device
        task.cancel()


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Call until what the device said has come through the broker."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await call()
            except UnreachableError:
                continue


async def until_refused(driver: Driver) -> None:
    """Read until it raises what it must, having heard what the device said last."""
    async with asyncio.timeout(50):
        while True:
            await driver.read()
            await asyncio.sleep(0.005)


INVERTER = {
    "name": "Balcony",
    "0/power": "412.5",
    "0/powerdc": "434.2",
    "0/yieldtotal": "1234.567",
    "0/yieldday": "815",
    "0/voltage": "231.4",
    "0/current": "1.78",
    "0/frequency": "49.98",
    "0/temperature": "36.5",
    "status/reachable": "1",
    "status/producing": "1",
    "status/limit_relative": "75.00",
    "status/limit_absolute": "450.00",
}
PRODUCING = InverterReading(
    power_w=412.5,
    energy_wh=1234567.0,
    voltage_a_v=231.4,
    current_a_a=1.78,
    frequency_hz=49.98,
    temperature_c=36.5,
    limit_w=450.0,
    rated_w=600.0,
)


async def told(device: Listener, **changes: str) -> None:
    """Everything that OpenDTU tells, the inverter's status last."""
    said = INVERTER | {name.replace("__", "/"): text for name, text in changes.items()}
    for name in sorted(said, key=lambda name: name == "status/reachable"):
        await device.say(f"{PLACE}/{name}", said[name], retain=True)


async def test_an_inverter_behind_an_opendtu(broker: Mosquitto) -> None:
    options = {"serial": SERIAL}
    async with at_work(broker, "opendtu", options) as (driver, device):
        await told(device)
        identity = await patiently(driver.identify)
        readings = await driver.read()

    role = identity.roles["inverter"]
    assert (identity.vendor, identity.model, identity.serial) == ("Hoymiles", "Balcony", SERIAL)
    assert role.kind is AssetKind.INVERTER
    assert role.capabilities == {Capability.SET_PRODUCTION_LIMIT}
    assert role.safe is Capability.SET_PRODUCTION_LIMIT
    assert readings == {"inverter": PRODUCING}


async def test_a_limit_is_told_to_its_memory_that_forgets_and_is_read_back(
    broker: Mosquitto,
) -> None:
    commands = f"{PLACE}/cmd/#"
    options = {"serial": SERIAL}
    async with at_work(broker, "opendtu", options, commands) as (driver, device):
        await told(device)
        await patiently(driver.identify)
        await driver.apply("inverter", SetProductionLimit(300.9))
        await driver.apply("inverter", SetProductionLimit(None))
        await device.until(lambda: len(device.messages) == 2)
        with pytest.raises(UnsupportedError):
            await driver.apply("inverter", StartCharging())
        await driver.renew("inverter")
        assert driver.watchdog_s("inverter") is None

    assert device.all(f"{PLACE}/cmd/limit_nonpersistent_absolute") == ["300"]
    assert device.all(f"{PLACE}/cmd/limit_nonpersistent_relative") == ["100"]
    assert not any(message.retain for message in device.messages)
    limited = InverterReading(limit_w=300.0, rated_w=600.0)
    assert is_confirmed(SetProductionLimit(300.9), limited)
    assert is_confirmed(SetProductionLimit(None), InverterReading(limit_w=600.0, rated_w=600.0))


async def test_at_night_an_inverter_is_away_and_nonsense_gives_no_reading(
    broker: Mosquitto,
) -> None:
    options = {"serial": SERIAL, "read_only": True}
    async with at_work(broker, "opendtu", options) as (driver, device):
        await told(device)
        assert not (await patiently(driver.identify)).roles["inverter"].capabilities
        with pytest.raises(UnsupportedError):
            await driver.apply("inverter", SetProductionLimit(None))
        await told(device, **{"0__power": "many"})
        with pytest.raises(BadReadingError, match="power_w should be a number"):
            await until_refused(driver)
        await told(device, status__reachable="0")
        with pytest.raises(UnreachableError, match="does not answer OpenDTU"):
            await until_refused(driver)


ENERGY = {
    "TotalStartTime": "2024-01-01T00:00:00",
    "Total": 123.456,
    "Power": -1200,
    "ApparentPower": 1230,
    "ReactivePower": 270,
    "Factor": 0.98,
    "Voltage": [230, 231, 229],
    "Current": [2.0, 1.5, 1.75],
    "ExportActive": [1.5, 2.5, 3.0],
    "ImportActive": [100.0, 20.25, 1.75],
    "Frequency": 50,
}
PLUG = MeterReading(
    power_w=-1200.0,
    import_wh=122000.0,
    export_wh=7000.0,
    frequency_hz=50.0,
    apparent_power_va=1230.0,
    reactive_power_var=270.0,
    voltage_a_v=230.0,
    voltage_b_v=231.0,
    voltage_c_v=229.0,
    current_a_a=2.0,
    current_b_a=1.5,
    current_c_a=1.75,
    power_a_w=-1200.0,
)


def has_been_asked(device: Listener, topic: str, count: int) -> bool:
    return len(device.all(topic)) >= count


async def test_a_tasmota_plug_is_asked(broker: Mosquitto) -> None:
    asked, answer = "cmnd/plug/STATUS", "stat/plug/STATUS10"
    async with at_work(broker, "tasmota", {"topic": "plug"}, asked) as (driver, device):

        async def answers() -> None:
            for count in (1, 2):
                await device.until(partial(has_been_asked, device, asked, count))
                sensors = {"Time": "2024-06-01T12:00:00", "ENERGY": ENERGY}
                await device.say(answer, json.dumps({"StatusSNS": sensors}))

        async with asyncio.TaskGroup() as group:
            group.create_task(answers())
            identity = await patiently(driver.identify)
            readings = await patiently(driver.read)

    assert (identity.vendor, identity.serial) == ("Tasmota", "plug")
    assert device.all(asked)[:2] == ["10", "10"]
    assert readings == {"meter": PLUG}
    assert identity.roles["meter"].reports >= {"power_w", "import_wh", "export_wh"}


async def test_a_tasmota_plug_that_is_only_read_tells_by_itself(broker: Mosquitto) -> None:
    options = {"topic": "other", "read_only": True}
    async with at_work(broker, "tasmota", options) as (driver, device):
        await device.say("tele/other/SENSOR", json.dumps({"ENERGY": ENERGY}), retain=True)
        assert await patiently(driver.read) == {"meter": PLUG}
        await device.say("tele/other/SENSOR", '{"ENERGY": {"Power": "much"}}', retain=True)
        with pytest.raises(BadReadingError, match="ENERGY"):
            await until_refused(driver)


@pytest.mark.parametrize(
    ("state", "reading"),
    [
        (
            {"state": "ON", "power": 41.5, "energy": 12.25, "voltage": 233, "current": 0.25},
            MeterReading(
                power_w=41.5, import_wh=12250.0, voltage_a_v=233.0, current_a_a=0.25, power_a_w=41.5
            ),
        ),
        (
            {"power": -500, "power_phase_b": 100.5, "power_phase_c": -20, "produced_energy": 2},
            MeterReading(
                power_w=-419.5, export_wh=2000.0, power_a_w=-500.0, power_b_w=100.5, power_c_w=-20.0
            ),
        ),
        (
            {"power": -500, "power_phase_b": 100.5, "power_phase_c": None},
            MeterReading(power_a_w=-500.0, power_b_w=100.5),
        ),
        (
            {
                "power": 9,
                "power_a": 3,
                "power_b": 4,
                "power_c": 2,
                "voltage_a": 231,
                "current_a": 1,
            },
            MeterReading(
                power_w=9.0,
                power_a_w=3.0,
                power_b_w=4.0,
                power_c_w=2.0,
                voltage_a_v=231.0,
                current_a_a=1.0,
            ),
        ),
        ({"linkquality": 80}, MeterReading()),
    ],
    ids=["plug", "three phases", "one unknown", "with their sum", "nothing"],
)
async def test_a_zigbee_plug(
    broker: Mosquitto, state: dict[str, object], reading: MeterReading
) -> None:
    topic = f"zigbee2mqtt/Plug {len(state)}"
    async with at_work(broker, "zigbee2mqtt", {"topic": topic}) as (driver, device):
        await device.say(topic, json.dumps(state), retain=True)
        readings = await patiently(driver.read)
        identity = await driver.identify()

    assert (identity.vendor, identity.model) == ("Zigbee2MQTT", topic.rpartition("/")[2])
    assert readings == {"meter": reading}
