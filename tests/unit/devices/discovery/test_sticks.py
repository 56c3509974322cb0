"""Wi-Fi sticks that answer a call, and who is found behind each kind of them."""

import asyncio
import ipaddress
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from gatewayd.devices.discovery import sticks
from gatewayd.devices.discovery.known import known
from gatewayd.devices.discovery.modbus import Manners, ModbusSurvey
from gatewayd.devices.discovery.scan import Scan, Wish
from gatewayd.devices.registry import Registry
from gatewayd.links.pool import Links
from tests.drivers.images import FOLDER, Fixture
from tests.fakes.data_adapter import DataAdapter
from tests.fakes.jump_loop import jumping
from tests.fakes.modbus_server import ModbusServer
from tests.fakes.solarman import SERIAL, SolarmanLogger

DRIVERS = ("givenergy_hybrid", "goodwe_et", "goodwe_dt", "sofar_string")
_AT_ONCE = Manners(timeout_s=0.5, min_gap_s=0, connect_delay_s=0)


class Stick(asyncio.DatagramProtocol):
    """Says one thing, whatever it is asked."""

    def __init__(self, says: bytes) -> None:
        self._says = says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert data == b"WIFIKIT-214028-READ"
        self.transport.sendto(self._says, addr)


@asynccontextmanager
async def stick(says: bytes, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
    """A stick, and its port."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Stick(says), local_addr=(host, port)
    )
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


async def heard(says: bytes) -> list[sticks.Stick]:
    async with stick(says) as port:
        return await sticks.called(Links(), ["127.0.0.1"], port=port)


@pytest.mark.parametrize(
    ("says", "options"),
    [
        (
            b"192.168.1.7,98D8630A1B2C,2712345678",
            {"framing": "solarman", "logger_serial": 2712345678},
        ),
        (b"192.168.1.7,289C6E0A1B2C,Solar-WiFi204W0012\r\n", {"framing": "aa55"}),
        (b"192.168.1.7,98D8630A1B2C,WO2101G003", {"framing": "data_adapter"}),
    ],
)
@jumping
async def test_a_stick_s_name_tells_how_it_is_spoken_to(
    says: bytes, options: dict[str, object]
) -> None:
    found = await heard(says)

    # Where it is, is where it answers from.
    assert [one.place for one in found] == [{"host": "127.0.0.1", "port": 8899, **options}]


@pytest.mark.parametrize(
    "says",
    [
        b"",
        b"192.168.1.7,98D8630A1B2C",
        b"192.168.1.7,98D8630A1B2C,HF-LPB100",
        b"192.168.1.7,98D8630A1B2C,9999999999",
        b"\xff\xfe,\x00,\x00",
        b"a,b,2712345678,d",
    ],
)
@jumping
async def test_who_says_something_else_is_no_stick_of_ours(says: bytes) -> None:
    assert await heard(says) == []


@asynccontextmanager
async def behind(kind: str, device: ModbusServer) -> AsyncIterator[dict[str, object]]:
    """The options of a stick of this kind with the device behind it."""
    device.is_rtu = True
    if kind == "aa55":
        device.prefix = b"\xaa\x55"
        async with device.on_udp():
            yield {"framing": kind, "port": device.port}
    elif kind == "solarman":
        async with SolarmanLogger(device).on_loopback() as logger:
            yield {"framing": kind, "port": logger.port, "logger_serial": SERIAL}
    else:
        async with DataAdapter(device).on_loopback() as adapter:
            yield {"framing": kind, "port": adapter.port}


@pytest.mark.parametrize(
    ("kind", "driver", "units"),
    [
        ("solarman", "sofar_string", (1,)),
        ("aa55", "goodwe_et", (247, 127)),
        ("aa55", "goodwe_dt", (247, 127)),
        ("data_adapter", "givenergy_hybrid", (17,)),
    ],
)
@jumping
async def test_an_inverter_is_found_behind_its_stick(
    kind: str, driver: str, units: tuple[int, ...]
) -> None:
    registry = Registry()
    infos = {name: registry.info(name) for name in DRIVERS}
    fixture = Fixture(FOLDER / f"{driver}.yaml")
    unit = infos[driver].options.model_validate(fixture.options()).unit  # type: ignore[attr-defined]
    device = fixture.server(unit)
    async with behind(kind, device) as options:
        survey = ModbusSurvey(Links(), infos, _AT_ONCE)
        found = await survey.at({"host": "127.0.0.1", **options}, units)

    assert [(one.driver, one.serial) for one in found] == [
        (driver, fixture.content["identity"].get("serial"))
    ]
    assert found[0].options.items() <= {"host": "127.0.0.1", **options}.items()
    assert device.writes == []


@jumping
async def test_a_driver_for_data_adapters_is_not_tried_without_one() -> None:
    registry = Registry()
    infos = {name: registry.info(name) for name in DRIVERS}
    fixture = Fixture(FOLDER / "givenergy_hybrid.yaml")
    async with fixture.server(17).on_loopback() as device:
        place = {"host": "127.0.0.1", "port": device.port}

        assert await ModbusSurvey(Links(), infos, _AT_ONCE).at(place, (17,)) == []


@pytest.mark.parametrize("is_known", [False, True])
@jumping
async def test_a_scan_asks_behind_a_stick_unless_that_is_a_device_of_ours(is_known: bool) -> None:
    # The ports are fixed, so each process has an address of its own.
    host = str(ipaddress.IPv4Address("127.64.0.0") + os.getpid() % 2**20)
    registry = Registry()
    infos = {name: registry.info(name) for name in ("goodwe_et", "goodwe_es")}
    device = Fixture(FOLDER / "goodwe_et.yaml").server(247)
    device.is_rtu, device.prefix = True, b"\xaa\x55"
    options = infos["goodwe_et"].options.model_validate({"host": host, "framing": "aa55"})
    ours = await known({"roof": options} if is_known else {}, {})
    async with stick(b"1.2.3.4,A,Solar-WiFi1", host, 48899), device.on_udp(host, 8899):
        found = await Scan(Links(), infos, ours, lambda _: None).run(Wish([host], manners=_AT_ONCE))

    told = [(one.driver, one.options) for one in found]
    place = {"host": host, "port": 8899, "framing": "aa55"}
    assert told == ([] if is_known else [("goodwe_et", place)])
    assert bool(device.requests) is not is_known
