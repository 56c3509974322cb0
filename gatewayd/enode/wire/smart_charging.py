"""Smart charging on the wire: policy, plan, status, override."""

from typing import Annotated, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from gatewayd.enode.wire.base import EnodeModel, OpenModel, Payload, Timestamp, Uuid
from gatewayd.enode.wire.clock import TimeOfDay
from gatewayd.enode.wire.sparse import ABSENT
from gatewayd.model.smart_charging import PlanFailure, SmartChargeState

_FULL_PCT = 100.0
EndedState = Literal[
    SmartChargeState.FINISHED,
    SmartChargeState.UNPLUGGED,
    SmartChargeState.FAILED,
    SmartChargeState.PLAN_DISABLED,
    SmartChargeState.DEADLINE_CHANGED,
]


def _percent(value: float) -> float:
    if not 0.0 <= value <= _FULL_PCT:
        raise PydanticCustomError("percent_range", "must be between 0 and 100")
    return value


class PartialSmartChargingPolicy(Payload, OpenModel):
    """A change of a policy: only the keys that were sent count."""

    is_enabled: bool = ABSENT
    deadline: TimeOfDay = ABSENT
    minimum_charge_limit: Annotated[float, AfterValidator(_percent)] = ABSENT


class SmartOverrideStatus(EnodeModel):
    """The user charges now. `vendor_action_id` is the START, if one was needed."""

    created_at: Timestamp
    ended_at: Timestamp | None
    target_type: Literal["vehicle", "charger"]
    target_id: str
    vendor_action_id: Uuid | None


class SmartOverride(SmartOverrideStatus):
    """An override, and whose vehicle it is about."""

    user_id: str
    vendor: str


class SmartChargingPlan(EnodeModel):
    """One stop and one start; times and costs that are not known yet are null."""

    id: str
    vehicle_id: str
    user_id: str
    location_id: Uuid | None
    vendor: str
    currency: str
    non_smart_cost: float
    smart_cost: float | None
    stop_at: Timestamp
    start_at: Timestamp | None
    estimated_finish_at: Timestamp
    stop_confirmed_at: Timestamp | None
    start_confirmed_at: Timestamp | None
    ended_at: Timestamp | None
    final_state: EndedState | None
    failure_condition: PlanFailure | None


class Consideration(EnodeModel):
    """What must all be true before a plan can be made."""

    is_plugged_in: bool
    is_charging: bool
    at_charging_location: bool
    has_time_estimate: bool


class SmartChargingStatus(EnodeModel):
    """Where smart charging of a vehicle stands."""

    updated_at: Timestamp
    vehicle_id: str
    user_id: str
    vendor: str
    state: SmartChargeState
    state_changed_at: Timestamp
    consideration: Consideration | None
    plan: SmartChargingPlan | None
    smart_override: SmartOverrideStatus | None
