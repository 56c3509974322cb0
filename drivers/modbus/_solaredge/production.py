"""The inverter's dynamic limit of active power."""

from collections.abc import Sequence

from drivers.modbus._solaredge.registers import Block, Values, number, words
from gatewayd.errors import RefusedError, UnsupportedError
from gatewayd.model.asset import Capability
from gatewayd.model.command import Command
from gatewayd.model.power import SetProductionLimit
from gatewayd.sdk.driver import ModbusReader
from gatewayd.sdk.sunspec.control import Place, Registers
from gatewayd.sdk.sunspec.roles import Fields, Models

_ADVANCED = Block(61762, "advanced:s32:61762")
_STATIC_LIMIT = Block(61441, "static_pct:u16:61441")
_DYNAMIC = Block(
    62208,
    "is_on:u16:62208 rated:f32:62212 timeout:u32:62224 fallback:f32:62226 pct:f32:62242",
)


class Production:
    """The dynamic limit of active power, in RAM. It ends by itself into the fallback limit."""

    capabilities = frozenset({Capability.SET_PRODUCTION_LIMIT})

    places: Sequence[Place] = ()

    def __init__(
        self, unit: ModbusReader, registers: Registers, found: Values, revert_s: int
    ) -> None:
        self._unit = unit
        self._registers = registers
        self._rated_w = number(found, "rated") or 0.0
        self._now = found
        self._revert_s = revert_s

    @staticmethod
    async def find(unit: ModbusReader) -> Values | None:
        """What the registers say; None where there are none."""
        found = {
            **await _ADVANCED.read_if_there(unit),
            **await _STATIC_LIMIT.read_if_there(unit),
            **await _DYNAMIC.read_if_there(unit),
        }
        is_there = all(number(found, name) is not None for name in ("is_on", "advanced"))
        return found if is_there and number(found, "rated") else None

    async def read(self) -> None:
        """What is set now."""
        self._now = {**self._now, **await _DYNAMIC.read(self._unit)}

    def see(self, models: Models) -> None:
        """Nothing of it is in the chain."""

    def fields(self) -> Fields:
        """The limit, and what the inverter is made for."""
        pct = number(self._now, "pct") if self._now["is_on"] == 1 else 100.0
        fixed = number(self._now, "static_pct")
        limits = [limit for limit in (pct, fixed) if limit is not None]
        least = min(limits, default=100.0)
        limit_w = float("inf") if least >= 100 else least / 100 * self._rated_w
        return {"limit_w": limit_w, "rated_w": self._rated_w}

    async def apply(self, command: Command) -> None:
        """Set or end the limit."""
        if not isinstance(command, SetProductionLimit):
            raise UnsupportedError(f"an inverter has no {command}")
        await self.read()
        limit_w = command.limit_w
        if limit_w is None:
            if self._now["is_on"] == 1:
                await self._write(62242, "f32", 100.0)
            return
        if not limit_w >= 0:
            raise RefusedError(f"{limit_w:g} W cannot be a limit")
        await self._switch_on()
        await self._write(62242, "f32", min(100.0, limit_w / self._rated_w * 100))

    async def renew(self) -> None:
        """Say the limit again."""
        await self.read()
        if self.watchdog_s is not None and (pct := number(self._now, "pct")) is not None:
            await self._write(62242, "f32", pct)

    @property
    def watchdog_s(self) -> float | None:
        """Nobody else is likely to have set our time."""
        is_ours = self._now["is_on"] == 1 and self._now["timeout"] == self._revert_s
        is_limit = (number(self._now, "pct") or 0.0) < 100
        return float(self._revert_s) if is_ours and is_limit else None

    async def _switch_on(self) -> None:
        """These are settings: written when they differ, the first one with a commit."""
        if self._now["advanced"] != 1:
            await self._keep(61762, "s32", 1)
            await self._write(61696, "u16", 1)
            self._now = {**self._now, "advanced": 1}
        await self._keep(62208, "u16", 1)
        await self._keep(62224, "u32", self._revert_s)
        await self._keep(62226, "f32", 100.0)

    async def _keep(self, address: int, kind: str, value: float) -> None:
        await self._registers.change(address, words(kind, value))

    async def _write(self, address: int, kind: str, value: float) -> None:
        await self._registers.write(address, words(kind, value))
