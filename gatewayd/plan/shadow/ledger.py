"""What is put off and made up for, minute by minute."""

import math
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from gatewayd.model.asset import AssetKind
from gatewayd.model.circuit import NOMINAL_V, PHASES
from gatewayd.model.command import Command, SetMaxCurrent, SetOperationMode, StopCharging
from gatewayd.model.power import Hold, HoldCharge, SetBatteryPower
from gatewayd.model.reading import OperationMode
from gatewayd.plan.shadow.words import Minute, Tally

# A car draws a little more than its current times the nominal voltage.
_TOLERANCE = 0.05
_LEAST_WH = 1e-6


class Ledger(Protocol):
    """Of one asset. `pending_wh` is what is still to be made up for."""

    @property
    def pending_wh(self) -> float: ...

    @property
    def lost_wh(self) -> float: ...

    def take(self, minute: Minute, command: Command, tally: Tally) -> None:
        """What a minute under a decision would have been."""


def ledger(kind: AssetKind) -> Ledger | None:
    """An empty one; None for assets of which nobody knows what a decision makes them draw."""
    match kind:
        case AssetKind.CHARGER:
            return ChargerLedger()
        case AssetKind.BATTERY:
            return BatteryLedger()
    return None


@dataclass(slots=True)
class _Lot:
    """Energy that was put off, and what its minute would have saved."""

    energy_wh: float
    avoided: Decimal | None


class ChargerLedger:
    """What the car would still have to get, the oldest first."""

    def __init__(self) -> None:
        self.lost_wh = 0.0
        self._owed: deque[_Lot] = deque()
        self._phases = len(PHASES)

    @property
    def pending_wh(self) -> float:
        return sum(lot.energy_wh for lot in self._owed)

    def take(self, minute: Minute, command: Command, tally: Tally) -> None:
        """See Ledger."""
        self._phases = minute.phases or self._phases
        if minute.is_plugged is False:
            self.lost_wh += self.pending_wh
            self._owed.clear()
        most_w = self._most_w(command)
        if most_w is None:
            tally.untold += 1
        elif minute.power_w > most_w * (1 + _TOLERANCE):
            self._put_off(minute, minute.power_w - most_w, tally)
        elif minute.power_w < most_w and minute.is_plugged is True:
            self._make_up(minute, (most_w - minute.power_w) / 60.0, tally)

    def _most_w(self, command: Command) -> float | None:
        match command:
            case StopCharging():
                return 0.0
            case SetMaxCurrent(current_a=current_a):
                return current_a * self._phases * NOMINAL_V
        return None

    def _put_off(self, minute: Minute, less_w: float, tally: Tally) -> None:
        self._owed.append(_Lot(less_w / 60.0, minute.avoided(-less_w)))
        tally.less_wh += less_w / 60.0

    def _make_up(self, minute: Minute, room_wh: float, tally: Tally) -> None:
        """It counts as saved only now: what was never drawn is no saving."""
        more_wh = min(room_wh, self.pending_wh)
        if more_wh <= 0:
            return
        paid = minute.avoided(60.0 * more_wh)
        tally.more_wh += more_wh
        left_wh = more_wh
        while left_wh > _LEAST_WH and self._owed:
            lot = self._owed[0]
            part_wh = min(lot.energy_wh, left_wh)
            tally.move(part_wh, _both(lot, paid, part_wh, more_wh))
            left_wh -= part_wh
            if part_wh < lot.energy_wh:
                self._owed[0] = _Lot(lot.energy_wh - part_wh, _part(lot, lot.energy_wh - part_wh))
            else:
                self._owed.popleft()


def _or_any(most_w: float | None) -> float:
    return math.inf if most_w is None else most_w


def _part(lot: _Lot, part_wh: float) -> Decimal | None:
    return None if lot.avoided is None else lot.avoided * _share(part_wh, lot.energy_wh)


def _both(lot: _Lot, paid: Decimal | None, part_wh: float, more_wh: float) -> Decimal | None:
    """What a part saved when it was put off, with what it cost when it was made up for."""
    avoided = _part(lot, part_wh)
    return None if avoided is None or paid is None else avoided + paid * _share(part_wh, more_wh)


def _share(part_wh: float, of_wh: float) -> Decimal:
    return Decimal(str(part_wh)) / Decimal(str(of_wh))


class BatteryLedger:
    """How much more the battery would hold than it did."""

    def __init__(self) -> None:
        self.lost_wh = 0.0
        self.pending_wh = 0.0

    def take(self, minute: Minute, command: Command, tally: Tally) -> None:
        """See Ledger."""
        wanted_w = self._wanted_w(minute, command)
        if wanted_w is None or minute.content_wh is None or minute.capacity_wh is None:
            tally.untold += 1
            return
        holds_wh = minute.content_wh + self.pending_wh
        room_wh = max(0.0, minute.capacity_wh - holds_wh)
        least_w = -min(60.0 * max(0.0, holds_wh), _or_any(minute.discharge_w))
        most_w = min(60.0 * room_wh, _or_any(minute.charge_w))
        more_w = min(max(wanted_w, least_w), most_w) - minute.power_w
        if more_w == 0:
            return
        self.pending_wh += more_w / 60.0
        tally.more_wh += max(0.0, more_w) / 60.0
        tally.less_wh += max(0.0, -more_w) / 60.0
        tally.move(abs(more_w) / 60.0, minute.avoided(more_w))

    def _wanted_w(self, minute: Minute, command: Command) -> float | None:
        match command:
            case SetBatteryPower(power_w=power_w):
                return power_w
            case Hold():
                return max(0.0, minute.power_w)
            case HoldCharge():
                return min(0.0, minute.power_w)
            case SetOperationMode(mode=OperationMode.IMPORT_FOCUS):
                return minute.charge_w
            case SetOperationMode(mode=OperationMode.EXPORT_FOCUS):
                return None if minute.discharge_w is None else -minute.discharge_w
            case SetOperationMode():
                return minute.power_w + self._evened_w(minute)
        return None

    def _evened_w(self, minute: Minute) -> float:
        """What evens out the difference without anything from, or to, the grid."""
        if self.pending_wh > 0:
            return -min(60.0 * self.pending_wh, max(0.0, minute.grid_w))
        return min(-60.0 * self.pending_wh, max(0.0, -minute.grid_w))
