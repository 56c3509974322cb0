"""Finding drivers by name."""

import sys
from pathlib import Path

import pytest

from gatewayd.devices.registry import Registry
from gatewayd.errors import ConfigError

MAP = "vendor: A\nmodels: [B]\nsource: C\nassets: {meter: {power_w: {holding: 1}}}\n"


def test_ours_are_found_by_the_name_of_their_file() -> None:
    names = Registry.load().names()

    assert {"sunspec", "eastron_sdm630", "keba_p30"} <= set(names)
    assert list(names) == sorted(names)


def test_only_the_driver_asked_for_is_read(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("vendor: [")
    sys.modules.pop("drivers.modbus.sunspec", None)
    registry = Registry([tmp_path])

    assert registry.info("eastron_sdm630").vendor == "Eastron"
    assert "drivers.modbus.sunspec" not in sys.modules
    assert registry.info("sunspec").vendor == "SunSpec"


def test_a_broken_driver_is_told_when_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("vendor: [")
    registry = Registry([tmp_path])

    with pytest.raises(ConfigError, match=r"broken\.yaml:1:"):
        registry.info("broken")


def test_an_operators_own_map_is_a_driver(tmp_path: Path) -> None:
    (tmp_path / "my_meter.yaml").write_text(MAP)

    info = Registry([tmp_path]).info("my_meter")

    assert (info.vendor, info.models, info.source) == ("A", ("B",), "C")
    assert info.quality == {"captured": False, "commands_verified": False}


def test_one_name_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keba_p30.yaml").write_text(MAP)

    with pytest.raises(ConfigError, match=r"another driver keba_p30"):
        Registry([tmp_path])


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean keba_p30"):
        Registry().info("keba_p3")


def test_a_third_partys_entry_point_is_a_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "acme-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[gatewayd.drivers]\nacme = acme_driver\nempty = acme_empty\ngone = acme_gone\n"
    )
    (tmp_path / "acme_driver.py").write_text(
        "from drivers.modbus.sunspec import DRIVER as OTHER\n"
        "import dataclasses\n"
        "DRIVER = dataclasses.replace(OTHER, vendor='Acme')\n"
    )
    (tmp_path / "acme_empty.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))

    registry = Registry()

    assert registry.info("acme").vendor == "Acme"
    for name in ("empty", "gone"):
        with pytest.raises(ConfigError):
            registry.info(name)


def test_a_maps_bus_gives_the_defaults_of_its_options() -> None:
    options = Registry().info("keba_p30").options
    device = options.model_validate({"host": "10.0.0.9"})

    assert device.unit == 255  # type: ignore[attr-defined]
    assert options.model_json_schema()["properties"]["unit"]["maximum"] == 255
    with pytest.raises(ValueError, match="extra_forbidden"):
        options.model_validate({"host": "10.0.0.9", "hots": 1})
    with pytest.raises(ValueError, match="less than or equal to 255"):
        options.model_validate({"host": "10.0.0.9", "unit": 256})


@pytest.mark.parametrize("place", [{}, {"host": "a", "serial": "/dev/ttyUSB0"}])
def test_a_device_has_exactly_one_place(place: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="either host or serial"):
        Registry().info("eastron_sdm630").options.model_validate(place)


@pytest.mark.parametrize("name", Registry().names())
def test_every_driver_has_poll_and_read_only_options(name: str) -> None:
    info = Registry().info(name)

    assert {"poll_s", "read_only"} <= info.options.model_fields.keys()
    assert info.source
    assert info.quality.keys() == {"captured", "commands_verified"}
