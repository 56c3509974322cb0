"""The driver `modbus`: a register map that stands in the config, or in a file beside it.

solar:
  driver: modbus
  host: 192.168.1.40
  map: {vendor: Acme, models: [One], source: its manual, assets: {meter: {power_w: {holding: 1}}}}
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Protocol

from pydantic import Field, PlainValidator, ValidationInfo, model_validator

import drivers
from gatewayd.devices.registers import opener
from gatewayd.errors import ConfigError
from gatewayd.links.pool import Links
from gatewayd.sdk.driver import Driver, DriverInfo
from gatewayd.sdk.options import ModbusOptions
from gatewayd.sdk.registers import RegisterMap, load_map, map_of

# The folders whose maps others may extend.
OUR_MAPS = tuple(Path(path) / "modbus" for path in drivers.__path__)


class _Around(Protocol):
    """What the config is read from: paths are relative to its folder."""

    folder: Path

    def opening(self, path: Path) -> Path:
        """The file, which is then watched for changes."""


def _map(given: object, info: ValidationInfo) -> RegisterMap:
    """The map itself, or the one in a file. Raises MapError, or ValueError for a file's faults."""
    if isinstance(given, RegisterMap):
        return given
    around: _Around | None = info.context
    folder = around.folder if around else Path()
    if isinstance(given, str):
        path = folder / given
        try:
            return load_map(around.opening(path) if around else path, OUR_MAPS)
        except ConfigError as error:
            raise ValueError("; ".join(error.problems)) from error
    if isinstance(given, dict):
        return map_of(given, (folder, *OUR_MAPS))
    raise ValueError("should be a register map, or the name of a file that holds one")


class MapOptions(ModbusOptions):
    """A Modbus device and its map, whose `bus` tells what is not said here."""

    map: Annotated[
        RegisterMap, PlainValidator(_map, json_schema_input_type=str | dict[str, Any])
    ] = Field(description="a register map as in drivers/README.md, or the file that holds it")

    @model_validator(mode="before")
    @classmethod
    def _as_the_map_says(cls, block: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - a file's
        if not isinstance(block, dict):
            return block
        try:
            found = _map(block.get("map"), info)
        except ValueError:
            # Told with its place when the key is judged.
            return block
        said = {name: getattr(found.bus, name) for name in found.bus.model_fields_set}
        return {k: v for k, v in said.items() if k in cls.model_fields} | block | {"map": found}


@asynccontextmanager
async def _open(options: MapOptions, links: Links) -> AsyncIterator[Driver]:
    async with opener(options.map)(options, links) as driver:
        yield driver


DRIVER = DriverInfo(
    vendor="Modbus",
    models=("any device, by a register map in the config",),
    source="the operator's own map",
    options=MapOptions,
    open=_open,
    quality={"captured": False, "commands_verified": False},
)
