"""Actions on the wire, and the payloads that ask for them."""

from typing import Annotated, Literal

from pydantic import Field

from gatewayd.enode.wire.base import EnodeModel, Payload, Timestamp, Uuid
from gatewayd.enode.wire.hold import HoldState, ScheduledState
from gatewayd.model.command import ActionState, FailureReason
from gatewayd.model.reading import OperationMode

ChargingKind = Literal["START", "STOP"]
ChargeableKind = Literal["vehicle", "charger"]
# UNKNOWN is only ever observed.
SettableMode = Literal[
    OperationMode.IMPORT_FOCUS,
    OperationMode.EXPORT_FOCUS,
    OperationMode.TIME_OF_USE,
    OperationMode.SELF_RELIANCE,
]
EndedState = Literal[ActionState.CONFIRMED, ActionState.FAILED, ActionState.CANCELLED]


class ChargingPayload(Payload):
    """Start or stop charging."""

    action: ChargingKind


class TargetMaxCurrent(Payload):
    """A current limit in ampere per phase."""

    max_current: Annotated[float, Field(gt=0)]


class OperationModePayload(Payload):
    """A battery's mode to be."""

    operation_mode: SettableMode


class Failure(EnodeModel):
    """Why an action did not come true."""

    type: FailureReason
    detail: str


class Action(EnodeModel):
    """What all actions have; `completed_at` is None exactly while PENDING."""

    id: Uuid
    user_id: str
    created_at: Timestamp
    updated_at: Timestamp
    completed_at: Timestamp | None
    state: ActionState
    target_id: str


class ChargeAction(Action):
    """Start or stop charging."""

    target_type: ChargeableKind
    kind: ChargingKind
    failure_reason: Failure | None


class MaxCurrentAction(Action):
    """Limit the charging current."""

    target_type: ChargeableKind
    target_state: TargetMaxCurrent
    failure_reason: Failure | None


class OperationModeAction(Action):
    """Give a battery a mode; it tells no reason of failure."""

    target_type: Literal["battery"]
    target_state: OperationModePayload


class EndedOperationModeAction(OperationModeAction):
    """The answer to a cancellation that came too late."""

    state: EndedState


class VehicleChargeAction(ChargeAction):
    """Start or stop charging a vehicle."""

    target_type: Literal["vehicle"]


class VehicleMaxCurrentAction(MaxCurrentAction):
    """Limit a vehicle's charging current."""

    target_type: Literal["vehicle"]


class PermanentHoldAction(Action):
    """Hold a heater or cooler; it tells no reason of failure."""

    target_type: Literal["hvac"]
    target: HoldState


class FollowScheduleAction(Action):
    """Let a heater or cooler follow its own schedule; it tells no reason of failure."""

    target_type: Literal["hvac"]
    target: ScheduledState


ChargerAction = ChargeAction | MaxCurrentAction
VehicleAction = VehicleChargeAction | VehicleMaxCurrentAction
HvacAction = PermanentHoldAction | FollowScheduleAction
