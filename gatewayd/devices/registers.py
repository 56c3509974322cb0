"""Runs a register map as a driver."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from gatewayd.devices.register_reads import Reads
from gatewayd.devices.register_writes import Writes
from gatewayd.errors import RefusedError, UnsupportedError
from gatewayd.links.modbus_options import open_unit
from gatewayd.links.pool import Links
from gatewayd.model.asset import Identity, Role
from gatewayd.model.command import Command, SetMaxCurrent, required
from gatewayd.model.reading import Reading
from gatewayd.sdk.driver import Driver, Held, ModbusReader, ModbusWriter
from gatewayd.sdk.maps.commands import CURRENT, INPUTS, Step, inputs_of
from gatewayd.sdk.maps.expressions import Evaluate
from gatewayd.sdk.maps.fields import contacts
from gatewayd.sdk.maps.points import Value
from gatewayd.sdk.options import ModbusOptions
from gatewayd.sdk.registers import Layout, RegisterMap, RoleLayout, StepRun
from gatewayd.sdk.wear import Wear

# No car charges below this, so a limit between nothing and this is never written.
MIN_CURRENT_A = 6.0


@dataclass(frozen=True)
class _Told:
    """A command in force: what of it can be said again."""

    steps: Sequence[StepRun]
    inputs: Mapping[str, Value]


class RegisterDriver:
    """One device as its map describes it. Keeps the values read last, for commands and watchdog."""

    def __init__(
        self,
        units: Mapping[str | None, ModbusReader],
        layout: Layout,
        options: Mapping[str, Value] | None = None,
        brand: str | None = None,
        *,
        is_strict: bool = False,
    ) -> None:
        """`units` by name, the device's own under None; `options` are those that the map asks for.

        A unit that is not there is left out. `brand` is whose name the device bears. With
        `is_strict` one that has not all that the map takes for granted is another device.
        """
        self._brand = brand or layout.map.vendor
        self._layout = layout
        self._options = [(options or {}).get(name) for name in layout.map.options]
        writers = {name: unit for name, unit in units.items() if isinstance(unit, ModbusWriter)}
        self.wear = Wear(layout.map.bus.nvm_writes_per_day)
        self._writes = Writes(writers, self.wear) if writers else None
        self._is_strict = is_strict
        bus = layout.map.bus
        self._reads = Reads(units, bus.joining, is_strict=is_strict, are_mirrored=bus.are_mirrored)
        self._static: list[Value] = []
        self._values: list[Value] = []
        self._roles: Mapping[str, RoleLayout] = {}
        self._current_a: dict[str, float] = {}
        self._last: dict[str, _Told] = {}

    async def identify(self) -> Identity:
        """Read everything once; RefusedError when the probe says that this is another device."""
        self._static = await self._reads.values(self._layout.static, some=False)
        await self._poll()
        if self._is_another():
            models = ", ".join(self._layout.map.models)
            raise RefusedError(f"this is not a {self._layout.map.vendor} {models}; check driver")
        self._roles = {
            name: role
            for name, role in self._layout.roles.items()
            if role.present is None or role.present(self._values)
        }
        return self._identity()

    def _is_another(self) -> bool:
        """By the probe. A device that cannot be probed may pass for what the operator says."""
        verdict = self._layout.probe(self._values) if self._layout.probe is not None else True
        if verdict is None and not self._is_strict:
            first = len(INPUTS) + len(self._options)
            return all(value is None for value in self._values[first:])
        return not verdict

    async def read(self) -> Mapping[str, Reading]:
        """One poll."""
        await self._poll()
        readings = {name: role.reading(self._values) for name, role in self._roles.items()}
        return readings | contacts(get(self._values) for get in self._layout.contacts)

    async def apply(self, role: str, command: Command) -> None:
        """Check every step of the command, then write them in order."""
        layout, capability = self._role(role), required(command)
        steps = layout.commands.get(capability)
        if steps is None:
            raise UnsupportedError(f"{role} has no command {capability}")
        if isinstance(command, SetMaxCurrent):
            _refuse_unchargeable(command.current_a, _number(layout.min_current, self._values))
        is_safe = layout.asset.is_safe(command)
        inputs = {CURRENT: self._current_a.get(role), **inputs_of(command)}
        # Whatever a failed command has left half done is not said again.
        self._last.pop(role, None)
        await self._write(role, steps, inputs, is_safe=is_safe)
        if isinstance(command, SetMaxCurrent):
            self._current_a[role] = command.current_a
        repeated = tuple(run for run in steps if run.step.memory == "ram")
        if layout.repeats and not is_safe and repeated:
            self._last[role] = _Told(repeated, inputs)

    async def held(self, role: str, command: Command, known: Collection[str]) -> Held:
        """See `Restorable`."""
        runs, values = await self._due(role, command)
        steps = [run.step for run in runs if run.is_due(values)]
        return await self._writes.held(steps, known) if self._writes else {}

    async def revised(self, role: str, held: Held) -> Held:
        """See `Restorable`."""
        return await self._writes.revised(self._steps(role), held) if self._writes else held

    async def restore(self, role: str, command: Command | None, held: Held) -> bool:
        """See `Restorable`. Like the safe command it is bound to no number of writes."""
        self._last.pop(role, None)
        runs, values = await self._due(role, command)
        if self._writes is None:
            raise _read_only(role)
        return await self._writes.restore(runs, self._steps(role), values, held)

    async def _due(
        self, role: str, command: Command | None
    ) -> tuple[Sequence[StepRun], Sequence[Value]]:
        if not self._values:
            await self._poll()
        steps = self._role(role).commands.get(required(command), ()) if command else ()
        inputs = {CURRENT: self._current_a.get(role), **(inputs_of(command) if command else {})}
        return steps, self._given(inputs)

    def _steps(self, role: str) -> list[Step]:
        return [run.step for runs in self._role(role).commands.values() for run in runs]

    async def renew(self, role: str) -> None:
        """Feed the watchdog, if it is on."""
        if self.watchdog_s(role) is None:
            return
        inputs = {CURRENT: self._current_a.get(role)}
        told = self._last.get(role) or _Told(self._role(role).feed, inputs)
        await self._write(role, told.steps, told.inputs)

    def watchdog_s(self, role: str) -> float | None:
        """The device's own timeout as read last; None when there is none or it is off."""
        layout = self._role(role)
        if not self._values or (layout.repeats and role not in self._last):
            return None
        return _number(layout.watchdog, self._values) or None

    async def _write(
        self,
        role: str,
        steps: Sequence[StepRun],
        inputs: Mapping[str, Value],
        *,
        is_safe: bool = False,
    ) -> None:
        if self._writes is None:
            raise _read_only(role)
        if not self._values:
            await self._poll()
        await self._writes.write(steps, self._given(inputs), is_safe=is_safe)

    def _given(self, inputs: Mapping[str, Value]) -> Sequence[Value]:
        """All values, with what was asked for."""
        return [*(inputs.get(name) for name in INPUTS), *self._values[len(INPUTS) :]]

    async def _poll(self) -> None:
        polled = await self._reads.values(self._layout.polled, some=True)
        if self._reads.is_unsettled(self._layout.static):
            self._static = await self._reads.values(self._layout.static, some=False)
        nothing = (None for _ in INPUTS)
        self._values = [*nothing, *self._options, *self._static, *polled]

    def _identity(self) -> Identity:
        found, values = self._layout, self._values
        return Identity(
            vendor=_text(found.vendor, values) or self._brand,
            model=_text(found.model, values) or found.map.models[0],
            roles={name: self._describe(name, role) for name, role in self._roles.items()},
            serial=_text(found.serial, values),
            firmware=_text(found.firmware, values),
        )

    def _describe(self, name: str, role: RoleLayout) -> Role:
        missing = self._reads.missing(self._layout.polled)
        return Role(
            kind=role.asset.kind,
            capabilities=role.capabilities(self._values),
            reports=frozenset(f for f in role.fields if f"assets.{name}.{f}" not in missing),
            min_current_a=_number(role.min_current, self._values),
            max_current_a=_number(role.max_current, self._values),
            confirm_timeout_s=role.asset.limits.confirm_timeout_s,
            thermostat=role.asset.thermostat.thermostat if role.asset.thermostat else None,
            min_power_w=_number(role.min_power, self._values),
            max_power_w=_number(role.max_power, self._values),
            safe=role.asset.safe.do if role.asset.safe else None,
            safe_current_a=role.asset.safe.current_a if role.asset.safe else None,
        )

    def _role(self, name: str) -> RoleLayout:
        layout = self._layout.roles.get(name)
        if layout is None:
            raise UnsupportedError(f"the device has no {name}")
        return layout


