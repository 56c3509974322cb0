"""What must hold for a command: when it is asked for, and while it is carried out."""

import math

from gatewayd.model.asset import Role
from gatewayd.model.charging import charging
from gatewayd.model.climate import PermanentHold
from gatewayd.model.command import (
    ActionState,
    Command,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
    is_confirmed,
    is_repeated,
    required,
)
from gatewayd.model.power import (
    PowerCommand,
    SetBatteryPower,
    SetExportLimit,
    SetPhases,
    SetProductionLimit,
    SetReserve,
)
from gatewayd.model.reading import (
    ChargerReading,
    OperationMode,
    PowerDelivery,
    Reading,
    VehicleReading,
)
from gatewayd.model.site import AssetState
from gatewayd.plan.holds import unholdable

_HOPELESS = {
    PowerDelivery.NO_POWER: (
        "it is plugged in without power: the car takes none, or the charger gives none; "
        "starting from here cannot help"
    ),
    PowerDelivery.FAULT: "the charger reports a fault; somebody must look at it",
    PowerDelivery.COMPLETE: "the car is fully charged",
}


def refusal(state: AssetState, command: Command) -> str | None:
    """Why this command cannot be accepted now, in words for the caller; None when it can.

    What an unreachable asset said last is no reason: it may have changed since.
    """
    return (
        _incapable(state, command)
        or _out_of_limits(state.asset.spec, command)
        or _now(state, command)
    )


def can_be_told(state: AssetState, command: Command) -> bool:
    """Whether the asset takes this kind of command at all."""
    return not _incapable(state, command)


def lost(command: Command, reading: Reading) -> str | None:
    """Why a command that was accepted has become pointless; None while it has not."""
    match command, reading:
        case StartCharging() | StopCharging(), ChargerReading() | VehicleReading():
            if reading.power_delivery is PowerDelivery.UNPLUGGED:
                return "the car is not plugged in"
    return None


def _incapable(state: AssetState, command: Command) -> str | None:
    # No capability is called UNKNOWN: that mode is only ever observed.
    if command == SetOperationMode(OperationMode.UNKNOWN):
        return "UNKNOWN is not a mode that can be set"
    wanted = required(command)
    if wanted in state.asset.capabilities:
        return None
    if wanted in state.asset.spec.capabilities:
        return f"{state.asset.display_name} is set to be read only; {wanted} is not allowed"
    return f"{state.asset.display_name} has no capability {wanted}"


def _out_of_limits(spec: Role, command: Command) -> str | None:
    if isinstance(command, PermanentHold):
        return unholdable(spec.thermostat, command)
    if isinstance(command, PowerCommand):
        return _beyond(spec, command)
    if not isinstance(command, SetMaxCurrent):
        return None
    # Written so that NaN, which compares false with everything, is refused.
    if not 0.0 < command.current_a < float("inf"):
        return "the current must be greater than 0 A"
    if spec.min_current_a is not None and command.current_a < spec.min_current_a:
        return f"the current is below the device's minimum of {spec.min_current_a:g} A"
    if spec.max_current_a is not None and command.current_a > spec.max_current_a:
        return f"the current is above the device's maximum of {spec.max_current_a:g} A"
    return None


def _beyond(spec: Role, command: PowerCommand) -> str | None:
    """Written, as above, so that NaN is refused."""
    match command:
        case SetBatteryPower(power_w=power_w):
            low_w = -math.inf if spec.min_power_w is None else spec.min_power_w
            high_w = math.inf if spec.max_power_w is None else spec.max_power_w
            if not (math.isfinite(power_w) and low_w <= power_w <= high_w):
                return f"the power must lie between {low_w:g} and {high_w:g} W"
        case SetReserve(reserve_pct=reserve_pct):
            return None if 0 <= reserve_pct <= 100 else "the reserve must lie between 0 and 100 %"
        case SetProductionLimit(limit_w=limit_w) | SetExportLimit(limit_w=limit_w):
            is_limit = limit_w is None or 0 <= limit_w < math.inf
            return None if is_limit else "a limit is a power of 0 W or more"
        case SetPhases(phases=phases):
            return None if phases in (1, 3) else "a car charges on 1 or 3 phases"
    return None


def _now(state: AssetState, command: Command) -> str | None:
    if state.sample is None or not state.is_reachable:
        return None
    reading = state.sample.reading
    gone = lost(command, reading)
    if gone:
        return gone
    match command, reading:
        case StartCharging(), ChargerReading(power_delivery=delivery) | VehicleReading(
            power_delivery=delivery
        ):
            why = _HOPELESS.get(delivery) if delivery else None
            return why or _already(state, command, reading) or _full(reading)
        case StopCharging(), _:
            return _already(state, command, reading)
    return None


def _already(state: AssetState, command: Command, reading: Reading) -> str | None:
    """Start and stop of what is so already; unless the opposite is on its way to the device.

    Nor is a repetition refused while the command it repeats is being carried out.
    """
    if _is_under_way(state, command) or not is_confirmed(command, reading):
        return None
    return "the asset is already in the desired state"


def _full(reading: Reading) -> str | None:
    """A car at its charge limit, which it need not say in so many words."""
    said = charging(reading)
    return "the car is fully charged" if said.is_complete and not said.is_charging else None


def _is_under_way(state: AssetState, command: Command) -> bool:
    action = state.action
    if action is None or action.state is not ActionState.PENDING:
        return False
    if is_repeated(state.asset.kind, action.command, command):
        return True
    opposite = StopCharging if isinstance(command, StartCharging) else StartCharging
    return isinstance(action.command, opposite)
