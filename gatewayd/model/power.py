"""What the home's own control tells devices beyond Enode's words.

The Enode API and MQTT do not know these commands; they are for schedules, plans and guards.
"""

from dataclasses import dataclass

from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    HvacReading,
    InverterReading,
    Reading,
    SgReady,
)

# Devices take their power in steps, of an ampere or a per cent of what they are made for.
_TOLERANCE_W = 100.0
_TOLERANCE = 0.05
_STEP = 0.01
# A battery that is to do nothing still feeds its own electronics.
_IDLE_W = 100.0
_TOLERANCE_PCT = 1.0


@dataclass(frozen=True, slots=True)
class Hold:
    """Do not discharge, and do not charge from the grid; the sun may still charge."""


@dataclass(frozen=True, slots=True)
class HoldCharge:
    """Do not charge, from whatever source; discharging for the home goes on."""


@dataclass(frozen=True, slots=True)
class SetBatteryPower:
    """Charge (+) or discharge (-) with this power, from or into the grid where need be."""

    power_w: float


@dataclass(frozen=True, slots=True)
class SetReserve:
    """Do not discharge below this level."""

    reserve_pct: float


@dataclass(frozen=True, slots=True)
class SetProductionLimit:
    """Produce no more than this; None ends the limit."""

    limit_w: float | None


@dataclass(frozen=True, slots=True)
class SetExportLimit:
    """Let no more than this out of the house; None ends the limit."""

    limit_w: float | None


@dataclass(frozen=True, slots=True)
class SetPhases:
    """Charge the car on 1 or on 3 phases."""

    phases: int


@dataclass(frozen=True, slots=True)
class SetSgReady:
    """Run at this level of the SG Ready label."""

    level: SgReady


PowerCommand = (
    Hold
    | HoldCharge
    | SetBatteryPower
    | SetReserve
    | SetProductionLimit
    | SetExportLimit
    | SetPhases
    | SetSgReady
)


def is_said(command: PowerCommand, reading: Reading) -> bool:
    """Whether the device says in so many words that it is set as wanted."""
    match command, reading:
        case Hold(), BatteryReading(is_held=is_held):
            return is_held is True
        case HoldCharge(), BatteryReading(is_charge_held=is_held):
            return is_held is True
        case SetBatteryPower(power_w=wanted_w), BatteryReading(setpoint_w=setpoint_w):
            return is_near(setpoint_w, wanted_w)
        case SetReserve(reserve_pct=wanted), BatteryReading(reserve_pct=reserve):
            return reserve is not None and abs(reserve - wanted) <= _TOLERANCE_PCT
        case SetPhases(phases=wanted_phases), ChargerReading(phases=phases):
            return phases == wanted_phases
        case SetSgReady(level=wanted_level), HvacReading(sg_ready=level):
            return level is wanted_level
        case SetProductionLimit(limit_w=limit_w), InverterReading():
            return _is_limited(reading.limit_w, limit_w, reading.rated_w)
        case SetExportLimit(limit_w=limit_w), InverterReading():
            return _is_limited(reading.export_limit_w, limit_w, reading.rated_w)
    return False


def is_shown(command: PowerCommand, reading: Reading) -> bool:
    """Whether the device says so or, where it cannot say what it is set to, does so."""
    match command, reading:
        case Hold(), BatteryReading(is_held=None, power_w=float() | int() as power_w):
            return power_w >= -_IDLE_W
        case HoldCharge(), BatteryReading(is_charge_held=None, power_w=float() | int() as power_w):
            return power_w <= _IDLE_W
        case SetBatteryPower(power_w=wanted_w), BatteryReading(setpoint_w=None, power_w=power_w):
            return is_near(power_w, wanted_w)
    return is_said(command, reading)


def _is_limited(actual_w: float | None, wanted_w: float | None, rated_w: float | None) -> bool:
    """A limit at what the device can do at most is none; so is an infinite one."""
    if wanted_w is not None and rated_w is not None:
        # What goes beyond a limit is fed in: no more of it than a device's own step.
        near_w = max(_TOLERANCE_W, _STEP * rated_w)
        return actual_w is not None and abs(actual_w - wanted_w) <= near_w
    if wanted_w is not None:
        return is_near(actual_w, wanted_w)
    most_w = float("inf") if rated_w is None else rated_w - _TOLERANCE_W
    return actual_w is not None and actual_w >= most_w


def is_near(actual_w: float | None, wanted_w: float) -> bool:
    """Whether a power is the wanted one, as exactly as devices take it; an unknown one is not."""
    if actual_w is None:
        return False
    return abs(actual_w - wanted_w) <= max(_TOLERANCE_W, _TOLERANCE * abs(wanted_w))


def power_words(command: PowerCommand) -> str:
    """A command as people say it, beginning in lower case."""
    match command:
        case Hold():
            return "hold the charge"
        case HoldCharge():
            return "do not charge"
        case SetBatteryPower(power_w=power_w):
            return f"{'charge' if power_w >= 0 else 'discharge'} with {abs(power_w):g} W"
        case SetReserve(reserve_pct=reserve_pct):
            return f"keep a reserve of {reserve_pct:g} %"
        case SetProductionLimit(limit_w=limit_w):
            return _limit_words("production", limit_w)
        case SetExportLimit(limit_w=limit_w):
            return _limit_words("export", limit_w)
        case SetPhases(phases=phases):
            return f"charge on {phases} phase{'s' if phases > 1 else ''}"
        case SetSgReady(level=level):
            return f"SG Ready {level.name.lower()}"


def _limit_words(what: str, limit_w: float | None) -> str:
    return f"no limit of {what}" if limit_w is None else f"limit {what} to {limit_w:g} W"
