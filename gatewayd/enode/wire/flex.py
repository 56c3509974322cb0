"""Flex on the wire: policies of vehicles, their overrides, the shape and the intent."""

from typing import Annotated, Literal

from pydantic import Field

from gatewayd.enode.wire.base import EnodeModel, Payload, Timestamp
from gatewayd.enode.wire.clock import Instant, TimeOfDay
from gatewayd.enode.wire.sparse import ABSENT, Sparse
from gatewayd.model.flex import FlexDenomination, FlexIntentKind, FlexState

Reserve = Annotated[float, Field(ge=0, le=20)]
Target = Annotated[float, Field(ge=20, le=100)]


class FlexDay(Payload):
    """The level in percent that a vehicle must have by a local time."""

    deadline: TimeOfDay
    minimum_charge_target: Target


class FlexWeek(Payload):
    """What is needed on each day."""

    monday: FlexDay
    tuesday: FlexDay
    wednesday: FlexDay
    thursday: FlexDay
    friday: FlexDay
    saturday: FlexDay
    sunday: FlexDay


class FlexPolicyPayload(Payload):
    """A new policy; the reserve in percent is always filled first."""

    location_id: str
    vehicle_id: str
    battery_reserve: Reserve
    schedule: FlexWeek


class FlexPolicy(EnodeModel):
    """What the user of a vehicle needs."""

    id: str
    location_id: str
    vehicle_id: str
    battery_reserve: Reserve
    schedule: FlexWeek


class NextDaySchedule(Sparse, Payload):
    """Changes the next deadline, its target or both, once."""

    type: Literal["NEXT_DAY_SCHEDULE"]
    deadline: TimeOfDay = ABSENT
    minimum_charge_target: Target = ABSENT


class ImmediateStart(Payload):
    """Charge now up to a level, without any flexibility."""

    type: Literal["IMMEDIATE_START"]
    target: float


class NextDayScheduleResponse(NextDaySchedule):
    """Which policy it changes."""

    policy_id: str


class ImmediateStartResponse(ImmediateStart):
    """Which policy it overrides."""

    policy_id: str


FlexOverride = NextDaySchedule | ImmediateStart
FlexOverrideResponse = NextDayScheduleResponse | ImmediateStartResponse


class FlexPolicyStatus(EnodeModel):
    """Where a policy stands; the contract leaves the body open."""

    policy_id: str
    state: FlexState
    reason: str
    target: float
    deadline: Timestamp | None
    override: FlexOverrideResponse | None
    updated_at: Timestamp


class FlexChunk(EnodeModel):
    """The power from `timestamp` on: expected, and the least and the most it can be made."""

    timestamp: Timestamp
    expected_kw: float
    minimum_kw: float
    maximum_kw: float


class FlexShape(EnodeModel):
    """What vehicles will take."""

    computed_at: Timestamp
    start_at: Timestamp
    end_at: Timestamp
    chunk_size_minutes: float
    chunks: list[FlexChunk]


class FlexIntentRule(Payload):
    """A wish for the chunk around `timestamp`."""

    kind: FlexIntentKind
    timestamp: Instant
    pressure: float


class FlexIntentPayload(Payload):
    """All rules that are to be in force."""

    rules: list[FlexIntentRule]


class FlexIntentPreviewPayload(FlexIntentPayload):
    """Rules to be looked at, in place of those of a revision."""

    previous_revision_id: str


class FlexIntent(EnodeModel):
    """All rules in force."""

    rules: list[FlexIntentRule]
    revision_id: str


class FlexCost(EnodeModel):
    """One cost of a change."""

    denomination: FlexDenomination
    amount: float


class FlexPreview(EnodeModel):
    """What rules would lead to."""

    is_valid: bool
    errors: list[str]
    resultant_shape: FlexShape
    cost_components: list[FlexCost]
