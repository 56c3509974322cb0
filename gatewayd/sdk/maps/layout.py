"""A register map made ready to run: requests planned, decoding and sources compiled."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from gatewayd.model.asset import Capability
from gatewayd.model.reading import Reading
from gatewayd.sdk.maps.assets import AssetMap
from gatewayd.sdk.maps.blocks import plan
from gatewayd.sdk.maps.codec import Placed, Words
from gatewayd.sdk.maps.commands import INPUTS, Step, words_to_write
from gatewayd.sdk.maps.expressions import (
    Compiler,
    Evaluate,
    Values,
    names_in,
    names_of,
    points_in,
)
from gatewayd.sdk.maps.fields import READINGS, field_types, fit
from gatewayd.sdk.maps.points import Point
from gatewayd.sdk.maps.schema import RegisterMap, conditions_of, sources_of
from gatewayd.sdk.maps.sources import Source

Verdict = Callable[[Values], bool | None]


@dataclass(frozen=True)
class StepRun:
    """One write of a command: value and upper limit of each amount, and when it is due."""

    step: Step
    holds: Verdict | None
    amounts: tuple[tuple[Evaluate, Evaluate | None], ...]

    def is_due(self, values: Values) -> bool:
        """Whether it is among what is written now."""
        return self.holds is None or bool(self.holds(values))

    def words(self, values: Values) -> Words | None:
        """What to write, None when there is nothing to do; RefusedError."""
        if not self.is_due(values):
            return None
        found = [(get(values), limit and limit(values)) for get, limit in self.amounts]
        return words_to_write(self.step, found)


class RoleLayout:
    """One role, ready: what it reads, what it can be told, what watches over it."""

    def __init__(self, path: str, asset: AssetMap, compiler: Compiler) -> None:
        self.asset = asset
        self.present = compiler.conditions(asset.present) if asset.present else None
        limits = asset.limits
        self.min_current = _maybe(compiler, f"{path}.limits.min_current_a", limits.min_current_a)
        self.max_current = _maybe(compiler, f"{path}.limits.max_current_a", limits.max_current_a)
        watchdog = asset.watchdog
        self.min_power = _maybe(compiler, f"{path}.limits.min_power_w", limits.min_power_w)
        self.max_power = _maybe(compiler, f"{path}.limits.max_power_w", limits.max_power_w)
        self.watchdog = _maybe(
            compiler, f"{path}.watchdog.timeout_s", watchdog.timeout_s if watchdog else None
        )
        self.feed = _steps(watchdog.steps if watchdog else (), f"{path}.watchdog.feed", compiler)
        self.repeats = watchdog is not None and watchdog.feed == "repeat"
        self.needs = {one: compiler.conditions(needed) for one, needed in asset.needs.items()}
        self.commands = {
            capability: _steps(steps, f"{path}.commands.{capability}", compiler)
            for capability, steps in asset.commands.items()
        }
        types = field_types(asset.kind)
        self.fields = {
            field: (compiler.source(source, f"{path}.{field}"), fit(types[field]))
            for field, source in asset.fields.items()
        }
        self._read = READINGS[asset.kind]

    def capabilities(self, values: Values) -> frozenset[Capability]:
        """What it can be told, as far as what was read allows it."""
        return frozenset(
            one for one in self.commands if one not in self.needs or self.needs[one](values)
        )

    def reading(self, values: Values) -> Reading:
        """What the role says now."""
        return self._read(
            **{field: suit(get(values)) for field, (get, suit) in self.fields.items()}  # type: ignore[arg-type]
        )


class Layout:
    """All of a map.

    Values lie in one list: the command's INPUTS, the operator's options, static ones, polled ones.
    """

    def __init__(self, found: RegisterMap) -> None:
        self.map = found
        named = {name: point.settled(found.defaults) for name, point in found.points.items()}
        uses = list(_uses(found, named))
        self.static = plan(_placed(uses, is_static=True), found.bus.joining)
        self.polled = plan(_placed(uses, is_static=False), found.bus.joining)
        blocks = (*self.static, *self.polled)
        keys = chain(INPUTS, found.options, *(block.keys for block in blocks))
        index = {key: place for place, key in enumerate(keys)}
        compiler = Compiler(named, found.values, index)
        self.probe = compiler.conditions(found.probe) if found.probe else None
        self.vendor = _maybe(compiler, "identity.vendor", found.identity.vendor)
        self.serial = _maybe(compiler, "identity.serial", found.identity.serial)
        self.firmware = _maybe(compiler, "identity.firmware", found.identity.firmware)
        self.model = _maybe(compiler, "identity.model", found.identity.model)
        self.contacts = [
            compiler.source(one, f"contacts.{i}") for i, one in enumerate(found.contacts)
        ]
        self.roles = {
            role: RoleLayout(f"assets.{role}", asset, compiler)
            for role, asset in found.assets.items()
        }


@dataclass(frozen=True)
class _Use:
    """That a point is needed, and whether once in a while is enough."""

    key: str
    point: Point
    is_static: bool
    is_float: bool


def _uses(found: RegisterMap, named: dict[str, Point]) -> Iterator[_Use]:
    for path, source in sources_of(found):
        is_static = path.startswith("identity.") or ".limits." in path
        is_float = isinstance(source, Point) and _is_float(found, path)
        for key, point in points_in(source, path):
            settled = point.settled(found.defaults)
            is_once = is_static or point.static
            yield _Use(key, settled, is_once, is_float and key == path)
        yield from _named(names_in(source), named, is_static=is_static)
    for path, conditions in conditions_of(found):
        is_static = not path.endswith(".when")
        yield from _named(conditions, named, is_static=is_static)


def _named(names: Iterable[str], named: dict[str, Point], *, is_static: bool) -> Iterator[_Use]:
    for name in names:
        # The others are the command's, the operator's or a value, whose points are found with it.
        if point := named.get(name):
            yield _Use(name, point, is_static or point.static, is_float=False)
            yield from _named(names_of(point), named, is_static=is_static)


def _is_float(found: RegisterMap, path: str) -> bool:
    """Whether a point stands for a field that is a plain number."""
    parts = path.split(".")
    asset = found.assets.get(parts[1]) if parts[0] == "assets" and len(parts) == 3 else None
    return asset is not None and field_types(asset.kind).get(parts[2]) is float


def _placed(uses: Sequence[_Use], *, is_static: bool) -> list[Placed]:
    """The points to read once, or at each poll; one that is needed for both is polled."""
    polled = {use.key for use in uses if not use.is_static}
    wanted = [use for use in uses if (use.key not in polled) is is_static]
    placed = {use.key: Placed(use.key, use.point, use.is_float) for use in wanted}
    return list(placed.values())


def _steps(steps: Sequence[Step], path: str, compiler: Compiler) -> tuple[StepRun, ...]:
    return tuple(_step(step, f"{path}.{i}", compiler) for i, step in enumerate(steps))


def _step(step: Step, path: str, compiler: Compiler) -> StepRun:
    amounts = tuple(
        (
            compiler.source(amount.source, f"{path}.value{number}"),
            _maybe(compiler, f"{path}.limit{number}", amount.limit),
        )
        for number, amount in enumerate(step.amounts)
    )
    return StepRun(step, compiler.conditions(step.when) if step.when else None, amounts)


def _maybe(compiler: Compiler, path: str, source: Source | None) -> Evaluate | None:
    return None if source is None else compiler.source(source, path)
