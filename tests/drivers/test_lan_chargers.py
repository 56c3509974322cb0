"""Chargers by HTTP, on their answers in tests/fixtures/chargers, and on answers that are none.

captured: false
options: {...}                       beside host and port
answers: {GET /status: {...}}        what it says; without a query for all queries
identity: {...}
limits: [6, 32]                      the currents it bears
expect: {power_w: 5}                 every field that is not None
commands:
- {do: stop_charging, asked: [[POST, /mode, {...}]]}     what is sent beside what is only read
variants:
- {why: ..., change: {GET /status: {state: 7}}, expect: {...}}     some fields, null for unknown
wrong: [{state: x}]                  changes of what is read that make it no reading
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
from gatewayd.model.command import SetMaxCurrent, StartCharging, StopCharging
from gatewayd.sdk.driver import Driver
from gatewayd.sdk.finding import HttpProbe, MdnsProbe
from tests.drivers.images import command

FOLDER = Path(__file__).parents[1] / "fixtures" / "chargers"
REGISTRY = Registry()
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
CONTENT: dict[str, dict[str, Any]] = {
    name: YAML(typ="safe", pure=True).load(FOLDER / f"{name}.yaml") for name in NAMES
}
on_every_charger = pytest.mark.parametrize("name", NAMES)
CHARGER = "charger"

Answers = dict[str, Any]


@dataclass
class Box:
    """A charger that says what its fixture says, and keeps what it was asked."""

    answers: Answers
    asked: list[list[Any]] = field(default_factory=list)
    raw: web.Response | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        self.asked.append([request.method, request.path_qs, body])
        if self.raw is not None:
            return self.raw
        for path in (request.path_qs, request.path):
            if (key := f"{request.method} {path}") in self.answers:
                return web.json_response(self.answers[key])
        return web.Response(status=404)


@asynccontextmanager
async def opened(
    name: str, answers: Answers | None = None, **options: object
) -> AsyncIterator[tuple[Box, Driver]]:
    box = Box(dict(CONTENT[name]["answers"]) if answers is None else answers)
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", box.handle)
    info = REGISTRY.info(name)
    async with TestServer(app) as server:
        own = {"host": "127.0.0.1", "port": server.port, "timeout_s": 1.0}
        given = {**own, **CONTENT[name].get("options", {}), **options}
        async with info.open(info.options.model_validate(given), Links()) as driver:
            yield box, driver


def changed(name: str, change: Mapping[str, Mapping[str, Any]]) -> Answers:
    """The fixture's answers with some of their values changed."""
    answers: Answers = dict(CONTENT[name]["answers"])
    for path, values in change.items():
        answers[path] = answers[path] | values
    return answers


async def reading(driver: Driver) -> dict[str, Any]:
    return asdict((await driver.read())[CHARGER])


def known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def of_status(name: str) -> str:
    """The path that tells what is measured."""
    paths = [str(path) for path in CONTENT[name]["answers"] if path.startswith("GET ")]
    return next((path for path in paths if "stat" in path or "vitals" in path), paths[0])


@on_every_charger
async def test_it_tells_who_it_is_and_what_it_bears(name: str) -> None:
    async with opened(name) as (_, driver):
        identity = await driver.identify()

    role = identity.roles[CHARGER]
    told = asdict(identity)
    del told["roles"]
    assert known(told) == CONTENT[name]["identity"]
    assert [role.min_current_a, role.max_current_a] == CONTENT[name]["limits"]
    assert role.capabilities == REGISTRY.info(name).controls
    assert role.reports >= CONTENT[name]["expect"].keys()


@on_every_charger
async def test_it_reads_its_answers_and_nothing_else(name: str) -> None:
    async with opened(name) as (_, driver):
        await driver.identify()
        first, second = await reading(driver), await reading(driver)

    assert known(first) == pytest.approx(CONTENT[name]["expect"])
    assert first == second


VARIANTS = [(name, variant) for name in NAMES for variant in CONTENT[name]["variants"]]


