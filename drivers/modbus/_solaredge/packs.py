"""The batteries behind one inverter."""

from collections.abc import Iterator, Mapping, Sequence

from drivers.modbus._solaredge.registers import Block, Values, number, total
from gatewayd.errors import UnreachableError
from gatewayd.model.reading import BatteryStatus
from gatewayd.sdk.driver import ModbusReader
from gatewayd.sdk.sunspec.roles import Fields

# Three packs; older firmware has the first elsewhere.
_PACKS = ((57600, 57856, 58368), (62720,))
_STATUS = {
    3: BatteryStatus.CHARGING,
    4: BatteryStatus.DISCHARGING,
    5: BatteryStatus.FAULT,
    **dict.fromkeys((0, 1, 2, 6, 7, 10), BatteryStatus.IDLE),
}


def _plate(base: int) -> Block:
    return Block(base, "device:u16:64 rated:f32:66 charge_w:f32:68 discharge_w:f32:70")


async def _plate_of(unit: ModbusReader, base: int, *, is_first: bool) -> Values:
    """A pack that is not there is refused by some, and by others not answered for."""
    try:
        return await _plate(base).read_if_there(unit)
    except UnreachableError:
        if is_first:
            raise
        return {}


def _state(base: int) -> Block:
    return Block(
        base + 108,
        "temperature:f32:0 voltage:f32:4 power:f32:8 discharged:u64:10 charged:u64:14 "
        "capacity:f32:18 soc:f32:24 status:u32:26",
    )


class Packs:
    """The batteries of one inverter, told as one: it is one that is steered."""

    def __init__(self, plates: Mapping[int, Values]) -> None:
        self._plates = plates
        self._blocks = {base: _state(base) for base in plates}
        self._states: Sequence[Values] = ()

    @classmethod
    async def find(cls, unit: ModbusReader) -> "Packs | None":
        """None where the inverter has no battery."""
        for bases in _PACKS:
            there: dict[int, Values] = {}
            for base in bases:
                plate = await _plate_of(unit, base, is_first=not there)
                if not number(plate, "rated"):
                    break
                there[base] = plate
            if there:
                return cls(there)
        return None

    async def read(self, unit: ModbusReader) -> None:
        """What they say now."""
        self._states = [await block.read(unit) for block in self._blocks.values()]

    @property
    def power_w(self) -> float | None:
        """Charging +."""
        return self._sum("power")

    @property
    def limits_w(self) -> tuple[float | None, float | None]:
        """The greatest charging and discharging power, of all together."""
        plates = self._plates.values()
        return total(plates, "charge_w") or None, total(plates, "discharge_w") or None

    def fields(self) -> Fields:
        """Of a battery."""
        charge_w, discharge_w = self.limits_w
        return {
            "power_w": self.power_w,
            "soc_pct": self._soc(),
            "capacity_wh": self._sum("capacity") or total(self._plates.values(), "rated"),
            "status": self._status(),
            "charged_wh": self._sum("charged") or None,
            "discharged_wh": self._sum("discharged") or None,
            "voltage_v": next(self._known("voltage"), None),
            "temperature_c": max(self._known("temperature"), default=None),
            "max_charge_w": charge_w,
            "max_discharge_w": discharge_w,
        }

    def _soc(self) -> float | None:
        """Each pack counts for what it holds."""
        plates = self._plates.values()
        pairs = [
            (soc, number(state, "capacity") or number(plate, "rated") or 1.0)
            for state, plate in zip(self._states, plates, strict=True)
            if (soc := number(state, "soc")) is not None and 0 <= soc <= 100
        ]
        return sum(soc * wh for soc, wh in pairs) / sum(wh for _, wh in pairs) if pairs else None

    def _status(self) -> BatteryStatus | None:
        told = {_STATUS.get(int(one), BatteryStatus.UNKNOWN) for one in self._known("status")}
        if BatteryStatus.FAULT in told:
            return BatteryStatus.FAULT
        moving = told - {BatteryStatus.IDLE, BatteryStatus.UNKNOWN}
        return next(iter(sorted(moving or told)), None)

    def _sum(self, name: str) -> float | None:
        """Unknown when one of them does not say it."""
        return total(self._states, name)

    def _known(self, name: str) -> Iterator[float]:
        numbers = (number(state, name) for state in self._states)
        return (one for one in numbers if one is not None)
