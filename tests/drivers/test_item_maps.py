"""Heat pumps whose own maps of texts are ours: what they tell, and what they are told."""

import json
from typing import Any

import pytest
from aiohttp import web

from drivers.lan import ems_esp, panasonic_heishamon
from gatewayd.errors import BadReadingError, RefusedError, UnreachableError, UnsupportedError
from gatewayd.model.asset import AssetKind
from gatewayd.model.climate import FollowSchedule, HvacMode, PermanentHold
from gatewayd.model.command import Command, is_confirmed
from gatewayd.model.reading import HvacReading
from tests.drivers.recorded import REGISTRY, answering
from tests.drivers.test_items import Wire
from tests.fakes.jump_loop import jumping

PANASONIC = {
    "LWT": "Online",
    "main/Heatpump_State": "1",
    "main/Operating_Mode_State": "4",
    "main/Heating_Mode": "1",
    "main/Main_Schedule_State": "0",
    "main/Z1_Heat_Request_Temp": "35",
    "main/Z1_Temp": "33.5",
    "main/Compressor_Freq": "28",
    "main/Heat_Power_Consumption": "640",
    "main/Cool_Power_Consumption": "0",
    "main/DHW_Power_Consumption": "200",
}


def panasonic(**told: str) -> Wire:
    named = {f"main/{name}": text for name, text in told.items() if name != "LWT"}
    alive = {"LWT": told["LWT"]} if "LWT" in told else {}
    return Wire(panasonic_heishamon._MAP, PANASONIC | named | alive)


async def read(wire: Wire) -> HvacReading:
    reading = (await wire.driver.read())["hvac"]
    assert isinstance(reading, HvacReading)
    return reading


