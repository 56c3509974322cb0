"""Batteries by SunSpec's storage controls, model 124.

The rates are per cent of the greatest charging power; a negative one turns the other way round by
force. `InOutWRte_RvrtTms` is the device's own watchdog: unless an order is said again in that time,
the device returns to normal by itself (seen on a Fronius GEN24: evcc issue 33037, where a
forgotten one of 3600 s ended a hold). What is set is lost on a restart, save the reserve.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gatewayd.errors import RefusedError, UnsupportedError
from gatewayd.model.asset import Capability
from gatewayd.model.command import Command, SetOperationMode
from gatewayd.model.power import Hold, HoldCharge, SetBatteryPower, SetReserve
from gatewayd.model.reading import OperationMode
from gatewayd.sdk.sunspec import settings
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
        Capability.SET_RESERVE,
    }
)

_FULL_PCT = 100.0
_LIMIT_CHARGE, _LIMIT_DISCHARGE = 0b01, 0b10


@dataclass(frozen=True)
class _Order:
    """What StorCtl_Mod puts in force, the two rates in per cent, and whether the grid may charge.

    `grid` None is as the device had it before we touched it.
    """

    active: int
    charge: float
    discharge: float
    grid: bool | None = None


_ORDERS = {
    SetOperationMode(OperationMode.IMPORT_FOCUS): _Order(0b10, _FULL_PCT, -_FULL_PCT, grid=True),
    SetOperationMode(OperationMode.EXPORT_FOCUS): _Order(0b01, -_FULL_PCT, _FULL_PCT),
    Hold(): _Order(_LIMIT_DISCHARGE, _FULL_PCT, 0, grid=False),
    HoldCharge(): _Order(_LIMIT_CHARGE, 0, _FULL_PCT),
}


def can_steer(storage: ModelValues) -> bool:
    """Whether the controls are there: their rates have a scale factor that can be believed."""
    return storage.number("StorCtl_Mod") is not None and _factor(storage) is not None


class Storage:
    """The controls of one model 124. `revert_s` is the watchdog that an order gets."""

    def __init__(
        self, registers: Registers, fetch: Fetch, found: ModelValues, revert_s: int
    ) -> None:
        self._registers = registers
        self._fetch = fetch
        self._last = found
        self._revert_s = revert_s
        # What ChaGriSet was before we changed it, None while it is as it was.
        self._grid_was: int | None = None
        missing = set()
        if not found.number("WChaMax"):
            missing.add(Capability.SET_POWER)
        if found.number("MinRsvPct") is None:
            missing.add(Capability.SET_RESERVE)
        first = ("InOutWRte_RvrtTms", "ChaGriSet")
        known = [name for name in first if found.number(name) is not None]
        names = [*known, "InWRte", "OutWRte", "StorCtl_Mod"]
        self.places: Sequence[Place] = places(found.at, names, wearing=("ChaGriSet",))
        self.capabilities = CAPABILITIES - missing if can_steer(found) else frozenset()

    def see(self, models: Models) -> None:
        """Keep what was read last."""
        self._last = models.get(124, self._last)

    def fields(self) -> Fields:
        """The mode and the like."""
        return settings.of_storage(self._last)

    async def apply(self, command: Command) -> None:
        """The controls are read first: their scale may have changed."""
        now = self._last = await self._fetch(self._last.at)
        if _factor(now) is None:
            raise RefusedError("model 124: the scale factor of the rates is missing")
        if command == SetOperationMode(OperationMode.SELF_RELIANCE):
            await self._release(now)
        elif isinstance(command, SetReserve):
            raw = steps(command.reserve_pct, now.number("MinRsvPct_SF"))
            await self._registers.keep(now.at, "MinRsvPct", raw)
        else:
            await self._order(now, _order(now, command))

    async def renew(self) -> None:
        """Say an order of ours again, which starts its watchdog anew."""
        if self.watchdog_s is None:
            return
        now = self._last = await self._fetch(self._last.at)
        if self.watchdog_s is not None:
            active, charge, discharge = (
                now.number(name) or 0.0 for name in ("StorCtl_Mod", "InWRte", "OutWRte")
            )
            await self._say(now, _Order(int(active), charge, discharge))

    @property
    def watchdog_s(self) -> float | None:
        """Nobody else is likely to have set our time.

        What somebody else orders is not kept alive beyond what they wanted.
        """
        is_ours = self._last.number("InOutWRte_RvrtTms") == self._revert_s
        return float(self._revert_s) if is_ours and self._last.number("StorCtl_Mod") else None

    async def _order(self, now: ModelValues, order: _Order) -> None:
        await self._allow_grid(now, wanted=order.grid)
        # The watchdog comes first and the activation last, so that a broken connection leaves
        # nothing in force that would not end by itself.
        await self._say(now, order)

    async def _say(self, now: ModelValues, order: _Order) -> None:
        if now.number("InOutWRte_RvrtTms") is not None:
            await self._registers.set(now.at, "InOutWRte_RvrtTms", self._revert_s)
        await self._rates(now, order.charge, order.discharge)
        await self._registers.set(now.at, "StorCtl_Mod", order.active)

    async def _release(self, now: ModelValues) -> None:
        await self._registers.set(now.at, "StorCtl_Mod", 0)
        await self._rates(now, _FULL_PCT, _FULL_PCT)
        if now.number("InOutWRte_RvrtTms") is not None:
            await self._registers.set(now.at, "InOutWRte_RvrtTms", 0)
        await self._allow_grid(now, wanted=None, is_safe=True)

    async def _rates(self, now: ModelValues, charge: float, discharge: float) -> None:
        for name, rate in (("InWRte", charge), ("OutWRte", discharge)):
            await self._registers.set(now.at, name, steps(rate, _factor(now)))

    async def _allow_grid(
        self, now: ModelValues, *, wanted: bool | None, is_safe: bool = False
    ) -> None:
        """Only what we changed is changed back."""
        present = now.number("ChaGriSet")
        target = self._grid_was if wanted is None else int(wanted)
        if present is None or target is None:
            return
        if present != target:
            await self._registers.keep(now.at, "ChaGriSet", target, is_safe=is_safe)
        if wanted is None:
            self._grid_was = None
        elif self._grid_was is None and present != target:
            self._grid_was = int(present)


def _order(now: ModelValues, command: Command) -> _Order:
    if isinstance(command, SetBatteryPower):
        rate = command.power_w / (now.number("WChaMax") or 1) * _FULL_PCT
        if abs(rate) > _FULL_PCT + 1e-6 or not now.number("WChaMax"):
            raise RefusedError(f"{command.power_w:g} W is more than the battery can do")
        return _Order(0b11, rate, -rate, grid=True if rate > 0 else None)
    if not isinstance(command, SetOperationMode | Hold | HoldCharge) or command not in _ORDERS:
        raise UnsupportedError(f"model 124 has no {command}")
    return _ORDERS[command]


def _factor(storage: ModelValues) -> float | None:
    """100 % has to fit into 16 bits."""
    factor = storage.number("InOutWRte_SF")
    return factor if factor is not None and -2 <= factor <= 0 else None