@pytest.mark.parametrize(
    ("name", "variant"), VARIANTS, ids=[f"{name}: {one['why']}" for name, one in VARIANTS]
)
async def test_other_states_and_firmwares_are_understood(
    name: str, variant: Mapping[str, Any]
) -> None:
    answers = changed(name, variant.get("change", {})) | variant.get("answers", {})
    async with opened(name, answers) as (_, driver):
        told = await reading(driver)

    expected = variant["expect"]
    assert {key: told[key] for key in expected} == pytest.approx(expected)


COMMANDS = [(name, entry) for name in NAMES for entry in CONTENT[name]["commands"]]


@pytest.mark.parametrize(
    ("name", "entry"), COMMANDS, ids=[f"{name}: {one['do']}" for name, one in COMMANDS]
)
async def test_a_command_is_sent_as_the_charger_wants_it(name: str, entry: dict[str, Any]) -> None:
    async with opened(name) as (box, driver):
        await driver.identify()
        await driver.read()
        before = len(box.asked)
        await driver.apply(CHARGER, command(entry)[1])

        told = [one for one in box.asked[before:] if not is_question(one)]
        assert [[method, path, _body(body)] for method, path, body in told] == entry["asked"]


def is_question(asked: list[Any]) -> bool:
    """Whether it only asks: commands by GET have a query with a value."""
    method, path, _ = asked
    return (method == "GET" and "/set?" not in path) or "/live" in path or "/search" in path


def _body(text: str) -> object:
    return json.loads(text) if text.startswith("{") else text


@on_every_charger
async def test_every_command_it_announces_is_in_its_fixture(name: str) -> None:
    told = {entry["do"] for entry in CONTENT[name]["commands"]}

    assert told == REGISTRY.info(name).controls


@on_every_charger
async def test_currents_that_it_does_not_bear_and_commands_read_only_are_not_sent(
    name: str,
) -> None:
    async with opened(name, read_only=True) as (box, driver):
        for told in (StartCharging(), StopCharging(), SetMaxCurrent(10)):
            with pytest.raises(UnsupportedError):
                await driver.apply(CHARGER, told)
        assert box.asked == []
    async with opened(name) as (box, driver):
        await driver.identify()
        before = len(box.asked)
        for current_a in (0, 5, 81):
            with pytest.raises((RefusedError, UnsupportedError)):
                await driver.apply(CHARGER, SetMaxCurrent(current_a))
        with pytest.raises(UnsupportedError):
            await driver.apply("battery", StartCharging())
        await driver.renew(CHARGER)
        assert driver.watchdog_s(CHARGER) is None
        assert len(box.asked) == before


WRONG = [(name, wrong) for name in NAMES for wrong in CONTENT[name]["wrong"]]


@pytest.mark.parametrize(("name", "wrong"), WRONG, ids=[f"{n}: {w}" for n, w in WRONG])
async def test_what_makes_no_sense_gives_no_reading(name: str, wrong: dict[str, Any]) -> None:
    async with opened(name, changed(name, {of_status(name): wrong})) as (_, driver):
        with pytest.raises(BadReadingError):
            await driver.read()


LOGIN_PAGE = b"<!DOCTYPE html><html><body><form>Password</form></body></html>"


@on_every_charger
@pytest.mark.parametrize(
    ("status", "body", "errors"),
    [
        (200, LOGIN_PAGE, BadReadingError),
        (200, b'{"state": 3, "car": 2, ', BadReadingError),
        (200, b"[]", BadReadingError),
        (200, b'"charging"', BadReadingError),
        (200, b"", BadReadingError),
        (200, b'{"a": "' + b"x" * 70_000 + b'"}', BadReadingError),
        (401, b"", AuthError),
        (404, b"", (RefusedError, AuthError)),
        (500, b"", (BadReadingError, AuthError)),
        (503, b"", (BusyError, AuthError)),
    ],
    ids=lambda value: str(value)[:20],
)
async def test_an_answer_that_is_none_is_an_error(
    name: str, status: int, body: bytes, errors: type[DeviceError]
) -> None:
    async with opened(name) as (box, driver):
        box.raw = web.Response(status=status, body=body)
        with pytest.raises(errors):
            await driver.read()


