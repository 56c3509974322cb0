"""The devices of the config, each judged by its own driver, so that this room knows no vendor."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from pydantic import create_model

from gatewayd.config import sections
from gatewayd.config.governed import Governed
from gatewayd.config.problems import dotted, misspelt, shown
from gatewayd.config.secret import SecretFile
from gatewayd.config.source import Source
from gatewayd.config.surroundings import Surroundings
from gatewayd.config.verdict import in_a_file, judge
from gatewayd.errors import ConfigError
from gatewayd.model.asset import MeterUsage, Usages
from gatewayd.sdk.driver import DriverInfo
from gatewayd.sdk.options import DeviceOptions, secret_fields


class Drivers(Protocol):
    """What is asked of `gatewayd.devices.registry.Registry`."""

    def names(self) -> Iterable[str]:
        """Every driver there is."""

    def info(self, name: str) -> DriverInfo:
        """One driver's manifest; a driver that is itself broken raises ConfigError."""


@dataclass(frozen=True)
class Device:
    """One device; `options` is an instance of its driver's own options model."""

    driver: str
    options: DeviceOptions
    name: str | None = None
    usage: MeterUsage | None = None
    meters: Mapping[str, MeterUsage] = field(default_factory=dict)
    installed_on: date | None = None
    governed: Governed = field(default_factory=Governed)

    @property
    def usages(self) -> Usages:
        """What its meters stand in front of."""
        return Usages(self.usage, self.meters)


def devices(
    source: Source, drivers: Drivers, data: object, around: Surroundings | None = None
) -> dict[str, Device]:
    """Every device that is right; what is wrong with the others is added to the source."""
    found: dict[str, Device] = {}
    for device_id, block in data.items() if isinstance(data, dict) else ():
        if not sections.DEVICE_ID.fullmatch(device_id):
            told = f"{shown(device_id)} is no id; use 1 to 32 of a to z, 0 to 9 and _"
            source.fault(("devices", device_id), told, at_key=True)
        device = _device(source, drivers, device_id, block, around)
        if device is not None:
            found[device_id] = device
    _one_place_each(source, found)
    return found


def _device(
    source: Source, drivers: Drivers, device_id: str, block: object, around: Surroundings | None
) -> Device | None:
    at = ("devices", device_id)
    keys = sections.Device.model_fields.keys()
    if not isinstance(block, dict):
        judge(source, sections.Device, block, at=at)
        return None
    common = judge(source, sections.Device, _only(block, block.keys() & keys), at=at)
    info = _driver(source, drivers, at, block.get("driver"))
    if info is None:
        return None
    secrets = {f"{name}_file": name for name in secret_fields(info.options)}
    own = _with_secrets(source, at, _only(block, block.keys() - keys), secrets, around)
    also = keys | secrets.keys()
    options = judge(source, info.options, own, at=at, also=also, context=around)
    if common is None or options is None:
        return None
    governed = Governed.model_construct(
        **{key: getattr(common, key) for key in Governed.model_fields}
    )
    rest = {key: value for key, value in common if key not in Governed.model_fields}
    return Device(options=options, governed=governed, **rest)


def _with_secrets(
    source: Source,
    at: tuple[str, str],
    own: dict[str, Any],
    secrets: Mapping[str, str],
    around: Surroundings | None,
) -> dict[str, Any]:
    """A device's keys with what stands in the files that they name instead of each secret."""
    for key, name in secrets.items():
        if name in own:
            source.fault((*at, name), in_a_file(key), at_key=True)
        elif key in own:
            one = create_model(key, **{key: (SecretFile, ...)})  # type: ignore[call-overload]
            told = judge(source, one, {key: own.pop(key)}, at=at, context=around)
            own |= {} if told is None else {name: getattr(told, key).reveal()}
    return own


def _only(block: dict[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {key: block[key] for key in block if key in keys}


def _driver(
    source: Source, drivers: Drivers, at: tuple[str, str], name: object
) -> DriverInfo | None:
    if not isinstance(name, str) or source.is_broken((*at, "driver")):
        return None
    names = set(drivers.names())
    if name not in names:
        source.fault((*at, "driver"), f"there is no driver {shown(name)}; {_meant(name, names)}")
        return None
    try:
        return drivers.info(name)
    except ConfigError as error:
        for problem in error.problems:
            source.fault((*at, "driver"), f"this driver is broken: {problem}")
        return None


def _meant(name: str, names: Iterable[str]) -> str:
    """The drivers that a name may mean: one misspelt, or those with it as a word, as `keba`."""
    word = name.lower().replace("-", "_")
    known = sorted(names)
    meant = misspelt(word, known) or [one for one in known if f"_{word}_" in f"_{one}_"]
    near = f"did you mean {' or '.join(meant[:4])}? " if meant else ""
    return f"{near}SUPPORTED.md names the driver of each maker"


def _one_place_each(source: Source, devices: Mapping[str, Device]) -> None:
    """Two drivers at one address would fight over it and count everything twice."""
    taken: dict[tuple[object, ...], str] = {}
    for device_id, device in devices.items():
        place = _place(device.options)
        if place is None:
            continue
        first = taken.setdefault(place, device_id)
        if first != device_id:
            other = dotted(("devices", first))
            told = f"is at the same address and unit as {other}; remove one of the two"
            source.fault(("devices", device_id), told, at_key=True)


def _place(options: DeviceOptions) -> tuple[object, ...] | None:
    """Host or serial line, port and unit, or charge point and plug, where the options have them."""
    charge_point = getattr(options, "charge_point", None)
    if charge_point is not None:
        return (charge_point, getattr(options, "connector", None))
    host = getattr(options, "host", None)
    line = getattr(options, "serial", None)
    unit = getattr(options, "unit", None)
    if unit is None or (host is None and line is None):
        return None
    return (str(host).lower(), getattr(options, "port", None), str(line), unit)
