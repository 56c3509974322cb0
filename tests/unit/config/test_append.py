"""Devices are added to a config without touching what stands there."""

from pathlib import Path

import pytest

from gatewayd.config.append import append, appended
from gatewayd.devices.registry import Registry
from gatewayd.errors import ConfigError


def _block(indent: str) -> str:
    return f"{indent}new:\n{indent}{indent}driver: keba_p30\n{indent}{indent}host: 192.168.1.9\n"


NEW = _block("  ")
HOME = "version: 1  # mine\nhome: {timezone: Europe/Vienna, latitude: 48.2, longitude: 16.4}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("version: 1\n", f"version: 1\ndevices:\n{NEW}"),
        ("version: 1", f"version: 1\ndevices:\n{NEW}"),
        ("devices:  # none yet\nversion: 1\n", f"devices:  # none yet\n{NEW}version: 1\n"),
        (
            "devices:\n  old:  # mine\n    driver: x\n    # port: 5\n\n# the broker\nmqtt:\n",
            f"devices:\n  old:  # mine\n    driver: x\n    # port: 5\n{NEW}\n# the broker\nmqtt:\n",
        ),
        (
            "devices:\n    old:\n        driver: x\n",
            "devices:\n    old:\n        driver: x\n" + _block("    "),
        ),
    ],
    ids=["no devices", "no end of line", "an empty section", "before a section", "deeper"],
)
def test_devices_come_after_those_there(text: str, expected: str) -> None:
    assert appended(text, _block) == expected


@pytest.mark.parametrize(
    "text",
    [
        "devices: {old: {driver: x}}\n",
        "devices: {}\n",
        "devices: [1]\n",
        "devices: ~\n",
        "- 1\n",
        "a: [\n",
    ],
)
def test_what_cannot_be_added_to_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        appended(text, _block)


def test_the_file_is_replaced_only_by_a_right_one(tmp_path: Path) -> None:
    path = tmp_path / "gatewayd.yaml"
    path.write_text(HOME)
    path.chmod(0o640)

    append(path, _block, Registry())

    assert path.read_text() == f"{HOME}devices:\n{NEW}"
    assert path.stat().st_mode & 0o777 == 0o640
    with pytest.raises(ConfigError, match=r"gatewayd\.yaml:8"):
        append(
            path, lambda indent: f"{indent}other:\n{indent}{indent}driver: nonsense\n", Registry()
        )
    assert path.read_text() == f"{HOME}devices:\n{NEW}"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="paste"):
        append(tmp_path / "none.yaml", _block, Registry())
