"""StorEdge's remote control of the batteries.

A command holds for the time in 57355, then the default mode does; 57357 is said again in between.
The modes, times and the policy of charging from the grid are settings: written when they differ.
"""

from collections.abc import Sequence
from typing import NamedTuple

from drivers.modbus._solaredge.packs import Packs
from drivers.modbus._solaredge.registers import Block, Values, number, words
from gatewayd.errors import RefusedError, UnsupportedError
from gatewayd.model.asset import Capability
from gatewayd.model.command import Command, SetOperationMode
from gatewayd.model.power import Hold, HoldCharge, SetBatteryPower, SetReserve
from gatewayd.model.reading import OperationMode
from gatewayd.sdk.driver import ModbusReader
from gatewayd.sdk.sunspec.control import Place, Registers
from gatewayd.sdk.sunspec.roles import Fields, Models

_REMOTE = 4
_MODES = {1: OperationMode.SELF_RELIANCE, 2: OperationMode.TIME_OF_USE}
_SELF, _FROM_GRID, _EXPORT = 7, 3, 4
_ALWAYS = 1
# For a pack that does not say what it can.
_MUCH_W = 100_000.0
CAPABILITIES = frozenset(
    {
        Capability.SELF_RELIANCE,
        Capability.TIME_OF_USE,
        Capability.IMPORT_FOCUS,
        Capability.EXPORT_FOCUS,
        Capability.HOLD,
        Capability.HOLD_CHARGE,
        Capability.SET_POWER,
        Capability.SET_RESERVE,
    }
)

_CONTROL = Block(
    57348,
    "mode:u16:57348 grid:u16:57349 reserve:f32:57352 default:u16:57354 timeout:u32:57355 "
    "command:u16:57357 charge:f32:57358 discharge:f32:57360",
)


class _Order(NamedTuple):
    """A remote command with its two limits in W, and whether the grid has to be allowed."""

    command: int
    charge_w: float
    discharge_w: float
    needs_grid: bool = False


