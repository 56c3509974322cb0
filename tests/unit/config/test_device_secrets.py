"""Passwords of devices: in files of their own, as all secrets of the config."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import pytest
from jsonschema import Draft202012Validator
from pydantic import SecretStr

from gatewayd.config import Config, load
from gatewayd.config.schema import schema
from gatewayd.errors import ConfigError
from gatewayd.sdk.driver import DriverInfo
from gatewayd.sdk.options import HttpOptions
from tests.unit.config.catalogue import Catalogue, write

HOME = "version: 1\nhome: {timezone: UTC, latitude: 0, longitude: 0}\n"


class _Locked(HttpOptions):
    username: str = "admin"
    password: SecretStr


class Drivers(Catalogue):
    """One driver that wants a password."""

    def names(self) -> Iterable[str]:
        return ("locked",)

    def info(self, name: str) -> DriverInfo:
        assert name == "locked"
        given = super().info("sun_tcp")
        return DriverInfo(
            given.vendor, given.models, given.source, _Locked, given.open, given.quality
        )


def read(folder: Path, device: str) -> Config:
    text = f"{HOME}devices:\n  box: {{driver: locked, host: a, {device}}}\n"
    return load(write(folder, text), Drivers(), {})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "box").write_text("hush\n")
    (tmp_path / "box").chmod(0o600)
    return tmp_path


def test_a_device_s_password_comes_from_its_file_and_is_hidden(folder: Path) -> None:
    config = read(folder, "password_file: box")

    options = cast(_Locked, config.devices["box"].options)
    assert options.password.get_secret_value() == "hush"
    assert "hush" not in repr(config)
    assert [secret.reveal() for secret in config.secrets] == ["hush"]
    assert folder / "box" in config.files


@pytest.mark.parametrize(
    ("device", "told"),
    [
        ("password: hush", "devices.box.password: a secret is not written in this file"),
        ("password: hush", "write password_file: its path"),
        ("password_file: none", "devices.box.password_file: there is no file"),
        ("pasword_file: box", "did you mean password_file?"),
    ],
)
def test_a_password_elsewhere_is_told_and_not_repeated(
    folder: Path, device: str, told: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        read(folder, device)

    assert any(told in problem for problem in raised.value.problems)
    assert not any("hush" in problem for problem in raised.value.problems)


def test_a_file_that_everybody_can_read_holds_no_secret(folder: Path) -> None:
    (folder / "box").chmod(0o644)

    with pytest.raises(ConfigError, match="every user can open it"):
        read(folder, "password_file: box")


def test_the_schema_knows_the_file_and_not_the_password() -> None:
    made = schema(Drivers())
    box = {"driver": "locked", "host": "a"}

    def is_good(device: dict[str, str]) -> bool:
        home = {"timezone": "UTC", "latitude": 0, "longitude": 0}
        whole = {"version": 1, "home": home, "devices": {"box": device}}
        return Draft202012Validator(json.loads(json.dumps(made))).is_valid(whole)

    assert is_good(box | {"password_file": "box"})
    assert not is_good(box)
    assert not is_good(box | {"password": "hush"})
