"""Battery modes by SunSpec's storage controls, model 124.

The rates are per cent of the greatest charging and discharging power; a negative one turns the
other way round by force. `InOutWRte_RvrtTms` is the device's own watchdog: unless the mode is
said again in that time, it returns to normal by itself (seen on a Fronius GEN24: evcc issue
33037, where a forgotten one of 3600 s ended a hold). What is set is lost on a restart.
"""

import math

from gatewayd.errors import RefusedError, UnsupportedError
from gatewayd.model.asset import Capability
from gatewayd.model.reading import OperationMode
from gatewayd.sdk.driver import ModbusWriter
from gatewayd.sdk.sunspec import models
from gatewayd.sdk.sunspec.chain import ModelValues
from gatewayd.sdk.sunspec.roles import operation_mode

CAPABILITIES = frozenset(
    {Capability.SELF_RELIANCE, Capability.IMPORT_FOCUS, Capability.EXPORT_FOCUS}
)

_FULL_PCT = 100.0
_FROM_GRID = 1

# StorCtl_Mod (bit 0 limits charging, bit 1 discharging), charge and discharge rate.
_FORCED = {
    OperationMode.IMPORT_FOCUS: (0b10, _FULL_PCT, -_FULL_PCT),
    OperationMode.EXPORT_FOCUS: (0b01, -_FULL_PCT, _FULL_PCT),
}


def can_steer(storage: ModelValues) -> bool:
    """Whether the controls are there: their rates have a scale factor that can be believed."""
    return storage.number("StorCtl_Mod") is not None and _divisor(storage) is not None


def forced_mode(storage: ModelValues, revert_s: int) -> OperationMode | None:
    """The forced mode in effect, if it is ours: nobody else is likely to have set our time.

    A mode that somebody else forces is not kept alive beyond what they wanted.
    """
    mode = operation_mode(storage)
    is_ours = storage.number("InOutWRte_RvrtTms") == revert_s
    return mode if is_ours and mode in _FORCED else None


class Storage:
    """Writes the modes of one model 124. `revert_s` is the watchdog that a forced mode gets."""

    def __init__(self, unit: ModbusWriter, revert_s: int) -> None:
        self._unit = unit
        self._revert_s = revert_s
        self._allowed_grid = False

    async def set_mode(self, storage: ModelValues, mode: OperationMode) -> None:
        """Put a mode in force; UnsupportedError for one that this model has not."""
        if mode in _FORCED:
            await self._force(storage, mode)
        elif mode is OperationMode.SELF_RELIANCE:
            await self._release(storage)
        else:
            raise UnsupportedError(f"model 124 has no mode {mode}")

    async def renew(self, storage: ModelValues, mode: OperationMode) -> None:
        """Say a forced mode again, which starts its watchdog anew."""
        active, charge, discharge = _FORCED[mode]
        await self._write(storage, "InOutWRte_RvrtTms", self._revert_s)
        await self._write_rates(storage, charge, discharge)
        await self._write(storage, "StorCtl_Mod", active)

    async def _force(self, storage: ModelValues, mode: OperationMode) -> None:
        is_charge = mode is OperationMode.IMPORT_FOCUS
        if is_charge and storage.number("ChaGriSet") == 0:
            await self._write(storage, "ChaGriSet", _FROM_GRID)
            self._allowed_grid = True
        # The watchdog comes first and the activation last, so that a broken connection leaves
        # nothing in force that would not end by itself.
        await self.renew(storage, mode)

    async def _release(self, storage: ModelValues) -> None:
        await self._write(storage, "StorCtl_Mod", 0)
        await self._write_rates(storage, _FULL_PCT, _FULL_PCT)
        await self._write(storage, "InOutWRte_RvrtTms", 0)
        if self._allowed_grid:
            await self._write(storage, "ChaGriSet", 0)
            self._allowed_grid = False

    async def _write_rates(self, storage: ModelValues, charge: float, discharge: float) -> None:
        divisor = _divisor(storage)
        if divisor is None:
            raise RefusedError("model 124: the scale factor of the rates is missing")
        for name, rate in (("InWRte", charge), ("OutWRte", discharge)):
            await self._write(storage, name, math.floor(rate / divisor + 0.5) & 0xFFFF)

    async def _write(self, storage: ModelValues, name: str, value: int) -> None:
        address = storage.at.address + models.offset(storage.at.id, name)
        await self._unit.write_register(address, value)


def _divisor(storage: ModelValues) -> float | None:
    """What one step of a rate is worth in per cent. 100 % has to fit into 16 bits."""
    factor = storage.number("InOutWRte_SF")
    if factor is None or not -2 <= factor <= 0:
        return None
    return float(10**factor)
