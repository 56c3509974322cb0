"""SG Ready by the relays of each maker: what is asked of them, and what both contacts make."""

from dataclasses import dataclass, field

import pytest
from aiohttp import web
from pydantic import ValidationError

from gatewayd.errors import BadReadingError, DeviceError
from gatewayd.model.power import SetSgReady
from gatewayd.model.reading import HvacReading, SgReady
from tests.drivers.recorded import REGISTRY, answering

OPTIONS = REGISTRY.info("sg_ready").options


@dataclass
class Relays:
    """Two relays of any maker. `orders` are those that changed something."""

    closed: list[bool] = field(default_factory=lambda: [False, False])
    orders: list[tuple[int, bool]] = field(default_factory=list)
    logins: set[str] = field(default_factory=set)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.logins.add(request.headers.get("Authorization", request.query.get("password", "")))
        if request.path == "/cm":
            return self._tasmota(request.query["cmnd"])
        number = int(request.path.rpartition("/")[2])
        if "turn" in request.query:
            self._order(number, is_closed=request.query["turn"] == "on")
        return web.json_response({"ison": self.closed[number], "has_timer": False})

    def _tasmota(self, words: str) -> web.StreamResponse:
        name, _, state = words.partition(" ")
        number = int(name.removeprefix("Power")) - 1
        if state:
            self._order(number, is_closed=state == "On")
        return web.json_response({name.upper(): "ON" if self.closed[number] else "OFF"})

    def _order(self, number: int, *, is_closed: bool) -> None:
        if self.closed[number] is not is_closed:
            self.orders.append((number, is_closed))
        self.closed[number] = is_closed


@pytest.mark.parametrize("relay", ["shelly_gen1", "tasmota"])
@pytest.mark.parametrize("start", SgReady)
async def test_each_level_is_read_back_and_on_the_way_there_is_no_other(
    relay: str, start: SgReady
) -> None:
    for level in SgReady:
        relays = Relays()
        async with answering("sg_ready", relays.answer, relay=relay) as driver:
            await driver.apply("hvac", SetSgReady(start))
            relays.orders.clear()
            await driver.apply("hvac", SetSgReady(level))

            assert await driver.read() == {"hvac": HvacReading(sg_ready=level)}
        if {start, level} == {SgReady.BLOCKED, SgReady.RECOMMENDED}:
            assert [is_closed for _, is_closed in relays.orders] == [False, True]
        if {start, level} == {SgReady.NORMAL, SgReady.FORCED}:
            assert relays.orders in ([(1, True), (0, True)], [(0, False), (1, False)])


@pytest.mark.parametrize(
    ("relay", "login"), [("shelly_gen1", "Basic YWRtaW46cHc="), ("tasmota", "pw")]
)
async def test_a_password_goes_along(relay: str, login: str) -> None:
    relays = Relays()
    async with answering("sg_ready", relays.answer, relay=relay, password="pw") as driver:
        await driver.read()

    assert relays.logins == {login}


async def test_a_tasmota_without_such_a_relay_gives_no_reading() -> None:
    async def unknown(_: web.Request) -> web.StreamResponse:
        return web.json_response({"Command": "Unknown"})

    async with answering("sg_ready", unknown, relay="tasmota") as driver:
        with pytest.raises(BadReadingError, match="is there such a relay"):
            await driver.read()


async def test_a_box_with_one_relay_calls_it_by_no_number() -> None:
    async def single(_: web.Request) -> web.StreamResponse:
        return web.json_response({"POWER": "ON"})

    async with answering("sg_ready", single, relay="tasmota") as driver:
        assert await driver.read() == {"hvac": HvacReading(sg_ready=SgReady.FORCED)}


async def test_the_second_contact_may_be_in_another_box() -> None:
    relays = Relays([False, True])
    more = {"relay": "shelly_gen1", "contact_2": 0, "host_2": "localhost"}
    async with answering("sg_ready", relays.answer, **more) as driver:
        await driver.apply("hvac", SetSgReady(SgReady.FORCED))

    assert relays.orders == [(0, True)]
    with pytest.raises(ValidationError, match="one relay for both contacts"):
        OPTIONS.model_validate({"host": "192.0.2.1", "relay": "shelly", "contact_2": 0})


@pytest.mark.parametrize(
    ("driver", "options"),
    [("sg_ready", {"relay": "tasmota", "password": "p w/d"}), ("bsb_lan", {"passkey": "p w/d"})],
)
@pytest.mark.parametrize("status", [200, 404, 500, 0])
async def test_no_error_tells_a_secret_that_a_path_has(
    driver: str, options: dict[str, str], status: int
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if not status and request.transport:
            request.transport.abort()
        return web.Response(text=f"no p w/d, {request.raw_path}", status=status or 500)

    async with answering(driver, answer, **options) as device:
        with pytest.raises(DeviceError) as raised:
            await device.read()

    told = str(raised.value)
    assert "***" in told
    assert "w/d" not in told
    assert "w%2Fd" not in told
