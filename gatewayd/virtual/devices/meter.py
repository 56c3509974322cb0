"""Eastron SDM630 in front of the household load: input registers, float32, function 4.

The numbers of the registers are those of Eastron's protocol document for the SDM630.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from gatewayd.clock import Clock
from gatewayd.virtual.devices.device import Device, Refusal, Registers, Table
from gatewayd.virtual.devices.words import float32
from gatewayd.virtual.physics import load
from gatewayd.virtual.physics.house import PHASES, House

POINTS: Mapping[str, int] = {
    "voltage_a": 0x0000,
    "voltage_b": 0x0002,
    "voltage_c": 0x0004,
    "current_a": 0x0006,
    "current_b": 0x0008,
    "current_c": 0x000A,
    "power_a": 0x000C,
    "power_b": 0x000E,
    "power_c": 0x0010,
    "apparent_a": 0x0012,
    "apparent_b": 0x0014,
    "apparent_c": 0x0016,
    "reactive_a": 0x0018,
    "reactive_b": 0x001A,
    "reactive_c": 0x001C,
    "factor_a": 0x001E,
    "factor_b": 0x0020,
    "factor_c": 0x0022,
    "power": 0x0034,
    "apparent": 0x0038,
    "reactive": 0x003C,
    "factor": 0x003E,
    "frequency": 0x0046,
    "import_kwh": 0x0048,
    "export_kwh": 0x004A,
    "import_kvarh": 0x004C,
    "export_kvarh": 0x004E,
    "total_kwh": 0x0156,
    "import_kwh_a": 0x015A,
    "import_kwh_b": 0x015C,
    "import_kwh_c": 0x015E,
    "export_kwh_a": 0x0160,
    "export_kwh_b": 0x0162,
    "export_kwh_c": 0x0164,
}
_LAST = 0x017F
# What the meter had counted per phase when the virtual home was built.
_START_WH = (1_912_400.0, 1_455_700.0, 2_087_300.0)


class Sdm630(Device):
    """Counts the household's consumption per phase; the charger is not behind it."""

    driver: ClassVar[str] = "eastron_sdm630"
    unit: ClassVar[int] = 1
    functions: ClassVar[frozenset[int]] = frozenset({4})
    max_read: ClassVar[int] = 80

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        # Addresses without a meaning read as zero.
        self._blank = dict.fromkeys(range(_LAST + 1), 0)

    def measure(self, house: House) -> Registers:
        words = dict(self._blank)
        for name, value in self._values(house).items():
            words[POINTS[name]], words[POINTS[name] + 1] = float32(value)
        return {Table.INPUT: words}

    def read(self, table: Table, address: int, count: int) -> Sequence[int] | Refusal:
        """Each value takes two registers and is only given whole."""
        if address % 2 or count % 2:
            return Refusal.ILLEGAL_ADDRESS
        return super().read(table, address, count)

    def _values(self, house: House) -> Mapping[str, float]:
        values: dict[str, float] = {"frequency": house.frequency_hz, "factor": load.POWER_FACTOR}
        energies = _energies_wh(house)
        for phase, volts, watts, wh in zip(
            PHASES, house.voltage_v, house.load_w, energies, strict=True
        ):
            apparent = watts / load.POWER_FACTOR
            values[f"voltage_{phase}"] = volts
            values[f"current_{phase}"] = apparent / volts
            values[f"power_{phase}"] = watts * self.sign
            values[f"apparent_{phase}"] = apparent
            values[f"reactive_{phase}"] = watts * load.VAR_PER_W
            values[f"factor_{phase}"] = load.POWER_FACTOR
            values[f"import_kwh_{phase}"] = wh / 1000.0
        values["power"] = sum(house.load_w) * self.sign
        values["apparent"] = sum(house.load_w) / load.POWER_FACTOR
        values["reactive"] = sum(house.load_w) * load.VAR_PER_W
        values["import_kwh"] = values["total_kwh"] = sum(energies) / 1000.0
        values["import_kvarh"] = sum(energies) / 1000.0 * load.VAR_PER_W
        return values

    def settings(self) -> Mapping[str, int]:
        return {}

    def truth(self, house: House) -> Mapping[str, float]:
        return {"power": sum(house.load_w), "import": sum(_energies_wh(house))}


def _energies_wh(house: House) -> list[float]:
    return [start + wh for start, wh in zip(_START_WH, house.counters.load_wh, strict=True)]
