"""One turn of the state machine, and what all its states share."""

from dataclasses import dataclass, replace
from datetime import timedelta

from gatewayd.model.command import ActionState, StartCharging, StopCharging
from gatewayd.model.smart_charging import (
    PlanFailure,
    SmartChargeState,
    SmartCharging,
    SmartChargingPlan,
)
from gatewayd.plan.pursuit import pursue
from gatewayd.plan.smart.observation import Observation

# A plan is late when it has taken this share longer than planned.
_LATE = 0.15


@dataclass(frozen=True, slots=True)
class Turn:
    """Where smart charging stands now, why, and the command to send now."""

    charging: SmartCharging
    reason: str
    command: StartCharging | StopCharging | None = None


def to(charging: SmartCharging, state: SmartChargeState, reason: str) -> Turn:
    """Go to a state, or stay in it, without a command."""
    return Turn(replace(charging, state=state), reason)


def start(charging: SmartCharging, seen: Observation, state: SmartChargeState, why: str) -> Turn:
    """Be in a state in which the vehicle is to be started."""
    return Turn(replace(charging, state=state), why, start_due(seen))


def start_due(seen: Observation) -> StartCharging | None:
    """The command to start, unless one is under way or has just been tried."""
    return StartCharging() if pursue(wanted=True, latest=seen.latest, now=seen.now).is_due else None


def stop(charging: SmartCharging, seen: Observation, state: SmartChargeState, why: str) -> Turn:
    """Be in a state in which the vehicle is to be stopped; from now on we hold it."""
    is_due = pursue(wanted=False, latest=seen.latest, now=seen.now).is_due
    held = replace(charging, state=state, is_holding=True)
    return Turn(held, why, StopCharging() if is_due else None)


def with_plan(charging: SmartCharging, plan: SmartChargingPlan) -> SmartCharging:
    """With another version of the plan."""
    return replace(charging, plan=plan)


def end(
    charging: SmartCharging,
    plan: SmartChargingPlan,
    seen: Observation,
    state: SmartChargeState,
    reason: str,
    failure: PlanFailure | None = None,
) -> Turn:
    """End the plan. What it stopped is started again, unless another plan may follow at once."""
    ended = replace(plan, ended_at=seen.now, final_state=state, failure_condition=failure)
    is_spent = state is not SmartChargeState.UNPLUGGED
    after = replace(charging, state=state, plan=ended, resumes=None, is_spent=is_spent)
    if state is SmartChargeState.DEADLINE_CHANGED:
        return Turn(after, reason)
    return give_back(after, seen, reason)


def finish(
    charging: SmartCharging, plan: SmartChargingPlan, seen: Observation, reason: str
) -> Turn:
    """End a plan whose vehicle is charged."""
    planned: timedelta = plan.estimated_finish_at - plan.stop_at
    is_late = seen.now - plan.estimated_finish_at > _LATE * planned
    failure = PlanFailure.FINISHED_LATE if is_late else None
    return end(charging, plan, seen, SmartChargeState.FINISHED, reason, failure)


def give_back(charging: SmartCharging, seen: Observation, reason: str) -> Turn:
    """Without a plan: start what stands still because of us, until it charges or needs not.

    A stop that somebody else sent since is theirs, and stays.
    """
    if not charging.is_holding:
        return Turn(charging, reason)
    now = seen.charging
    if now.is_plugged_in is False or now.is_complete or _is_stopped_by_another(charging, seen):
        return Turn(replace(charging, is_holding=False), reason)
    if now.is_charging is True and not _is_stop_pending(seen):
        return Turn(replace(charging, is_holding=False), reason)
    command = start_due(seen) if seen.is_capable and not seen.is_overridden else None
    return Turn(charging, reason, command)


def _is_stopped_by_another(charging: SmartCharging, seen: Observation) -> bool:
    """Whether the newest action is a stop from after the plan's end."""
    if charging.state.is_executing or seen.latest is None or seen.latest.wanted:
        return False
    ended_at = charging.plan.ended_at if charging.plan else charging.state_changed_at
    return ended_at is not None and seen.latest.created_at > ended_at


def _is_stop_pending(seen: Observation) -> bool:
    latest = seen.latest
    return latest is not None and not latest.wanted and latest.state is ActionState.PENDING
