"""The car behind HTTP: the virtual one as it is, and answers that are not as they should be."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gatewayd.devices.registry import Registry
from gatewayd.errors import (
    BadReadingError,
    BusyError,
    DeviceError,
    RefusedError,
    UnreachableError,
    UnsupportedError,
)
from gatewayd.links.pool import Links
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.climate import FollowSchedule
from gatewayd.model.command import SetMaxCurrent, StartCharging, StopCharging
from gatewayd.model.reading import PowerDelivery, VehicleReading
from gatewayd.sdk.driver import Driver
from gatewayd.virtual.devices.device import Fault
from gatewayd.virtual.home import VirtualHome, virtual_home
from tests.fakes.clock import FakeClock

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def opened(host: object, port: object, *, read_only: bool = False) -> AsyncIterator[Driver]:
    info = Registry().info("car_json")
    options = {"host": host, "port": port, "timeout_s": 0.3, "read_only": read_only}
    async with info.open(info.options.model_validate(options), Links()) as driver:
        yield driver


@asynccontextmanager
async def at_home(clock: FakeClock) -> AsyncIterator[tuple[VirtualHome, Driver]]:
    """The virtual home's car, on a charger that offers current."""
    async with virtual_home(seed=1, clock=clock) as home:
        address = home.address("car")
        async with opened(address["host"], address["port"]) as driver:
            yield home, driver


@asynccontextmanager
async def answering(handler: Handler, *, read_only: bool = False) -> AsyncIterator[Driver]:
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", handler)
    async with (
        TestServer(app) as server,
        opened("127.0.0.1", server.port, read_only=read_only) as driver,
    ):
        yield driver


def document(**values: object) -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({"vin": "V1"} | values)

    return answer


async def reading(driver: Driver) -> VehicleReading:
    found = (await driver.read())["vehicle"]
    assert isinstance(found, VehicleReading)
    return found


@pytest.mark.parametrize(("told", "expected"), [({"year": 2021}, 2021), ({}, None)])
async def test_a_car_may_tell_its_year(told: dict[str, object], expected: int | None) -> None:
    async with answering(document(**told)) as driver:
        role = (await driver.identify()).roles["vehicle"]

    assert role.model_year == expected


async def test_the_virtual_car_tells_all_of_itself() -> None:
    async with at_home(FakeClock()) as (home, driver):
        identity = await driver.identify()
        told = await reading(driver)

    role = identity.roles["vehicle"]
    assert (identity.vendor, identity.serial) == ("Virtual", "VRTUALCAR00000001")
    assert role.kind is AssetKind.VEHICLE
    assert (role.min_current_a, role.max_current_a) == (6.0, 32.0)
    assert Capability.SET_MAX_CURRENT in role.capabilities
    assert told.soc_pct == pytest.approx(home.house.car.soc * 100, abs=0.1)
    assert told.power_delivery is PowerDelivery.NO_POWER
    assert (told.latitude, told.longitude) == (48.21, 16.37)


async def test_the_virtual_car_pauses_and_goes_on() -> None:
    clock = FakeClock()
    async with at_home(clock) as (home, driver):
        charger = home.devices["charger"]
        charger.is_enabled = True  # type: ignore[attr-defined]
        await clock.advance(20)
        charging = await reading(driver)
        await driver.apply("vehicle", SetMaxCurrent(7.0))
        await clock.advance(2)
        limited = await reading(driver)
        await driver.apply("vehicle", StopCharging())
        await clock.advance(2)
        stopped = await reading(driver)
        await driver.apply("vehicle", StartCharging())
        await clock.advance(2)
        started = await reading(driver)

    assert charging.power_delivery is PowerDelivery.CHARGING
    assert charging.charge_remaining_s is not None
    assert (limited.max_current_a, limited.is_charging) == (7.0, True)
    assert (stopped.power_delivery, stopped.power_w) == (PowerDelivery.STOPPED, 0.0)
    assert started.power_delivery is PowerDelivery.CHARGING


