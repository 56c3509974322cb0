"""Schedules at work: how each one stands, and what its target is to be told."""

from datetime import datetime
from zoneinfo import ZoneInfo

from gatewayd.control.steering.decision import (
    Glances,
    Order,
    Outcome,
    circumstances,
    linked,
    may_tell,
    pending,
)
from gatewayd.control.steering.known import Known
from gatewayd.model.asset import AssetKind
from gatewayd.model.climate import FollowSchedule, PermanentHold, TargetState
from gatewayd.model.schedule import (
    ChargeScheduleStatus,
    Schedule,
    TemperatureSchedule,
    TemperatureScheduleStatus,
)
from gatewayd.model.site import AssetState, Site
from gatewayd.plan.given import ScheduleGiven, UnscheduledGiven
from gatewayd.plan.pursuit import LatestAction
from gatewayd.plan.schedule import controlling, timezone_of
from gatewayd.plan.schedule_grounds import grounds
from gatewayd.plan.schedule_status import ChargeVerdict, Circumstances, charge_status
from gatewayd.plan.temperature_status import TemperatureVerdict, temperature_status

OWNER = "schedule"

_Verdict = ChargeVerdict | TemperatureVerdict


def decide(known: Known, site: Site, now: datetime, glances: Glances, done: Outcome) -> None:
    """Add to a decision what schedules make of the home."""
    chiefs = _chiefs(known, site)
    for schedule in known.schedules.values():
        target = linked(site.assets.get(schedule.target_id))
        given = _circumstances(schedule, target, known, now, chiefs[schedule.target_id])
        key = (schedule, circumstances(target), given.is_controlling, given.override, given.zone)
        if glances.is_news(schedule.id, key, now):
            all_given = ScheduleGiven(schedule, given, known.statuses.get(schedule.id))
            verdict = _verdict(all_given)
            _take(verdict, all_given, done)
            glances.keep(schedule.id, key, now, _look_again_at(verdict))
    done.withdrawn |= _unwanted(known, site, done)


def _chiefs(known: Known, site: Site) -> dict[str, Schedule | None]:
    """By target, the schedule that controls it."""
    groups: dict[str, list[Schedule]] = {}
    for schedule in known.schedules.values():
        groups.setdefault(schedule.target_id, []).append(schedule)
    chiefs = {}
    for target_id, group in groups.items():
        target = site.assets.get(target_id)
        place_id = target.asset.location_id if target else None
        chiefs[target_id] = controlling(group, target_id, place_id)
    return chiefs


def _circumstances(
    schedule: Schedule,
    target: AssetState | None,
    known: Known,
    now: datetime,
    chief: Schedule | None,
) -> Circumstances:
    place_id = target.asset.location_id if target else None
    is_vehicle = schedule.target_kind is AssetKind.VEHICLE
    return Circumstances(
        target=target,
        now=now,
        zone=ZoneInfo(timezone_of(schedule, place_id, known.places)),
        is_controlling=chief is None or chief.id == schedule.id,
        override=known.override_of(schedule.target_id) if is_vehicle else None,
    )


def order(given: ScheduleGiven) -> Order | None:
    """What the target is told now; None where it is told nothing."""
    return _order(_verdict(given), given)


def _verdict(all_given: ScheduleGiven) -> _Verdict:
    schedule, given, before = all_given.schedule, all_given.circumstances, all_given.before
    if isinstance(schedule, TemperatureSchedule):
        told = before if isinstance(before, TemperatureScheduleStatus) else None
        return temperature_status(schedule, given, _latest_hold(given.target), told)
    return charge_status(
        schedule, given, before if isinstance(before, ChargeScheduleStatus) else None
    )


def _latest_hold(target: AssetState | None) -> LatestAction[TargetState] | None:
    """The newest action of a heater or cooler, by what it is to bring about."""
    action = target.action if target else None
    if action is None or not isinstance(action.command, PermanentHold | FollowSchedule):
        return None
    return LatestAction(action.command, action.state, action.created_at, action.completed_at)


def _take(verdict: _Verdict, given: ScheduleGiven, done: Outcome) -> None:
    if verdict.status != given.before:
        done.statuses[verdict.status.schedule_id] = verdict.status
    found = _order(verdict, given)
    if found is not None:
        done.orders.append(found)


def _order(verdict: _Verdict, given: ScheduleGiven) -> Order | None:
    target = given.circumstances.target
    wanted = verdict.command if isinstance(verdict, ChargeVerdict) else verdict.target_state
    if wanted is None or target is None or not may_tell(target):
        return None
    why = grounds(verdict.status, given.circumstances.zone)
    return Order(target.asset.id, wanted, OWNER, why, given)


def _look_again_at(verdict: _Verdict) -> datetime | None:
    coming = [transition.at for transition in verdict.status.upcoming_transitions[:1]]
    if verdict.retry_at:
        coming.append(verdict.retry_at)
    return min(coming, default=None)


def is_unwanted(given: UnscheduledGiven) -> bool:
    """Whether the schedules of an action under way have nothing to say any more."""
    return not any(status.state.is_active for status in given.statuses)


def _unwanted(known: Known, site: Site, done: Outcome) -> dict[str, UnscheduledGiven]:
    found, statuses = {}, known.statuses | done.statuses
    for state in site.assets.values():
        action = pending(state)
        if action and action.owner == OWNER:
            own = (one.id for one in known.schedules.values() if one.target_id == action.asset_id)
            given = UnscheduledGiven(tuple(statuses[id_] for id_ in own if id_ in statuses))
            if is_unwanted(given):
                found[action.id] = given
    return found
