"""Heaters and coolers by HTTP that do as they are told."""

from typing import Any

import pytest
from aiohttp import web

from gatewayd.errors import BadReadingError, RefusedError, UnsupportedError
from gatewayd.model.climate import FollowSchedule, HvacMode, PermanentHold
from gatewayd.model.command import Command, is_confirmed
from gatewayd.model.reading import HvacReading
from tests.drivers.recorded import REGISTRY, answering

OFF = PermanentHold(HvacMode.OFF)


class Airstage:
    """An adapter that takes one value at a time, and only upper case."""

    def __init__(self, **values: str) -> None:
        told = {"iu_onoff": "0", "iu_op_mode": "1", "iu_set_tmp": "240", "iu_indoor_tmp": "7625"}
        self.values = told | values
        self.heard: list[dict[str, str]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        asked: dict[str, Any] = await request.json()
        if asked["device_id"] != "AABBCCDDEEFF":
            return web.json_response({"result": "NG", "error": "0002"})
        if request.path == "/GetParam":
            if "iu_model" in asked["list"]:
                return web.json_response({"result": "NG", "error": "0013"})
            told = {name: self.values[name] for name in asked["list"]}
            return web.json_response({"result": "OK", "error": "", "value": told})
        self.heard.append(asked["value"])
        self.values |= asked["value"]
        return web.json_response({"result": "OK", "error": ""})


async def test_an_airstage_is_turned_on_before_its_mode_and_temperature() -> None:
    device = Airstage()
    wanted = PermanentHold(HvacMode.HEAT, 21)
    async with answering("fujitsu_airstage", device.answer, device_id="aabbccddeeff") as driver:
        assert (await driver.identify()).model == "Airstage"
        await driver.apply("hvac", wanted)
        assert is_confirmed(wanted, (await driver.read())["hvac"])
        await driver.apply("hvac", wanted)
        cooler = PermanentHold(HvacMode.COOL, None, 25)
        await driver.apply("hvac", cooler)
        assert is_confirmed(cooler, (await driver.read())["hvac"])

    assert device.heard == [
        {"iu_onoff": "1"}, {"iu_op_mode": "4"}, {"iu_set_tmp": "210"},
        {"iu_op_mode": "1"}, {"iu_set_tmp": "250"},
    ]  # fmt: skip


async def test_an_airstage_with_another_id_says_what_to_look_at() -> None:
    async with answering("fujitsu_airstage", Airstage().answer, device_id="001122334455") as driver:
        with pytest.raises(RefusedError, match="0002 is another device_id"):
            await driver.identify()


async def test_what_a_device_cannot_keep_is_refused_and_its_memory_spared() -> None:
    device = Airstage(iu_onoff="1")
    async with answering("fujitsu_airstage", device.answer, device_id="AABBCCDDEEFF") as driver:
        for beyond in (PermanentHold(HvacMode.HEAT, 31), PermanentHold(HvacMode.COOL, None, 17)):
            with pytest.raises(RefusedError, match="is not between"):
                await driver.apply("hvac", beyond)
        for other in (FollowSchedule(), PermanentHold(HvacMode.AUTO, 20, 24)):
            with pytest.raises(UnsupportedError):
                await driver.apply("hvac", other)
        assert device.heard == []
        for number in range(20):
            await driver.apply("hvac", PermanentHold(HvacMode.COOL, None, 22 + number % 2))
        with pytest.raises(RefusedError, match="20 times in 24 hours"):
            await driver.apply("hvac", PermanentHold(HvacMode.COOL, None, 25))


class Heater:
    """An Adax heater."""

    def __init__(self, target: object = 2100, room: object = 1987) -> None:
        self.told = {"targTemp": target, "currTemp": room}
        self.heard: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        assert int(request.query["time"]) > 1_700_000_000
        if request.path != "/api" or request.headers.get("Authorization") != "Basic abc":
            return web.Response(status=401)
        if request.query["command"] == "set_target":
            self.heard.append(request.query["value"])
            self.told["targTemp"] = int(request.query["value"])
        return web.json_response(self.told)


ADAX = {"tls": False, "token": "abc"}


@pytest.mark.parametrize(
    ("target", "command", "heard"),
    [
        (2100, PermanentHold(HvacMode.HEAT, 22), ["2200"]),
        (2100, PermanentHold(HvacMode.HEAT, 21), []),
        (2100, OFF, ["0"]),
        (0, OFF, []),
        (0, PermanentHold(HvacMode.HEAT, 18), ["1800"]),
    ],
)
async def test_an_adax_heater_is_held_and_turned_off(
    target: int, command: Command, heard: list[str]
) -> None:
    heater = Heater(target)
    async with answering("adax", heater.answer, **ADAX) as driver:
        role = (await driver.identify()).roles["hvac"]
        await driver.apply("hvac", command)
        assert is_confirmed(command, (await driver.read())["hvac"])
        with pytest.raises(RefusedError, match="not between 5 and 35"):
            await driver.apply("hvac", PermanentHold(HvacMode.HEAT, 36))

    assert heater.heard == heard
    assert role.capabilities == REGISTRY.info("adax").controls


async def test_an_adax_heater_tells_the_room_and_what_it_is_set_to() -> None:
    async with answering("adax", Heater().answer, **ADAX) as driver:
        assert await driver.read() == {
            "hvac": HvacReading(
                temperature_c=19.87, mode="HEAT", hold_type="PERMANENT", heat_setpoint_c=21
            )
        }


async def test_what_is_only_read_is_not_told() -> None:
    heater = Heater()
    async with answering("adax", heater.answer, read_only=True, **ADAX) as driver:
        assert not (await driver.identify()).roles["hvac"].capabilities
        with pytest.raises(UnsupportedError):
            await driver.apply("hvac", OFF)
        with pytest.raises(UnsupportedError):
            await driver.apply("meter", OFF)
        await driver.renew("hvac")
        assert driver.watchdog_s("hvac") is None
    assert heater.heard == []


@pytest.mark.parametrize(
    "text",
    [
        *("<html>login</html>", "", "[]", '{"targTemp": "warm"}', '{"targTemp": -5}', "x" * 70_000),
        *('{"targTemp": 2100, "currTemp": {}}', '{"currTemp": 5}'),
    ],
)
async def test_what_is_no_adax_heater_gives_no_reading(text: str) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text)

    async with answering("adax", answer, **ADAX) as driver:
        with pytest.raises(BadReadingError):
            await driver.read()


