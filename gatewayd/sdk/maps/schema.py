"""Register maps: a whole Modbus device as data. `drivers/README.md` shows how to write one."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.climate import Bounds, HvacCategory, HvacMode, Thermostat
from gatewayd.sdk.maps import blocks
from gatewayd.sdk.maps.commands import CAPABILITIES, INPUTS, Step, Watchdog
from gatewayd.sdk.maps.expressions import labels_in, names_in, names_of
from gatewayd.sdk.maps.fields import field_types, label
from gatewayd.sdk.maps.points import Conditions, Defaults, Point, Strict
from gatewayd.sdk.maps.sources import Source
from gatewayd.sdk.options import Framing

# What an asset has beside the fields of its reading.
_OWN_KEYS = frozenset({"kind", "present", "limits", "thermostat", "commands", "watchdog"})

Problem = tuple[str, str]


class MapError(ValueError):
    """Faults of a map, each with the dotted path it is at."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{path}: {text}" for path, text in problems))
        self.problems = problems


class Quality(Strict):
    """Evidence: a capture of a real device, commands seen to work on one."""

    captured: bool = False
    commands_verified: bool = False


class Bus(Strict):
    """How the device wants to be talked to, and what to assume when the config is silent."""

    unit: int = Field(default=1, ge=0, le=255)
    port: int = Field(default=502, ge=1, le=65535)
    baudrate: int = 9600
    parity: str = Field(default="N", pattern="^[NEO]$")
    stopbits: int = Field(default=1, ge=1, le=2)
    framing: Framing = "tcp"
    timeout_s: float = Field(default=2.0, gt=0, le=60)
    min_gap_s: float = Field(default=0.0, ge=0, le=10)
    connect_delay_s: float = Field(default=0.0, ge=0, le=30)
    poll_s: float = Field(default=2.0, gt=0, le=3600)
    join: bool = True
    max_registers: int = Field(default=blocks.MAX_REGISTERS, ge=1, le=blocks.MAX_REGISTERS)
    max_gap: int = Field(default=blocks.MAX_GAP, ge=0, le=64)
    split_at: list[int] = Field(default_factory=list)

    @property
    def joining(self) -> blocks.Joining:
        """How far reads may be joined."""
        splits = tuple(self.split_at)
        return blocks.Joining(self.join, self.max_registers, self.max_gap, splits)


class Limits(Strict):
    """What the role can bear, and how long a command may take to show."""

    min_current_a: Source | None = None
    max_current_a: Source | None = None
    confirm_timeout_s: float = Field(default=60.0, gt=0, le=600)


class ThermostatMap(Strict):
    """What a heater or cooler can be held at; each range is [lowest, highest] in degrees."""

    modes: list[HvacMode] = Field(min_length=1)
    heat_c: tuple[float, float] | None = None
    cool_c: tuple[float, float] | None = None
    difference_c: tuple[float, float] | None = None
    category: HvacCategory = HvacCategory.HEAT_PUMP

    @property
    def thermostat(self) -> Thermostat:
        """The same in the model's words."""
        return Thermostat(
            modes=frozenset(self.modes),
            heat_c=Bounds(*self.heat_c) if self.heat_c else None,
            cool_c=Bounds(*self.cool_c) if self.cool_c else None,
            difference_c=Bounds(*self.difference_c) if self.difference_c else None,
            category=self.category,
        )


class IdentityMap(Strict):
    """Where the device says who it is."""

    serial: Source | None = None
    firmware: Source | None = None
    model: Source | None = None


