"""What a SolarEdge has beside its SunSpec chain, as far as it is there."""

import logging

from drivers.modbus._solaredge.battery import Battery
from drivers.modbus._solaredge.packs import Packs
from drivers.modbus._solaredge.production import Production
from drivers.modbus._solaredge.registers import Values
from gatewayd.errors import UnreachableError
from gatewayd.sdk.driver import ModbusReader
from gatewayd.sdk.sunspec import Control, Registers
from gatewayd.sdk.sunspec.roles import Fields, Models, dc_power_w

log = logging.getLogger(__name__)


class SolarEdge:
    """Batteries, their control, and the limit of production."""

    def __init__(self, packs: Packs | None, battery: Values | None, limit: Values | None) -> None:
        self._packs = packs
        self._found = battery, limit
        self._battery: Battery | None = None
        self._limit: Production | None = None

    @staticmethod
    def made(vendor: str) -> bool:
        """Whether this is one."""
        return vendor.casefold().startswith("solaredge")

    @classmethod
    async def find(cls, unit: ModbusReader) -> "SolarEdge":
        """Look for all of it. What is not there is not asked for again.

        Some registers that are not there are not answered for; each costs the whole time of an
        answer, so the first one ends the search.
        """
        packs, battery, limit = None, None, None
        try:
            if (packs := await Packs.find(unit)) is not None:
                await packs.read(unit)
                battery = await Battery.find(unit)
            limit = await Production.find(unit)
        except UnreachableError as error:
            log.warning("not all of a SolarEdge answers: %s", error)
        return cls(packs, battery, limit)

    def controls(
        self, unit: ModbusReader, registers: Registers, revert_s: int
    ) -> dict[str, Control]:
        """By role."""
        battery, limit = self._found
        found: dict[str, Control] = {}
        if self._packs is not None and battery is not None:
            self._battery = Battery(unit, registers, self._packs, battery, revert_s)
            found["battery"] = self._battery
        if limit is not None:
            self._limit = Production(unit, registers, limit, revert_s)
            found["inverter"] = self._limit
        return found

    async def read(self, unit: ModbusReader) -> None:
        """One poll of what is there."""
        if self._packs is not None:
            await self._packs.read(unit)
        for part in (self._battery, self._limit):
            if part is not None:
                await part.read()

    def complete(self, models: Models, found: dict[str, Fields]) -> None:
        """Add the battery. The inverter's DC power is that of sun and battery together."""
        if self._packs is None:
            return
        found["battery"] = self._packs.fields()
        if "inverter" in found:
            is_asleep = found["inverter"]["is_asleep"] is True
            found["inverter"]["power_w"] = self._sun_w(dc_power_w(models), is_asleep=is_asleep)

    def _sun_w(self, dc_w: float | None, *, is_asleep: bool) -> float | None:
        battery_w = self._packs.power_w if self._packs else None
        if dc_w is None or battery_w is None:
            return 0.0 if is_asleep else None
        return max(0.0, dc_w + battery_w)