async def test_a_pause_ends_when_the_car_is_plugged_in_anew() -> None:
    clock = FakeClock()
    async with at_home(clock) as (home, driver):
        home.devices["charger"].is_enabled = True  # type: ignore[attr-defined]
        await clock.advance(5)
        await driver.apply("vehicle", StopCharging())
        await clock.advance(2)
        home.house.car.plug(home.house.at, plugged=False)
        await clock.advance(2)
        away = await reading(driver)
        home.house.car.plug(home.house.at, plugged=True)
        await clock.advance(3)
        back = await reading(driver)

    assert away.power_delivery is PowerDelivery.UNPLUGGED
    assert back.power_delivery is PowerDelivery.CHARGING


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.SILENT, UnreachableError),
        (Fault.REBOOT, UnreachableError),
        (Fault.REFUSE_WRITE, RefusedError),
    ],
)
async def test_a_virtual_car_in_trouble(fault: Fault, error: type[DeviceError]) -> None:
    clock = FakeClock()
    async with at_home(clock) as (home, driver):
        await home.set_fault("car", fault, on=True)
        with pytest.raises(error):
            await driver.apply("vehicle", StopCharging())
        await home.set_fault("car", fault, on=False)
        assert (await reading(driver)).soc_pct is not None


async def test_of_torn_answers_the_whole_ones_are_read() -> None:
    async with at_home(FakeClock()) as (home, driver):
        await home.set_fault("car", Fault.TORN, on=True)
        outcomes = []
        for _ in range(4):
            try:
                outcomes.append((await reading(driver)).soc_pct is not None)
            except BadReadingError:
                outcomes.append(False)

    assert sorted(outcomes) == [False, False, True, True]


async def test_a_car_that_ignores_commands_goes_on_as_before() -> None:
    clock = FakeClock()
    async with at_home(clock) as (home, driver):
        await home.set_fault("car", Fault.IGNORE_WRITE, on=True)
        await driver.apply("vehicle", SetMaxCurrent(8.0))
        await clock.advance(3)

        assert (await reading(driver)).max_current_a == 16.0


async def test_a_car_says_only_what_it_can() -> None:
    async with answering(document(soc_pct=40, can=["stop_charging", "fly"])) as driver:
        role = (await driver.identify()).roles["vehicle"]

        assert role.capabilities == {Capability.STOP_CHARGING}
        assert role.reports == {"soc_pct"}
        assert await reading(driver) == VehicleReading(soc_pct=40.0)


@pytest.mark.parametrize(
    "values",
    [
        {"vin": None},
        {"vin": ""},
        {"soc_pct": 101},
        {"soc_pct": "full"},
        {"power_delivery": "PLUGGED"},
        {"latitude": 91},
        {"odometer_m": -1},
    ],
)
async def test_a_document_that_makes_no_sense_gives_no_reading(values: dict[str, object]) -> None:
    async with answering(document(**values)) as driver:
        with pytest.raises(BadReadingError, match=f"vehicle: {next(iter(values))}"):
            await driver.read()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (302, BadReadingError),
        (400, RefusedError),
        (404, RefusedError),
        (429, BusyError),
        (500, BadReadingError),
        (503, BusyError),
    ],
)
async def test_a_status_says_what_to_do(status: int, error: type[DeviceError]) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text="no", headers={"Location": "/elsewhere"})

    async with answering(answer) as driver:
        with pytest.raises(error):
            await driver.read()


async def test_an_endless_answer_is_given_up() -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b'{"vin": "' + b"x" * 70_000 + b'"}')

    async with answering(answer) as driver:
        with pytest.raises(BadReadingError):
            await driver.read()


async def test_read_only_and_foreign_commands_are_not_sent() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.method)
        return web.Response(status=204)

    async with answering(answer, read_only=True) as driver:
        with pytest.raises(UnsupportedError):
            await driver.apply("vehicle", StartCharging())
    async with answering(answer) as driver:
        with pytest.raises(UnsupportedError):
            await driver.apply("vehicle", FollowSchedule())
        with pytest.raises(UnsupportedError):
            await driver.apply("charger", StartCharging())
        await driver.renew("vehicle")
        assert driver.watchdog_s("vehicle") is None
    assert asked == []