class AssetMap(Strict):
    """One role: the fields of its reading, its commands and its watchdog.

    `kind` may be left out where the role is called like its kind. The role is there only if
    `present` holds when the device is identified.
    """

    kind: AssetKind
    present: Conditions | None = None
    limits: Limits = Field(default_factory=Limits)
    thermostat: ThermostatMap | None = None
    commands: dict[Capability, list[Step]] = Field(default_factory=dict)
    watchdog: Watchdog | None = None
    fields: dict[str, Source] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gather_fields(cls, data: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        if not isinstance(data, dict) or "fields" in data:
            return data
        own = {key: data[key] for key in data if key in _OWN_KEYS}
        return own | {"fields": {key: data[key] for key in data if key not in _OWN_KEYS}}


class RegisterMap(Strict):
    """One driver. `source` tells where the numbers come from."""

    vendor: str = Field(min_length=1)
    models: list[str] = Field(min_length=1)
    source: str = Field(min_length=1)
    quality: Quality = Field(default_factory=Quality)
    bus: Bus = Field(default_factory=Bus)
    defaults: Defaults = Field(default_factory=Defaults)
    probe: Conditions | None = None
    identity: IdentityMap = Field(default_factory=IdentityMap)
    points: dict[str, Point] = Field(default_factory=dict)
    assets: dict[str, AssetMap] = Field(min_length=1)
    note: str | None = None

    @field_validator("assets", mode="before")
    @classmethod
    def _name_kinds(cls, assets: Any) -> Any:  # noqa: ANN401 - as above
        """A role called like a kind is of that kind."""
        if not isinstance(assets, dict):
            return assets
        return {
            role: {"kind": role} | asset if isinstance(asset, dict) else asset
            for role, asset in assets.items()
        }

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        found = list(_problems(self))
        if found:
            raise MapError(found)
        return self


def sources_of(found: RegisterMap) -> Iterator[tuple[str, Source]]:
    """Every source of a map with its path, commands included."""
    for key, source in found.identity:
        if source is not None:
            yield f"identity.{key}", source
    for role, asset in found.assets.items():
        yield from _asset_sources(f"assets.{role}", asset)


def conditions_of(found: RegisterMap) -> Iterator[tuple[str, Conditions]]:
    """Every set of conditions outside sources and points, with its path."""
    if found.probe:
        yield "probe", found.probe
    for role, asset in found.assets.items():
        if asset.present:
            yield f"assets.{role}.present", asset.present
        for path, step in steps_of(f"assets.{role}", asset):
            if step.when:
                yield f"{path}.when", step.when


def steps_of(path: str, asset: AssetMap) -> Iterator[tuple[str, Step]]:
    """Every write of a role, with its path."""
    for capability, steps in asset.commands.items():
        for number, step in enumerate(steps):
            yield f"{path}.commands.{capability}.{number}", step
    for number, step in enumerate(asset.watchdog.feed if asset.watchdog else ()):
        yield f"{path}.watchdog.feed.{number}", step


def _asset_sources(path: str, asset: AssetMap) -> Iterator[tuple[str, Source]]:
    for field, source in asset.fields.items():
        yield f"{path}.{field}", source
    for key, source in asset.limits:
        if key != "confirm_timeout_s" and source is not None:
            yield f"{path}.limits.{key}", source
    if asset.watchdog:
        yield f"{path}.watchdog.timeout_s", asset.watchdog.timeout_s
    for step_path, step in steps_of(path, asset):
        for number, amount in enumerate(step.amounts):
            yield f"{step_path}.value{number}", amount.source
            if amount.limit is not None:
                yield f"{step_path}.limit{number}", amount.limit


def _problems(found: RegisterMap) -> Iterator[Problem]:
    for role, asset in found.assets.items():
        yield from _asset_problems(f"assets.{role}", asset, found.points)
    for path, source in sources_of(found):
        is_command = ".commands." in path or ".feed." in path
        yield from _unknown(path, names_in(source), found.points, is_command=is_command)
    for path, conditions in conditions_of(found):
        is_command = ".commands." in path
        yield from _unknown(path, conditions, found.points, is_command=is_command)
    for name, point in found.points.items():
        yield from _unknown(f"points.{name}", names_of(point), found.points)
    for name in found.points.keys() & set(INPUTS):
        yield f"points.{name}", "this name is the command's own; choose another"


def _unknown(
    path: str,
    names: Iterable[str],
    points: Mapping[str, Point],
    *,
    is_command: bool = False,
) -> Iterator[Problem]:
    for name in names:
        if name not in points and not (is_command and name in INPUTS):
            yield path, f"there is no point {name}{_near(name, points)}"


def _asset_problems(path: str, asset: AssetMap, points: Mapping[str, Point]) -> Iterator[Problem]:
    types = field_types(asset.kind)
    for field, source in asset.fields.items():
        if field not in types:
            yield f"{path}.{field}", f"a {asset.kind} has no such field{_near(field, types)}"
            continue
        for text in labels_in(source, points):
            try:
                label(types[field], text)
            except ValueError as error:
                yield f"{path}.{field}", str(error)
    if asset.thermostat and asset.kind is not AssetKind.HVAC:
        yield f"{path}.thermostat", f"a {asset.kind} has none"
    for capability in asset.commands:
        if capability not in CAPABILITIES.get(asset.kind, frozenset()):
            yield f"{path}.commands.{capability}", f"a {asset.kind} has no such command"


def _near(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), 1)
    return f"; did you mean {close[0]}?" if close else ""
