"""The KEBA charger by datagrams: its reports, its commands, and what is no answer."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import pytest

from gatewayd.devices.registry import Registry
from gatewayd.errors import BadReadingError, RefusedError, UnreachableError, UnsupportedError
from gatewayd.links.pool import Links
from gatewayd.model.command import SetMaxCurrent, StartCharging, StopCharging
from gatewayd.model.reading import PowerDelivery
from gatewayd.sdk.driver import Driver
from gatewayd.sdk.finding import Likeness, UdpProbe

CHARGER = "charger"
# Made from KEBA's guide, not captured.
BOX = {
    "ID": "1",
    "Product": "KC-P30-ES240022-E0R",
    "Serial": "17619300",
    "Firmware": "P30 v 3.10.13",
}
STATE = {
    "ID": "2",
    "State": 3,
    "Error1": 0,
    "Error2": 0,
    "Plug": 7,
    "AuthON": 0,
    "Authreq": 0,
    "Enable sys": 1,
    "Enable user": 1,
    "Max curr": 16000,
    "Max curr %": 1000,
    "Curr HW": 20000,
    "Curr user": 16000,
    "Curr FS": 6000,
    "Tmo FS": 60,
    "Setenergy": 0,
    "Serial": "17619300",
}
METER = {
    "ID": "3",
    "U1": 231,
    "U2": 230,
    "U3": 232,
    "I1": 15987,
    "I2": 16010,
    "I3": 15950,
    "P": 11012345,
    "PF": 998,
    "E pres": 45210,
    "E total": 12345678,
    "Sec": 1,
}
SESSION = {"ID": "100", "Session ID": 35, "RFID tag": "1a2b3c4d00000000"}


class Box(asyncio.DatagramProtocol):
    """A charger that answers what it is asked, and keeps it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.reports: dict[str, dict[str, Any]] = {"1": BOX, "2": STATE, "3": METER, "100": SESSION}
        self.raw: bytes | None = None
        self.verdict = b"TCH-OK :done\n"
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        question = data.decode()
        self.asked.append(question)
        verb, _, number = question.partition(" ")
        answer = self.verdict if verb != "report" else json.dumps(self.reports[number]).encode()
        assert self._transport is not None
        # It also tells of changes without being asked.
        self._transport.sendto(b'{"E pres": 1}', addr)
        self._transport.sendto(answer if self.raw is None else self.raw, addr)

    @property
    def told(self) -> list[str]:
        """The commands."""
        return [one for one in self.asked if not one.startswith("report")]


@asynccontextmanager
async def charger(*, read_only: bool = False, **state: int) -> AsyncIterator[tuple[Box, Driver]]:
    """The charger with some of its report 2 changed, with spaces for underscores."""
    loop = asyncio.get_running_loop()
    transport, box = await loop.create_datagram_endpoint(Box, local_addr=("127.0.0.1", 0))
    box.reports["2"] = STATE | {key.replace("_", " "): value for key, value in state.items()}
    port = transport.get_extra_info("sockname")[1]
    info = Registry().info("keba_p30_udp")
    options = {"host": "127.0.0.1", "port": port, "local_port": _free(), "timeout_s": 0.3}
    try:
        chosen = info.options.model_validate({**options, "read_only": read_only})
        async with info.open(chosen, Links()) as driver:
            yield box, driver
    finally:
        transport.close()


def _free() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port


async def reading(driver: Driver) -> dict[str, Any]:
    return asdict((await driver.read())[CHARGER])


async def test_it_tells_who_it_is_and_all_it_measures() -> None:
    async with charger() as (_, driver):
        identity = await driver.identify()
        told = await reading(driver)

    role = identity.roles[CHARGER]
    assert (identity.model, identity.serial) == ("KC-P30-ES240022-E0R", "17619300")
    assert (role.min_current_a, role.max_current_a) == (6, 20)
    expected = {
        "power_delivery": PowerDelivery.CHARGING,
        "power_w": 11012.345,
        "max_current_a": 16,
        "session_wh": 4521,
        "energy_wh": 1234567.8,
        "power_factor": 0.998,
        "error_code": 0,
        "voltage_a_v": 231,
        "voltage_b_v": 230,
        "voltage_c_v": 232,
        "rfid": "1a2b3c4d00000000",
        "current_a_a": 15.987,
        "current_b_a": 16.01,
        "current_c_a": 15.95,
        "failsafe_current_a": 6,
        "failsafe_timeout_s": 60,
    }
    assert {key: value for key, value in told.items() if value is not None} == expected
    assert role.reports == expected.keys()


