"""The remote control over HTTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from gatewayd.errors import ConfigError
from gatewayd.virtual.control import create_control, serve_control
from gatewayd.virtual.devices.device import Fault
from gatewayd.virtual.home import VirtualHome
from tests.fakes.clock import FakeClock


@pytest.fixture
async def remote(home: VirtualHome) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_control(home))
    async with httpx.AsyncClient(transport=transport, base_url="http://home") as remote:
        yield remote


async def test_it_is_served_on_the_loopback_until_the_end(home: VirtualHome) -> None:
    async with (
        serve_control(home, 0) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as remote,
    ):
        assert (await remote.get("/state")).status_code == 200
        with pytest.raises(ConfigError, match="already in use; choose another port"):
            async with serve_control(home, remote.base_url.port or 0):
                pass

    assert url.startswith("http://127.0.0.1:")
    async with httpx.AsyncClient(base_url=url, trust_env=False) as remote:
        with pytest.raises(httpx.ConnectError):
            await remote.get("/state")


async def test_the_state_tells_all(home: VirtualHome, remote: httpx.AsyncClient) -> None:
    told = (await remote.get("/state")).json()

    assert told["clock"] == {
        "at": "2026-06-21T12:00:02+02:00",
        "speed": 1.0,
        "timezone": "Europe/Vienna",
    }
    assert told["car"]["plugged"] is True
    assert told["car"]["soc"] == pytest.approx(0.4)
    assert told["sun"]["elevation"] > 60
    for name, driver, unit in [
        ("inverter", "sunspec", 1),
        ("meter", "eastron_sdm630", 1),
        ("charger", "keba_p30", 255),
    ]:
        device = told["devices"][name]
        assert (device["driver"], device["unit"]) == (driver, unit)
        assert device["port"] == home.servers[name].port
        assert device["faults"] == []
        assert device["truth"]["power"] is not None
    assert told["devices"]["inverter"]["setpoints"]["124.StorCtl_Mod"] == 0


async def test_each_order_is_followed_and_shown(
    home: VirtualHome, remote: httpx.AsyncClient
) -> None:
    async def post(path: str, body: dict[str, Any]) -> Any:
        answer = await remote.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    car = (await post("/car", {"plugged": False, "soc": 0.35}))["car"]
    assert (car["plugged"], car["soc"]) == (False, 0.35)
    car = (await post("/car", {"phases": 1, "maxCurrentA": 32, "limit": 1}))["car"]
    assert (car["phases"], car["maxCurrentA"], car["limit"], car["soc"]) == (1, 32.0, 1.0, 0.35)
    assert (await post("/cloud", {"factor": 0.2}))["sun"]["isForced"] is True
    assert (await post("/cloud", {"factor": None}))["sun"]["isForced"] is False
    extra = (await post("/load", {"watts": 3000, "phase": "b"}))["load"]["extra"]
    assert extra == {"power": 3000.0, "a": 0.0, "b": 3000.0, "c": 0.0}
    assert (await post("/load", {"watts": 0}))["load"]["extra"]["power"] == 0.0
    assert (await post("/load", {"watts": 3000}))["load"]["extra"]["c"] == 1000.0
    assert (await post("/clock", {"speed": 60}))["clock"]["speed"] == 60.0
    fault = {"device": "meter", "kind": "silent", "on": True}
    assert (await post("/fault", fault))["devices"]["meter"]["faults"] == ["silent"]
    assert (await post("/fault", fault | {"on": False}))["devices"]["meter"]["faults"] == []


@pytest.mark.parametrize(
    "text", ["2026-12-24T18:00", "2026-12-24T18:00+01:00", "2026-12-24T17:00Z"]
)
async def test_a_time_may_be_local_or_carry_its_offset(
    home: VirtualHome, remote: httpx.AsyncClient, text: str
) -> None:
    told = (await remote.post("/clock", json={"at": text})).json()

    assert told["clock"]["at"] == "2026-12-24T18:00:00+01:00"
    assert told["sun"]["elevation"] < 0


async def test_an_extra_load_reaches_the_phase(
    home: VirtualHome, remote: httpx.AsyncClient, clock: FakeClock
) -> None:
    before = home.house.load_w
    await remote.post("/load", json={"watts": 3000, "phase": "c"})
    await clock.advance(2)

    assert home.house.load_w[2] - before[2] == pytest.approx(3000, abs=50)
    assert home.house.load_w[0] - before[0] == pytest.approx(0, abs=50)


BAD = [
    ("/car", "", "invalid JSON"),
    ("/car", "{", "invalid JSON"),
    ("/car", "[]", "object"),
    ("/car", "{}", "asks for nothing"),
    ("/car", '{"plugged": "yes"}', "plugged"),
    ("/car", '{"plugged": null}', "plugged"),
    ("/car", '{"soc": 1.01}', "soc"),
    ("/car", '{"soc": -0.01}', "soc"),
    ("/car", '{"soc": NaN}', "finite"),
    ("/car", '{"soc": Infinity}', "finite"),
    ("/car", '{"soc": 1e999}', "finite"),
    ("/car", '{"soc": true}', "soc"),
    ("/car", '{"phases": 2}', "phases"),
    ("/car", '{"maxCurrentA": 5}', "maxCurrentA"),
    ("/car", '{"colour": "red"}', "colour"),
    ("/car", '{"soc": 0.5, "colour": "red"}', "colour"),
    ("/cloud", "{}", "factor"),
    ("/cloud", '{"factor": 2}', "factor"),
    ("/load", '{"watts": -1}', "watts"),
    ("/load", '{"watts": 1000000}', "watts"),
    ("/load", '{"watts": 10, "phase": "d"}', "phase"),
    ("/load", '{"phase": "a"}', "watts"),
    ("/clock", "{}", "asks for nothing"),
    ("/clock", '{"speed": 0}', "speed"),
    ("/clock", '{"speed": 3601}', "speed"),
    ("/clock", '{"speed": "fast"}', "speed"),
    ("/clock", '{"at": "noon"}', "at: 'noon' is no time"),
    ("/clock", '{"at": "0001-01-01T00:00+14:00"}', "year"),
    ("/clock", '{"at": "9999-12-31T23:59-12:00"}', "year"),
    ("/clock", '{"at": 0}', "at"),
    ("/clock", '{"speed": 60, "at": "noon"}', "noon"),
    ("/fault", '{"device": "meter", "kind": "silent"}', "on"),
    ("/fault", '{"device": "meter", "kind": "rust", "on": true}', "rust|silent"),
    ("/fault", '{"device": "boiler", "kind": "silent", "on": true}', "'boiler'"),
    ("/fault", '{"device": "charger", "kind": "sign", "on": true}', "no signed power"),
    ("/car", '{"colour": "' + "r" * 20_000 + '"}', "longer than"),
    ("/car", "[" * 5000, "invalid JSON"),
    ("/car", "\x00\xff", "invalid JSON"),
]


@pytest.mark.parametrize(("path", "body", "what"), BAD)
async def test_a_bad_order_is_refused_and_changes_nothing(
    remote: httpx.AsyncClient, path: str, body: str, what: str
) -> None:
    before = (await remote.get("/state")).json()

    answer = await remote.post(path, content=body.encode("latin-1"))

    assert answer.status_code == 400
    told = answer.json()
    assert any(word in told["error"] for word in what.split("|"))
    assert told["error"].startswith(f"POST {path}: ")
    for problem in told["problems"]:
        assert problem["where"].startswith(path)
        assert problem["what"]
        assert problem["do"].startswith("send for example {")
    assert (await remote.get("/state")).json() == before


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/", 404), ("GET", "/car", 405), ("PUT", "/car", 405)]
)
async def test_other_places_say_what_there_is(
    remote: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await remote.request(method, path)

    assert answer.status_code == status
    assert "GET /state" in answer.json()["error"]


async def test_a_plug_pulled_by_order_stays_out(
    home: VirtualHome, remote: httpx.AsyncClient, clock: FakeClock
) -> None:
    await remote.post("/car", json={"plugged": False})
    home.clock.run_at(3600)
    await clock.advance(11)

    assert not home.house.car.is_plugged
    assert home.house.car.held_until == datetime(2026, 6, 21, 22, 0, 2, tzinfo=UTC)


@pytest.mark.parametrize("kind", list(Fault))
async def test_every_fault_can_be_begun_and_ended(
    home: VirtualHome, remote: httpx.AsyncClient, kind: Fault
) -> None:
    for on in (True, False):
        order = {"device": "meter", "kind": kind.value, "on": on}
        answer = await remote.post("/fault", json=order)

        assert answer.status_code == 200
        assert (kind.value in answer.json()["devices"]["meter"]["faults"]) is on
