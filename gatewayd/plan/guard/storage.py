"""A battery as a load of the guard: its charging can be lowered; what it gives makes no room.

Powers are in watt, charging +. `lines` are as of a Load.
"""

import math

from gatewayd.model.asset import Capability
from gatewayd.model.circuit import Load, amperes, current_of, watts
from gatewayd.model.command import Command, SetOperationMode, required
from gatewayd.model.power import Hold, HoldCharge, SetBatteryPower
from gatewayd.model.reading import BatteryReading, OperationMode
from gatewayd.plan.guard.words import Grant, LoadNow

Lines = tuple[int, ...] | None

# How much more than it was granted a battery draws before it is taken at its word.
_TOLERANCE_A = 1.0
# Each lets nothing in but, at most, the sun. One that is not held goes on giving for the home.
_PAUSES: tuple[Command, ...] = (HoldCharge(), SetBatteryPower(0.0), Hold())
_HELD_PAUSES: tuple[Command, ...] = (SetBatteryPower(0.0), Hold())


def said_w(power_w: float | None) -> float | None:
    """What is no number is not known."""
    return power_w if power_w is not None and math.isfinite(power_w) else None


def whole_a(power_w: float, lines: Lines) -> float:
    """The current per phase that a finite power needs, in whole ampere."""
    return float(math.ceil(amperes(power_w, lines) - 1e-6))


def now(load: Load, reading: BatteryReading, wish_a: float, at_s: float) -> LoadNow:
    """What it said last. One that goes by a mode of its own has no other limit than its draw."""
    power_w, setpoint_w = said_w(reading.power_w), said_w(reading.setpoint_w)
    if power_w is None:
        return LoadNow(wish_a, None, None, at_s)
    drawn_a = current_of(load, power_w)
    limit_a = max(0.0, drawn_a)
    if reading.is_charge_held:
        limit_a = 0.0
    elif setpoint_w is not None:
        limit_a = max(0.0, current_of(load, setpoint_w))
    return LoadNow(wish_a, limit_a, (drawn_a,) * len(load.lines or (0,)), at_s)


def wish_a(wanted: Command | None, lines: Lines, max_a: float) -> float:
    """What it would draw at most; `wanted` None: what it likes."""
    match wanted:
        case SetBatteryPower(power_w=power_w):
            return min(max_a, max(0.0, whole_a(power_w, lines)))
        case HoldCharge() | SetOperationMode(mode=OperationMode.EXPORT_FOCUS):
            return 0.0
    return max_a


def is_forced(wanted: Command | None) -> bool:
    """Whether it is told how much to charge, rather than left to a mode of its own."""
    match wanted:
        case SetBatteryPower() | SetOperationMode(mode=OperationMode.IMPORT_FOCUS):
            return True
    return False


def most_w(grant: Grant, lines: Lines) -> float:
    """What it may charge with."""
    return float(math.floor(watts(grant.amps, lines) + 1e-6))


def is_paused(grant: Grant, lines: Lines, reading: BatteryReading, *, was_paused: bool) -> bool:
    """Whether one that goes by a mode of its own must not charge now.

    It is left alone while it draws no more than it may. Once paused it stays so until there is
    room for all that it drew.
    """
    drawn_a = amperes(said_w(reading.power_w) or 0.0, lines)
    return drawn_a > grant.amps + _TOLERANCE_A or (was_paused and grant.binding is not None)


def pause(wanted: Command | None, can: frozenset[Capability]) -> Command | None:
    """What surely keeps it from charging from the grid; None where it can be told nothing."""
    pauses = _HELD_PAUSES if isinstance(wanted, Hold) else _PAUSES
    return next((command for command in pauses if required(command) in can), None)
