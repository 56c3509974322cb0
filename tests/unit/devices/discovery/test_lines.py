"""Serial ports are listed, and asked in the ways in which devices usually talk."""

from pathlib import Path

from gatewayd.devices.discovery import lines
from gatewayd.devices.discovery.modbus import Manners, ModbusSurvey
from gatewayd.devices.registry import Registry
from gatewayd.links.pool import Links
from tests.drivers.images import FOLDER, Fixture
from tests.fakes.jump_loop import jumping
from tests.fakes.modbus_server import ModbusServer, image


def test_ports_are_listed_by_what_is_plugged_in(tmp_path: Path) -> None:
    (tmp_path / "usb-two").touch()
    (tmp_path / "usb-one").touch()

    assert [Path(path).name for path in lines.ports(tmp_path)] == ["usb-one", "usb-two"]
    assert lines.ports(tmp_path / "none") == []


@jumping
async def test_a_device_on_a_line_is_found() -> None:
    registry = Registry()
    infos = {"eastron_sdm630": registry.info("eastron_sdm630")}
    fixture = Fixture(FOLDER / "eastron_sdm630.yaml")
    server = ModbusServer(image(fixture.units(7)), is_rtu=True)
    survey = ModbusSurvey(Links(), infos, Manners(connect_delay_s=0), units=[7])
    async with server.on_pty() as path:
        found = await lines.on(survey, path)

    assert [(one.driver, one.options["serial"], one.options["unit"]) for one in found] == [
        ("eastron_sdm630", path, 7)
    ]
    assert server.writes == []
