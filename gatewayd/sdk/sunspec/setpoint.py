"""Batteries without a generator of their own by SunSpec's DER controls, model 704 beside 713.

`WSet` is the power at the grid side, in W: what is injected is positive. A hybrid's would be that
of sun and battery together, so there it is not used.
"""

from collections.abc import Sequence

from gatewayd.errors import RefusedError, UnsupportedError
from gatewayd.model.asset import Capability
from gatewayd.model.command import Command, SetOperationMode
from gatewayd.model.power import Hold, HoldCharge, SetBatteryPower
from gatewayd.model.reading import OperationMode
from gatewayd.sdk.sunspec import roles
from gatewayd.sdk.sunspec.chain import ModelValues
from gatewayd.sdk.sunspec.control import Fetch, Place, Registers, places, steps
from gatewayd.sdk.sunspec.roles import Fields, Models

CAPABILITIES = frozenset(
    {
        Capability.SELF_RELIANCE,
        Capability.IMPORT_FOCUS,
        Capability.EXPORT_FOCUS,
        Capability.HOLD,
        Capability.HOLD_CHARGE,
        Capability.SET_POWER,
    }
)

_WATTS = 1
_FULL = 0.98


def can_set(models: Models) -> bool:
    """Whether the device is a battery alone, and takes a power."""
    found = models.get(704)
    is_alone = 713 in models and 160 not in models and not roles.has_sun(models)
    if found is None or not is_alone or None in roles.battery_limits_w(models):
        return False
    return found.number("WSetEna") is not None and found.number("WSet_SF") is not None


class Setpoint:
    """The set power of one battery. `revert_s` is the time it gets."""

    capabilities = CAPABILITIES

    def __init__(self, registers: Registers, fetch: Fetch, models: Models, revert_s: int) -> None:
        self._registers = registers
        self._fetch = fetch
        self._models = models
        self._last = models[704]
        self._revert_s = revert_s
        first = ("WSetRvrtTms", "WSetEnaRvrt")
        known = [name for name in first if self._last.number(name) is not None]
        self.places: Sequence[Place] = places(self._last.at, [*known, "WSetMod", "WSet", "WSetEna"])

    def see(self, models: Models) -> None:
        """Keep what was read last."""
        self._models = models
        self._last = models.get(704, self._last)

    def fields(self) -> Fields:
        """The mode and the set power."""
        is_on, power_w = self._last.number("WSetEna"), self._last.number("WSet")
        if is_on != 1 or power_w is None or self._last.number("WSetMod") != _WATTS:
            free = OperationMode.SELF_RELIANCE if is_on == 0 else OperationMode.UNKNOWN
            return {"operation_mode": free, "setpoint_w": None} | _held(None)
        return {"operation_mode": self._mode(-power_w), "setpoint_w": -power_w + 0.0} | _held(
            -power_w
        )

    async def apply(self, command: Command) -> None:
        """Write the power first, and then that it holds."""
        now = self._last = await self._fetch(self._last.at)
        if command == SetOperationMode(OperationMode.SELF_RELIANCE):
            await self._registers.set(now.at, "WSetEna", 0)
        else:
            await self._say(now, -self._power_w(command))

    async def renew(self) -> None:
        """Say our power again, which starts its time anew."""
        if self.watchdog_s is None:
            return
        now = self._last = await self._fetch(self._last.at)
        if self.watchdog_s is not None and (power_w := now.number("WSet")) is not None:
            await self._say(now, power_w)

    @property
    def watchdog_s(self) -> float | None:
        """Nobody else is likely to have set our time."""
        is_ours = self._last.number("WSetRvrtTms") == self._revert_s
        return float(self._revert_s) if is_ours and self._last.number("WSetEna") == 1 else None

    async def _say(self, now: ModelValues, injected_w: float) -> None:
        at, raw = now.at, steps(injected_w, now.number("WSet_SF"))
        if now.number("WSetRvrtTms") is not None:
            await self._registers.set(at, "WSetRvrtTms", self._revert_s)
        if now.number("WSetEnaRvrt"):
            await self._registers.set(at, "WSetEnaRvrt", 0)
        await self._registers.set(at, "WSetMod", _WATTS)
        await self._registers.set(at, "WSet", raw)
        await self._registers.set(at, "WSetEna", 1)

    def _power_w(self, command: Command) -> float:
        """Charging +."""
        least_w, most_w = self._limits_w()
        match command:
            case SetOperationMode(mode=OperationMode.IMPORT_FOCUS):
                return most_w
            case SetOperationMode(mode=OperationMode.EXPORT_FOCUS):
                return least_w
            # A set power knows no sun that may charge and no home to discharge for.
            case Hold() | HoldCharge():
                return 0.0
            case SetBatteryPower(power_w=power_w) if least_w <= power_w <= most_w:
                return power_w
            case SetBatteryPower(power_w=power_w):
                raise RefusedError(f"{power_w:g} W is more than the battery can do")
        raise UnsupportedError(f"model 704 has no {command}")

    def _mode(self, power_w: float) -> OperationMode:
        least_w, most_w = self._limits_w()
        if power_w > 0 and power_w >= most_w * _FULL:
            return OperationMode.IMPORT_FOCUS
        if power_w < 0 and power_w <= least_w * _FULL:
            return OperationMode.EXPORT_FOCUS
        return OperationMode.UNKNOWN

    def _limits_w(self) -> tuple[float, float]:
        charge_w, discharge_w = roles.battery_limits_w(self._models)
        return -(discharge_w or 0.0), charge_w or 0.0


def _held(power_w: float | None) -> Fields:
    return {
        "is_held": power_w is not None and power_w == 0,
        "is_charge_held": power_w is not None and power_w <= 0,
    }
