"""GoodWe's older hybrids by datagrams of their own: what they tell, and what is no answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import pytest

from gatewayd.devices.registry import Registry
from gatewayd.errors import RefusedError, UnreachableError, UnsupportedError
from gatewayd.links.pool import Links
from gatewayd.model.command import StartCharging
from gatewayd.sdk.driver import Driver
from gatewayd.sdk.finding import UdpProbe
from tests.fakes.jump_loop import jumping

INFO, RUNNING = 0x0182, 0x0186


def answer(kind: int, values: bytes) -> bytes:
    """A datagram of the inverter."""
    body = b"\xaa\x55\x7f\xc0" + kind.to_bytes(2, "big") + bytes((len(values),)) + values
    return body + sum(body).to_bytes(2, "big")


def info(serial: bytes = b"95048ESU20BW0001", model: bytes = b"GW5048D-ES") -> bytes:
    return answer(INFO, b"1212D" + model.ljust(26) + serial + b"410-04028-12" + bytes(16))


# Made from what owners publish, not captured: a value of so many bytes at each place.
NOW = {
    0: (2, 3309), 2: (2, 41), 4: (1, 2), 5: (2, 3412), 7: (2, 52), 9: (1, 2),
    10: (2, 523), 16: (2, 245), 18: (2, 182), 20: (2, 74), 22: (2, 95), 26: (1, 57), 30: (1, 2),
    33: (1, 1), 34: (2, 2301), 36: (2, 123), 38: (2, 1234), 40: (2, 5001), 42: (1, 1),
    53: (2, 355), 59: (4, 123456), 75: (2, 2890), 80: (1, 1),
}  # fmt: skip


def running(**changes: tuple[int, int]) -> bytes:
    values = bytearray(140)
    for at, (size, value) in {**NOW, **{int(k[2:]): v for k, v in changes.items()}}.items():
        values[at : at + size] = (value & (256**size - 1)).to_bytes(size, "big")
    return answer(RUNNING, bytes(values))


class Box(asyncio.DatagramProtocol):
    """An inverter behind its Wi-Fi kit."""

    def __init__(self) -> None:
        self.says = {0x02: info(), 0x06: running()}
        self.spoil: Callable[[bytes], list[bytes]] = lambda data: [data]

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert data[:5] == b"\xaa\x55\xc0\x7f\x01"
        assert data[6] == 0
        assert sum(data[:-2]) == int.from_bytes(data[-2:], "big")
        for one in self.spoil(self.says[data[5]]):
            self._transport.sendto(one, addr)


@asynccontextmanager
async def inverter() -> AsyncIterator[tuple[Box, Driver]]:
    loop = asyncio.get_running_loop()
    transport, box = await loop.create_datagram_endpoint(Box, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    found = Registry().info("goodwe_es")
    options = found.options.model_validate({"host": "127.0.0.1", "port": port, "timeout_s": 0.5})
    try:
        async with found.open(options, Links()) as driver:
            yield box, driver
    finally:
        transport.close()


def known(told: object) -> dict[str, Any]:
    return {name: value for name, value in asdict(told).items() if value is not None}  # type: ignore[call-overload]


@jumping
async def test_it_tells_who_it_is_and_all_it_measures() -> None:
    async with inverter() as (_, driver):
        identity = await driver.identify()
        told = await driver.read()
        assert await driver.read() == told

    assert (identity.model, identity.serial) == ("GW5048D-ES", "95048ESU20BW0001")
    assert identity.firmware == "1212D"
    assert identity.roles.keys() == told.keys()
    assert known(told["inverter"]) == pytest.approx(
        {"power_w": 3130.93, "ac_power_w": 2890, "energy_wh": 12345600, "voltage_a_v": 230.1}
        | {"current_a_a": 12.3, "frequency_hz": 50.01, "temperature_c": 35.5, "has_fault": False}
    )
    assert known(told["meter"]) == {"power_w": -1234}
    assert known(told["battery"]) == {"status": "DISCHARGING"} | {
        name: pytest.approx(value)
        for name, value in (
            {"power_w": -951.86, "soc_pct": 57, "voltage_v": 52.3, "temperature_c": 24.5}
            | {"max_charge_w": 3870.2, "max_discharge_w": 4968.5}
        ).items()
    }


@pytest.mark.parametrize(
    ("change", "role", "expected"),
    [
        ({"at80": (1, 2)}, "meter", {"power_w": 1234}),
        ({"at80": (1, 2), "at38": (2, -1234)}, "meter", {"power_w": 1234}),
        ({"at30": (1, 3)}, "battery", {"power_w": pytest.approx(951.86), "status": "CHARGING"}),
        ({"at30": (1, 3), "at18": (2, -182)}, "battery", {"power_w": pytest.approx(951.86)}),
        ({"at4": (1, 0), "at9": (1, 0)}, "inverter", {"power_w": 0}),
        ({"at53": (2, -15)}, "inverter", {"temperature_c": -1.5}),
        ({"at75": (2, -650)}, "inverter", {"ac_power_w": -650}),
        ({"at42": (1, 2)}, "inverter", {"has_fault": True}),
        ({"at26": (1, 255)}, "battery", {"soc_pct": None}),
        ({"at38": (2, 0x7FFF)}, "meter", {"power_w": None}),
        ({"at75": (2, 0x7FFF)}, "inverter", {"ac_power_w": None}),
        ({"at75": (2, -1)}, "inverter", {"ac_power_w": -1}),
        ({"at59": (4, -1)}, "inverter", {"energy_wh": None}),
    ],
)
@jumping
async def test_where_power_goes_is_told_by_another_byte(
    change: dict[str, tuple[int, int]], role: str, expected: dict[str, Any]
) -> None:
    async with inverter() as (box, driver):
        box.says[0x06] = running(**change)
        found = asdict((await driver.read())[role])

    assert {name: found[name] for name in expected} == expected


@jumping
async def test_without_a_battery_there_is_none() -> None:
    async with inverter() as (box, driver):
        box.says[0x06] = running(at30=(1, 0))
        assert set(await driver.read()) == {"inverter", "meter"}


@jumping
async def test_another_family_has_another_driver() -> None:
    async with inverter() as (box, driver):
        box.says[0x02] = info(b"9010KETU20AW0001", b"GW10K-ET")
        with pytest.raises(RefusedError, match="GW10K-ET"):
            await driver.identify()


SPOILT: dict[str, Callable[[bytes], list[bytes]]] = {
    "lost": lambda _: [],
    "halved": lambda data: [data[:40]],
    "a wrong sum": lambda data: [data[:-1] + bytes((data[-1] ^ 1,))],
    "more behind": lambda data: [data + b"\0"],
    "another kind": lambda data: [data[:5] + b"\x89" + data[6:]],
    "short": lambda _: [answer(RUNNING, bytes(20))],
    "garbage": lambda _: [b"", b"\xaa\x55", b"<html>", bytes(400)],
}


@pytest.mark.parametrize("how", SPOILT)
@jumping
async def test_what_is_no_answer_is_waited_over(how: str) -> None:
    async with inverter() as (box, driver):
        box.spoil = SPOILT[how]
        with pytest.raises(UnreachableError):
            await driver.read()
        box.spoil = lambda data: [*SPOILT[how](data), data, data]
        assert await driver.read()


@jumping
async def test_it_takes_no_command() -> None:
    async with inverter() as (_, driver):
        with pytest.raises(UnsupportedError):
            await driver.apply("battery", StartCharging())


def test_a_scan_takes_it_for_what_it_is_and_other_families_for_nothing() -> None:
    (probe,) = Registry().info("goodwe_es").probes
    assert isinstance(probe, UdpProbe)

    likeness = probe.judge(info())

    assert probe.question == bytes.fromhex("aa55c07f0102000241")
    assert likeness is not None
    assert (likeness.model, likeness.serial) == ("GW5048D-ES", "95048ESU20BW0001")
    assert probe.judge(info(b"9010KETU20AW0001")) is None
    assert probe.judge(b"\xaa\x55\x7f\xc0") is None
