"""Stiebel Eltron ISG with a WPM: input registers with function 4, holding with 3, 6 and 16.

After the vendor's "Software documentation Modbus TCP/IP"; its numbers are one higher than the
addresses here. Temperatures are in tenths of a degree; settings are stored and survive a reboot.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from gatewayd.clock import Clock
from gatewayd.virtual.devices.device import Refusal, Registers, Table, WritableDevice
from gatewayd.virtual.physics.house import House

OPERATING_MODE, COMFORT, ECO = 1500, 1501, 1502
EMERGENCY, STANDBY, PROGRAMME, COMFORT_MODE, ECO_MODE, HOT_WATER = range(6)

_ROOM, _ROOM_WANTED, _OUTDOOR = 502, 503, 506
_STATUS = 2500
# SG Ready: whether it is heeded, its two inputs, and the level they make.
SG_READY, SG_ENCOURAGE, SG_BLOCK = 4000, 4001, 4002
SG_LEVEL = 5000
_LEVELS = {(0, 1): 1, (0, 0): 2, (1, 0): 3, (1, 1): 4}
# How much warmer the house may be than it has to, by level.
_WARMER_C = {3: 2.0, 4: 4.0}
_HEATED_KWH, _HEATED_MWH = 3511, 3512
_STATUS_PUMP, _STATUS_HEATING, _STATUS_COMPRESSOR = 1 << 0, 1 << 4, 1 << 6
_NO_SENSOR = 0x8000
# What the heat pump had used when the virtual home was built.
_START_WH = 5_418_000.0
_FROST_C = 5.0
_DAY = range(6, 22)


class IsgWpm(WritableDevice):
    """Starts in programme mode: comfort by day, eco by night. With the ISG plus's SG Ready."""

    driver: ClassVar[str] = "stiebel_isg"
    unit: ClassVar[int] = 1
    functions: ClassVar[frozenset[int]] = frozenset({3, 4, 6, 16})
    has_signed_power: ClassVar[bool] = False

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.words = {OPERATING_MODE: PROGRAMME, COMFORT: 215, ECO: 190}
        self.words |= {SG_READY: 1, SG_ENCOURAGE: 0, SG_BLOCK: 0}
        self._accepted = {
            OPERATING_MODE: range(6),
            COMFORT: range(50, 301),
            ECO: range(50, 301),
            SG_READY: range(2),
            SG_ENCOURAGE: range(2),
            SG_BLOCK: range(2),
        }

    @property
    def level(self) -> int:
        """Of SG Ready; without it, and in comfort mode, always the normal one."""
        inputs = self.words[SG_ENCOURAGE], self.words[SG_BLOCK]
        is_heeded = self.words[SG_READY] and self.words[OPERATING_MODE] != COMFORT_MODE
        return _LEVELS[inputs] if is_heeded else 2

    def wanted_c(self, local: datetime) -> float:
        """What the room is to be heated to."""
        if self.level == 1:
            return _FROST_C
        return self._set_c(local) + _WARMER_C.get(self.level, 0.0)

    def _set_c(self, local: datetime) -> float:
        match self.words[OPERATING_MODE]:
            case mode if mode in (STANDBY, HOT_WATER):
                return _FROST_C
            case mode if mode == PROGRAMME:
                return self.words[COMFORT if local.hour in _DAY else ECO] / 10.0
            case mode if mode == ECO_MODE:
                return self.words[ECO] / 10.0
        return self.words[COMFORT] / 10.0

    def steer(self, house: House) -> None:
        house.warmth.wanted_c = self.wanted_c(house.local) if self.is_running else None

    def write(self, table: Table, address: int, values: Sequence[int]) -> Refusal | None:
        """Take over settings that lie next to each other, all or none."""
        given = dict(enumerate(values, address))
        if table is not Table.HOLDING or not given.keys() <= self._accepted.keys():
            return Refusal.ILLEGAL_ADDRESS
        if any(value not in self._accepted[where] for where, value in given.items()):
            return Refusal.ILLEGAL_VALUE
        self.words |= given
        self.patch(Table.HOLDING, given)
        return None

    def measure(self, house: House) -> Registers:
        warmth = house.warmth
        used_kwh = int((_START_WH + warmth.energy_wh) / 1000.0)
        inputs = dict.fromkeys(range(500, 536), _NO_SENSOR)
        inputs |= dict.fromkeys(range(3500, 3540), 0)
        inputs |= {
            _ROOM: _tenths(warmth.room_c),
            _ROOM_WANTED: _tenths(self.wanted_c(house.local)),
            _OUTDOOR: _tenths(warmth.outdoor_c),
            _STATUS: self._status(house),
            SG_LEVEL: self.level,
            _HEATED_KWH: used_kwh % 1000,
            _HEATED_MWH: used_kwh // 1000,
        }
        return {Table.INPUT: inputs, Table.HOLDING: dict(self.words)}

    def _status(self, house: House) -> int:
        heating = _STATUS_HEATING | _STATUS_COMPRESSOR | _STATUS_PUMP
        return heating if house.warmth.is_heating else 0

    def settings(self) -> Mapping[str, int]:
        return {
            "operating_mode": self.words[OPERATING_MODE],
            "comfort": self.words[COMFORT],
            "eco": self.words[ECO],
            "sg_ready": self.level,
        }

    def truth(self, house: House) -> Mapping[str, float]:
        warmth = house.warmth
        return {"room": warmth.room_c, "outdoor": warmth.outdoor_c, "power": warmth.power_w}


def _tenths(degrees: float) -> int:
    return round(degrees * 10.0) & 0xFFFF
