"""Whether a schedule's target does what the schedule wants, and what to send if not.

The state is the first that holds of: disabled, incapable, away, overridden, aligned, pending,
misaligned. A verdict carries the command that is due now and the reason in plain words.
"""

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from gatewayd.model.asset import Capability
from gatewayd.model.charging import Charging, charging
from gatewayd.model.command import StartCharging, StopCharging
from gatewayd.model.reading import Reading
from gatewayd.model.schedule import (
    ChargeSchedule,
    ChargeScheduleStatus,
    ExpectedParts,
    Schedule,
    ScheduleState,
)
from gatewayd.model.site import AssetState
from gatewayd.model.smart_charging import SmartOverride
from gatewayd.plan.preconditions import refusal
from gatewayd.plan.pursuit import Pursuit, latest_charging, pursue
from gatewayd.plan.schedule import is_applicable, upcoming_transitions, value_at

_START_AND_STOP = frozenset({Capability.START_CHARGING, Capability.STOP_CHARGING})


@dataclass(frozen=True, slots=True)
class Circumstances:
    """All that a status depends on besides the schedule.

    `target` is None when the asset is gone. `is_controlling` is false when a newer schedule has
    the target, see `schedule.controlling`.
    """

    target: AssetState | None
    now: datetime
    zone: tzinfo
    is_controlling: bool = True
    override: SmartOverride | None = None


@dataclass(frozen=True, slots=True)
class ChargeVerdict:
    """A status, why it is so, and the command to send now. `retry_at`: when to look again."""

    status: ChargeScheduleStatus
    reason: str
    command: StartCharging | StopCharging | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A state and why. `is_due`: the target is to be told now."""

    state: ScheduleState
    reason: str
    is_due: bool = False
    retry_at: datetime | None = None


def charge_status(
    schedule: ChargeSchedule,
    given: Circumstances,
    previous: ChargeScheduleStatus | None = None,
) -> ChargeVerdict:
    """Judge a charge schedule. `previous` keeps `changed_at` when nothing else has changed."""
    seen = charging(reading_of(given.target))
    parts = ExpectedParts(
        needs_charge=seen.needs_charge,
        is_plugged_in=seen.is_plugged_in is True,
        should_charge=value_at(schedule.timetable, given.now, given.zone),
    )
    finding = inactive(schedule, given, _START_AND_STOP) or _charge(given, seen, parts)
    status = ChargeScheduleStatus(
        schedule_id=schedule.id,
        changed_at=given.now,
        state=finding.state,
        is_charging=seen.is_charging is True,
        expected_parts=parts,
        upcoming_transitions=upcoming_transitions(schedule.timetable, given.now, given.zone),
        smart_override=given.override,
    )
    if previous is not None and replace(status, changed_at=previous.changed_at) == previous:
        status = previous
    command = _command(parts) if finding.is_due else None
    return ChargeVerdict(status, finding.reason, command, finding.retry_at)


def inactive(
    schedule: Schedule, given: Circumstances, needed: frozenset[Capability]
) -> Finding | None:
    """Why the schedule has nothing to say; None when it is active."""
    if not schedule.is_enabled:
        return Finding(ScheduleState.DISABLED, "the schedule is disabled")
    if given.target is None:
        return Finding(ScheduleState.INCAPABLE, "the target is no longer linked")
    missing = needed - given.target.asset.capabilities
    if missing:
        return Finding(ScheduleState.INCAPABLE, f"the target has no {', '.join(sorted(missing))}")
    if not is_applicable(schedule, given.target.asset.location_id):
        return Finding(ScheduleState.AWAY, "the target is not where the schedule applies")
    if not given.is_controlling:
        return Finding(ScheduleState.OVERRIDDEN, "a newer schedule controls the target")
    if given.override is not None and given.override.is_active:
        return Finding(ScheduleState.OVERRIDDEN, "the user has asked to charge now")
    return None


def _charge(given: Circumstances, seen: Charging, parts: ExpectedParts) -> Finding:
    expected = parts.is_charging_expected
    if (seen.is_charging is True) == expected:
        return Finding(ScheduleState.ALIGNED, _aligned(parts))
    if expected and seen.is_initializing:
        return Finding(ScheduleState.PENDING, "the car is about to charge by itself")
    action = given.target.action if given.target else None
    finding = unreached(pursue(expected, latest_charging(action), given.now))
    refused = given.target and finding.is_due and refusal(given.target, _command(parts))
    return Finding(ScheduleState.MISALIGNED, refused) if refused else finding


def _command(parts: ExpectedParts) -> StartCharging | StopCharging:
    return StartCharging() if parts.is_charging_expected else StopCharging()


def _aligned(parts: ExpectedParts) -> str:
    if parts.is_charging_expected:
        return "charging, as the schedule wants"
    if not parts.should_charge:
        return "not charging, as the schedule wants"
    return "the car takes no more" if parts.is_plugged_in else "no car is plugged in"


def unreached(pursuit: Pursuit) -> Finding:
    """The state while the target does not yet do as the schedule wants."""
    state = ScheduleState.MISALIGNED if pursuit.retry_at else ScheduleState.PENDING
    return Finding(state, pursuit.reason, pursuit.is_due, pursuit.retry_at)


def reading_of(target: AssetState | None) -> Reading | None:
    """The last thing a target said, however long ago."""
    return target.sample.reading if target and target.sample else None
