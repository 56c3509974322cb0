"""Smart charging of vehicles: policy, states, plan and override, with Enode's meaning."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class SmartChargingPolicy:
    """What the user wants. `deadline_minute` is local time, in minutes since midnight."""

    is_enabled: bool = False
    deadline_minute: int | None = None
    minimum_charge_limit_pct: float = 0.0


class SmartChargeState(StrEnum):
    """Every vehicle is in exactly one of these."""

    DISABLED = "DISABLED"
    CONSIDERING = "CONSIDERING"
    UNKNOWN = "UNKNOWN"
    FULLY_CHARGED = "FULLY_CHARGED"
    STOPPING = "PLAN:EXECUTING:STOPPING"
    STOP_FAILED = "PLAN:EXECUTING:STOP_FAILED"
    STOPPED = "PLAN:EXECUTING:STOPPED"
    AWAITING_PRICES = "PLAN:EXECUTING:STOPPED:AWAITING_PRICES"
    STARTING = "PLAN:EXECUTING:STARTING"
    START_FAILED = "PLAN:EXECUTING:START_FAILED"
    STARTED = "PLAN:EXECUTING:STARTED"
    CHARGE_INTERRUPTED = "PLAN:EXECUTING:CHARGE_INTERRUPTED"
    OVERRIDDEN = "PLAN:EXECUTING:OVERRIDDEN"
    FINISHED = "PLAN:ENDED:FINISHED"
    UNPLUGGED = "PLAN:ENDED:UNPLUGGED"
    FAILED = "PLAN:ENDED:FAILED"
    PLAN_DISABLED = "PLAN:ENDED:DISABLED"
    DEADLINE_CHANGED = "PLAN:ENDED:DEADLINE_CHANGED"

    @property
    def is_executing(self) -> bool:
        """Whether a plan controls the vehicle, so that direct commands are refused."""
        return self.value.startswith("PLAN:EXECUTING:")

    @property
    def is_ended(self) -> bool:
        return self.value.startswith("PLAN:ENDED:")

    @property
    def has_plan(self) -> bool:
        return self.value.startswith("PLAN:")


class PlanFailure(StrEnum):
    """Why a plan failed, or that it finished late."""

    STOP_FAILED = "STOP_FAILED"
    START_FAILED = "START_FAILED"
    FINISHED_LATE = "FINISHED_LATE"
    CHARGE_INTERRUPTED = "CHARGE_INTERRUPTED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class SmartChargingPlan:
    """One stop and one start. Times that have not come, and costs not yet known, are None.

    `stop_confirmed_at` and `start_confirmed_at` are when the vehicle was first seen stopped and
    started during the plan, whoever did it. Not part of Enode's plan: the instant of the deadline,
    how long to charge at which power, and how often charging was taken up again.
    """

    id: str
    currency: str
    location_id: str | None
    non_smart_cost: Decimal
    smart_cost: Decimal | None
    stop_at: datetime
    start_at: datetime | None
    estimated_finish_at: datetime
    deadline_at: datetime
    duration: timedelta
    power_w: float
    stop_confirmed_at: datetime | None = None
    start_confirmed_at: datetime | None = None
    ended_at: datetime | None = None
    final_state: SmartChargeState | None = None
    failure_condition: PlanFailure | None = None
    resumptions: int = 0

    @property
    def over_at(self) -> datetime:
        """When it ended; of one that has not, when it must have at the latest."""
        return self.ended_at or self.deadline_at + self.duration

    @property
    def estimated_savings(self) -> Decimal | None:
        return None if self.smart_cost is None else self.non_smart_cost - self.smart_cost


@dataclass(frozen=True, slots=True)
class Consideration:
    """What must all be true before a plan can be made: it interrupts a charge that runs."""

    is_plugged_in: bool
    is_charging: bool
    at_charging_location: bool
    has_time_estimate: bool

    @property
    def is_met(self) -> bool:
        return (
            self.is_plugged_in
            and self.is_charging
            and self.at_charging_location
            and self.has_time_estimate
        )


@dataclass(frozen=True, slots=True)
class SmartOverride:
    """The user wants to charge now. `vendor_action_id` is the START, None where none was needed."""

    target_id: str
    created_at: datetime
    vendor_action_id: str | None = None
    ended_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        return self.ended_at is None


@dataclass(frozen=True, slots=True)
class SmartCharging:
    """Where smart charging of one vehicle stands; all that must be kept between two decisions.

    `plan` is there exactly in the PLAN states, `consideration` exactly while CONSIDERING.
    `policy` is the one last decided under. `resumes` is the state an override interrupted.
    `is_holding`: the vehicle stands still because of us. `is_spent`: this stay at the plug has had
    its plan.
    """

    state: SmartChargeState
    state_changed_at: datetime
    policy: SmartChargingPolicy
    plan: SmartChargingPlan | None = None
    consideration: Consideration | None = None
    resumes: SmartChargeState | None = None
    is_holding: bool = False
    is_spent: bool = False


@dataclass(frozen=True, slots=True)
class SmartChargingStatus:
    """Enode's status of smart charging of one vehicle; `updated_at` is when it was last decided.

    `vendor` is the vehicle's, by Enode's machine name. `override` is there while it is active.
    """

    vehicle_id: str
    user_id: str
    vendor: str
    updated_at: datetime
    charging: SmartCharging
    override: SmartOverride | None = None
