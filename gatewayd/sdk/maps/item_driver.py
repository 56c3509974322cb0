"""Runs a map of texts as a driver, whatever carries them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from gatewayd.errors import RefusedError, UnreachableError, UnsupportedError
from gatewayd.model.asset import Identity, Role
from gatewayd.model.command import Command, SetMaxCurrent, required
from gatewayd.model.reading import Reading
from gatewayd.sdk.maps.commands import CURRENT, INPUTS, inputs_of
from gatewayd.sdk.maps.expressions import Compiler, Evaluate
from gatewayd.sdk.maps.fields import contacts
from gatewayd.sdk.maps.items import ItemMap, Telling
from gatewayd.sdk.maps.layout import RoleLayout, StepRun
from gatewayd.sdk.maps.points import Value
from gatewayd.sdk.wear import Wear

# No car charges below this.
_MIN_CURRENT_A = 6.0
_TOLERANCE = 1e-6

# Every value of the map by its name, None for what is not told.
Fetch = Callable[[], Awaitable[Mapping[str, Value]]]
# A telling, with its place and payload as they are to be sent.
Send = Callable[[Telling, str, str], Awaitable[None]]


@dataclass(frozen=True)
class _Due:
    """A telling whose numbers are checked."""

    telling: Telling
    words: dict[str, str]
    is_there: bool


@dataclass
class _State:
    """What is kept between polls."""

    values: list[Value] = field(default_factory=list)
    roles: dict[str, RoleLayout] = field(default_factory=dict)
    current_a: dict[str, float] = field(default_factory=dict)
    last: dict[str, list[_Due]] = field(default_factory=dict)


class ItemDriver:
    """One device as its map describes it; `send` is None for one that is only read."""

    def __init__(self, found: ItemMap, fetch: Fetch, send: Send | None) -> None:
        self._map = found
        self._fetch = fetch
        self._send = send
        index = {name: place for place, name in enumerate((*INPUTS, *found.points))}
        compiler = Compiler({}, found.values, index)
        self._roles = {
            name: RoleLayout(f"assets.{name}", asset, compiler)
            for name, asset in found.assets.items()
        }
        self._probe = compiler.conditions(found.probe) if found.probe else None
        self._available = compiler.conditions(found.available) if found.available else None
        self._identity = {
            key: compiler.source(source, f"identity.{key}")
            for key, source in found.identity
            if source is not None
        }
        self._contacts = [
            compiler.source(one, f"contacts.{i}") for i, one in enumerate(found.contacts)
        ]
        self._state = _State()
        self.wear = Wear(found.nvm_writes_per_day)

    async def identify(self) -> Identity:
        """Who answers; RefusedError when the probe says that this is another device."""
        values = await self._poll()
        if self._probe is not None and not self._probe(values):
            raise RefusedError(f"this is not a {self._map.vendor} {self._map.models[0]}")
        self._state.roles = self._present(values)
        return Identity(
            vendor=self._text("vendor") or self._map.vendor,
            model=self._text("model") or self._map.models[0],
            roles={name: self._describe(role) for name, role in self._state.roles.items()},
            serial=self._text("serial"),
            firmware=self._text("firmware"),
        )

    async def read(self) -> Mapping[str, Reading]:
        """What the device tells now."""
        values = await self._poll()
        roles = self._state.roles or self._present(values)
        readings = {name: role.reading(values) for name, role in roles.items()}
        return readings | contacts(get(values) for get in self._contacts)

    async def apply(self, role: str, command: Command) -> None:
        """Check all of the command, then tell it in order."""
        layout, capability = self._role(role), required(command)
        runs = layout.commands.get(capability)
        if runs is None or self._send is None:
            raise UnsupportedError(f"{role} is not told {capability}")
        if isinstance(command, SetMaxCurrent):
            self._refuse_unchargeable(layout, command.current_a)
        values = self._state.values or await self._poll()
        inputs = {CURRENT: self._state.current_a.get(role), **inputs_of(command)}
        given = [*(inputs.get(name) for name in INPUTS), *values[len(INPUTS) :]]
        due = [found for run in runs if (found := _due(run, given, self._place_of)) is not None]
        is_safe = layout.asset.is_safe(command)
        self._state.last.pop(role, None)
        await self._tell(due, is_safe=is_safe)
        if isinstance(command, SetMaxCurrent):
            self._state.current_a[role] = command.current_a
        repeated = [one for one in due if one.telling.memory == "ram"]
        if layout.repeats and not is_safe and repeated:
            self._state.last[role] = repeated

    async def renew(self, role: str) -> None:
        """Say the last command again, where the device wants to hear it."""
        if self.watchdog_s(role) is not None:
            await self._tell(self._state.last.get(role, []), is_safe=False)

    def watchdog_s(self, role: str) -> float | None:
        """The device's timeout; None when there is none, or no command is in force."""
        layout = self._role(role)
        if role not in self._state.last:
            return None
        return _number(layout.watchdog, self._state.values) or None

    async def _poll(self) -> list[Value]:
        told = await self._fetch()
        values = [*(None for _ in INPUTS), *(told.get(name) for name in self._map.points)]
        if self._available is not None and not self._available(values):
            raise UnreachableError(f"{self._map.vendor}: the device says that it is away")
        self._state.values = values
        return values

    async def _tell(self, due: Sequence[_Due], *, is_safe: bool) -> None:
        send = self._send
        if send is None:
            raise UnsupportedError("the device is read only; see its `read_only` option")
        wanted = [one for one in due if one.telling.memory == "ram" or not one.is_there]
        for one in wanted:
            if one.telling.memory != "ram" and not is_safe:
                self._refuse_worn(one.telling.place)
        for one in wanted:
            telling = one.telling
            if telling.memory != "ram":
                self.wear.note(telling.place)
            place = telling.place
            if telling.topic is None:
                place = telling.filled(place, one.words)
            await send(telling, place, telling.filled(telling.payload, one.words))
            if telling.pause_s:
                await asyncio.sleep(telling.pause_s)

    def _refuse_worn(self, place: str) -> None:
        if self.wear.is_spent(place):
            raise RefusedError(f"{self.wear.words(place)}, or raise the map's nvm_writes_per_day")

    def _place_of(self, name: str) -> int:
        return len(INPUTS) + list(self._map.points).index(name)

    def _present(self, values: Sequence[Value]) -> dict[str, RoleLayout]:
        return {
            name: role
            for name, role in self._roles.items()
            if role.present is None or role.present(values)
        }

    def _describe(self, role: RoleLayout) -> Role:
        values, asset = self._state.values, role.asset
        return Role(
            kind=asset.kind,
            capabilities=role.capabilities(values) if self._send else frozenset(),
            reports=frozenset(name for name in role.fields if not self._is_missing(role, name)),
            min_current_a=_number(role.min_current, values),
            max_current_a=_number(role.max_current, values),
            confirm_timeout_s=asset.limits.confirm_timeout_s,
            thermostat=asset.thermostat.thermostat if asset.thermostat else None,
            min_power_w=_number(role.min_power, values),
            max_power_w=_number(role.max_power, values),
            safe=asset.safe.do if asset.safe else None,
            safe_current_a=asset.safe.current_a if asset.safe else None,
        )

    def _is_missing(self, role: RoleLayout, name: str) -> bool:
        """Whether a field is a plain value that the device need not have, and has not told."""
        source = role.asset.fields[name]
        item = self._map.points.get(source) if isinstance(source, str) else None
        if item is None or not item.optional:
            return False
        return self._state.values[self._place_of(str(source))] is None

    def _refuse_unchargeable(self, layout: RoleLayout, current_a: float) -> None:
        lowest_a = _number(layout.min_current, self._state.values) or _MIN_CURRENT_A
        if not (current_a == 0 or current_a >= lowest_a):
            raise RefusedError(f"{current_a:g} A is below the {lowest_a:g} A a car can charge with")

    def _text(self, key: str) -> str | None:
        get = self._identity.get(key)
        value = get(self._state.values) if get is not None else None
        return None if value is None else str(value)

    def _role(self, name: str) -> RoleLayout:
        layout = self._roles.get(name)
        if layout is None:
            raise UnsupportedError(f"the device has no {name}")
        return layout


def _due(run: StepRun, values: Sequence[Value], place_of: Callable[[str], int]) -> _Due | None:
    """One telling, ready; None when it is to be left out. RefusedError."""
    telling = cast("Telling", run.step)
    if run.holds is not None and not run.holds(values):
        return None
    words: dict[str, str] = {}
    shown: list[bool] = []
    for (name, spoken), (get, limit) in zip(telling.values.items(), run.amounts, strict=True):
        number = spoken.checked(get(values), limit and limit(values), telling.place)
        if number is None:
            return None
        words[name] = spoken.words(number)
        now = values[place_of(spoken.shown)] if spoken.shown else None
        shown.append(isinstance(now, int | float) and abs(now - number) <= _TOLERANCE)
    return _Due(telling, words, bool(shown) and all(shown))


def _number(get: Evaluate | None, values: Sequence[Value]) -> float | None:
    value = get(values) if get is not None and values else None
    return float(value) if isinstance(value, int | float) else None
