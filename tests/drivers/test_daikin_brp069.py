"""Daikin's air conditioners by a BRP069, which answers like the real one."""

from urllib.parse import urlencode

import pytest
from aiohttp import web

from gatewayd.errors import BadReadingError, DeviceError, RefusedError, UnsupportedError
from gatewayd.model.climate import FollowSchedule, HvacMode, PermanentHold
from gatewayd.model.command import is_confirmed
from gatewayd.model.reading import HvacReading
from tests.drivers.recorded import answering

SETTING = {"pow": "1", "mode": "4", "adv": "", "stemp": "21.0", "shum": "0", "dt7": "25.0"}
SETTING |= {"f_rate": "A", "f_dir": "0"}
SENSORS = "ret=OK,htemp=22.5,hhum=-,otemp=7.0,err=0,cmpfreq=40"


class Adapter:
    """An adapter that does as it is told."""

    def __init__(self, **setting: str) -> None:
        self.setting = SETTING | setting
        self.sensors = SENSORS
        self.heard: list[dict[str, str]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/common/basic_info":
            text = "ret=OK,type=aircon,ver=1_2_54,pow=1,name=%4c%69%76%69%6e%67,mac=409F38D107AC"
        elif request.path == "/aircon/get_sensor_info":
            text = self.sensors
        else:
            if request.path == "/aircon/set_control_info":
                self.heard.append(dict(request.query))
                self.setting |= request.query
            text = "ret=OK," + ",".join(f"{key}={value}" for key, value in self.setting.items())
        return web.Response(text=text)


async def read(adapter: Adapter) -> HvacReading:
    async with answering("daikin_brp069", adapter.answer) as driver:
        reading = (await driver.read())["hvac"]
    assert isinstance(reading, HvacReading)
    return reading


async def test_it_tells_its_name_and_what_it_does() -> None:
    adapter = Adapter()
    async with answering("daikin_brp069", adapter.answer) as driver:
        identity = await driver.identify()

    told = (identity.model, identity.serial, identity.firmware)
    assert told == ("Living", "409F38D107AC", "1.2.54")
    assert await read(adapter) == HvacReading(
        temperature_c=22.5, is_active=True, mode="HEAT", hold_type="PERMANENT", heat_setpoint_c=21
    )


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ({"pow": "0"}, ("OFF", None, None)),
        ({"mode": "3"}, ("COOL", None, 21.0)),
        ({"mode": "7"}, ("AUTO", 21.0, 21.0)),
        ({"mode": "2", "stemp": "M"}, ("UNKNOWN", None, None)),
        ({"stemp": "--"}, ("HEAT", None, None)),
    ],
)
async def test_its_modes(setting: dict[str, str], expected: tuple[object, ...]) -> None:
    reading = await read(Adapter(**setting))

    assert (reading.mode, reading.heat_setpoint_c, reading.cool_setpoint_c) == expected


@pytest.mark.parametrize(
    ("command", "changes"),
    [
        (PermanentHold(HvacMode.HEAT, 22.5), {"stemp": "22.5"}),
        (PermanentHold(HvacMode.HEAT, 21), None),
        (PermanentHold(HvacMode.COOL, None, 25), {"mode": "3", "stemp": "25.0"}),
        (PermanentHold(HvacMode.OFF), {"pow": "0"}),
    ],
)
async def test_the_whole_setting_is_sent_and_nothing_that_it_is_set_to(
    command: PermanentHold, changes: dict[str, str] | None
) -> None:
    adapter = Adapter()
    sent = {key: SETTING[key] for key in ("pow", "mode", "stemp", "shum", "f_rate", "f_dir")}
    async with answering("daikin_brp069", adapter.answer) as driver:
        await driver.apply("hvac", command)

    assert adapter.heard == ([] if changes is None else [sent | changes])
    assert is_confirmed(command, await read(adapter))


async def test_what_it_cannot_keep_is_refused_and_its_memory_spared() -> None:
    adapter = Adapter()
    async with answering("daikin_brp069", adapter.answer) as driver:
        for command in (PermanentHold(HvacMode.HEAT, 31), PermanentHold(HvacMode.COOL, None, 17)):
            with pytest.raises(RefusedError, match="is not between"):
                await driver.apply("hvac", command)
        for other in (FollowSchedule(), PermanentHold(HvacMode.AUTO, 20, 24)):
            with pytest.raises(UnsupportedError):
                await driver.apply("hvac", other)
        for number in range(20):
            await driver.apply("hvac", PermanentHold(HvacMode.HEAT, 22 + number % 2))
        with pytest.raises(RefusedError, match="20 times in 24 hours"):
            await driver.apply("hvac", PermanentHold(HvacMode.HEAT, 25))
    assert len(adapter.heard) == 20


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("<html>login</html>", BadReadingError),
        ("", BadReadingError),
        ("ret=PARAM NG", RefusedError),
        (f"ret=OK,{urlencode({'mode': '4'})}", BadReadingError),
        ("ret=OK," + "x" * 70_000, BadReadingError),
    ],
)
async def test_what_is_no_answer_gives_no_reading(text: str, error: type[DeviceError]) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text)

    async with answering("daikin_brp069", answer) as driver:
        with pytest.raises(error):
            await driver.read()
