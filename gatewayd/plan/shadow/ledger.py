"""What is put off and made up for, minute by minute."""

import math
from typing import Protocol

from gatewayd.model.asset import AssetKind
from gatewayd.model.circuit import NOMINAL_V, PHASES
from gatewayd.model.command import Command, SetMaxCurrent, SetOperationMode, StopCharging
from gatewayd.model.power import Hold, HoldCharge, SetBatteryPower
from gatewayd.model.reading import OperationMode
from gatewayd.plan.shadow.curtailed import InverterLedger
from gatewayd.plan.shadow.heat import HeatLedger
from gatewayd.plan.shadow.lots import Lots
from gatewayd.plan.shadow.words import Minute, Tally

# A car draws a little more than its current times the nominal voltage.
_TOLERANCE = 0.05


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
        case AssetKind.HVAC:
            return HeatLedger()
        case AssetKind.INVERTER:
            return InverterLedger()
    return None


class ChargerLedger:
    """What the car would still have to get, the oldest first."""

    def __init__(self) -> None:
        self.lost_wh = 0.0
        self._owed = Lots()
        self._phases = len(PHASES)

    @property
    def pending_wh(self) -> float:
        return self._owed.energy_wh

    def take(self, minute: Minute, command: Command, tally: Tally) -> None:
        """See Ledger."""
        self._phases = minute.phases or self._phases
        if minute.is_plugged is False:
            self.lost_wh += self._owed.clear()
        most_w = self._most_w(command)
        if most_w is None:
            tally.untold += 1
        elif minute.power_w > most_w * (1 + _TOLERANCE):
            self._owed.open(minute, most_w - minute.power_w, tally)
        elif minute.power_w < most_w and minute.is_plugged is True:
            self._owed.close(minute, most_w - minute.power_w, tally)

    def _most_w(self, command: Command) -> float | None:
        match command:
            case StopCharging():
                return 0.0
            case SetMaxCurrent(current_a=current_a):
                return current_a * self._phases * NOMINAL_V
        return None


def _or_any(most_w: float | None) -> float:
    return math.inf if most_w is None else most_w


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
        tally.draw(more_w / 60.0)
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
