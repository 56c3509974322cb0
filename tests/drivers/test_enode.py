"""The driver of an Enode-compatible server against our own server, and against strange ones."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gatewayd.devices.device import ConfiguredDevice
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
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.climate import FollowSchedule, HvacMode, PermanentHold
from gatewayd.model.command import (
    Command,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
)
from gatewayd.model.power import Hold
from gatewayd.model.reading import (
    ChargerReading,
    InverterReading,
    OperationMode,
    PowerDelivery,
    VehicleReading,
)
from gatewayd.sdk.driver import Driver
from tests.enode.home import USER, Home, home, hybrid, silence, wallbox
from tests.enode.test_transport import served
from tests.fakes.driver import ScriptedBox, car_box, charger_box, thermostat_box

INFO = Registry().info("enode")
TOKEN = {"access_token": "abc", "expires_in": 3599, "scope": "", "token_type": "bearer"}
ACTION = "00000000-0000-4000-8000-000000000001"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.lan.enode._PAUSES_S", (0.0, 0.0))


def options(port: int, **more: object) -> Any:
    place = {"host": "127.0.0.1", "port": port, "tls": False, "page_gap_s": 0, "timeout_s": 5}
    login = {"client_id": "us", "client_secret": "secret"}
    return INFO.options.model_validate(place | login | more)


@asynccontextmanager
async def opened(port: int, **more: object) -> AsyncIterator[Driver]:
    async with INFO.open(options(port, **more), Links()) as driver:
        yield driver


@asynccontextmanager
async def account(
    path: Path, devices: dict[str, ScriptedBox] | None = None, **more: object
) -> AsyncIterator[tuple[Home, Driver]]:
    """A gateway with an API client, and a driver that is this client."""
    async with home(path, devices) as there, served(there, "h11") as port:
        login = {"client_id": there.client.id, "client_secret": there.client.secret}
        whose = {} if "asset_id" in more else {"user_id": USER}
        async with opened(port, **login | whose | more) as driver:
            yield there, driver


def street() -> dict[str, ScriptedBox]:
    """All six kinds of assets."""
    return {
        "hybrid": hybrid(),
        "wallbox": wallbox(),
        "car": car_box(),
        "warm": thermostat_box(),
    }


async def test_all_assets_of_a_user_say_here_what_they_say_there(tmp_path: Path) -> None:
    boxes = street()
    async with account(tmp_path, boxes) as (there, driver):
        identity = await driver.identify()
        readings = await driver.read()

    assert (identity.vendor, identity.model) == ("Enode", "assets of anna")
    kinds = {role.kind for role in identity.roles.values()}
    assert kinds == set(AssetKind)
    told = {identity.roles[name].kind: reading for name, reading in readings.items()}
    assert told[AssetKind.BATTERY] == boxes["hybrid"].readings["battery"]
    assert told[AssetKind.METER] == boxes["hybrid"].readings["meter"]
    # The API has three places of a kilowatt.
    produced = boxes["hybrid"].readings["inverter"]
    assert isinstance(produced, InverterReading)
    assert told[AssetKind.INVERTER] == replace(produced, power_w=4321.0)
    assert told[AssetKind.HVAC] == boxes["warm"].readings["hvac"]
    # What rests draws nothing, and only what charges has a rate.
    assert told[AssetKind.CHARGER] == boxes["wallbox"].readings["charger"]
    car = boxes["car"].readings["vehicle"]
    assert isinstance(car, VehicleReading)
    assert told[AssetKind.VEHICLE] == replace(car, power_w=0.0)
    assert len(there.store.site.assets) == 6


async def test_what_it_can_be_told_and_what_it_is_held_at_comes_from_the_server(
    tmp_path: Path,
) -> None:
    boxes = street()
    async with account(tmp_path, boxes) as (_, driver):
        roles = {role.kind: role for role in (await driver.identify()).roles.values()}

    there = boxes["warm"].identity.roles["hvac"]
    assert roles[AssetKind.HVAC].thermostat == there.thermostat
    assert roles[AssetKind.HVAC].capabilities == there.capabilities
    assert roles[AssetKind.BATTERY].capabilities == {
        Capability.SELF_RELIANCE,
        Capability.TIME_OF_USE,
    }
    assert roles[AssetKind.METER].capabilities == frozenset()
    assert roles[AssetKind.VEHICLE].model_year == 2023
    assert "power_w" in roles[AssetKind.METER].reports


async def test_one_asset_has_its_own_name_and_number(tmp_path: Path) -> None:
    async with home(tmp_path) as there, served(there, "h11") as port:
        asset = there.asset(AssetKind.CHARGER)
        login = {"client_id": there.client.id, "client_secret": there.client.secret}
        async with opened(port, asset_id=asset.id, **login) as driver:
            identity = await driver.identify()
            readings = await driver.read()

    assert (identity.vendor, identity.model, identity.serial) == ("KEBA", "P30", "K42")
    assert identity.roles.keys() == readings.keys() == {"charger"}


async def test_an_asset_that_is_not_there_is_refused(tmp_path: Path) -> None:
    async with account(tmp_path, asset_id="2b6ec7a4-0000-4000-8000-000000000000") as (_, driver):
        with pytest.raises(RefusedError, match="asset_id"):
            await driver.identify()


async def test_lists_are_read_to_their_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.lan.enode._PAGE_SIZE", 2)
    boxes = {f"box{number}": charger_box(f"C{number}") for number in range(5)}
    async with account(tmp_path, boxes) as (_, driver):
        first = (await driver.identify()).roles.keys()
        again = (await driver.identify()).roles.keys()
        readings = await driver.read()

    assert len(first) == 5
    assert first == again == readings.keys()


COMMANDS: list[tuple[AssetKind, Command]] = [
    (AssetKind.CHARGER, StartCharging()),
    (AssetKind.CHARGER, SetMaxCurrent(10.0)),
    (AssetKind.VEHICLE, StartCharging()),
    (AssetKind.VEHICLE, SetMaxCurrent(8.0)),
    (AssetKind.BATTERY, SetOperationMode(OperationMode.TIME_OF_USE)),
    (AssetKind.HVAC, PermanentHold(HvacMode.HEAT, 22.5)),
    (AssetKind.HVAC, PermanentHold(HvacMode.AUTO, 20.0, 25.0)),
    (AssetKind.HVAC, PermanentHold(HvacMode.OFF)),
]


async def test_a_command_becomes_one_action_that_arrives_at_the_device(tmp_path: Path) -> None:
    boxes = street()
    async with account(tmp_path, boxes) as (there, driver):
        roles = {role.kind: name for name, role in (await driver.identify()).roles.items()}
        for kind, command in COMMANDS:
            await driver.apply(roles[kind], command)
            # Said again before it is over, it is still the one action.
            await driver.apply(roles[kind], command)
            await there.poll()
            await there.idle()
            await driver.apply(roles[kind], command)
        await driver.apply(roles[AssetKind.HVAC], FollowSchedule())
        await there.poll()

    arrived = [command for box in boxes.values() for command in box.writes]
    wanted = [command for _, command in COMMANDS] + [FollowSchedule()]
    assert sorted(map(str, arrived)) == sorted(map(str, wanted))


async def test_an_action_that_fails_there_fails_here(tmp_path: Path) -> None:
    boxes = {"wallbox": charger_box()}
    boxes["wallbox"].obeys = False
    async with account(tmp_path, boxes) as (there, driver):
        (role,) = (await driver.identify()).roles
        await driver.apply(role, StartCharging())
        for _ in range(60):
            await there.poll()
        with pytest.raises(RefusedError, match="FAILED"):
            await driver.apply(role, StartCharging())


async def test_what_it_cannot_be_told_is_not_asked(tmp_path: Path) -> None:
    async with account(tmp_path) as (_, driver):
        roles = {role.kind: name for name, role in (await driver.identify()).roles.items()}
        for kind, command in (
            (AssetKind.METER, StopCharging()),
            (AssetKind.BATTERY, Hold()),
            (AssetKind.BATTERY, SetOperationMode(OperationMode.IMPORT_FOCUS)),
        ):
            with pytest.raises(UnsupportedError):
                await driver.apply(roles[kind], command)
        with pytest.raises(UnsupportedError):
            await driver.apply("hvac", FollowSchedule())


async def test_read_only_it_asks_for_nothing(tmp_path: Path) -> None:
    boxes = {"wallbox": wallbox()}
    async with account(tmp_path, boxes, read_only=True) as (_, driver):
        (role,) = (await driver.identify()).roles
        with pytest.raises(UnsupportedError):
            await driver.apply(role, StartCharging())
    assert boxes["wallbox"].writes == []


async def test_a_device_that_the_server_has_lost_is_unreachable(tmp_path: Path) -> None:
    boxes = {"wallbox": wallbox(), "hybrid": hybrid()}
    async with account(tmp_path, boxes) as (there, driver):
        await driver.identify()
        silence(boxes["wallbox"])
        for _ in range(40):
            await there.poll()
        left = await driver.read()
        silence(boxes["hybrid"])
        for _ in range(40):
            await there.poll()
        with pytest.raises(UnreachableError):
            await driver.read()

    assert not any(isinstance(reading, ChargerReading) for reading in left.values())
    assert len(left) == 3


async def test_a_wrong_secret_is_a_login_that_is_wrong(tmp_path: Path) -> None:
    async with account(tmp_path, client_secret="other") as (_, driver):
        with pytest.raises(AuthError):
            await driver.identify()


async def test_a_gateway_is_a_device_of_another(tmp_path: Path) -> None:
    """End to end: an app of the second gateway tells a charger behind the first."""
    boxes = {"hybrid": hybrid(), "wallbox": wallbox()}
    for name in ("there", "here"):
        (tmp_path / name).mkdir()
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(home(tmp_path / "there", boxes))
        port = await stack.enter_async_context(served(there, "h11"))
        here = await stack.enter_async_context(home(tmp_path / "here", {}))
        login = {"client_id": there.client.id, "client_secret": there.client.secret}
        chosen = options(port, user_id=USER, poll_s=2, **login)
        await here.poller.reconfigure(
            {"cloud": ConfiguredDevice("cloud", INFO, chosen, USER, driver="enode")}
        )
        await until(here, there, lambda: len(here.store.site.assets) == 4)

        (charger,) = (await here.http.get("/chargers")).json()["data"]
        started = await here.http.post(
            f"/chargers/{charger['id']}/charging", json={"action": "START"}
        )
        action = started.json()
        await until(here, there, lambda: boxes["wallbox"].writes == [StartCharging()])
        while await here.state_of(action) == "PENDING":
            await until(here, there, lambda: True)

        assert await here.state_of(action) == "CONFIRMED"
        shown = (await here.http.get(f"/chargers/{charger['id']}")).json()
        assert shown["chargeState"]["powerDeliveryState"] == PowerDelivery.CHARGING
        battery = here.asset(AssetKind.BATTERY)
        sample = here.store.site.assets[battery.id].sample
        assert sample is not None
        assert sample.reading == boxes["hybrid"].readings["battery"]


async def until(here: Home, there: Home, is_so: Callable[[], bool]) -> None:
    """Let both gateways live until something is so."""
    for _ in range(3000):
        await asyncio.sleep(0.005)
        await there.clock.advance(0.1)
        await here.clock.advance(0.1)
        if is_so():
            return
    raise AssertionError("it did not come to be so")


@asynccontextmanager
async def answering(handler: Handler, **more: object) -> AsyncIterator[Driver]:
    """A server of another make."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/oauth2/token":
            return web.json_response(TOKEN)
        return await handler(request)

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", answer)
    async with TestServer(app) as server, opened(server.port or 0, **more) as driver:
        yield driver


