"""Virtual homes made of register images."""

from pathlib import Path

import pytest

from gatewayd.errors import ConfigError
from gatewayd.virtual.home import virtual_home
from gatewayd.virtual.modbus import answer
from gatewayd.virtual.roster import IMAGES, roster
from tests.fakes.clock import FakeClock
from tests.unit.virtual.conftest import NOON


def listed(folder: Path, text: str) -> Path:
    path = folder / "home.yaml"
    path.write_text(text)
    return path


def test_a_list_names_moving_devices_images_and_files(tmp_path: Path) -> None:
    (tmp_path / "keba_p30.yaml").write_text("registers: {}")

    found = roster(listed(tmp_path, "[inverter, keba_p30, keba_p30.yaml, sunspec-der]"))

    assert found == {
        "inverter": None,
        "keba_p30": IMAGES / "keba_p30.yaml",
        "keba_p30_2": tmp_path / "keba_p30.yaml",
        "sunspec_der": IMAGES / "sunspec-der.yaml",
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nowhere: 1", "should be a list of names"),
        ("[5]", "should be a list of names"),
        ("[no_such_device]", "there is no image"),
        ("[", "mend it, or name another file"),
    ],
)
def test_a_list_that_is_none_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        roster(listed(tmp_path, text))


async def test_an_image_answers_takes_writes_and_shows_their_effects() -> None:
    members = {"charger": IMAGES / "keba_p30.yaml", "solar": IMAGES / "sunspec.yaml"}
    async with virtual_home(clock=FakeClock(), start=NOON, members=members) as home:
        charger, solar = home.devices["charger"], home.devices["solar"]
        assert home.address("charger").keys() == {"driver", "host", "port"}
        assert home.address("solar")["meter_unit"] == 200

        assert answer(charger, bytes.fromhex("03044C0002")).hex() == "030400003e80"
        assert answer(charger, bytes.fromhex("06138C2904")).hex() == "06138c2904"
        assert answer(charger, bytes.fromhex("03044C0002")).hex() == "030400002904"
        assert charger.settings() == {"holding 5004": 10500}
        charger.restart()
        assert answer(charger, bytes.fromhex("03044C0002")).hex() == "030400003e80"
        meter = solar.part(200)
        assert meter is not None
        assert answer(meter, bytes.fromhex("039C400002")).hex() == "03045375" + "6e53"


async def test_a_file_that_is_no_image_is_told(tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    path.write_text("vendor: Acme")

    with pytest.raises(ConfigError, match="is no register image"):
        async with virtual_home(clock=FakeClock(), start=NOON, members={"acme": path}):
            pass
