"""A SunSpec hybrid inverter with battery and grid meter, laid out as a Fronius GEN24 does it.

Model 124 steers the battery: StorCtl_Mod says which of the two rates holds, and a negative rate in
one direction forces the other. Rates go back to normal InOutWRte_RvrtTms seconds after the last
write to the model, unless that is zero. Model 123 limits what leaves the inverter, likewise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from gatewayd.clock import Clock
from gatewayd.virtual.devices import inverter_models as models
from gatewayd.virtual.devices.device import Refusal, Registers, Table, WritableDevice
from gatewayd.virtual.devices.sunspec import Image
from gatewayd.virtual.devices.words import signed
from gatewayd.virtual.physics.house import House, Orders
from gatewayd.virtual.physics.settings import HomeSettings

BASE = 40000
CHAIN = (1, 103, 120, 121, 123, 124, 160, 203)
_FULL = 10_000
_MOST_S = 28_800


@dataclass(frozen=True, slots=True)
class Setting:
    """A register that can be written, as raw numbers with sign."""

    model: int
    point: str
    default: int
    low: int
    high: int


SETTINGS = (
    Setting(123, "Conn", 1, 0, 1),
    Setting(123, "WMaxLimPct", _FULL, 0, _FULL),
    Setting(123, "WMaxLimPct_WinTms", 0, 0, _MOST_S),
    Setting(123, "WMaxLimPct_RvrtTms", 0, 0, _MOST_S),
    Setting(123, "WMaxLimPct_RmpTms", 0, 0, _MOST_S),
    Setting(123, "WMaxLim_Ena", 0, 0, 1),
    Setting(124, "StorCtl_Mod", 0, 0, 3),
    Setting(124, "MinRsvPct", 1_000, 0, _FULL),
    Setting(124, "OutWRte", _FULL, -_FULL, _FULL),
    Setting(124, "InWRte", _FULL, -_FULL, _FULL),
    Setting(124, "InOutWRte_WinTms", 0, 0, _MOST_S),
    Setting(124, "InOutWRte_RvrtTms", 0, 0, _MOST_S),
    Setting(124, "InOutWRte_RmpTms", 0, 0, _MOST_S),
    Setting(124, "ChaGriSet", 0, 0, 1),
)
_CHARGE_LIMIT, _DISCHARGE_LIMIT = 1, 2


_Key = tuple[int, str]


class Gen24(WritableDevice):
    """The inverter of the house. Its settings are volatile: a restart brings the defaults back."""

    driver: ClassVar[str] = "sunspec"
    unit: ClassVar[int] = 1
    functions: ClassVar[frozenset[int]] = frozenset({3, 6, 16})

    def __init__(self, clock: Clock, settings: HomeSettings) -> None:
        super().__init__(clock)
        self._home = settings
        self._image = Image(BASE, CHAIN, inputs=len(settings.strings) + 2)
        self._at = {self._image.address(s.model, s.point): s for s in SETTINGS}
        self._raw: dict[_Key, int] = {}
        self._written_s: dict[int, float] = {}
        self.restart()

    def restart(self) -> None:
        self._raw = {(s.model, s.point): s.default for s in SETTINGS}
        self._written_s = {s.model: self.clock.monotonic() for s in SETTINGS}

    def write(self, table: Table, address: int, values: Sequence[int]) -> Refusal | None:
        """A block may span several settings, and nothing but settings."""
        touched = [self._at.get(register) for register in range(address, address + len(values))]
        wanted: dict[_Key, int] = {}
        for setting, word in zip(touched, values, strict=True):
            if setting is None or table is not Table.HOLDING:
                return Refusal.ILLEGAL_ADDRESS
            value = signed(word) if setting.low < 0 else word
            if not setting.low <= value <= setting.high:
                return Refusal.ILLEGAL_VALUE
            wanted[setting.model, setting.point] = value
        self._raw |= wanted
        self._written_s |= {model: self.clock.monotonic() for model, _ in wanted}
        self.patch(table, dict(enumerate(values, address)))
        return None

    def steer(self, house: House) -> None:
        self._revert()
        raw = self._raw
        house.orders = Orders(
            battery_least_w=-self._rate(
                _DISCHARGE_LIMIT, "OutWRte", self._home.battery.max_discharge_w
            ),
            battery_most_w=self._rate(_CHARGE_LIMIT, "InWRte", self._home.battery.max_charge_w),
            ac_limit_w=self._ac_limit_w(),
            reserve_soc=raw[124, "MinRsvPct"] / _FULL,
            may_charge_from_grid=raw[124, "ChaGriSet"] == 1,
            is_inverter_on=self.is_running and raw[123, "Conn"] == 1,
        )

    def _rate(self, bit: int, point: str, most_w: float) -> float:
        """The most that may flow in this direction; below zero it must flow in the other."""
        is_limited = self._raw[124, "StorCtl_Mod"] & bit
        return most_w * self._raw[124, point] / _FULL if is_limited else most_w

    def _ac_limit_w(self) -> float:
        share = self._raw[123, "WMaxLimPct"] / _FULL if self._raw[123, "WMaxLim_Ena"] else 1.0
        return self._home.inverter_w * share

    def _revert(self) -> None:
        if self._has_lapsed(123, "WMaxLimPct_RvrtTms"):
            self._raw[123, "WMaxLim_Ena"] = 0
        if self._has_lapsed(124, "InOutWRte_RvrtTms"):
            self._raw |= {(124, "StorCtl_Mod"): 0, (124, "InWRte"): _FULL, (124, "OutWRte"): _FULL}

    def _has_lapsed(self, model: int, point: str) -> bool:
        return 0 < self._raw[model, point] <= self.clock.monotonic() - self._written_s[model]

    def measure(self, house: House) -> Registers:
        words = self._image.words(
            {
                1: models.common(),
                103: models.output(house, self.sign),
                120: models.nameplate(self._home),
                121: models.basic_settings(self._home),
                123: models.CONTROLS,
                124: models.storage(house),
                160: models.inputs(house),
                203: models.grid(house, self.sign),
            }
        )
        for address, setting in self._at.items():
            words[address] = self._raw[setting.model, setting.point] & 0xFFFF
        return {Table.HOLDING: words}

    def settings(self) -> Mapping[str, int]:
        return {f"{model}.{point}": raw for (model, point), raw in self._raw.items()}

    def truth(self, house: House) -> Mapping[str, float]:
        return {
            "power": house.inverter_w,
            "pv": house.pv_w,
            "battery": house.battery.power_w,
            "soc": house.battery.soc,
            "grid": sum(house.grid_w),
        }