def always(**changes: object) -> Handler:
    """A server with one car, changed so."""
    car: dict[str, object] = {
        "id": "car/1 ?",
        "vendor": "TESLA",
        "isReachable": True,
        "information": {"vin": "V1", "brand": "Tesla", "model": "3", "year": 2022},
        "chargeState": {"batteryLevel": 44, "range": 201.5, "chargeTimeRemaining": 90},
        "capabilities": {"startCharging": {"isCapable": True, "interventionIds": []}},
        "newerThanWeAre": {"x": 1},
    }

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            return web.json_response({"id": ACTION, "state": "CONFIRMED"})
        is_car = request.raw_path == "/vehicles/car%2F1%20%3F"
        return web.json_response(car | changes) if is_car else web.Response(status=404)

    return answer


async def test_what_a_newer_server_adds_is_passed_over_and_ids_are_quoted() -> None:
    async with answering(always(), asset_id="car/1 ?") as driver:
        identity = await driver.identify()
        reading = (await driver.read())["vehicle"]
        await driver.apply("vehicle", StartCharging())

    assert (identity.vendor, identity.serial) == ("Tesla", "V1")
    assert identity.roles["vehicle"].capabilities == {Capability.START_CHARGING}
    assert reading == VehicleReading(soc_pct=44, range_m=201_500, charge_remaining_s=5400)


