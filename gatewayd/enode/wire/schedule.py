"""Schedules on the wire: payloads that make and change them, and what is shown."""

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from gatewayd.enode.wire.base import EnodeModel, Page, Payload, Uuid
from gatewayd.enode.wire.clock import Instant, TimeOfDay, Weekday
from gatewayd.enode.wire.hold import AutoState, CoolState, HeatState, OffState, ScheduledState
from gatewayd.enode.wire.sparse import ABSENT, Sparse

T = TypeVar("T")

# A week by the hour, and some to spare: all of them are looked at whenever something changes.
_MOST_RULES = 200


def _few(rules: list[T]) -> list[T]:
    if len(rules) > _MOST_RULES:
        raise PydanticCustomError("too_long", "must be at most {most}", {"most": _MOST_RULES})
    return rules


TargetId = Annotated[str, Field(min_length=1)]
ChargeTarget = Literal["vehicle", "charger"]
HvacTarget = Literal["hvac"]


class CoolTarget(CoolState, Payload):
    """To be held cooling."""


class HeatTarget(HeatState, Payload):
    """To be held heating."""


class AutoTarget(AutoState, Payload):
    """To be held heating and cooling."""


class OffTarget(OffState, Payload):
    """To be held off."""


class ScheduledTarget(ScheduledState, Payload):
    """To follow the device's own schedule."""


HoldTarget = Annotated[
    CoolTarget | HeatTarget | AutoTarget | OffTarget, Field(discriminator="mode")
]
TargetState = HoldTarget | ScheduledTarget


class HourMinuteInterval(Payload):
    """A daily interval by the local clock, `to` being out; it may cross midnight."""

    from_: TimeOfDay = Field(validation_alias="from", serialization_alias="from")
    to: TimeOfDay


class Filters(Sparse, Payload):
    """When a rule holds: all that are there must."""

    hour_minute: HourMinuteInterval = ABSENT
    from_timestamp: Instant = ABSENT
    to_timestamp: Instant = ABSENT
    weekdays: list[Weekday] = ABSENT


class ChargeRule(Filters):
    """Whether to charge while the filters hold."""

    should_charge: bool


class TemperatureRule(Filters):
    """What to be set to while the filters hold."""

    target_state: TargetState


ChargeRules = Annotated[list[ChargeRule], AfterValidator(_few)]
TemperatureRules = Annotated[list[TemperatureRule], AfterValidator(_few)]
# The contract names a default and requires the key all the same.
Enabled = Annotated[bool, Field(json_schema_extra={"default": True})]


class ChargeSchedule(Payload):
    """A new schedule of a vehicle or charger."""

    target_id: TargetId
    target_type: ChargeTarget
    location_id: Uuid | None
    is_enabled: Enabled
    default_should_charge: bool
    rules: ChargeRules


class TemperatureSchedule(Payload):
    """A new schedule of a heater or cooler."""

    target_id: TargetId
    target_type: HvacTarget
    is_enabled: Enabled
    default_target_state: TargetState
    rules: TemperatureRules


Schedule = Annotated[ChargeSchedule | TemperatureSchedule, Field(discriminator="target_type")]


class PartialChargeSchedule(Payload):
    """A change: only the keys that were sent count."""

    target_id: TargetId = ABSENT
    target_type: ChargeTarget = ABSENT
    location_id: Uuid | None = ABSENT
    is_enabled: bool = ABSENT
    default_should_charge: bool = ABSENT
    rules: ChargeRules = ABSENT


class PartialTemperatureSchedule(Payload):
    """A change: only the keys that were sent count."""

    target_id: TargetId = ABSENT
    target_type: HvacTarget = ABSENT
    is_enabled: bool = ABSENT
    default_target_state: TargetState = ABSENT
    rules: TemperatureRules = ABSENT


PartialSchedule = PartialChargeSchedule | PartialTemperatureSchedule


class ChargeScheduleResponse(EnodeModel):
    """A schedule of a vehicle or charger."""

    id: str
    target_id: TargetId
    target_type: ChargeTarget
    location_id: Uuid | None
    is_enabled: Enabled
    default_should_charge: bool
    rules: list[ChargeRule]


class TemperatureScheduleResponse(EnodeModel):
    """A schedule of a heater or cooler."""

    id: str
    target_id: TargetId
    target_type: HvacTarget
    is_enabled: Enabled
    default_target_state: TargetState
    rules: list[TemperatureRule]


ScheduleResponse = Annotated[
    ChargeScheduleResponse | TemperatureScheduleResponse, Field(discriminator="target_type")
]


class SchedulePage(Page[ScheduleResponse]):
    """One page of schedules."""
