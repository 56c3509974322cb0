"""What assets can be told, and the record of one telling: the Enode action."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from gatewayd.model.asset import AssetKind, Capability, Role
from gatewayd.model.climate import FollowSchedule, PermanentHold, is_same, target_state
from gatewayd.model.power import (
    Hold,
    HoldCharge,
    PowerCommand,
    SetBatteryPower,
    SetExportLimit,
    SetPhases,
    SetProductionLimit,
    SetReserve,
    SetSgReady,
    is_shown,
)
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    HvacReading,
    OperationMode,
    Reading,
    SgReady,
    VehicleReading,
)


@dataclass(frozen=True, slots=True)
class StartCharging:
    """Let the car charge."""


@dataclass(frozen=True, slots=True)
class StopCharging:
    """Stop the car charging."""


@dataclass(frozen=True, slots=True)
class SetMaxCurrent:
    """Limit the charging current per phase."""

    current_a: float


@dataclass(frozen=True, slots=True)
class SetOperationMode:
    """Give a battery one of Enode's modes."""

    mode: OperationMode


# What a heater or cooler is to be set to is itself the command to do so.
EnodeCommand = (
    StartCharging | StopCharging | SetMaxCurrent | SetOperationMode | PermanentHold | FollowSchedule
)
Command = EnodeCommand | PowerCommand


class ActionState(StrEnum):
    """PENDING, then exactly one of the others, for ever."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class FailureReason(StrEnum):
    """Why an action did not come true; Enode's words."""

    NO_RESPONSE = "NO_RESPONSE"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    UNNECESSARY = "UNNECESSARY"
    CONFLICT = "CONFLICT"
    REQUESTED_CANCELLATION = "REQUESTED_CANCELLATION"
    NOT_FOUND = "NOT_FOUND"


@dataclass(frozen=True, slots=True)
class Action:
    """One command to one asset, from the asking to the end.

    `owner` says who asked (`api`, `mqtt`, later `schedule`, `plan`). `completed_at` is None exactly
    while PENDING. `sent_at` is the journal's SENT mark: None means no byte has left for it.
    """

    id: str
    user_id: str
    asset_id: str
    kind: AssetKind
    command: Command
    owner: str
    created_at: datetime
    updated_at: datetime
    state: ActionState = ActionState.PENDING
    sent_at: datetime | None = None
    completed_at: datetime | None = None
    failure_reason: FailureReason | None = None
    failure_detail: str = ""

    def ended(
        self,
        state: ActionState,
        at: datetime,
        reason: FailureReason | None = None,
        detail: str = "",
    ) -> "Action":
        """This action in a terminal state."""
        return replace(
            self,
            state=state,
            updated_at=at,
            completed_at=at,
            failure_reason=reason,
            failure_detail=detail,
        )


# A device rounds what it is told to its own step: half an ampere is the coarsest seen.
CURRENT_TOLERANCE_A = 0.5


def required(command: Command) -> Capability:
    """The capability an asset needs for this command."""
    match command:
        case StartCharging():
            return Capability.START_CHARGING
        case StopCharging():
            return Capability.STOP_CHARGING
        case SetMaxCurrent():
            return Capability.SET_MAX_CURRENT
        case SetOperationMode(mode=mode):
            return Capability(mode.value.lower())
        case PermanentHold():
            return Capability.SET_PERMANENT_HOLD
        case FollowSchedule():
            return Capability.SET_FOLLOW_SCHEDULE
    return _POWER[type(command)]


_POWER: dict[type[PowerCommand], Capability] = {
    Hold: Capability.HOLD,
    HoldCharge: Capability.HOLD_CHARGE,
    SetBatteryPower: Capability.SET_POWER,
    SetReserve: Capability.SET_RESERVE,
    SetProductionLimit: Capability.SET_PRODUCTION_LIMIT,
    SetExportLimit: Capability.SET_EXPORT_LIMIT,
    SetPhases: Capability.SET_PHASES,
    SetSgReady: Capability.SET_SG_READY,
}


def safe_command(role: Role) -> Command | None:
    """What gives a device back to itself; None where its driver does not say."""
    match role.safe:
        case None:
            return None
        case Capability.SET_MAX_CURRENT:
            return None if role.safe_current_a is None else SetMaxCurrent(role.safe_current_a)
        case Capability.SET_PRODUCTION_LIMIT:
            return SetProductionLimit(None)
        case Capability.SET_EXPORT_LIMIT:
            return SetExportLimit(None)
        case Capability.STOP_CHARGING:
            return StopCharging()
        case Capability.SET_FOLLOW_SCHEDULE:
            return FollowSchedule()
        case Capability.SET_SG_READY:
            return SetSgReady(SgReady.NORMAL)
    return SetOperationMode(OperationMode(role.safe.value.upper()))


def is_confirmed(command: Command, reading: Reading) -> bool:
    """Whether the device's own report shows the command's effect."""
    match command, reading:
        case StartCharging(), ChargerReading() | VehicleReading():
            return reading.is_charging is True
        case StopCharging(), ChargerReading() | VehicleReading():
            return reading.is_charging is False
        case SetMaxCurrent(current_a=wanted), ChargerReading() | VehicleReading():
            return is_near_current(reading.max_current_a, wanted, CURRENT_TOLERANCE_A)
        case SetOperationMode(mode=mode), BatteryReading(operation_mode=actual_mode):
            return actual_mode is mode
        case PermanentHold() | FollowSchedule(), HvacReading():
            return is_same(command, target_state(reading))
    return isinstance(command, PowerCommand) and is_shown(command, reading)


def is_near_current(actual_a: float | None, wanted_a: float, tolerance_a: float) -> bool:
    """Whether a reported limit is the wanted one; an unknown one is not."""
    return actual_a is not None and abs(actual_a - wanted_a) <= tolerance_a


def is_repeated(kind: AssetKind, pending: Command, command: Command) -> bool:
    """Whether a command asks for nothing but what a PENDING one of the same asset does already.

    Then that action is used again: Enode has this rule for the charging of vehicles alone.
    """
    is_charging = isinstance(command, StartCharging | StopCharging)
    return kind is AssetKind.VEHICLE and is_charging and command == pending
