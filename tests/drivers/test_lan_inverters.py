"""Inverters, batteries and heating by HTTP, on their answers in two folders of tests/fixtures.

captured: false
options: {...}                       beside host and port
answers: {GET /status: {...}}        what it says; text as it is, without a query for all queries
headers: {POST /login: {...}}        what goes with an answer
identity: {...}
expect: {inverter: {power_w: 5}}     every field that is not None
commands:
- {role: inverter, do: set_production_limit, limit_w: 5, asked: [[PUT, /limit, "5"]]}
variants:
- {why: ..., change: {GET /status: {...}}, answers: {...}, roles: [inverter], expect: {...}}
wrong: [{GET /status: {...}}]        changes that make it no reading
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from ruamel.yaml import YAML

from gatewayd.devices.registry import Registry
from gatewayd.errors import (
    AuthError,
    BadReadingError,
    BusyError,
    DeviceError,
    RefusedError,
    UnreachableError,
    UnsupportedError,
)
from gatewayd.links.pool import Links
from gatewayd.model.command import StartCharging, is_confirmed
from gatewayd.model.power import SetProductionLimit
from gatewayd.model.reading import Reading
from gatewayd.sdk.driver import Driver
from gatewayd.sdk.finding import HttpProbe, Likeness
from tests.drivers.images import command

FIXTURES = Path(__file__).parents[1] / "fixtures"
REGISTRY = Registry()
CONTENT: dict[str, dict[str, Any]] = {
    path.stem: told
    for folder in ("inverters", "climate")
    for path in sorted((FIXTURES / folder).glob("*.yaml"))
    # Those without are for scans alone: they have tests of their own.
    if "expect" in (told := YAML(typ="safe", pure=True).load(path))
}
NAMES = sorted(CONTENT)
on_every_device = pytest.mark.parametrize("name", NAMES)
LOGIN_PAGE = b"<!DOCTYPE html><html><body><form>Password</form></body></html>"


@dataclass
class Box:
    """A device that says what its fixture says, and keeps what it was asked."""

    answers: dict[str, Any]
    headers: Mapping[str, Any]
    asked: list[list[str]] = field(default_factory=list)
    seen: list[Mapping[str, str]] = field(default_factory=list)
    # Status, body and headers of every answer but a login's, or of a login's.
    raw: tuple[int, bytes] | None = None
    login: tuple[int, Mapping[str, str]] | None = None
    # What is asked of who has no login, save for /info.
    challenge: str | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append([request.method, request.path_qs, await request.text()])
        self.seen.append(request.headers)
        is_login = "login" in request.path
        if self.login is not None and is_login:
            return web.Response(status=self.login[0], headers=self.login[1])
        if self.challenge and "Authorization" not in request.headers and request.path != "/info":
            return web.Response(status=401, headers={"WWW-Authenticate": self.challenge})
        if self.raw is not None and not is_login:
            return web.Response(status=self.raw[0], body=self.raw[1])
        for path in (request.path_qs, request.path):
            key = f"{request.method} {path}"
            if (told := self.answers.get(key)) is not None:
                text = told if isinstance(told, str) else json.dumps(told)
                return web.Response(text=text, headers=self.headers.get(key))
        return web.Response(status=404)


@asynccontextmanager
async def opened(
    name: str, answers: dict[str, Any] | None = None, **options: object
) -> AsyncIterator[tuple[Box, Driver]]:
    content = CONTENT[name]
    told = dict(content["answers"]) if answers is None else answers
    box = Box(told, content.get("headers", {}))
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", box.handle)
    info = REGISTRY.info(name)
    async with TestServer(app) as server:
        own = {"host": "127.0.0.1", "port": server.port, "timeout_s": 1.0}
        given = {**own, **content.get("options", {}), **options}
        async with info.open(info.options.model_validate(given), Links()) as driver:
            yield box, driver


def merged(told: Any, change: Any) -> Any:
    if not (isinstance(told, dict) and isinstance(change, dict)):
        return change
    return told | {key: merged(told.get(key), value) for key, value in change.items()}


def changed(name: str, change: Mapping[str, Any]) -> dict[str, Any]:
    answers: dict[str, Any] = merged(CONTENT[name]["answers"], change)
    return answers


def known(reading: Reading) -> dict[str, Any]:
    return {name: value for name, value in asdict(reading).items() if value is not None}


@on_every_device
async def test_it_tells_who_it_is_and_what_it_measures(name: str) -> None:
    async with opened(name) as (_, driver):
        identity = await driver.identify()
        first, second = await driver.read(), await driver.read()

    told = {key: value for key, value in asdict(identity).items() if value is not None}
    del told["roles"]
    assert told == CONTENT[name]["identity"]
    assert {role: known(reading) for role, reading in first.items()} == {
        role: pytest.approx(values) for role, values in CONTENT[name]["expect"].items()
    }
    assert first == second
    assert identity.roles.keys() == first.keys()
    for role, spec in identity.roles.items():
        assert spec.reports >= known(first[role]).keys()
    assert {role.kind for role in identity.roles.values()} <= REGISTRY.info(name).kinds


VARIANTS = [(name, variant) for name in NAMES for variant in CONTENT[name]["variants"]]


@pytest.mark.parametrize(
    ("name", "variant"), VARIANTS, ids=[f"{name}: {one['why']}" for name, one in VARIANTS]
)
async def test_other_models_and_firmwares_are_understood(
    name: str, variant: Mapping[str, Any]
) -> None:
    answers = changed(name, variant.get("change", {})) | variant.get("answers", {})
    async with opened(name, answers) as (_, driver):
        identity = await driver.identify()
        told = await driver.read()

    assert list(told) == variant["roles"]
    assert identity.roles.keys() == told.keys()
    for role, expected in variant["expect"].items():
        found = asdict(told[role])
        assert {key: found[key] for key in expected} == pytest.approx(expected)


COMMANDS = [(name, entry) for name in NAMES for entry in CONTENT[name].get("commands", [])]


@pytest.mark.parametrize(
    ("name", "entry"), COMMANDS, ids=[f"{name}: {one['do']}" for name, one in COMMANDS]
)
async def test_a_command_is_sent_as_the_device_wants_it(name: str, entry: dict[str, Any]) -> None:
    capability, wanted = command(entry)
    async with opened(name) as (box, driver):
        identity = await driver.identify()
        assert capability in identity.roles[entry["role"]].capabilities
        before = len(box.asked)
        await driver.apply(entry["role"], wanted)
        told = [one for one in box.asked[before:] if not is_question(one)]
        box.answers.update(merged(box.answers, entry.get("after", {})))
        reading = (await driver.read())[entry["role"]]

    assert [[method, path, _body(body)] for method, path, body in told] == entry["asked"]
    assert is_confirmed(wanted, reading)


def is_question(asked: list[str]) -> bool:
    method, path, _ = asked
    return (method == "GET" and "/set" not in path) or path == "/GetParam"


def _body(text: str) -> object:
    return json.loads(text) if text.startswith("{") else text


@on_every_device
async def test_commands_it_does_not_know_or_may_not_send_are_not_sent(name: str) -> None:
    assert {one["do"] for one in CONTENT[name].get("commands", [])} == REGISTRY.info(name).controls
    async with opened(name, read_only=True) as (box, driver):
        for entry in CONTENT[name].get("commands", []):
            with pytest.raises(UnsupportedError):
                await driver.apply(entry["role"], command(entry)[1])
        for role in ("inverter", "battery", "charger", "hvac"):
            with pytest.raises(UnsupportedError):
                await driver.apply(role, StartCharging())
            await driver.renew(role)
            assert driver.watchdog_s(role) is None
        assert box.asked == []


WRONG = [(name, wrong) for name in NAMES for wrong in CONTENT[name]["wrong"]]


@pytest.mark.parametrize(("name", "wrong"), WRONG, ids=[f"{n}: {w}"[:90] for n, w in WRONG])
async def test_what_makes_no_sense_gives_no_reading(name: str, wrong: dict[str, Any]) -> None:
    async with opened(name, changed(name, wrong)) as (_, driver):
        with pytest.raises(BadReadingError):
            await driver.read()


@on_every_device
@pytest.mark.parametrize(
    ("status", "body", "errors"),
    [
        (200, LOGIN_PAGE, BadReadingError),
        (200, b'{"data": {"p1": 2, ', BadReadingError),
        (200, b"[]", BadReadingError),
        (200, b'"fine"', BadReadingError),
        (200, b"", BadReadingError),
        (200, b'{"a": "' + b"x" * 70_000 + b'"}', BadReadingError),
        (401, b"", AuthError),
        (404, b"", (RefusedError, AuthError)),
        (500, b"", (BadReadingError, AuthError)),
        (503, b"", BusyError),
    ],
    ids=lambda value: str(value)[:20],
)
async def test_an_answer_that_is_none_is_an_error(
    name: str, status: int, body: bytes, errors: type[DeviceError]
) -> None:
    async with opened(name) as (box, driver):
        box.raw = (status, body)
        with pytest.raises(errors):
            await driver.read()


@on_every_device
async def test_without_an_answer_it_is_unreachable(name: str) -> None:
    async with opened(name, port=9) as (_, driver):
        with pytest.raises(UnreachableError):
            await driver.read()


async def test_a_powerwall_is_logged_in_to_once_and_again_when_its_cookie_is_refused() -> None:
    async with opened("tesla_powerwall") as (box, driver):
        await driver.read()
        await driver.read()
        logins = [body for _, path, body in box.asked if "login" in path]
        cookies = {told.get("Cookie") for told in box.seen}
        before = len(box.asked)
        box.raw = (403, b"")
        with pytest.raises(RefusedError):
            await driver.read()

    assert [json.loads(body)["username"] for body in logins] == ["customer"]
    assert cookies == {None, "AuthCookie=abc-_=="}
    flows = "/api/meters/aggregates"
    assert [path for _, path, _ in box.asked[before:]] == [flows, "/api/login/Basic", flows]


@pytest.mark.parametrize(
    ("din", "model", "serial"),
    [
        ("1707000-11-J--TG12345678901A", "Powerwall 3", "1707000-11-J--TG12345678901A"),
        (" 1841000-01-E--TG12345678901B\n", "Powerwall", "1841000-01-E--TG12345678901B"),
        (None, "Powerwall", None),
        (LOGIN_PAGE.decode(), "Powerwall", None),
        ("x" * 60_000, "Powerwall", None),
    ],
)
async def test_a_powerwall_3_is_read_by_its_token(
    din: str | None, model: str, serial: str | None
) -> None:
    told = CONTENT["tesla_powerwall"]["answers"]
    hidden = dict.fromkeys(["GET /api/status", "GET /api/system_status", "GET /api/operation"])
    async with opened("tesla_powerwall", told | hidden | {"GET /tedapi/din": din}) as (box, driver):
        box.headers = {}
        identity = await driver.identify()
        reading = (await driver.read())["battery"]

    assert (identity.model, identity.serial, identity.firmware) == (model, serial, None)
    assert identity.roles.keys() == {"inverter", "meter", "battery"}
    assert known(reading)["soc_pct"] == pytest.approx(60)
    assert {(told.get("Cookie"), told.get("Authorization")) for told in box.seen} == {
        (None, None),
        (None, "Bearer T"),
    }


@pytest.mark.parametrize(
    "body",
    ["", "<html>", "[]", "{}", '{"token": 5}', '{"token": "a b"}', '{"token": "a\\r\\nX: 1"}'],
)
async def test_a_login_that_gives_a_powerwall_no_token_is_none(body: str) -> None:
    told = CONTENT["tesla_powerwall"]["answers"] | {"POST /api/login/Basic": body}
    async with opened("tesla_powerwall", told) as (box, driver):
        box.headers = {}
        with pytest.raises(AuthError, match="neither a cookie nor a token"):
            await driver.read()


async def test_what_a_powerwall_hides_from_a_login_costs_no_further_logins() -> None:
    answers = CONTENT["tesla_powerwall"]["answers"] | {"GET /api/operation": None}
    async with opened("tesla_powerwall", answers) as (box, driver):
        for _ in range(3):
            await driver.read()

    assert [path for _, path, _ in box.asked].count("/api/operation") == 1


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (429, {}, BusyError),
        (401, {}, AuthError),
        (500, {}, RefusedError),
        (200, {"Set-Cookie": "other=1"}, AuthError),
        (200, {}, AuthError),
    ],
)
async def test_a_login_that_a_powerwall_does_not_grant(
    status: int, headers: dict[str, str], error: type[DeviceError]
) -> None:
    async with opened("tesla_powerwall") as (box, driver):
        box.login = (status, headers)
        with pytest.raises(error):
            await driver.read()


async def test_an_enphase_gateway_gets_its_token_with_every_request() -> None:
    async with opened("enphase_iq_gateway") as (box, driver):
        await driver.read()

    assert {told.get("Authorization") for told in box.seen} == {"Bearer eyJraWQi.abc"}


async def test_a_box_without_a_serial_number_is_no_enphase_gateway() -> None:
    answers = CONTENT["enphase_iq_gateway"]["answers"] | {"GET /info": "<html></html>"}
    async with opened("enphase_iq_gateway", answers) as (_, driver):
        with pytest.raises(BadReadingError, match="serial"):
            await driver.identify()


@pytest.mark.parametrize(
    ("name", "software"), [("enphase_envoy", "D8.2.4264"), ("enphase_iq_gateway", "D5.0.62")]
)
async def test_an_enphase_gateway_with_another_firmware_has_another_driver(
    name: str, software: str
) -> None:
    other = ({"enphase_envoy", "enphase_iq_gateway"} - {name}).pop()
    told = f"<envoy_info><sn>12</sn><software>{software}</software></envoy_info>"
    async with opened(name, CONTENT[name]["answers"] | {"GET /info": told}) as (_, driver):
        with pytest.raises(RefusedError, match=f"use driver {other}"):
            await driver.identify()

    assert likeness(name, told) is None
    assert likeness(other, told) is not None
    assert likeness(other, "<html>") is None


def likeness(name: str, told: str) -> Likeness | None:
    (probe,) = (one for one in REGISTRY.info(name).probes if isinstance(one, HttpProbe))
    return probe.judge(told)


async def test_an_envoy_is_logged_in_to_by_digest_when_it_asks() -> None:
    async with opened("enphase_envoy") as (box, driver):
        box.challenge = 'Digest realm="enphaseenergy.com", qop="auth", nonce="1", algorithm=MD5'
        assert "inverter" in await driver.read()

    assert 'Digest username="envoy"' in box.seen[-1]["Authorization"]
    assert [path for _, path, _ in box.asked] == ["/info"] + ["/production.json?details=1"] * 2


async def test_an_ez1_refuses_what_it_cannot_keep_to_and_is_busy_when_it_fails() -> None:
    async with opened("apsystems_ez1") as (box, driver):
        await driver.identify()
        with pytest.raises(RefusedError):
            await driver.apply("inverter", SetProductionLimit(20.0))
        box.raw = (200, b'{"data": {}, "message": "FAILED"}')
        with pytest.raises(BusyError, match="FAILED"):
            await driver.read()


async def test_a_pocket_wifi_that_knows_only_zeros_has_no_inverter() -> None:
    answers = changed("solax_pocket_wifi", {"POST /": {"Data": [0] * 200}})
    async with opened("solax_pocket_wifi", answers) as (box, driver):
        with pytest.raises(UnreachableError, match="no answer of its inverter"):
            await driver.read()

    assert box.asked == [["POST", "/", "optType=ReadRealTimeData&pwd=SWABCD1234"]]