@pytest.mark.parametrize(
    ("state", "plug", "delivery"),
    [
        (1, 3, PowerDelivery.UNPLUGGED),
        (0, 5, PowerDelivery.INITIALIZING),
        (5, 7, PowerDelivery.STOPPED),
        (4, 7, PowerDelivery.FAULT),
        (9, 7, PowerDelivery.UNKNOWN),
    ],
)
async def test_state_and_plug_together_tell_what_the_car_gets(
    state: int, plug: int, delivery: PowerDelivery
) -> None:
    async with charger(State=state, Plug=plug) as (_, driver):
        assert (await reading(driver))["power_delivery"] is delivery


async def test_without_a_limit_of_the_user_the_hardware_s_holds_and_no_card_is_none() -> None:
    async with charger(Curr_user=63000) as (box, driver):
        box.reports["100"] = SESSION | {"RFID tag": "0000000000000000"}
        told = await reading(driver)

    assert (told["max_current_a"], told["rfid"]) == (20, None)


async def test_commands_are_said_in_its_words() -> None:
    async with charger() as (box, driver):
        await driver.identify()
        await driver.read()
        await driver.apply(CHARGER, SetMaxCurrent(10.5))
        await driver.apply(CHARGER, StopCharging())
        await driver.apply(CHARGER, StartCharging())

    assert box.told == ["curr 10500", "ena 0", "curr 10500", "ena 1"]


@pytest.mark.parametrize(("timeout_s", "fed"), [(60, ["failsafe 60 6000 0"]), (0, [])])
async def test_its_failsafe_is_fed_with_its_own_values(timeout_s: int, fed: list[str]) -> None:
    async with charger(Tmo_FS=timeout_s) as (box, driver):
        assert driver.watchdog_s(CHARGER) is None
        await driver.read()
        assert driver.watchdog_s(CHARGER) == (timeout_s or None)
        await driver.renew(CHARGER)

    assert box.told == fed


async def test_what_it_refuses_or_cannot_bear_is_an_error_and_read_only_it_hears_nothing() -> None:
    async with charger() as (box, driver):
        await driver.identify()
        with pytest.raises(RefusedError, match="between 6 and 20"):
            await driver.apply(CHARGER, SetMaxCurrent(21))
        box.verdict = b"TCH-ERR:syntax\n"
        with pytest.raises(RefusedError, match="TCH-ERR:syntax"):
            await driver.apply(CHARGER, StopCharging())
    async with charger(read_only=True) as (box, driver):
        await driver.read()
        await driver.renew(CHARGER)
        with pytest.raises(UnsupportedError):
            await driver.apply(CHARGER, StartCharging())
        assert box.told == []


@pytest.mark.parametrize(
    "raw",
    [b'{"ID": "2", "State": 3, "Pl', b'{"ID": "2"}', b'{"ID": "2", "State": "on", "Plug": 7}'],
)
async def test_half_an_answer_gives_no_reading(raw: bytes) -> None:
    async with charger() as (box, driver):
        box.raw = raw
        with pytest.raises(BadReadingError, match="report 2"):
            await driver.read()


@pytest.mark.parametrize("raw", [b"", b"\xff" * 60_000, b"<html>", b'{"ID": "22", "State": 3}'])
async def test_what_is_no_answer_is_passed_over(raw: bytes) -> None:
    async with charger() as (box, driver):
        box.raw = raw
        with pytest.raises(UnreachableError):
            await driver.read()


def test_a_scan_knows_it_by_its_first_report() -> None:
    (probe,) = Registry().info("keba_p30_udp").probes
    assert isinstance(probe, UdpProbe)

    assert (probe.question, probe.port, probe.local_port) == (b"report 1", 7090, 7090)
    assert probe.judge(json.dumps(BOX).encode()) == Likeness(
        34.0, "KEBA", "KC-P30-ES240022-E0R", "17619300", "P30 v 3.10.13"
    )
    for other in (b"", b"TCH-OK :done\n", b"{}", json.dumps(STATE).encode()):
        assert probe.judge(other) is None
