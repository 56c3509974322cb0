"""What every driver of a device that is not Modbus must do with what such a device says."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, fields
from typing import Any

import pytest
from aiohttp import web

from gatewayd.errors import (
    AuthError,
    BadReadingError,
    DeviceError,
    RefusedError,
    UnreachableError,
    UnsupportedError,
)
from gatewayd.model.command import StartCharging
from gatewayd.model.reading import InverterReading, MeterReading, Reading
from gatewayd.sdk.driver import Driver
from gatewayd.sdk.finding import HttpProbe, MdnsProbe
from tests.drivers.recorded import (
    FOLDER,
    REGISTRY,
    Handler,
    Recording,
    answering,
    opened,
    played,
    recordings,
    talking,
)
from tests.fakes.meter_talk import telegram

RECORDINGS = recordings()
on_every_recording = pytest.mark.parametrize("recording", RECORDINGS, ids=lambda r: r.path.stem)
BY_HTTP = [r for r in RECORDINGS if r.frame is None]
on_every_answer = pytest.mark.parametrize("recording", BY_HTTP, ids=lambda r: r.path.stem)


def known(reading: Reading) -> dict[str, Any]:
    return {name: value for name, value in asdict(reading).items() if value is not None}


@on_every_recording
async def test_it_tells_who_it_is_and_what_it_measures(recording: Recording) -> None:
    async with played(recording) as driver:
        identity = await driver.identify()
        readings = await driver.read()
        again = await driver.read()

    told = asdict(identity)
    del told["roles"]
    assert {k: v for k, v in told.items() if v is not None} == recording.content["identity"]
    assert {role: known(reading) for role, reading in readings.items()} == {
        role: pytest.approx(values) for role, values in recording.content["expect"].items()
    }
    assert readings == again
    for name, role in identity.roles.items():
        assert role.reports == known(readings[name]).keys()


@on_every_recording
async def test_read_before_it_is_asked_who_it_is_it_tells_the_same(recording: Recording) -> None:
    async with played(recording) as driver:
        readings = await driver.read()

    for reading in readings.values():
        for field in fields(reading):
            value = getattr(reading, field.name)
            assert value is None or isinstance(value, int | float), field.name
    assert readings.keys() == recording.content["expect"].keys()


@pytest.mark.parametrize("name", sorted({recording.driver for recording in RECORDINGS}))
async def test_where_nobody_is_it_is_unreachable_and_it_takes_no_command(name: str) -> None:
    async with opened(name, {"host": "127.0.0.1", "port": 9}) as driver:
        with pytest.raises(UnreachableError):
            await driver.read()
        with pytest.raises(UnsupportedError):
            await driver.apply("meter", StartCharging())
        await driver.renew("meter")
        assert driver.watchdog_s("meter") is None


def says(body: str, content_type: str = "application/json", status: int = 200) -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=body, content_type=content_type, status=status)

    return answer


@pytest.mark.parametrize("name", sorted({recording.driver for recording in BY_HTTP}))
@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (says("<html><body>Please log in</body></html>", "text/html"), BadReadingError),
        (says('{"mac": "84CCA8ACE6C5", "emeters": ['), BadReadingError),
        (says("[]"), BadReadingError),
        (says("null"), BadReadingError),
        (says('{"x": "' + "y" * 70_000 + '"}'), BadReadingError),
        (says("{}", status=401), AuthError),
        (says("{}", status=404), RefusedError),
        (says("{}", status=500), BadReadingError),
    ],
    ids=["html", "torn", "list", "null", "endless", "login", "missing", "broken"],
)
async def test_what_is_no_answer_gives_no_reading(
    name: str, handler: Handler, error: type[DeviceError]
) -> None:
    async with answering(name, handler) as driver:
        with pytest.raises(error):
            await driver.identify()


@on_every_answer
async def test_values_of_another_type_are_refused_and_null_ones_unknown(
    recording: Recording,
) -> None:
    for spoilt in ("text", {"a": 1}, [1], -1e999):
        with pytest.raises(DeviceError):
            async with changed(recording, spoilt) as driver:
                await driver.identify()
    async with changed(recording, None) as driver:
        for reading in (await driver.read()).values():
            assert isinstance(reading, MeterReading | InverterReading)
            assert reading.power_w is None


@asynccontextmanager
async def changed(recording: Recording, value: object) -> AsyncIterator[Driver]:
    """The same device with this instead of every power."""
    spoilt = Recording(recording.path)
    answers = recording.content["answers"]
    spoilt.content["answers"] = {path: _changed(said, value) for path, said in answers.items()}
    async with played(spoilt) as driver:
        yield driver


def _changed(said: Any, value: object) -> Any:
    if isinstance(said, list):
        return [_changed(one, value) for one in said]
    if not isinstance(said, dict):
        return said
    is_power = ("power", "apower", "act_power", "total_act_power", "active_power_w")
    return {key: value if key in is_power else _changed(one, value) for key, one in said.items()}


async def test_a_password_is_given_by_digest_and_only_where_it_is_asked_for() -> None:
    recording = Recording(FOLDER / "shelly.yaml")
    seen: list[tuple[str, str]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        given = request.headers.get("Authorization", "")
        seen.append((request.path, given.partition(" ")[0]))
        if request.path != "/shelly" and "SHA-256" not in given:
            asks = 'Digest qop="auth", realm="shellypro3em", nonce="60", algorithm=SHA-256'
            return web.Response(status=401, headers={"WWW-Authenticate": asks})
        return await recording.answer(request)

    async with answering("shelly", answer, password="secret") as driver:
        assert (await driver.identify()).model == "Pro3EM"
    assert ("/shelly", "") in seen
    assert ("/rpc/EM.GetStatus", "Digest") in seen
    async with answering("shelly", answer) as driver:
        with pytest.raises(AuthError):
            await driver.identify()


async def test_the_first_generation_gets_its_login_at_once() -> None:
    recording = Recording(FOLDER / "shelly_gen1.yaml")

    async def answer(request: web.Request) -> web.StreamResponse:
        if (
            request.path != "/shelly"
            and request.headers.get("Authorization") != "Basic YWRtaW46cHc="
        ):
            return web.Response(status=401)
        return await recording.answer(request)

    async with answering("shelly_gen1", answer, password="pw") as driver:
        assert (await driver.read()).keys() == {"meter"}


@pytest.mark.parametrize(
    ("driver", "other"), [("shelly", "shelly_gen1"), ("shelly_gen1", "shelly")]
)
async def test_a_shelly_of_the_other_generation_is_told_from_its_own(
    driver: str, other: str
) -> None:
    recording = Recording(FOLDER / f"{other}.yaml")
    async with answering(driver, recording.answer) as running:
        with pytest.raises(RefusedError, match=f"use driver {other}"):
            await running.identify()


async def test_what_a_shelly_has_not_measured_yet_is_unknown() -> None:
    invalid = {"power": 0, "voltage": 0, "current": 0, "total": 0, "is_valid": False}
    valid = invalid | {"power": 5.0, "voltage": 230.0, "total_returned": 1, "is_valid": True}
    said = web.json_response

    async def answer(request: web.Request) -> web.StreamResponse:
        return said({"emeters": [valid, invalid, valid]} if "status" in request.path else {})

    async with answering("shelly_gen1", answer) as driver:
        reading = (await driver.read())["meter"]

    assert reading == MeterReading(
        voltage_a_v=230.0, voltage_c_v=230.0, current_a_a=0, current_c_a=0, power_a_w=5.0,
        power_c_w=5.0,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["shelly_gen1", "shelly"])
async def test_a_channel_that_is_not_there_is_refused(name: str) -> None:
    recording = Recording(FOLDER / f"{name}-em.yaml")
    async with answering(name, recording.answer, channel=3) as driver:
        with pytest.raises(RefusedError):
            await driver.identify()


async def test_a_damaged_telegram_and_one_with_wrong_units_give_no_reading() -> None:
    damaged = telegram().replace(b"220.1", b"230.1")
    wrong = telegram(["/ISk5", "", "1-0:1.7.0(00.500*kWh)"])
    for frame in (damaged, wrong):
        async with talking("dsmr_p1", frame) as driver:
            with pytest.raises(BadReadingError):
                await driver.read()


async def test_a_telegram_without_powers_has_none() -> None:
    async with talking("dsmr_p1", telegram(["/ISk5", "", "1-0:1.8.0(00000.500*kWh)"])) as driver:
        assert await driver.read() == {"meter": MeterReading(import_wh=500.0)}


@on_every_answer
def test_a_scan_knows_it_by_what_it_tells_without_a_login(recording: Recording) -> None:
    info = REGISTRY.info(recording.driver)
    (probe,) = (one for one in info.probes if isinstance(one, HttpProbe))
    told = probe.judge(json.dumps(recording.content["answers"][probe.path]))

    assert told is not None
    assert recording.content["identity"] == {
        name: value
        for name in ("vendor", "model", "serial", "firmware")
        if (value := getattr(told, name)) is not None
    }
    for other in sorted({one.driver for one in BY_HTTP} - {recording.driver}):
        for foreign in REGISTRY.info(other).probes:
            if isinstance(foreign, HttpProbe) and foreign.path == probe.path:
                said = json.dumps(recording.content["answers"][probe.path])
                assert foreign.judge(said) is None
    assert probe.judge("<html>") is None
    assert probe.judge("{}") is None


@pytest.mark.parametrize(
    ("driver", "name", "properties", "expected"),
    [
        ("shelly", "shellypro3em-a0b1c2d3e4f5._shelly._tcp.local.",
         {"gen": "2", "app": "Pro3EM", "ver": "1.4.4"}, ("Pro3EM", "A0B1C2D3E4F5")),
        ("shelly", "shellyem3-1.local.", {"gen": "1"}, None),
        ("homewizard", "p1meter-AABBCC", {"product_type": "HWE-P1", "api_enabled": "1",
         "product_name": "P1 meter", "serial": "3c39e7aabbcc"}, ("P1 meter", "3c39e7aabbcc")),
        ("homewizard", "p1meter-AABBCC", {"product_type": "HWE-P1", "api_enabled": "0"}, None),
        ("homewizard", "watermeter-AABBCC", {"product_type": "HWE-WTR", "api_enabled": "1"}, None),
        ("homewizard_v2", "battery-AABBCC", {"product_type": "HWE-BAT", "serial": "3c39e7aabbcc",
         "product_name": "Plug-In Battery"}, ("Plug-In Battery", "3c39e7aabbcc")),
        ("homewizard_v2", "p1meter-AABBCC", {"product_type": "HWE-P1"}, ("HWE-P1", None)),
        ("homewizard_v2", "energysocket-AABBCC", {"product_type": "HWE-SKT"}, None),
    ],
)  # fmt: skip
def test_a_scan_knows_it_by_what_it_announces(
    driver: str, name: str, properties: dict[str, str], expected: tuple[str, str | None] | None
) -> None:
    (probe,) = (one for one in REGISTRY.info(driver).probes if isinstance(one, MdnsProbe))
    told = probe.judge(name, properties)

    assert (None if told is None else (told.model, told.serial)) == expected