class Battery:
    """StorEdge's remote control. `revert_s` is the command timeout it gets."""

    places: Sequence[Place] = ()

    def __init__(
        self, unit: ModbusReader, registers: Registers, packs: Packs, found: Values, revert_s: int
    ) -> None:
        self._unit = unit
        self._registers = registers
        self._packs = packs
        self._now = found
        self._revert_s = revert_s
        self._allowed_grid = False
        missing = set()
        if None in packs.limits_w:
            missing = {Capability.IMPORT_FOCUS, Capability.EXPORT_FOCUS, Capability.SET_POWER}
        if number(found, "reserve") is None:
            missing.add(Capability.SET_RESERVE)
        self.capabilities = CAPABILITIES - missing

    @staticmethod
    async def find(unit: ModbusReader) -> Values | None:
        """What the control registers say; None where there are none."""
        found = await _CONTROL.read_if_there(unit)
        # The command is 0xFFFF before the first one.
        is_there = number(found, "mode") is not None and number(found, "timeout") is not None
        return found if is_there else None

    async def read(self) -> None:
        """What is set now."""
        self._now = await _CONTROL.read(self._unit)

    def see(self, models: Models) -> None:
        """Nothing of it is in the chain."""

    def fields(self) -> Fields:
        """What the battery is told."""
        now = self._now
        mode, charge_w, discharge_w = now["mode"], now["charge"], now["discharge"]
        is_self = mode == _REMOTE and now["command"] == _SELF
        return {
            "operation_mode": self._mode(),
            "setpoint_w": self._setpoint_w(),
            "is_held": is_self and discharge_w == 0,
            "is_charge_held": is_self and charge_w == 0,
            "reserve_pct": now["reserve"],
        }

    async def apply(self, command: Command) -> None:
        """Write one command."""
        await self.read()
        if isinstance(command, SetReserve):
            await self._keep(57352, "f32", command.reserve_pct)
        elif command == SetOperationMode(OperationMode.TIME_OF_USE):
            await self._forbid_grid()
            await self._keep(57348, "u16", 2)
        elif command == SetOperationMode(OperationMode.SELF_RELIANCE):
            await self._release()
        else:
            await self._order(self._of(command))

    async def renew(self) -> None:
        """Say the command again."""
        await self.read()
        command = number(self._now, "command")
        if self.watchdog_s is not None and command is not None:
            await self._write(57357, "u16", command)

    @property
    def watchdog_s(self) -> float | None:
        """Only while it is we who hold it: nobody else is likely to have set our time."""
        now = self._now
        is_ours = now["mode"] == _REMOTE and now["timeout"] == self._revert_s
        is_free = self._mode() is OperationMode.SELF_RELIANCE
        return float(self._revert_s) if is_ours and not is_free else None

    async def _release(self) -> None:
        """Remote control stays on with self-consumption, so that the memory of the mode lasts."""
        await self._forbid_grid(is_safe=True)
        if self._now["mode"] == _REMOTE:
            charge_w, discharge_w = self._packs.limits_w
            await self._say(_Order(_SELF, charge_w or _MUCH_W, discharge_w or _MUCH_W))
        else:
            await self._keep(57348, "u16", 1, is_safe=True)

    async def _order(self, order: _Order) -> None:
        if order.needs_grid:
            # Another policy than "never" is the owner's own.
            if self._now["grid"] == 0:
                await self._keep(57349, "u16", _ALWAYS)
                self._allowed_grid = True
        else:
            await self._forbid_grid()
        await self._keep(57354, "u16", _SELF)
        await self._keep(57355, "u32", self._revert_s)
        await self._keep(57348, "u16", _REMOTE)
        await self._say(order)

    async def _say(self, order: _Order) -> None:
        for address, name, watts in (
            (57358, "charge", order.charge_w),
            (57360, "discharge", order.discharge_w),
        ):
            if self._now[name] != watts:
                await self._write(address, "f32", watts)
        await self._write(57357, "u16", order.command)

    async def _forbid_grid(self, *, is_safe: bool = False) -> None:
        if self._allowed_grid:
            await self._keep(57349, "u16", 0, is_safe=is_safe)
            self._allowed_grid = False

    def _of(self, command: Command) -> _Order:
        charge_w, discharge_w = (limit or _MUCH_W for limit in self._packs.limits_w)
        match command:
            case SetOperationMode(mode=OperationMode.IMPORT_FOCUS):
                return _Order(_FROM_GRID, charge_w, 0, needs_grid=True)
            case SetOperationMode(mode=OperationMode.EXPORT_FOCUS):
                return _Order(_EXPORT, 0, discharge_w)
            case Hold():
                return _Order(_SELF, charge_w, 0)
            case HoldCharge():
                return _Order(_SELF, 0, discharge_w)
            case SetBatteryPower(power_w=power_w) if 0 < power_w <= charge_w:
                return _Order(_FROM_GRID, power_w, 0, needs_grid=True)
            case SetBatteryPower(power_w=power_w) if -discharge_w <= power_w < 0:
                return _Order(_EXPORT, 0, -power_w)
            case SetBatteryPower(power_w=0):
                return _Order(_SELF, 0, 0)
            case SetBatteryPower(power_w=power_w):
                raise RefusedError(f"{power_w:g} W is more than the battery can do")
        raise UnsupportedError(f"the battery has no {command}")

    def _mode(self) -> OperationMode:
        now = self._now
        if now["mode"] != _REMOTE:
            return _MODES.get(int(number(now, "mode") or 0), OperationMode.UNKNOWN)
        match now["command"]:
            case 3:
                return OperationMode.IMPORT_FOCUS
            case 4:
                return OperationMode.EXPORT_FOCUS
            case 7 if now["charge"] != 0 and now["discharge"] != 0:
                return OperationMode.SELF_RELIANCE
        return OperationMode.UNKNOWN

    def _setpoint_w(self) -> float | None:
        now = self._now
        charge_w, discharge_w = number(now, "charge"), number(now, "discharge")
        match self._mode():
            case OperationMode.IMPORT_FOCUS:
                return charge_w
            case OperationMode.EXPORT_FOCUS if discharge_w is not None:
                return -discharge_w
        is_still = now["mode"] == _REMOTE and now["command"] == _SELF
        return 0.0 if is_still and charge_w == discharge_w == 0 else None

    async def _keep(self, address: int, kind: str, value: float, *, is_safe: bool = False) -> None:
        await self._registers.change(address, words(kind, value), is_safe=is_safe)

    async def _write(self, address: int, kind: str, value: float) -> None:
        await self._registers.write(address, words(kind, value))
