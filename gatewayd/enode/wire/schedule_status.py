"""How a schedule stands, on the wire."""

from typing import Literal

from gatewayd.enode.wire.base import EnodeModel, Timestamp, Uuid
from gatewayd.enode.wire.schedule import TargetState
from gatewayd.enode.wire.smart_charging import SmartOverrideStatus
from gatewayd.model.schedule import ScheduleState


class ExpectedParts(EnodeModel):
    """Charging is expected when all three hold."""

    needs_charge: bool
    is_plugged_in: bool
    should_charge: bool


class ChargeTransition(EnodeModel):
    """From `at` on it is so."""

    at: Timestamp
    should_charge: bool


class TemperatureTransition(EnodeModel):
    """From `at` on it is so."""

    at: Timestamp
    target: TargetState


class ChargeScheduleStatus(EnodeModel):
    """How a schedule of a vehicle or charger stands."""

    schedule_id: Uuid
    schedule_type: Literal["CHARGE"]
    changed_at: Timestamp
    state: ScheduleState
    is_charging: bool
    is_charging_expected: bool
    is_charging_expected_parts: ExpectedParts
    upcoming_transitions: list[ChargeTransition]
    smart_override: SmartOverrideStatus | None


class TemperatureScheduleStatus(EnodeModel):
    """How a schedule of a heater or cooler stands."""

    schedule_id: Uuid
    schedule_type: Literal["TEMPERATURE"]
    changed_at: Timestamp
    state: ScheduleState
    current: TargetState | None
    expected: TargetState
    upcoming_transitions: list[TemperatureTransition]


ScheduleStatus = ChargeScheduleStatus | TemperatureScheduleStatus
