"""What a device may be doing because it was told to, whatever it shows.

Some show a mode late, some only what comes of it, some not at all. So what has taken the place
of something else is told at least once, even where a reading says that it is so already. Chargers
show what they are set to, and are watched by what they draw.
"""

from collections.abc import Mapping

from gatewayd.model.asset import Asset, Capability
from gatewayd.model.climate import FollowSchedule, PermanentHold
from gatewayd.model.command import Command, SetOperationMode, is_confirmed, safe_command
from gatewayd.model.power import (
    Hold,
    HoldCharge,
    SetBatteryPower,
    SetExportLimit,
    SetProductionLimit,
    SetSgReady,
    is_near,
    is_said,
)
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    OperationMode,
    Reading,
    SgReady,
    VehicleReading,
)
from gatewayd.plan.arbiter.claims import Setpoint, Wish
from gatewayd.plan.steer import Before

# What was told last, by what it sets; None where nobody knows whether it arrived.
InForce = Mapping[str, Command | None]


def begun(in_force: InForce, command: Command) -> InForce:
    """While it is being told, and where that failed."""
    return {**in_force, _sets(command): None}


def taken(in_force: InForce, command: Command) -> InForce:
    """Once the device has taken it."""
    return {**in_force, _sets(command): command}


def is_owed(
    command: Command, in_force: InForce, reading: Reading, asset: Asset, *, is_inherited: bool
) -> bool:
    """Whether the device has to be told it although it may show it.

    `is_inherited`: an earlier run has told it something, nobody knows what.
    """
    if isinstance(reading, ChargerReading | VehicleReading):
        return False
    sets = _sets(command)
    if sets not in in_force:
        return is_inherited and sets == _BATTERY and _hides(reading, asset)
    last = in_force[sets]
    return last is None or not _is_like(last, command)


def adopted(wish: Wish, reading: Reading, asset: Asset) -> Before | None:
    """How to leave a device that is found forced just as it is wanted; None for any other.

    Who has forced it is not known: it may have been an earlier run whose database is lost.
    """
    safe = safe_command(asset.spec)
    if safe is None or isinstance(wish, Setpoint) or not _is_forced(wish, reading):
        return None
    return Before((safe,))


def _is_forced(wish: Command, reading: Reading) -> bool:
    match wish:
        case SetOperationMode(mode=OperationMode.IMPORT_FOCUS | OperationMode.EXPORT_FOCUS):
            return is_confirmed(wish, reading)
        case SetSgReady(level=level):
            return level is not SgReady.NORMAL and is_said(wish, reading)
        case Hold() | HoldCharge() | SetBatteryPower():
            return is_said(wish, reading)
    return False


_BATTERY = "battery"


def _sets(command: Command) -> str:
    """Commands of one name replace each other in the device."""
    match command:
        case SetOperationMode() | Hold() | HoldCharge() | SetBatteryPower():
            return _BATTERY
        case PermanentHold() | FollowSchedule():
            return "temperature"
    return type(command).__name__


def _hides(reading: Reading, asset: Asset) -> bool:
    """Whether a battery can be told something that it would not show."""
    if not isinstance(reading, BatteryReading):
        return False
    can = asset.capabilities
    return (
        (Capability.HOLD in can and reading.is_held is None)
        or (Capability.HOLD_CHARGE in can and reading.is_charge_held is None)
        or (Capability.SET_POWER in can and reading.setpoint_w is None)
    )


def _is_like(told: Command, command: Command) -> bool:
    """Whether it makes no difference that a device would notice."""
    match told, command:
        case SetBatteryPower(power_w=told_w), SetBatteryPower(power_w=power_w):
            return is_near(told_w, power_w)
        case (
            SetProductionLimit(limit_w=told_w),
            SetProductionLimit(limit_w=float() as limit_w),
        ) | (SetExportLimit(limit_w=told_w), SetExportLimit(limit_w=float() as limit_w)):
            return is_near(told_w, limit_w)
    return told == command
