"""What a vehicle's flex policy asks for now and next."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from gatewayd.errors import InvalidError
from gatewayd.model.charging import charging, is_at_limit
from gatewayd.model.flex import (
    FlexDay,
    FlexOverride,
    FlexPolicy,
    FlexState,
    FlexStatus,
    ImmediateStart,
    NextDaySchedule,
)
from gatewayd.model.reading import VehicleReading
from gatewayd.plan.local_time import at_local

_DAY = timedelta(days=1)
_RESERVE_MAX_PCT = 20.0
_TARGET_MIN_PCT = 20.0
_FULL_PCT = 100.0


@dataclass(frozen=True, slots=True)
class Deadline:
    """By when which level is needed."""

    at: datetime
    target_pct: float


def check_policy(policy: FlexPolicy) -> None:
    """Raise InvalidError for a policy that cannot be."""
    if len(policy.week) != 7:
        raise InvalidError("the schedule must have all seven days")
    if not 0.0 <= policy.battery_reserve_pct <= _RESERVE_MAX_PCT:
        raise InvalidError("batteryReserve must be between 0 and 20 %")
    for day in policy.week:
        _check_target(day.minimum_charge_target_pct)


def check_override(override: FlexOverride) -> None:
    """Raise InvalidError for an override that cannot be."""
    match override:
        case NextDaySchedule(minimum_charge_target_pct=float(target_pct)):
            _check_target(target_pct)
        case ImmediateStart(target_pct=target_pct) if not 0.0 < target_pct <= _FULL_PCT:
            raise InvalidError("target must be above 0 and at most 100 %")


def deadlines(
    policy: FlexPolicy, override: FlexOverride | None, now: datetime, zone: tzinfo
) -> Iterator[Deadline]:
    """The deadlines after `now`, without end; a NEXT_DAY_SCHEDULE changes one of them.

    That is the first which still lies ahead when the override is made, with its new time too.
    """
    change = override if isinstance(override, NextDaySchedule) else None
    changed_day = _changed_day(policy, change, zone) if change else None
    day = now.astimezone(zone).date() - _DAY
    while True:
        wanted = policy.week[day.weekday()]
        if change is not None and day == changed_day:
            wanted = _changed(wanted, change)
        at = at_local(day, wanted.deadline_minute, zone)
        if at > now:
            yield Deadline(at, wanted.minimum_charge_target_pct)
        day += _DAY


def is_over(
    override: FlexOverride,
    policy: FlexPolicy,
    vehicle: VehicleReading,
    now: datetime,
    zone: tzinfo,
) -> bool:
    """Whether an override has done its work: its deadline has passed, or its level is reached."""
    match override:
        case NextDaySchedule():
            day = _changed_day(policy, override, zone)
            wanted = _changed(policy.week[day.weekday()], override)
            return at_local(day, wanted.deadline_minute, zone) <= now
        case ImmediateStart(target_pct=target_pct):
            return _has(vehicle, target_pct) or is_at_limit(vehicle)


def flex_status(
    policy: FlexPolicy,
    override: FlexOverride | None,
    vehicle: VehicleReading,
    now: datetime,
    zone: tzinfo,
) -> FlexStatus:
    """The phase a policy is in."""
    if override is not None and is_over(override, policy, vehicle, now, zone):
        override = None
    following = next(deadlines(policy, override, now, zone))
    state, reason = _phase(policy, override, vehicle, following)
    is_immediate = isinstance(override, ImmediateStart)
    return FlexStatus(
        policy_id=policy.id,
        state=state,
        reason=reason,
        target_pct=override.target_pct
        if isinstance(override, ImmediateStart)
        else following.target_pct,
        deadline_at=None if is_immediate else following.at,
        override=override,
    )


def _phase(
    policy: FlexPolicy,
    override: FlexOverride | None,
    vehicle: VehicleReading,
    following: Deadline,
) -> tuple[FlexState, str]:
    if charging(vehicle).is_plugged_in is not True:
        return FlexState.UPCOMING, "the vehicle is not plugged in"
    if isinstance(override, ImmediateStart):
        return FlexState.IMMEDIATE_START, "the user has asked to charge now"
    if is_at_limit(vehicle) or _has(vehicle, following.target_pct):
        return FlexState.SETTLED, "the level asked for is reached"
    if not _has(vehicle, policy.battery_reserve_pct):
        return FlexState.BATTERY_RESERVE, "the reserve is filled first"
    return FlexState.REGULAR, "charging may be moved until the deadline"


def _has(vehicle: VehicleReading, level_pct: float) -> bool:
    return vehicle.soc_pct is not None and vehicle.soc_pct >= level_pct


def _changed_day(policy: FlexPolicy, change: NextDaySchedule, zone: tzinfo) -> date:
    day = change.created_at.astimezone(zone).date()
    while not _is_ahead(policy.week[day.weekday()], change, day, zone):
        day += _DAY
    return day


def _is_ahead(wanted: FlexDay, change: NextDaySchedule, day: date, zone: tzinfo) -> bool:
    minutes = (wanted.deadline_minute, _changed(wanted, change).deadline_minute)
    return all(at_local(day, minute, zone) > change.created_at for minute in minutes)


def _changed(wanted: FlexDay, change: NextDaySchedule) -> FlexDay:
    minute, target_pct = change.deadline_minute, change.minimum_charge_target_pct
    return FlexDay(
        wanted.deadline_minute if minute is None else minute,
        wanted.minimum_charge_target_pct if target_pct is None else target_pct,
    )


def _check_target(target_pct: float) -> None:
    if not _TARGET_MIN_PCT <= target_pct <= _FULL_PCT:
        raise InvalidError("minimumChargeTarget must be between 20 and 100 %")
