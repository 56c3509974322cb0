"""A Modbus device described wholly in the config: `driver: modbus`."""

from pathlib import Path

import pytest

from gatewayd.config import load
from gatewayd.devices.inline_map import MapOptions
from gatewayd.devices.registry import Registry
from gatewayd.errors import ConfigError
from gatewayd.links.pool import Links
from gatewayd.model.reading import BatteryReading
from tests.fakes.modbus_server import ModbusServer, image

HEAD = """\
version: 1
home: {timezone: UTC, latitude: 0, longitude: 0}
devices:
  box:
    driver: modbus
    host: 127.0.0.1
"""
MAP = """\
    map:
      vendor: Acme
      models: [One]
      source: its manual
      bus: {unit: 3, port: %d, poll_s: 7}
      options: {offset: {default: 5, about: what to add}}
      units: {other: 4}
      points: {state: {holding: 2}}
      assets:
        battery:
          power_w: {sum: [{holding: 1, unit: other}, offset]}
          status: {holding: 2, enum: {"1": CHARGING}}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "gateway.yaml"
    path.write_text(HEAD + text)
    return path


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(written(folder, text), Registry())
    return [problem.removeprefix(f"{folder}/") for problem in caught.value.problems]


async def test_its_map_is_the_driver_and_its_bus_what_the_config_leaves_out(tmp_path: Path) -> None:
    words = {3: {3: {1: 1, 2: 1}}, 4: {3: {1: 70}}}
    async with ModbusServer(image(words)).on_loopback() as server:
        config = load(written(tmp_path, MAP % server.port), Registry())
        options = config.devices["box"].options
        assert isinstance(options, MapOptions)
        assert (options.unit, options.port, options.poll_s) == (3, server.port, 7)
        async with Registry().info("modbus").open(options, Links()) as driver:
            identity = await driver.identify()
            reading = (await driver.read())["battery"]

    assert identity.vendor == "Acme"
    assert reading == BatteryReading(power_w=75, status=reading.status)  # type: ignore[union-attr]


def test_the_config_itself_goes_before_the_map(tmp_path: Path) -> None:
    config = load(written(tmp_path, "    unit: 9\n" + MAP % 502), Registry())

    options = config.devices["box"].options
    assert isinstance(options, MapOptions)
    assert options.unit == 9


def test_the_same_map_read_again_is_the_same_device(tmp_path: Path) -> None:
    one, other = (load(written(tmp_path, MAP % 502), Registry()) for _ in range(2))

    assert one.devices == other.devices


@pytest.mark.parametrize(
    ("wrong", "right", "told"),
    [
        (
            "power_w: {sum: [{holding: 1, unit: othr}, offset]}",
            "power_w: {sum",
            "devices.box.map.assets.battery.power_w: there is no unit othr; did you mean other?",
        ),
        (
            "power_w: {sum: [offst]}",
            "power_w: {sum",
            "devices.box.map.assets.battery.power_w: there is no point offst; did you mean offset?",
        ),
        ("pwer_w: 1", "power_w: {sum", "a battery has no such field; did you mean power_w?"),
        (
            "points: {state: {holding: 99999}}",
            "points: {state",
            "devices.box.map.points.state.holding: Input should be less than or equal to 65535",
        ),
    ],
)
def test_each_fault_of_the_map_is_told_with_its_place(
    tmp_path: Path, wrong: str, right: str, told: str
) -> None:
    lines = (MAP % 502).splitlines(keepends=True)
    text = "".join(
        line[: len(line) - len(line.lstrip())] + wrong + "\n" if right in line else line
        for line in lines
    )

    (problem,) = faults(tmp_path, text)

    assert problem.startswith("gateway.yaml:1")
    assert problem.endswith(told)


def test_a_map_may_lie_in_a_file_beside_the_config_and_extend_ours(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "extends: eastron_sdm630\nvendor: Acme\nprobe: null\nbus: {unit: 8}\n"
    )

    config = load(written(tmp_path, "    map: mine.yaml\n"), Registry())

    options = config.devices["box"].options
    assert isinstance(options, MapOptions)
    assert (options.unit, options.map.vendor, options.map.bus.baudrate) == (8, "Acme", 9600)
    assert tmp_path / "mine.yaml" in config.files


def test_what_is_wrong_with_a_map_in_a_file_is_told_with_the_files_place(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("extends: eastron_sdm630\nvendr: Acme\n")

    (problem,) = faults(tmp_path, "    map: mine.yaml\n")

    assert problem.startswith("gateway.yaml:7:")
    assert f"{tmp_path / 'mine.yaml'}:2:1: vendr: Extra inputs" in problem


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("    map: 5\n", "should be a register map"),
        ("", "devices.box.map: is missing; add it"),
        ("    map: {extends: nothing_like_it}\n", "extends nothing_like_it.yaml"),
    ],
)
def test_a_map_has_to_be_one(tmp_path: Path, text: str, told: str) -> None:
    (problem,) = faults(tmp_path, text)

    assert told in problem