Opener = Callable[[ModbusOptions, Links], AbstractAsyncContextManager[Driver]]


def opener(found: RegisterMap) -> Opener:
    """What `DriverInfo.open` is for a map. The map is compiled at the first opening."""
    compiled: list[Layout] = []

    @asynccontextmanager
    async def open_driver(options: ModbusOptions, links: Links) -> AsyncIterator[Driver]:
        if not compiled:
            compiled.append(Layout(found))
        async with AsyncExitStack() as stack:
            units: dict[str | None, ModbusReader] = {}
            for name, unit_id in _unit_ids(found, options).items():
                opened = open_unit(links.modbus, options, unit_id)
                units[name] = await stack.enter_async_context(opened)
            asked = found.options.items()
            given = {name: getattr(options, name, one.default) for name, one in asked}
            brand = getattr(options, "brand", None)
            yield RegisterDriver(units, compiled[0], given, brand)

    return open_driver


def _unit_ids(found: RegisterMap, options: ModbusOptions) -> dict[str | None, int]:
    """The units that are there, by their names in the map."""
    ids: dict[str | None, int] = {None: options.unit}
    for name, number in found.units.items():
        unit_id = getattr(options, f"{name}_unit", number)
        if unit_id is not None:
            ids[name] = unit_id
    return ids


def _read_only(role: str) -> UnsupportedError:
    return UnsupportedError(f"{role}: the device is read only; see its `read_only` option")


def _refuse_unchargeable(current_a: float, min_current_a: float | None) -> None:
    lowest_a = MIN_CURRENT_A if min_current_a is None else min_current_a
    if not (current_a == 0 or current_a >= lowest_a):
        raise RefusedError(f"{current_a:g} A is below the {lowest_a:g} A a car can charge with")


def _number(get: Evaluate | None, values: Sequence[Value]) -> float | None:
    value = get(values) if get is not None else None
    return float(value) if isinstance(value, int | float) else None


def _text(get: Evaluate | None, values: Sequence[Value]) -> str | None:
    value = get(values) if get is not None else None
    return None if value is None else str(value)