async def test_an_aquarea_tells_its_zone_its_power_and_what_it_is_set_to() -> None:
    wire = panasonic()
    identity = await wire.driver.identify()

    assert identity.vendor == "Panasonic"
    assert identity.roles["hvac"].kind is AssetKind.HVAC
    assert await read(wire) == HvacReading(
        power_w=840,
        temperature_c=33.5,
        is_active=True,
        mode="HEAT",
        hold_type="PERMANENT",
        heat_setpoint_c=35,
    )


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"Heatpump_State": "0"}, {"mode": "OFF"}),
        ({"Operating_Mode_State": "3"}, {"mode": "OFF"}),
        ({"Operating_Mode_State": "5"}, {"mode": "COOL"}),
        ({"Operating_Mode_State": "8"}, {"mode": "AUTO"}),
        ({"Operating_Mode_State": "-1"}, {"mode": None}),
        ({"Main_Schedule_State": "1"}, {"hold_type": "SCHEDULED"}),
        ({"Heating_Mode": "0", "Z1_Heat_Request_Temp": "-2"}, {"heat_setpoint_c": None}),
        ({"Z1_Heat_Request_Temp": "-2"}, {"heat_setpoint_c": None}),
        ({"Z1_Temp": "-78"}, {"temperature_c": None}),
        ({"Compressor_Freq": "0"}, {"is_active": False}),
    ],
)
async def test_an_aquarea_in_other_states(told: dict[str, str], expected: dict[str, Any]) -> None:
    reading = await read(panasonic(**told))

    assert {name: getattr(reading, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("told", "command", "sent"),
    [
        ({}, PermanentHold(HvacMode.HEAT, 38.9), [("SetZ1HeatRequestTemperature", "38")]),
        ({}, PermanentHold(HvacMode.HEAT, 35), []),
        ({}, PermanentHold(HvacMode.OFF), [("SetOperationMode", "3")]),
        (
            {"Operating_Mode_State": "3"},
            PermanentHold(HvacMode.HEAT, 35),
            [("SetOperationMode", "4")],
        ),
        ({"Operating_Mode_State": "0"}, PermanentHold(HvacMode.OFF), [("SetHeatpump", "0")]),
        (
            {"Operating_Mode_State": "1", "Heatpump_State": "0"},
            PermanentHold(HvacMode.HEAT, 35),
            [("SetOperationMode", "0"), ("SetHeatpump", "1")],
        ),
        (
            {"Main_Schedule_State": "1"},
            PermanentHold(HvacMode.HEAT, 35),
            [("SetMainSchedule", "0")],
        ),
        ({}, FollowSchedule(), [("SetMainSchedule", "1")]),
    ],
)
async def test_an_aquarea_is_told_only_what_it_does_not_show(
    told: dict[str, str], command: Command, sent: list[tuple[str, str]]
) -> None:
    wire = panasonic(**told)
    await wire.driver.identify()
    await wire.driver.apply("hvac", command)

    assert wire.sent == [(f"commands/{topic}", text) for topic, text in sent]
    shown = {
        "SetZ1HeatRequestTemperature": "Z1_Heat_Request_Temp",
        "SetOperationMode": "Operating_Mode_State",
        "SetMainSchedule": "Main_Schedule_State",
        "SetHeatpump": "Heatpump_State",
    }
    wire.told |= {f"main/{shown[topic]}": text for topic, text in sent}
    whole = (
        PermanentHold(HvacMode.HEAT, 38)
        if isinstance(command, PermanentHold) and command.heat_setpoint_c == 38.9
        else command
    )
    assert is_confirmed(whole, await read(wire))


async def test_an_aquarea_on_its_curve_or_beyond_what_floors_bear_is_not_told() -> None:
    curve = panasonic(Heating_Mode="0")
    assert not {"set_permanent_hold"} & (await curve.driver.identify()).roles["hvac"].capabilities
    wire = panasonic()
    for beyond_c in (19, 56):
        with pytest.raises(RefusedError, match="not between 20 and 55"):
            await wire.driver.apply("hvac", PermanentHold(HvacMode.HEAT, beyond_c))
    with pytest.raises(UnreachableError):
        await panasonic(LWT="Offline").driver.read()
    with pytest.raises(BadReadingError):
        await panasonic(Heatpump_State="<html>").driver.read()
    assert wire.sent == []


@pytest.mark.parametrize("name", ["panasonic_heishamon", "ems_esp"])
def test_their_base_topic_has_no_wildcards(name: str) -> None:
    options = REGISTRY.info(name).options
    assert options.model_validate({}).model_dump()["base"]
    with pytest.raises(ValueError, match="base"):
        options.model_validate({"base": "x/#"})


async def test_what_is_only_read_is_told_nothing() -> None:
    wire = panasonic()
    wire.driver._send = None
    assert not (await wire.driver.identify()).roles["hvac"].capabilities
    with pytest.raises(UnsupportedError):
        await wire.driver.apply("hvac", FollowSchedule())


THERMOSTAT = {"seltemp": 20.5, "currtemp": 21.3, "mode": "auto", "manualtemp": 19}
BOILER = {"heatingactive": "on", "tapwateractive": "off", "metertotal": 1234.5}


def ems(**changes: object) -> Wire:
    told = {
        "status": "online",
        "thermostat_data": json.dumps({"hc1": THERMOSTAT | changes, "hc2": {"seltemp": 5}}),
        "boiler_data": json.dumps(BOILER),
    }
    return Wire(ems_esp.map_of("hc1"), told)


async def test_an_ems_heating_tells_its_circuit_and_what_it_used() -> None:
    assert await read(ems()) == HvacReading(
        energy_wh=1_234_500,
        temperature_c=21.3,
        is_active=True,
        mode="HEAT",
        hold_type="SCHEDULED",
        heat_setpoint_c=20.5,
    )


@pytest.mark.parametrize(
    ("mode", "command", "sent"),
    [
        ("manual", PermanentHold(HvacMode.HEAT, 22.7), [("manualtemp", "22.5")]),
        (
            "auto",
            PermanentHold(HvacMode.HEAT, 21),
            [("mode", "manual"), ("manualtemp", "21")],
        ),
        ("auto", PermanentHold(HvacMode.OFF), [("mode", "off")]),
        ("off", PermanentHold(HvacMode.OFF), []),
        ("off", FollowSchedule(), [("mode", "auto")]),
        ("auto", FollowSchedule(), []),
    ],
)
@jumping
async def test_an_ems_heating_is_held_and_given_back(
    mode: str, command: Command, sent: list[tuple[str, str]]
) -> None:
    wire = ems(mode=mode)
    await wire.driver.identify()
    await wire.driver.apply("hvac", command)

    assert wire.sent == [(f"thermostat/hc1/{topic}", text) for topic, text in sent]


async def test_a_thermostat_with_other_modes_is_only_read_and_a_boiler_may_be_missing() -> None:
    wire = ems(mode="day")
    assert not (await wire.driver.identify()).roles["hvac"].capabilities
    wire.told.pop("boiler_data")
    assert (await read(wire)).is_active is None
    with pytest.raises(RefusedError, match="not between 5 and 30"):
        await ems().driver.apply("hvac", PermanentHold(HvacMode.HEAT, 31))


class Heater:
    """A Mill heater, which does as it is told."""

    def __init__(self, mode: str, wanted: float = 20.0) -> None:
        self.normal = 18.0
        self.now = {
            "ambient_temperature": 21.4,
            "current_power": 600,
            "control_signal": 45,
            "set_temperature": wanted,
            "operation_mode": mode,
            "status": "ok",
        }
        self.heard: list[tuple[str, Any]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            told = await request.json()
            self.heard.append((request.path, told))
            if request.path == "/operation-mode":
                self.now["operation_mode"] = told["mode"]
            else:
                self.normal = told["value"]
            if self.now["operation_mode"] == "Control individually":
                self.now["set_temperature"] = self.normal
            return web.json_response({"status": "ok"})
        if request.path == "/status":
            return web.json_response(
                {"name": "panel heater gen. 3", "version": "0x210927", "mac_address": "A0:B1"}
            )
        return web.json_response(self.now)


SETTING, MODE = "/set-temperature", "/operation-mode"


@pytest.mark.parametrize(
    ("mode", "command", "heard"),
    [
        (
            "Control individually",
            PermanentHold(HvacMode.HEAT, 21.5),
            [(SETTING, {"type": "Normal", "value": 21.5})],
        ),
        ("Control individually", PermanentHold(HvacMode.HEAT, 20), []),
        (
            "Weekly program",
            PermanentHold(HvacMode.HEAT, 20),
            [
                (SETTING, {"type": "Normal", "value": 20}),
                (MODE, {"mode": "Control individually"}),
            ],
        ),
        ("Independent device", PermanentHold(HvacMode.OFF), [(MODE, {"mode": "Off"})]),
        ("OFF", PermanentHold(HvacMode.OFF), []),
        ("Off", FollowSchedule(), [(MODE, {"mode": "Weekly program"})]),
        ("Weekly program", FollowSchedule(), []),
    ],
)
async def test_a_mill_heater_is_told_what_it_does_not_show_and_confirms_it(
    mode: str, command: Command, heard: list[tuple[str, Any]]
) -> None:
    heater = Heater(mode)
    async with answering("mill", heater.answer) as driver:
        identity = await driver.identify()
        await driver.apply("hvac", command)
        reading = (await driver.read())["hvac"]

    assert (identity.model, identity.serial) == ("panel heater gen. 3", "A0:B1")
    assert heater.heard == heard
    assert is_confirmed(command, reading)


async def test_a_mill_heater_tells_its_power_and_its_room() -> None:
    async with answering("mill", Heater("Weekly program").answer) as driver:
        assert await driver.read() == {
            "hvac": HvacReading(
                power_w=600,
                temperature_c=21.4,
                is_active=True,
                mode="HEAT",
                hold_type="SCHEDULED",
                heat_setpoint_c=20,
            )
        }
        with pytest.raises(RefusedError, match="not between 5 and 35"):
            await driver.apply("hvac", PermanentHold(HvacMode.HEAT, 36))


@pytest.mark.parametrize("text", ["<html>", '"x"', "", "null", '{"set_temperature": "warm"}'])
async def test_what_is_no_mill_heater_gives_no_reading(text: str) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text)

    async with answering("mill", answer) as driver:
        with pytest.raises(BadReadingError):
            await driver.identify()
