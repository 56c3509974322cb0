"""KEBA KeContact P30: holding registers, 32 bits each, read with function 3, written with 6.

After KEBA's "Modbus TCP Programmers Guide" for the P30. Its failsafe is off as shipped; once a
timeout is set, only writes keep it quiet, reads do not. When it trips, the failsafe current holds,
even on a box that was disabled, until both current and enable have been written again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from gatewayd.clock import Clock
from gatewayd.virtual.devices.device import Refusal, Registers, Table, WritableDevice
from gatewayd.virtual.devices.words import U32, number
from gatewayd.virtual.physics import car
from gatewayd.virtual.physics.house import House

SET_CURRENT, SET_ENABLE = 5004, 5014
SET_FAILSAFE_CURRENT, SET_FAILSAFE_TIMEOUT, STORE_FAILSAFE = 5016, 5018, 5020

_STATE_NOT_READY, _STATE_READY, _STATE_CHARGING, _STATE_SUSPENDED = 1, 2, 3, 5
_CABLE_FIXED, _CABLE_LOCKED_TO_CAR = 1, 7
_SERIAL = 20_114_711
# P30, cable, 32 A, c-series, standard meter, no RFID reader.
_PRODUCT = 314_110
_FIRMWARE = 0x030A3300
_MIN_MA = 6_000
_START_MA = 16_000
_START_WH = 3_804_512.0


@dataclass(slots=True)
class _Failsafe:
    """`timeout_s` 0 is off, `current_ma` 0 stops charging when it trips."""

    current_ma: int = 0
    timeout_s: int = 0


class KebaP30(WritableDevice):
    """Starts with a car plugged in and charging disabled, so that it can be told to start."""

    driver: ClassVar[str] = "keba_p30"
    unit: ClassVar[int] = 255
    functions: ClassVar[frozenset[int]] = frozenset({3, 6})
    has_signed_power: ClassVar[bool] = False

    def __init__(self, clock: Clock, max_current_a: float) -> None:
        super().__init__(clock)
        self.hardware_ma = round(max_current_a * 1000)
        self.current_ma = min(_START_MA, self.hardware_ma)
        self.is_enabled = False
        self.failsafe = _Failsafe()
        self._stored = _Failsafe()
        # Besides zero, which every writable register takes.
        currents = range(_MIN_MA, self.hardware_ma + 1)
        self._accepted = {
            SET_CURRENT: currents,
            SET_ENABLE: range(1, 2),
            SET_FAILSAFE_CURRENT: currents,
            SET_FAILSAFE_TIMEOUT: range(10, 601),
            STORE_FAILSAFE: range(1, 2),
        }
        self._unset: set[int] = set()
        self._written_s = clock.monotonic()
        self._session_from_wh = 0.0
        self._session = 0

    @property
    def is_tripped(self) -> bool:
        """Whether the failsafe still holds because not everything has been written again."""
        return bool(self._unset)

    @property
    def limit_ma(self) -> int:
        """The current in force, which the enable register only switches on and off."""
        return min(
            self.failsafe.current_ma if self.is_tripped else self.current_ma, self.hardware_ma
        )

    @property
    def offered_a(self) -> float:
        """What the car is offered per phase."""
        is_on = self.is_running and (self.is_enabled or self.is_tripped)
        return self.limit_ma / 1000.0 if is_on else 0.0

    def steer(self, house: House) -> None:
        silent_s = self.clock.monotonic() - self._written_s
        if 0 < self.failsafe.timeout_s <= silent_s and not self.is_tripped:
            self._unset = {SET_CURRENT, SET_ENABLE}
            self.is_enabled = False
        house.offered_a = self.offered_a

    def write(self, table: Table, address: int, values: Sequence[int]) -> Refusal | None:
        """One register at a time: the box only knows function 6."""
        value = values[0]
        accepted = self._accepted.get(address) if table is Table.HOLDING else None
        if accepted is None:
            return Refusal.ILLEGAL_ADDRESS
        if value != 0 and value not in accepted:
            return Refusal.ILLEGAL_VALUE
        self._apply(address, value)
        self._written_s = self.clock.monotonic()
        self._unset.discard(address)
        self.patch(Table.HOLDING, _longs(self._limits()))
        return None

    def _apply(self, address: int, value: int) -> None:
        if address == SET_CURRENT:
            self.current_ma = value
        elif address == SET_ENABLE:
            self.is_enabled = value == 1
        elif address == SET_FAILSAFE_CURRENT:
            self.failsafe.current_ma = value
        elif address == SET_FAILSAFE_TIMEOUT:
            self.failsafe.timeout_s = value
        elif value == 1:
            self._stored = _Failsafe(self.failsafe.current_ma, self.failsafe.timeout_s)

    def restart(self) -> None:
        """Come up at the hardware's current, enabled, with the failsafe as it was stored."""
        self.current_ma = self.hardware_ma
        self.is_enabled = True
        self.failsafe = _Failsafe(self._stored.current_ma, self._stored.timeout_s)
        self._unset = set()
        self._written_s = self.clock.monotonic()

    def read(self, table: Table, address: int, count: int) -> Sequence[int] | Refusal:
        """One 32-bit value per request; the box joins nothing."""
        words = super().read(table, address, count)
        return words if count == 2 and address % 2 == 0 else Refusal.ILLEGAL_ADDRESS

    def measure(self, house: House) -> Registers:
        values = {
            1000: float(self._state(house)),
            1004: float(_CABLE_LOCKED_TO_CAR if house.car.is_plugged else _CABLE_FIXED),
            1006: 0.0,
            1014: float(_SERIAL),
            1016: float(_PRODUCT),
            1018: float(_FIRMWARE),
            1020: sum(house.charger_w) * 1000.0,
            1036: self._total_wh(house) * 10.0,
            1046: 1000.0 * car.POWER_FACTOR if house.car.current_a else 0.0,
            1500: 0.0,
            1502: self._session_wh(house) * 10.0,
            1550: 0.0,
            1552: 1.0,
            **self._limits(),
        }
        for i, watts in enumerate(house.charger_w):
            values[1008 + 2 * i] = house.car.current_a * 1000.0 if watts else 0.0
            # The box measures voltages only while a car draws current.
            values[1040 + 2 * i] = house.voltage_v[i] if house.car.current_a else 0.0
        return {Table.HOLDING: _longs(values)}

    def _limits(self) -> dict[int, float]:
        return {
            1100: self.limit_ma,
            1110: self.hardware_ma,
            1600: self.failsafe.current_ma,
            1602: self.failsafe.timeout_s,
        }

    def _state(self, house: House) -> int:
        if not house.car.is_plugged:
            return _STATE_NOT_READY
        if house.car.current_a:
            return _STATE_CHARGING
        return _STATE_READY if self.offered_a else _STATE_SUSPENDED

    def _total_wh(self, house: House) -> float:
        return _START_WH + house.counters.charger_wh

    def _session_wh(self, house: House) -> float:
        """Energy since the plug went in; it stays readable after the car has left."""
        if house.car.plug_ins != self._session:
            self._session, self._session_from_wh = house.car.plug_ins, house.counters.charger_wh
        return house.counters.charger_wh - self._session_from_wh

    def settings(self) -> Mapping[str, int]:
        return {
            "current_ma": self.current_ma,
            "enable": int(self.is_enabled),
            "failsafe_current_ma": self.failsafe.current_ma,
            "failsafe_timeout_s": self.failsafe.timeout_s,
            "failsafe_tripped": int(self.is_tripped),
        }

    def truth(self, house: House) -> Mapping[str, float]:
        return {
            "power": sum(house.charger_w),
            "current": house.car.current_a,
            "offered": self.offered_a,
            "session": self._session_wh(house),
            "total": self._total_wh(house),
        }


def _longs(values: Mapping[int, float]) -> dict[int, int]:
    words = {}
    for address, value in values.items():
        words[address], words[address + 1] = number(U32, value)
    return words
