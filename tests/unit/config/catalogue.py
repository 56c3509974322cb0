"""A small set of drivers and a good config, for the tests of the config."""

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from gatewayd.config import Config, load
from gatewayd.errors import ConfigError
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.options import DeviceOptions

GOOD = """\
version: 1
home:
  name: Home
  timezone: Europe/Amsterdam
  latitude: 52.37
  longitude: 4.90
devices:
  inverter:
    driver: sun_tcp
    host: 192.0.2.10
    unit: 1
  meter:
    driver: meter_tcp
    name: Grid meter
    usage: grid
    installed_on: 2024-05-01
    host: 192.0.2.10
    unit: 2
mqtt:
  host: broker.local
  username: gatewayd
"""


class _Tcp(DeviceOptions):
    host: str
    port: int = Field(default=502, ge=1, le=65535)
    unit: int = Field(default=1, ge=1, le=247)


class _Curve(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    exponent: float = 1.0


class _Special(_Tcp):
    """Options with a mapping of their own."""

    curve: _Curve = _Curve()


def _open(_options: Any, _links: Any) -> AbstractAsyncContextManager[Driver]:
    raise AssertionError("the config opens no device")


class Catalogue:
    """Stands in for the registry."""

    _options: ClassVar[dict[str, type[DeviceOptions]]] = {
        "sun_tcp": _Tcp,
        "meter_tcp": _Tcp,
        "special": _Special,
        "broken": _Tcp,
    }

    def names(self) -> Iterable[str]:
        return self._options

    def info(self, name: str) -> DriverInfo:
        if name == "broken":
            raise ConfigError(["drivers.d/broken.yaml:3:1: power_x: is not a reading"])
        return DriverInfo(
            vendor="Acme",
            models=("One",),
            source="none",
            options=self._options[name],
            open=_open,
            quality={},
        )


def write(folder: Path, text: str) -> Path:
    """Put a config into a folder, as the file that is read."""
    path = folder / "gatewayd.yaml"
    path.write_text(text)
    return path


def read(folder: Path, text: str) -> Config:
    """The text as a config."""
    return load(write(folder, text), Catalogue(), {})


def problems(folder: Path, text: str) -> list[str]:
    """What is told of the text, without the name of the file; empty when it is good."""
    path = write(folder, text)
    try:
        load(path, Catalogue(), {})
    except ConfigError as error:
        return [problem.removeprefix(f"{path}:") for problem in error.problems]
    return []