@pytest.mark.parametrize(
    "state",
    [
        {"batteryLevel": 101},
        {"batteryLevel": -1},
        {"powerDeliveryState": "SLEEPING"},
        {"range": -3},
    ],
)
async def test_what_cannot_be_is_not_known(state: dict[str, object]) -> None:
    async with answering(always(chargeState=state), asset_id="car/1 ?") as driver:
        assert (await driver.read())["vehicle"] == VehicleReading()


async def test_a_car_that_sleeps_is_not_lost() -> None:
    async with answering(always(isReachable=None), asset_id="car/1 ?") as driver:
        assert await driver.read()


def raw(body: bytes, status: int = 200) -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, content_type="application/json")

    return answer


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (raw(b'{"data": [{"id": "a"'), BadReadingError),
        (raw(b"<html>log in</html>"), BadReadingError),
        (raw(b'{"data": 7}'), BadReadingError),
        (raw(b'{"data": [{"id": "", "chargeState": {}}]}'), BadReadingError),
        (raw(b'{"data": [{"id": "a", "chargeState": {"chargeRate": "much"}}]}'), BadReadingError),
        (raw(b'{"data": [{"id": "a", "chargeState": {"chargeRate": 1e999}}]}'), BadReadingError),
        (raw(b'{"data": [], "pagination": {"after": "again"}}'), BadReadingError),
        (raw(b" " * 70_000), BadReadingError),
        (raw(b"{}", 500), BadReadingError),
        (raw(b"{}", 429), BusyError),
        (raw(b"{}", 503), BusyError),
        (raw(b"{}", 401), AuthError),
        (raw(b"{}", 403), RefusedError),
        (raw(b'{"data": []}'), RefusedError),
    ],
    ids=[
        "torn",
        "html",
        "no list",
        "no id",
        "a word",
        "endless number",
        "endless list",
        "too long",
        "fault",
        "too many requests",
        "in repair",
        "token refused",
        "forbidden",
        "nobody's",
    ],
)
async def test_a_bad_answer_is_a_devices_error(handler: Handler, error: type[DeviceError]) -> None:
    async with answering(handler, user_id="anna") as driver:
        with pytest.raises(error):
            await driver.identify()


