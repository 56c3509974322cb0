"""HomeWizard's API version 2: how its batteries are told, and how it grants a token."""

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from drivers.lan._homewizard_group import Group
from gatewayd.errors import BadReadingError, DeviceError, RefusedError, UnsupportedError
from gatewayd.links.pool import Links
from gatewayd.model.command import Command, SetOperationMode
from gatewayd.model.power import Hold, HoldCharge
from gatewayd.model.reading import OperationMode
from tests.drivers.recorded import REGISTRY, answering

SELF = SetOperationMode(OperationMode.SELF_RELIANCE)
IMPORT = SetOperationMode(OperationMode.IMPORT_FOCUS)
PREDICT = SetOperationMode(OperationMode.TIME_OF_USE)
BOTH = ["charge_allowed", "discharge_allowed"]
OLD = Group(mode="to_full")
# Until API 2.2 is left, permissions are none while it fills.
MIDDLE = Group(mode="to_full", permissions=())


@pytest.mark.parametrize(
    ("group", "command", "sent"),
    [
        (OLD, SELF, {"mode": "zero"}),
        (OLD, Hold(), {"mode": "standby"}),
        (OLD, IMPORT, {"mode": "to_full"}),
        (MIDDLE, SELF, {"mode": "zero", "permissions": BOTH}),
        (MIDDLE, Hold(), {"mode": "zero", "permissions": BOTH[:1]}),
        (MIDDLE, HoldCharge(), {"mode": "zero", "permissions": BOTH[1:]}),
        (MIDDLE, IMPORT, {"mode": "to_full"}),
    ],
)
def test_older_firmwares_are_told_in_their_words(
    group: Group, command: Command, sent: dict[str, Any]
) -> None:
    told = group.told(command).model_dump(exclude_none=True, mode="json")

    assert told == sent
    assert group.shows(group.told(command)) == (command == IMPORT)


@pytest.mark.parametrize("command", [HoldCharge(), PREDICT])
def test_what_an_older_firmware_has_not_is_refused(command: Command) -> None:
    assert not {"hold_charge", "time_of_use"} & OLD.controls()
    with pytest.raises(UnsupportedError):
        OLD.told(command)


class Meter:
    """A P1 meter that steers batteries, and grants tokens while its button is pressed."""

    def __init__(self, is_pressed: bool = True, token: object = "AB12") -> None:
        self.is_pressed = is_pressed
        self.token = token
        self.group: dict[str, Any] = {"mode": "zero", "permissions": BOTH}
        self.writes: list[Any] = []
        self.seen: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request.headers.get("X-Api-Version", ""))
        if request.path == "/api/user":
            assert await request.json() == {"name": "local/gatewayd"}
            if not self.is_pressed:
                return web.json_response({"error": "user:creation-not-enabled"}, status=403)
            return web.json_response({"token": self.token, "name": "local/gatewayd"})
        if request.headers.get("Authorization") != "Bearer AB12":
            return web.json_response({"error": "user:unauthorized"}, status=401)
        if request.method == "PUT":
            self.writes.append(await request.json())
            self.group |= self.writes[-1]
        kind = {"product_type": "HWE-BAT", "serial": "5c2f"}
        told = {"/api": kind, "/api/measurement": {"power_w": 5}, "/api/batteries": self.group}
        return web.json_response(told[request.path])


async def paired(meter: Meter, **given: str) -> dict[str, str]:
    info = REGISTRY.info("homewizard_v2")
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", meter.answer)
    async with TestServer(app) as server:
        place = {"host": "127.0.0.1", "port": str(server.port), "tls": "false", "token": ""}
        options = info.options.model_validate_strings(place | given)
        assert info.pair is not None
        return dict(await info.pair(options, Links()))


async def test_a_token_is_granted_while_the_button_is_pressed() -> None:
    meter = Meter()

    assert await paired(meter) == {"token": "AB12"}
    both = {"token": "AB12", "meter_token": "AB12"}
    assert await paired(meter, meter_host="localhost") == both
    assert await paired(meter, token="mine") == {}
    assert set(meter.seen) == {"2"}


async def test_until_then_it_says_what_to_do() -> None:
    with pytest.raises(RefusedError, match="press the button of the HomeWizard at"):
        await paired(Meter(is_pressed=False))


@pytest.mark.parametrize("token", [None, "", "two words", 5, "x" * 300])
async def test_what_is_no_token_is_none(token: object) -> None:
    with pytest.raises(BadReadingError):
        await paired(Meter(token=token))


async def test_its_memory_is_spared_but_not_from_going_back() -> None:
    meter = Meter()
    options = {"tls": False, "token": "AB12", "meter_host": "127.0.0.1", "meter_token": "AB12"}
    async with answering("homewizard_v2", meter.answer, **options) as driver:
        for _ in range(24):
            await driver.apply("battery", Hold())
            await driver.apply("battery", HoldCharge())
        with pytest.raises(RefusedError, match="48 times in 24 hours"):
            await driver.apply("battery", Hold())
        await driver.apply("battery", SELF)
    assert len(meter.writes) == 49


@pytest.mark.parametrize(
    ("kind", "error"), [("HWE-WTR", RefusedError), ("HWE-SKT", RefusedError), (5, BadReadingError)]
)
async def test_what_is_neither_meter_nor_battery_is_refused(
    kind: object, error: type[DeviceError]
) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({"product_type": kind, "serial": "5c2f"})

    async with answering("homewizard_v2", answer, tls=False, token="AB12") as driver:
        with pytest.raises(error):
            await driver.identify()
