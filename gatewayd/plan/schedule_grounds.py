"""Why a schedule tells its target what it does."""

from datetime import tzinfo

from gatewayd.model.command_words import in_words
from gatewayd.model.decision import Grounds, Input
from gatewayd.model.schedule import (
    ChargeScheduleStatus,
    ExpectedParts,
    ScheduleStatus,
    TemperatureScheduleStatus,
)
from gatewayd.plan.local_words import local


def grounds(status: ScheduleStatus, zone: tzinfo) -> Grounds:
    """What speaks for the command of a schedule that stands so; `zone` is the schedule's."""
    until = "".join(f" until {local(one.at, zone)}" for one in status.upcoming_transitions[:1])
    if isinstance(status, TemperatureScheduleStatus):
        reason = f"the schedule says to {in_words(status.expected)}{until}"
        return Grounds(reason, _schedule(status))
    return _charge(status, until)


def _charge(status: ChargeScheduleStatus, until: str) -> Grounds:
    parts = status.expected_parts
    binding = _binding(parts)
    reason = f"the schedule says {'to' if parts.should_charge else 'not to'} charge{until}"
    if binding and parts.should_charge:
        reason = f"the schedule lets it charge{until}, but {binding}"
    inputs = (
        *_schedule(status),
        Input("should_charge", parts.should_charge),
        Input("needs_charge", parts.needs_charge),
        Input("is_plugged_in", parts.is_plugged_in),
        Input("is_charging", status.is_charging),
    )
    return Grounds(reason, inputs, ("charge", "do not charge"), binding)


def _schedule(status: ScheduleStatus) -> tuple[Input, ...]:
    return (Input("schedule", status.schedule_id),)


def _binding(parts: ExpectedParts) -> str | None:
    """The first thing that keeps the target from charging."""
    if not parts.should_charge:
        return "the schedule"
    if not parts.is_plugged_in:
        return "no car is plugged in"
    return None if parts.needs_charge else "the car takes no more"