@on_every_charger
async def test_without_an_answer_it_is_unreachable(name: str) -> None:
    async with opened(name, port=9) as (_, driver):
        with pytest.raises(UnreachableError):
            await driver.read()


async def test_a_go_e_that_refuses_a_value_says_so() -> None:
    answers = CONTENT["go_e"]["answers"] | {"GET /api/set?frc=2": {"frc": "not allowed"}}
    async with opened("go_e", answers) as (_, driver):
        with pytest.raises(RefusedError, match="not allowed"):
            await driver.apply(CHARGER, StartCharging())


async def test_an_openevse_that_was_stopped_stays_so_with_another_current() -> None:
    answers = changed("openevse", {"GET /status": {"status": "disabled", "state": 254}})
    async with opened("openevse", answers) as (box, driver):
        await driver.apply(CHARGER, SetMaxCurrent(10))

    assert json.loads(box.asked[-1][2])["state"] == "disabled"


async def test_a_paused_openwb_starts_with_the_current_it_was_told_last() -> None:
    pause = {"GET /connect.php": {"offered_current": 0, "charge_state": False}}
    async with opened("openwb_pro", changed("openwb_pro", pause)) as (box, driver):
        await driver.apply(CHARGER, SetMaxCurrent(13))
        await driver.apply(CHARGER, StopCharging())
        await driver.read()
        await driver.apply(CHARGER, StartCharging())

    assert box.asked[-1] == ["POST", "/connect.php", "ampere=13.0"]


async def test_an_sma_charger_gets_a_token_for_its_login() -> None:
    async with opened("sma_ev_charger") as (box, driver):
        await driver.read()
        await driver.read()

    form = "grant_type=password&username=gateway&password=a+%26+b"
    assert [one for one in box.asked if "token" in one[1]] == [["POST", "/api/v1/token", form]]


def probe_of(name: str) -> HttpProbe | None:
    probes = REGISTRY.info(name).probes
    return next((one for one in probes if isinstance(one, HttpProbe)), None)


FOUND_BY_HTTP = [name for name in NAMES if probe_of(name) is not None]


@pytest.mark.parametrize("name", FOUND_BY_HTTP)
def test_a_scan_knows_it_by_what_it_tells_without_a_login(name: str) -> None:
    probe = probe_of(name)
    assert probe is not None
    path = probe.path.partition("?")[0]
    told = probe.judge(json.dumps(CONTENT[name]["answers"][f"GET {path}"]))

    assert told is not None
    assert CONTENT[name]["identity"] == {
        key: value
        for key in ("vendor", "model", "serial", "firmware")
        if (value := getattr(told, key)) is not None
    }
    said = ["<html>", "{}", "[]", ""]
    for other in sorted(set(NAMES) - {name}):
        said += [json.dumps(one) for one in CONTENT[other]["answers"].values()]
    assert [one for one in said if probe.judge(one) is not None] == []


def test_a_go_e_controller_is_no_charger() -> None:
    probe = probe_of("go_e")
    assert probe is not None

    assert probe.judge('{"sse": "1", "fwv": "1.1.1", "typ": "go-eController"}') is None
    assert probe.judge('{"sse": "1", "typ": "other", "car": 1}') is None


@pytest.mark.parametrize(
    ("properties", "serial"), [({"type": "openevse", "id": "1234"}, "1234"), ({"id": "1234"}, None)]
)
def test_a_scan_knows_an_openevse_by_what_it_announces(
    properties: dict[str, str], serial: str | None
) -> None:
    (probe,) = (one for one in REGISTRY.info("openevse").probes if isinstance(one, MdnsProbe))
    told = probe.judge("openevse-1234", properties)

    assert (told and told.serial) == serial
