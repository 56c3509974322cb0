"""Finds a driver by its name: the stem of its file, or the name of an entry point."""

import logging
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from functools import cache, partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, create_model

import drivers
from gatewayd.devices import inline_map
from gatewayd.devices.map_probe import map_probe
from gatewayd.devices.registers import opener
from gatewayd.errors import ConfigError
from gatewayd.sdk.driver import DriverInfo
from gatewayd.sdk.options import ModbusOptions
from gatewayd.sdk.registers import Bus, MapOption, RegisterMap, load_map

log = logging.getLogger(__name__)

_GROUP = "gatewayd.drivers"
_MAPS = "modbus"

# What a map may say of its bus that the operator may say otherwise.
_BUS_OPTIONS = frozenset(ModbusOptions.model_fields) & frozenset(Bus.model_fields) - {"poll_s"}

_Load = Callable[[], DriverInfo]

OPERATOR_MAPS = Path("/etc/gatewayd/drivers.d")


class Registry:
    """All drivers by name; only the one asked for is read or imported.

    Ours lie in `drivers/`, the operator's own maps in `extra_dirs`, third parties' come as entry
    points of the group `gatewayd.drivers`. One name twice is a ConfigError: it would be a matter
    of luck which one talks to the device.
    """

    def __init__(self, extra_dirs: Sequence[Path] = ()) -> None:
        self._places: dict[str, str] = {}
        self._loads: dict[str, _Load] = {}
        self._infos: dict[str, DriverInfo] = {}
        problems = [
            problem
            for name, place, load in _found(extra_dirs)
            if (problem := self._add(name, place, load))
        ]
        if problems:
            raise ConfigError(problems)

    @classmethod
    def load(cls, extra_dirs: Sequence[Path] = (OPERATOR_MAPS,)) -> Self:
        """Look for drivers everywhere."""
        return cls(extra_dirs)

    def names(self) -> tuple[str, ...]:
        """Every driver there is, in order."""
        return tuple(sorted(self._loads))

    def info(self, name: str) -> DriverInfo:
        """A driver's manifest. ConfigError when there is none, or it is itself faulty."""
        if name not in self._infos:
            if name not in self._loads:
                close = get_close_matches(name, self._loads, 1)
                hint = f"; did you mean {close[0]}?" if close else ""
                raise ConfigError([f"there is no driver {name}{hint}"])
            self._infos[name] = self._loads[name]()
        return self._infos[name]

    def usable(self) -> dict[str, DriverInfo]:
        """Every driver that is not itself faulty, by name; the others are logged."""
        found = {}
        for name in self.names():
            try:
                found[name] = self.info(name)
            except ConfigError as error:
                log.warning("driver %s cannot be used: %s", name, error)
        return found

    def place(self, name: str) -> str:
        """Where a driver comes from: its file, or its package."""
        return self._places[name]

    def _add(self, name: str, place: str, load: _Load) -> str | None:
        """Keep one driver; what is wrong with it, if anything."""
        other = self._places.get(name)
        if other is not None:
            return f"{place}: there is another driver {name} in {other}; rename one of them"
        self._places[name], self._loads[name] = place, load
        return None


def map_info(found: RegisterMap) -> DriverInfo:
    """The manifest of a register map, with its bus as the options' defaults."""
    fields = {
        name: (ModbusOptions.model_fields[name].annotation, _default(found.bus, name))
        for name in sorted(_BUS_OPTIONS)
    }
    fields |= {f"{name}_unit": _unit_option(number) for name, number in found.units.items()}
    fields |= {name: _own_option(option) for name, option in found.options.items()}
    if found.brands:
        fields["brand"] = _brand_option(found)
    probe = map_probe(found)
    options = create_model("MapOptions", __base__=ModbusOptions, **fields)  # type: ignore[call-overload]
    return DriverInfo(
        vendor=found.vendor,
        models=tuple(found.models),
        source=found.source,
        options=options,
        open=opener(found),
        quality=dict(found.quality),
        poll_s=found.bus.poll_s,
        kinds=frozenset(asset.kind for asset in found.assets.values()),
        brands=_names(found),
        sleeps=found.bus.sleeps,
        controls=frozenset(one for asset in found.assets.values() for one in asset.commands),
        probes=(probe,) if probe else (),
    )


def _brand_option(found: RegisterMap) -> tuple[Any, object]:
    return Literal[_names(found)], Field(
        default=found.vendor, description="whose name the device bears"
    )


def _names(found: RegisterMap) -> tuple[str, ...]:
    """Under whose names the devices are sold."""
    return tuple(dict.fromkeys((found.vendor, *found.brands)))


def _unit_option(number: int | None) -> tuple[Any, object]:
    told = "Modbus unit id of that part; not there without it" if number is None else None
    return int | None, Field(default=number, ge=0, le=255, description=told)


def _own_option(option: MapOption) -> tuple[Any, object]:
    return float | None, Field(
        default=option.default, ge=option.min, le=option.max, description=option.about
    )


def _default(bus: Bus, name: str) -> object:
    field = ModbusOptions.model_fields[name]
    bounds = {key: getattr(rule, key) for rule in field.metadata for key in _bounds(rule)}
    default = getattr(bus, name)
    return Field(default=default, description=field.description, **bounds)


def _bounds(rule: object) -> Iterator[str]:
    return (key for key in ("ge", "gt", "le", "lt") if hasattr(rule, key))


def _found(extra_dirs: Sequence[Path]) -> Iterator[tuple[str, str, _Load]]:
    for folder in (Path(path) for path in drivers.__path__):
        for path in sorted(folder.glob(f"{_MAPS}/*.yaml")):
            yield path.stem, str(path), partial(_our_map, path)
        for path in sorted(folder.glob("*/[a-z]*.py")):
            module = f"{drivers.__name__}.{path.parent.name}.{path.stem}"
            yield path.stem, str(path), partial(_module, module)
    yield "modbus", f"{inline_map.__file__}", lambda: inline_map.DRIVER
    for folder in extra_dirs:
        for path in sorted(folder.glob("*.yaml")):
            yield path.stem, str(path), partial(_map, path)
    for point in sorted(entry_points(group=_GROUP), key=lambda point: point.name):
        yield point.name, f"entry point {point.value}", partial(_entry, point)


@cache
def _our_map(path: Path) -> DriverInfo:
    """Reading YAML takes a tenth of a second for each map, and ours do not change."""
    return _map(path)


def _map(path: Path) -> DriverInfo:
    return map_info(load_map(path, inline_map.OUR_MAPS))


def _module(name: str) -> DriverInfo:
    try:
        return _manifest(import_module(name).DRIVER, name)
    except (ImportError, SyntaxError, AttributeError) as error:
        raise ConfigError([f"{name}: {error}"]) from error


def _entry(point: EntryPoint) -> DriverInfo:
    """An entry point names a module with DRIVER in it, or the manifest itself."""
    try:
        loaded = point.load()
        return _manifest(getattr(loaded, "DRIVER", loaded), point.value)
    except (ImportError, SyntaxError, AttributeError) as error:
        raise ConfigError([f"entry point {point.name} = {point.value}: {error}"]) from error


def _manifest(found: object, place: str) -> DriverInfo:
    if not isinstance(found, DriverInfo):
        raise ConfigError([f"{place}: DRIVER must be a DriverInfo"])
    return found
