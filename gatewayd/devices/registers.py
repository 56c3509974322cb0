"""Runs a register map as a driver."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from gatewayd.devices.register_writes import Writes
from gatewayd.errors import RefusedError, UnsupportedError
from gatewayd.links.modbus_options import open_unit
from gatewayd.links.pool import Links
from gatewayd.model.asset import Identity, Role
from gatewayd.model.climate import PermanentHold
from gatewayd.model.command import Command, SetMaxCurrent, required
from gatewayd.model.reading import Reading
from gatewayd.sdk.driver import Driver, ModbusReader, ModbusWriter
from gatewayd.sdk.maps.blocks import Block
from gatewayd.sdk.maps.commands import CURRENT, HVAC_MODE, INPUTS
from gatewayd.sdk.maps.expressions import Evaluate
from gatewayd.sdk.maps.points import Value
from gatewayd.sdk.options import ModbusOptions
from gatewayd.sdk.registers import Layout, RegisterMap, RoleLayout, StepRun

# No car charges below this, so a limit between nothing and this is never written.
MIN_CURRENT_A = 6.0


class RegisterDriver:
    """One device as its map describes it. Keeps the values read last, for commands and watchdog."""

    def __init__(self, unit: ModbusReader, layout: Layout) -> None:
        self._unit = unit
        self._layout = layout
        self._writes = Writes(unit) if isinstance(unit, ModbusWriter) else None
        self._absent: set[int] = set()
        self._static: list[Value] = []
        self._values: list[Value] = []
        self._roles: Mapping[str, RoleLayout] = {}
        self._current_a: dict[str, float] = {}

    async def identify(self) -> Identity:
        """Read everything once; RefusedError when the probe says that this is another device."""
        self._absent.clear()
        self._static = await self._read_blocks(self._layout.static)
        await self._poll()
        if self._layout.probe is not None and not self._layout.probe(self._values):
            models = ", ".join(self._layout.map.models)
            raise RefusedError(f"this is not a {self._layout.map.vendor} {models}; check driver")
        self._roles = {
            name: role
            for name, role in self._layout.roles.items()
            if role.present is None or role.present(self._values)
        }
        return self._identity()

    async def read(self) -> Mapping[str, Reading]:
        """One poll. Points that the device turned out not to have are not asked for again."""
        await self._poll()
        return {name: role.reading(self._values) for name, role in self._roles.items()}

    async def apply(self, role: str, command: Command) -> None:
        """Check every step of the command, then write them in order."""
        layout = self._role(role)
        steps = layout.commands.get(required(command))
        if steps is None:
            raise UnsupportedError(f"{role} has no command {required(command)}")
        if isinstance(command, SetMaxCurrent):
            _refuse_unchargeable(command.current_a, _number(layout.min_current, self._values))
        await self._write(role, steps, self._inputs(role, command))
        if isinstance(command, SetMaxCurrent):
            self._current_a[role] = command.current_a

    async def renew(self, role: str) -> None:
        """Feed the watchdog, if it is on."""
        if self.watchdog_s(role) is not None:
            inputs = {CURRENT: self._current_a.get(role)}
            await self._write(role, self._role(role).feed, inputs, always=True)

    def watchdog_s(self, role: str) -> float | None:
        """The device's own timeout as read last; None when there is none or it is off."""
        layout = self._role(role)
        timeout_s = _number(layout.watchdog, self._values) if self._values else None
        return timeout_s or None

    async def _write(
        self,
        role: str,
        steps: Sequence[StepRun],
        inputs: Mapping[str, Value],
        *,
        always: bool = False,
    ) -> None:
        if self._writes is None:
            raise UnsupportedError(f"{role}: the device is read only; see its `read_only` option")
        if not self._values:
            await self._poll()
        given = [inputs.get(name) for name in INPUTS]
        await self._writes.write(steps, [*given, *self._values[len(INPUTS) :]], always=always)

    def _inputs(self, role: str, command: Command) -> Mapping[str, Value]:
        """What a command asks for, by the names that maps know."""
        match command:
            case SetMaxCurrent(current_a=current_a):
                return {CURRENT: current_a}
            case PermanentHold(mode=mode, heat_setpoint_c=heat_c, cool_setpoint_c=cool_c):
                setpoints = {"heat_setpoint_c": heat_c, "cool_setpoint_c": cool_c}
                return {HVAC_MODE: mode.value, **setpoints}
        return {CURRENT: self._current_a.get(role)}

    async def _poll(self) -> None:
        polled = await self._read_blocks(self._layout.polled)
        self._values = [*(None for _ in INPUTS), *self._static, *polled]

    async def _read_blocks(self, blocks: Sequence[Block]) -> list[Value]:
        values: list[Value] = []
        for block in blocks:
            values += await self._read_block(block)
        return values

    async def _read_block(self, block: Block) -> list[Value]:
        if id(block) in self._absent:
            return block.nothing()
        try:
            return block.decode(await _reader(self._unit, block)(block.address, block.count))
        except RefusedError:
            if not block.is_optional:
                raise
            self._absent.add(id(block))
            return block.nothing()

    def _identity(self) -> Identity:
        found, values = self._layout, self._values
        return Identity(
            vendor=found.map.vendor,
            model=_text(found.model, values) or found.map.models[0],
            roles={name: self._describe(name, role) for name, role in self._roles.items()},
            serial=_text(found.serial, values),
            firmware=_text(found.firmware, values),
        )

    def _describe(self, name: str, role: RoleLayout) -> Role:
        missing = {key for b in self._layout.polled if id(b) in self._absent for key in b.keys}
        return Role(
            kind=role.asset.kind,
            capabilities=role.capabilities,
            reports=frozenset(f for f in role.fields if f"assets.{name}.{f}" not in missing),
            min_current_a=_number(role.min_current, self._values),
            max_current_a=_number(role.max_current, self._values),
            confirm_timeout_s=role.asset.limits.confirm_timeout_s,
            thermostat=role.asset.thermostat.thermostat if role.asset.thermostat else None,
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
        async with open_unit(links.modbus, options) as unit:
            yield RegisterDriver(unit, compiled[0])

    return open_driver


def _reader(unit: ModbusReader, block: Block) -> Callable[[int, int], Awaitable[tuple[int, ...]]]:
    match block.table:
        case "holding":
            return unit.read_holding
        case "input":
            return unit.read_input
        case "coil":
            return unit.read_coils
        case "discrete":
            return unit.read_discrete


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
