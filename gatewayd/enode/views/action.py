"""Actions, from the model to the wire."""

from datetime import datetime
from typing import TypedDict

from gatewayd.enode.views.hold import hold_state, scheduled_state
from gatewayd.enode.wire import action as wire
from gatewayd.model.asset import AssetKind
from gatewayd.model.climate import FollowSchedule, PermanentHold
from gatewayd.model.command import (
    Action,
    ActionState,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
)


class _Shared(TypedDict):
    id: str
    user_id: str
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    state: ActionState
    target_id: str


AnyAction = wire.ChargerAction | wire.OperationModeAction | wire.HvacAction


def action(action: Action) -> AnyAction:
    """An action as Enode shows it; its command decides the shape."""
    match action.command:
        case StartCharging():
            return _charge(action, "START")
        case StopCharging():
            return _charge(action, "STOP")
        case SetMaxCurrent(current_a=current_a):
            return wire.MaxCurrentAction(
                **_shared(action),
                target_type=_chargeable(action.kind),
                target_state=wire.TargetMaxCurrent.model_validate({"maxCurrent": current_a}),
                failure_reason=_failure(action),
            )
        case SetOperationMode(mode=mode):
            return wire.OperationModeAction(
                **_shared(action),
                target_type="battery",
                target_state=wire.OperationModePayload.model_validate({"operationMode": mode}),
            )
        case PermanentHold() as hold:
            return wire.PermanentHoldAction(
                **_shared(action), target_type="hvac", target=hold_state(hold)
            )
        case FollowSchedule():
            return wire.FollowScheduleAction(
                **_shared(action), target_type="hvac", target=scheduled_state()
            )
    raise ValueError(f"the Enode API has no word for {action.command}")


def _charge(action: Action, kind: wire.ChargingKind) -> wire.ChargeAction:
    return wire.ChargeAction(
        **_shared(action),
        target_type=_chargeable(action.kind),
        kind=kind,
        failure_reason=_failure(action),
    )


def _shared(action: Action) -> _Shared:
    return {
        "id": action.id,
        "user_id": action.user_id,
        "created_at": action.created_at,
        "updated_at": action.updated_at,
        "completed_at": action.completed_at,
        "state": action.state,
        "target_id": action.asset_id,
    }


def _chargeable(kind: AssetKind) -> wire.ChargeableKind:
    return "vehicle" if kind is AssetKind.VEHICLE else "charger"


def _failure(action: Action) -> wire.Failure | None:
    if action.failure_reason is None:
        return None
    return wire.Failure(type=action.failure_reason, detail=action.failure_detail)
