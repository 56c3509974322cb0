"""Whether a heater or cooler is set as its schedule wants, and what to set if not."""

from dataclasses import dataclass, replace
from datetime import datetime

from gatewayd.model.asset import Capability
from gatewayd.model.climate import FollowSchedule, TargetState, is_same, target_state
from gatewayd.model.schedule import (
    ScheduleState,
    TemperatureSchedule,
    TemperatureScheduleStatus,
)
from gatewayd.plan.holds import settable
from gatewayd.plan.pursuit import LatestAction, pursue
from gatewayd.plan.schedule import upcoming_transitions, value_at
from gatewayd.plan.schedule_status import Circumstances, Finding, inactive, reading_of, unreached


@dataclass(frozen=True, slots=True)
class TemperatureVerdict:
    """As ChargeVerdict; `target_state` is what to set now."""

    status: TemperatureScheduleStatus
    reason: str
    target_state: TargetState | None = None
    retry_at: datetime | None = None


def temperature_status(
    schedule: TemperatureSchedule,
    given: Circumstances,
    latest: LatestAction[TargetState] | None = None,
    previous: TemperatureScheduleStatus | None = None,
) -> TemperatureVerdict:
    """Judge a temperature schedule; `latest` is the target's newest action."""
    expected = value_at(schedule.timetable, given.now, given.zone)
    # What a device rounds would be told again for ever.
    reachable = settable(given.target.asset.spec.thermostat, expected) if given.target else expected
    current = target_state(reading_of(given.target))
    finding = inactive(schedule, given, _holds(schedule)) or (
        Finding(ScheduleState.ALIGNED, "the device is set as the schedule wants")
        if is_same(reachable, current)
        else unreached(pursue(reachable, latest, given.now))
    )
    status = TemperatureScheduleStatus(
        schedule_id=schedule.id,
        changed_at=given.now,
        state=finding.state,
        current=current,
        expected=expected,
        upcoming_transitions=upcoming_transitions(schedule.timetable, given.now, given.zone),
    )
    if previous is not None and replace(status, changed_at=previous.changed_at) == previous:
        status = previous
    wanted = reachable if finding.is_due else None
    return TemperatureVerdict(status, finding.reason, wanted, finding.retry_at)


def _holds(schedule: TemperatureSchedule) -> frozenset[Capability]:
    timetable = schedule.timetable
    values = [timetable.default, *(rule.value for rule in timetable.rules)]
    return frozenset(
        Capability.SET_FOLLOW_SCHEDULE
        if isinstance(value, FollowSchedule)
        else Capability.SET_PERMANENT_HOLD
        for value in values
    )
