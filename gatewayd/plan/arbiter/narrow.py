"""A wish within bounds: the nearest thing to it that may be done."""

import math
from dataclasses import replace

from gatewayd.model.command import SetMaxCurrent, SetOperationMode, StartCharging, StopCharging
from gatewayd.model.power import Hold, HoldCharge, SetBatteryPower, SetSgReady
from gatewayd.model.reading import OperationMode, SgReady
from gatewayd.plan.arbiter.claims import Bounds, Setpoint, Wish

MIN_CHARGE_A = 6.0

_FORCES = (OperationMode.IMPORT_FOCUS, OperationMode.EXPORT_FOCUS)


def narrowed(wish: Wish, bounds: Bounds) -> Wish:
    """The wish itself where it lies within. Amounts are taken down, never up.

    A battery that is left to itself (self-reliance, time of use) goes anywhere: with its discharge
    forbidden it is held, with its charging forbidden its charging is.
    """
    if bounds.instead is not None and bounds.least >= 0 and _gives(wish):
        return narrowed(bounds.instead, Bounds(most=bounds.most))
    match wish:
        case Setpoint(current_a=current_a):
            return replace(wish, current_a=_chargeable(min(current_a, bounds.most)))
        case StartCharging():
            return wish if bounds.most == math.inf else Setpoint(_chargeable(bounds.most))
        case SetMaxCurrent(current_a=current_a) if current_a > bounds.most:
            # A limit starts nothing, whatever becomes of it.
            lower_a = _chargeable(bounds.most)
            return SetMaxCurrent(lower_a) if lower_a else Setpoint(0.0)
        case SetBatteryPower(power_w=power_w):
            return SetBatteryPower(bounds.clamp(power_w))
        case SetOperationMode(mode=mode):
            return _mode(mode, wish, bounds)
        case Hold() if bounds.most <= 0:
            return SetBatteryPower(0.0)
        case HoldCharge() if bounds.least >= 0:
            return SetBatteryPower(0.0)
        case SetSgReady(level=level) if level > bounds.most:
            return SetSgReady(SgReady(max(SgReady.BLOCKED, math.floor(bounds.most))))
    return wish


def _gives(wish: Wish) -> bool:
    """Whether a battery would be let give what it has, for whatever."""
    match wish:
        case SetOperationMode(mode=mode):
            return mode is not OperationMode.IMPORT_FOCUS
        case SetBatteryPower(power_w=power_w):
            return power_w < 0
        case HoldCharge():
            return True
    return False


def is_off(wish: Wish) -> bool:
    """Whether it lets no car charge, or no heat pump run."""
    match wish:
        case StopCharging() | SetSgReady(level=SgReady.BLOCKED):
            return True
        case Setpoint(current_a=current_a):
            return current_a < MIN_CHARGE_A
    return False


def _chargeable(current_a: float) -> float:
    return current_a if current_a >= MIN_CHARGE_A else 0.0


def _mode(mode: OperationMode, wish: SetOperationMode, bounds: Bounds) -> Wish:
    if bounds.least == -math.inf and bounds.most == math.inf:
        return wish
    if mode in _FORCES:
        # With all its power, as far as it may.
        power_w = bounds.most if mode is OperationMode.IMPORT_FOCUS else bounds.least
        return wish if math.isinf(power_w) else SetBatteryPower(power_w)
    if bounds.least >= 0 and bounds.most <= 0:
        return SetBatteryPower(0.0)
    if bounds.least >= 0:
        return Hold()
    return HoldCharge() if bounds.most <= 0 else wish