class Controller:
    """A BSB-LAN with a passkey and a login, and its second circuit."""

    def __init__(self, writable: int = 1, status: object = 1) -> None:
        self.info = {"name": "BSB-LAN", "version": "3.3.2", "MAC": "00:80", "buswritable": writable}
        self.values = {"1000": "1", "1010": "20.0", "1012": "17", "8770": "19.5", "8771": "18.5"}
        self.status = status
        self.heard: list[tuple[str, str]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if not request.headers.get("Authorization", "").startswith("Basic "):
            return web.Response(status=401)
        if request.path == "/1234/JI":
            return web.json_response(self.info)
        if request.path == "/1234/JS":
            order = await request.json()
            self.heard.append((order["Parameter"], order["Value"]))
            if self.status == 1:
                self.values[order["Parameter"]] = order["Value"]
            return web.json_response({"parameter": order["Parameter"], "status": self.status})
        asked = request.path.removeprefix("/1234/JQ=").split(",")
        told: dict[str, Any] = {n: {"error": 7, "value": "", "unit": ""} for n in asked}
        told |= {n: {"error": 0, "value": value} for n, value in self.values.items() if n in asked}
        return web.json_response(told)


BSB = {"circuit": 2, "passkey": "1234", "username": "me", "password": "pw"}


@pytest.mark.parametrize(
    ("command", "heard"),
    [
        (PermanentHold(HvacMode.HEAT, 21.5), [("1010", "21.5"), ("1000", "3")]),
        (PermanentHold(HvacMode.HEAT, 20), [("1000", "3")]),
        (OFF, [("1000", "0")]),
        (FollowSchedule(), []),
    ],
)
async def test_a_second_circuit_behind_a_bsb_lan_is_told_in_order(
    command: Command, heard: list[tuple[str, str]]
) -> None:
    controller = Controller()
    async with answering("bsb_lan", controller.answer, **BSB) as driver:
        identity = await driver.identify()
        first = (await driver.read())["hvac"]
        await driver.apply("hvac", command)
        assert is_confirmed(command, (await driver.read())["hvac"])

    assert (identity.model, identity.serial) == ("BSB-LAN", "00:80")
    assert first == HvacReading(
        temperature_c=19.5, mode="HEAT", hold_type="SCHEDULED", heat_setpoint_c=18.5
    )
    assert controller.heard == heard


@pytest.mark.parametrize("status", [0, 2, None])
async def test_a_bsb_lan_that_may_not_write_is_not_believed(status: int | None) -> None:
    async with answering("bsb_lan", Controller(status=status).answer, **BSB) as driver:
        with pytest.raises(RefusedError, match="may it write"):
            await driver.apply("hvac", OFF)
    async with answering("bsb_lan", Controller(writable=0).answer, **BSB) as driver:
        assert not (await driver.identify()).roles["hvac"].capabilities
