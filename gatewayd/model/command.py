"""What assets can be told, and the record of one telling: the Enode action."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.reading import BatteryReading, ChargerReading, OperationMode, Reading


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


Command = StartCharging | StopCharging | SetMaxCurrent | SetOperationMode


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


def is_confirmed(command: Command, reading: Reading) -> bool:
    """Whether the device's own report shows the command's effect."""
    match command, reading:
        case StartCharging(), ChargerReading(is_charging=is_charging):
            return is_charging is True
        case StopCharging(), ChargerReading(is_charging=is_charging):
            return is_charging is False
        case SetMaxCurrent(current_a=wanted), ChargerReading(max_current_a=actual) if (
            actual is not None
        ):
            return abs(actual - wanted) <= CURRENT_TOLERANCE_A
        case SetOperationMode(mode=mode), BatteryReading(operation_mode=actual_mode):
            return actual_mode is mode
    return False
