"""A limit of production by SunSpec's immediate controls: model 123, or 704 in newer devices.

The limit is per cent of what model 121 or 702 calls the greatest power. Where the device has a
revert time, the limit ends by itself unless it is said again; without one it may be kept in memory
that wears out. Some devices read back a limit while they give more (an SMA SB3.6-1AV-41 0 %, the
gateway of APsystems' microinverters 30 % each morning): there only what was written last can be
told.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gatewayd.errors import RefusedError, UnsupportedError
from gatewayd.model.asset import Capability
from gatewayd.model.command import Command
from gatewayd.model.power import SetProductionLimit
from gatewayd.sdk.sunspec.chain import ModelValues
from gatewayd.sdk.sunspec.control import Fetch, Place, Registers, places, steps
from gatewayd.sdk.sunspec.roles import Fields, Models, ac_power_w, rated_w

_FULL_PCT = 100.0
# What an inverter may give beyond its limit, as a share of its greatest power.
_BEYOND = 0.05


@dataclass(frozen=True)
class _Names:
    """`after` is whether the limit stays in force when its time is over."""

    is_on: str
    revert: str
    after: str | None = None


_NAMES = {
    123: _Names("WMaxLim_Ena", "WMaxLimPct_RvrtTms"),
    704: _Names("WMaxLimPctEna", "WMaxLimPctRvrtTms", "WMaxLimPctEnaRvrt"),
}


def limit_model(models: Models) -> ModelValues | None:
    """The model that has the limit; None where there is no limit of watts in it."""
    for number, names in _NAMES.items():
        found = models.get(number)
        if found and found.number(names.is_on) is not None and _factor(found) is not None:
            return found if rated_w(models) else None
    return None


class Limit:
    """The limit of one device. `revert_s` is the time it gets, None where that has no effect."""

    capabilities = frozenset({Capability.SET_PRODUCTION_LIMIT})

    def __init__(
        self,
        registers: Registers,
        fetch: Fetch,
        models: Models,
        found: ModelValues,
        revert_s: int | None,
    ) -> None:
        self._registers = registers
        self._fetch = fetch
        self._models = models
        self._last = found
        self._names = _NAMES[found.at.id]
        self._revert_s = revert_s
        self._written_pct: float | None = None
        first = [name for name in (self._names.revert, self._names.after) if name]
        known = [name for name in first if found.number(name) is not None]
        names = [*known, "WMaxLimPct", self._names.is_on]
        ends = revert_s is not None and self._names.revert in known
        self.places: Sequence[Place] = places(found.at, names, wearing=() if ends else names)

    def see(self, models: Models) -> None:
        """Keep what was read last."""
        self._models = models
        self._last = models.get(self._last.at.id, self._last)

    def fields(self) -> Fields:
        """The limit in W, infinite when there is none."""
        if (is_on := self._last.number(self._names.is_on)) is None:
            return {"limit_w": None}
        if is_on != 1:
            return {"limit_w": float("inf")}
        pct, rated = self._limit_pct(), rated_w(self._models)
        return {"limit_w": None if pct is None or rated is None else pct / _FULL_PCT * rated}

    async def apply(self, command: Command) -> None:
        """Set or end the limit."""
        if not isinstance(command, SetProductionLimit):
            raise UnsupportedError(f"an inverter has no {command}")
        now = self._last = await self._fetch(self._last.at)
        if command.limit_w is None:
            await self._end(now)
        else:
            await self._limit(now, self._pct(command.limit_w))

    async def renew(self) -> None:
        """Say our limit again, which starts its time anew."""
        if self.watchdog_s is None:
            return
        now = self._last = await self._fetch(self._last.at)
        if self.watchdog_s is not None and (pct := self._limit_pct()) is not None:
            await self._limit(now, pct)

    @property
    def watchdog_s(self) -> float | None:
        """Nobody else is likely to have set our time."""
        is_ours = self._last.number(self._names.revert) == self._revert_s
        is_on = self._last.number(self._names.is_on) == 1
        return float(self._revert_s) if self._revert_s and is_ours and is_on else None

    def _pct(self, limit_w: float) -> float:
        rated = rated_w(self._models)
        if rated is None or limit_w < 0:
            raise RefusedError(f"{limit_w:g} W cannot be a limit here")
        return min(_FULL_PCT, limit_w / rated * _FULL_PCT)

    def _limit_pct(self) -> float | None:
        pct, power_w = self._last.number("WMaxLimPct"), ac_power_w(self._models)
        rated = rated_w(self._models)
        if pct is None or power_w is None or rated is None:
            return pct
        is_broken = power_w / rated > pct / _FULL_PCT + _BEYOND
        return self._written_pct if is_broken else pct

    async def _limit(self, now: ModelValues, pct: float) -> None:
        names, raw = self._names, steps(pct, _factor(now))
        self._written_pct = pct
        if self._revert_s is None or now.number(names.revert) is None:
            await self._registers.keep(now.at, "WMaxLimPct", raw)
            await self._registers.keep(now.at, names.is_on, 1)
            return
        await self._registers.set(now.at, names.revert, self._revert_s)
        if names.after and now.number(names.after):
            await self._registers.set(now.at, names.after, 0)
        await self._registers.set(now.at, "WMaxLimPct", raw)
        # Also when it is on already: some take over a new value only then (Fronius).
        await self._registers.set(now.at, names.is_on, 1)

    async def _end(self, now: ModelValues) -> None:
        self._written_pct = None
        if self._revert_s is None or now.number(self._names.revert) is None:
            await self._registers.keep(now.at, self._names.is_on, 0, is_safe=True)
            return
        await self._registers.set(now.at, self._names.is_on, 0)
        if now.number(self._names.revert) == self._revert_s:
            await self._registers.set(now.at, self._names.revert, 0)


def _factor(found: ModelValues) -> float | None:
    """100 % has to fit into 16 bits."""
    factor = found.number("WMaxLimPct_SF")
    return factor if factor is not None and -2 <= factor <= 0 else None
