"""Register maps: a whole Modbus device as data. `drivers/README.md` shows how to write one."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from gatewayd.model.asset import AssetKind
from gatewayd.sdk.maps import blocks
from gatewayd.sdk.maps.assets import AssetMap
from gatewayd.sdk.maps.commands import CAPABILITIES, INPUTS, Step
from gatewayd.sdk.maps.expressions import labels_in, names_in, names_of, points_in
from gatewayd.sdk.maps.fields import field_types, label
from gatewayd.sdk.maps.points import Conditions, Defaults, Point, Strict
from gatewayd.sdk.maps.sources import Source
from gatewayd.sdk.options import Framing, ModbusOptions

Problem = tuple[str, str]

# What these are told stays in force, so that somebody has to end it.
_MUST_BE_SAFE = frozenset({AssetKind.BATTERY, AssetKind.INVERTER})


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
    are_mirrored: bool = Field(
        default=False, description="functions 3 and 4 read the same, or one of them nothing"
    )
    sleeps: bool = Field(default=False, description="it has no power at night: that is no fault")
    nvm_writes_per_day: int = Field(default=10, ge=1, le=1000, description="of each register")

    @property
    def joining(self) -> blocks.Joining:
        """How far reads may be joined."""
        splits = tuple(self.split_at)
        return blocks.Joining(self.join, self.max_registers, self.max_gap, splits)


class IdentityMap(Strict):
    """Where the device says who it is."""

    vendor: Source | None = None
    serial: Source | None = None
    firmware: Source | None = None
    model: Source | None = None


class MapOption(Strict):
    """A number that only the operator knows, such as the greatest current of a battery."""

    default: float | None = None
    min: float | None = None
    max: float | None = None
    about: str = Field(min_length=1)


class RegisterMap(Strict):
    """One driver. `source` tells where the numbers come from.

    `brands` are under whose names else the same device is sold. `units` are further Modbus units at
    the same place; one without a number is there only if the operator says `<name>_unit`. `values`
    are sources with a name, which may use points, options and values above them. `contacts` are
    closed or open by somebody else, such as a grid operator: 1 or true is closed.
    """

    vendor: str = Field(min_length=1)
    brands: list[str] = Field(default_factory=list)
    models: list[str] = Field(min_length=1)
    source: str = Field(min_length=1)
    quality: Quality = Field(default_factory=Quality)
    bus: Bus = Field(default_factory=Bus)
    defaults: Defaults = Field(default_factory=Defaults)
    probe: Conditions | None = None
    identity: IdentityMap = Field(default_factory=IdentityMap)
    units: dict[str, Annotated[int, Field(ge=0, le=255)] | None] = Field(default_factory=dict)
    options: dict[str, MapOption] = Field(default_factory=dict)
    points: dict[str, Point] = Field(default_factory=dict)
    values: dict[str, Source] = Field(default_factory=dict)
    assets: dict[str, AssetMap] = Field(default_factory=dict)
    contacts: list[Source] = Field(default_factory=list)
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
    for name, source in found.values.items():
        yield f"values.{name}", source
    for key, source in found.identity:
        if source is not None:
            yield f"identity.{key}", source
    for number, source in enumerate(found.contacts):
        yield f"contacts.{number}", source
    for role, asset in found.assets.items():
        yield from _asset_sources(f"assets.{role}", asset)


def conditions_of(found: RegisterMap) -> Iterator[tuple[str, Conditions]]:
    """Every set of conditions outside sources and points, with its path."""
    if found.probe:
        yield "probe", found.probe
    for role, asset in found.assets.items():
        if asset.present:
            yield f"assets.{role}.present", asset.present
        for capability, needed in asset.needs.items():
            yield f"assets.{role}.needs.{capability}", needed
        for path, step in steps_of(f"assets.{role}", asset):
            if step.when:
                yield f"{path}.when", step.when


def steps_of(path: str, asset: AssetMap) -> Iterator[tuple[str, Step]]:
    """Every write of a role, with its path."""
    for capability, steps in asset.commands.items():
        for number, step in enumerate(steps):
            yield f"{path}.commands.{capability}.{number}", step
    for number, step in enumerate(asset.watchdog.steps if asset.watchdog else ()):
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
    if not found.assets and not found.contacts:
        yield "assets", "is empty; say what the device is, or give contacts"
    known = found.points.keys() | found.options.keys() | found.values.keys()
    for role, asset in found.assets.items():
        yield from _asset_problems(f"assets.{role}", asset, {**found.points, **found.values})
        yield from _command_problems(f"assets.{role}", asset)
    for path, source in sources_of(found):
        if not path.startswith("values."):
            asked = INPUTS if ".commands." in path or ".feed." in path else ()
            yield from _unknown(path, names_in(source), known | set(asked))
    for path, conditions in conditions_of(found):
        asked = INPUTS if ".commands." in path else ()
        yield from _unknown(path, conditions, known | set(asked))
    for name, point in found.points.items():
        yield from _unknown(f"points.{name}", names_of(point), found.points)
    yield from _value_problems(found)
    yield from _name_problems(found)
    yield from _unit_problems(found)


def _value_problems(found: RegisterMap) -> Iterator[Problem]:
    """A value that uses itself, or one below it, would never end."""
    known = set(found.points) | set(found.options)
    for name, source in found.values.items():
        yield from _unknown(f"values.{name}", names_in(source), known)
        known.add(name)


def _name_problems(found: RegisterMap) -> Iterator[Problem]:
    taken = dict.fromkeys(INPUTS, "the command's own")
    for kind in ("points", "options", "values"):
        for name in getattr(found, kind):
            if name in taken:
                yield f"{kind}.{name}", f"this name is {taken[name]}; choose another"
            taken.setdefault(name, f"one of {kind}")
    for name in (*found.options, *(f"{unit}_unit" for unit in found.units)):
        if name in ModbusOptions.model_fields:
            yield "options", f"{name} is an option of every Modbus device; choose another name"


def _unit_problems(found: RegisterMap) -> Iterator[Problem]:
    used = [(f"points.{name}", point.unit) for name, point in found.points.items()]
    used += [(at, p.unit) for at, s in sources_of(found) for _, p in points_in(s, at)]
    for role, asset in found.assets.items():
        used += [(path, step.unit) for path, step in steps_of(f"assets.{role}", asset)]
    for path, unit in used:
        if unit is not None and unit not in found.units:
            yield path, f"there is no unit {unit}{_near(unit, found.units)}"


def _unknown(path: str, names: Iterable[str], known: Collection[str]) -> Iterator[Problem]:
    for name in names:
        if name not in known:
            yield path, f"there is no point {name}{_near(name, known)}"


def _command_problems(path: str, asset: AssetMap) -> Iterator[Problem]:
    possible = CAPABILITIES.get(asset.kind, frozenset())
    for capability in asset.commands.keys() - possible:
        yield f"{path}.commands.{capability}", f"a {asset.kind} has no such command"
    for capability in asset.needs.keys() - asset.commands.keys():
        yield f"{path}.needs.{capability}", "there is no such command here"
    if asset.safe is not None and asset.safe.do not in asset.commands:
        yield f"{path}.safe", f"there is no command {asset.safe.do} here"
    if asset.safe is None and asset.commands.keys() & possible and asset.kind in _MUST_BE_SAFE:
        yield path, "say with `safe` which command gives the device back to itself"


def _asset_problems(path: str, asset: AssetMap, named: Mapping[str, Source]) -> Iterator[Problem]:
    types = field_types(asset.kind)
    for field, source in asset.fields.items():
        if field not in types:
            yield f"{path}.{field}", f"a {asset.kind} has no such field{_near(field, types)}"
            continue
        for text in labels_in(source, named):
            try:
                label(types[field], text)
            except ValueError as error:
                yield f"{path}.{field}", str(error)
    if asset.thermostat and asset.kind is not AssetKind.HVAC:
        yield f"{path}.thermostat", f"a {asset.kind} has none"


def _near(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), 1)
    return f"; did you mean {close[0]}?" if close else ""