async def test_a_token_that_has_run_out_is_replaced() -> None:
    refusals = iter([True, False, True])

    async def answer(_: web.Request) -> web.StreamResponse:
        return (
            web.Response(status=401) if next(refusals, False) else web.json_response({"data": []})
        )

    async with answering(answer, user_id="anna") as driver:
        with pytest.raises(RefusedError, match="no assets"):
            await driver.identify()
    assert next(refusals, None) is None


async def test_a_meter_that_stands_still_says_nothing_after_a_while() -> None:
    moments = iter([1, 2, 2, 2, 2, 3])

    async def answer(request: web.Request) -> web.StreamResponse:
        if not request.path.endswith("/meters"):
            return web.json_response({"data": []})
        state = {"power": -0.82, "lastUpdated": f"2026-06-21T10:0{next(moments)}:00.000Z"}
        body = {"data": [{"id": "m", "isReachable": True, "energyState": state}]}
        return web.Response(body=json.dumps(body).encode())

    async with answering(answer, user_id="anna") as driver:
        await driver.identify()
        told = [len(await driver.read()) for _ in range(5)]

    assert told == [1, 1, 1, 0, 1]


@pytest.mark.parametrize(
    "whose", [{}, {"user_id": "anna", "asset_id": "a"}, {"user_id": "anna", "oauth_path": "x"}]
)
def test_options_that_do_not_fit_together_are_refused(whose: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"user_id|oauth_path"):
        options(443, **whose)


async def test_a_token_may_be_from_another_host() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(f"{request.host.partition(':')[0]} {request.headers.get('Authorization')}")
        return web.json_response({"data": []})

    async with answering(answer, user_id="anna", oauth_host="localhost") as driver:
        with pytest.raises(RefusedError):
            await driver.identify()

    assert set(asked) == {"127.0.0.1 Bearer abc"}
