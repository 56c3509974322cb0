"""A plan at work: stop, wait, start, and see it through to the end."""

from collections.abc import Callable
from dataclasses import replace

from gatewayd.model.smart_charging import (
    PlanFailure,
    SmartCharging,
    SmartChargingPlan,
)
from gatewayd.model.smart_charging import SmartChargeState as State
from gatewayd.plan.pursuit import has_failed
from gatewayd.plan.smart.observation import Observation
from gatewayd.plan.smart.turn import Turn, end, finish, start, stop, to, with_plan
from gatewayd.plan.smart.window import ChargingNeed, are_known, cheapest_window, window_cost

# A vehicle that stops in the middle is started again once; the second time somebody means it.
_RESUMPTIONS_MAX = 1


def execute(charging: SmartCharging, plan: SmartChargingPlan, seen: Observation) -> Turn:
    """One turn in an executing state; `plan` is `charging`'s."""
    plan = _observed(plan, seen)
    charging = with_plan(charging, plan)
    if charging.state in _WAITING and seen.charging.is_charging is False:
        charging = replace(charging, is_holding=True)
    ended = _ended(charging, plan, seen)
    if ended:
        return ended
    if seen.is_overridden:
        resumes = charging.resumes or charging.state
        overridden = replace(charging, resumes=resumes)
        return to(overridden, State.OVERRIDDEN, "the user has asked to charge now")
    if charging.state is State.OVERRIDDEN:
        return _resume(replace(charging, resumes=None), plan, seen, charging.resumes)
    return _TURNS[charging.state](charging, plan, seen)


def _ended(charging: SmartCharging, plan: SmartChargingPlan, seen: Observation) -> Turn | None:
    """The ends that a plan may come to in any of its states."""
    if not seen.policy.is_enabled:
        return end(charging, plan, seen, State.PLAN_DISABLED, "smart charging was disabled")
    if seen.charging.is_plugged_in is False:
        return end(charging, plan, seen, State.UNPLUGGED, "the vehicle was unplugged")
    if seen.policy.deadline_minute != charging.policy.deadline_minute:
        return end(charging, plan, seen, State.DEADLINE_CHANGED, "the deadline was changed")
    if seen.charging.is_complete:
        if charging.state is State.STOP_FAILED:
            reason = "the vehicle is charged; it could not be stopped"
            return end(charging, plan, seen, State.FAILED, reason, PlanFailure.STOP_FAILED)
        return finish(charging, plan, seen, "the vehicle is charged")
    if not seen.is_capable:
        reason = "the vehicle can no longer be started and stopped"
        return end(charging, plan, seen, State.FAILED, reason, PlanFailure.UNKNOWN)
    return None


def _stopping(charging: SmartCharging, plan: SmartChargingPlan, seen: Observation) -> Turn:
    if seen.charging.is_charging is False:
        return _wait(charging, plan, seen)
    is_failed = has_failed(seen.latest, wanted=False, since=plan.stop_at)
    if _is_start_due(plan, seen):
        if is_failed:
            reason = "the vehicle could not be stopped before it was time to charge"
            return end(charging, plan, seen, State.FAILED, reason, PlanFailure.STOP_FAILED)
        return _started(charging, plan, seen, "it is time to charge, and the vehicle still does")
    if is_failed:
        return stop(charging, seen, State.STOP_FAILED, "the stop failed; to be repeated")
    return stop(charging, seen, State.STOPPING, "to be stopped until energy is cheaper")


def _wait(charging: SmartCharging, plan: SmartChargingPlan, seen: Observation) -> Turn:
    """The vehicle stands still: until its time, or until the time is known."""
    if plan.start_at is None:
        plan = _with_prices(plan, seen)
        charging = with_plan(charging, plan)
    if _is_start_due(plan, seen):
        return _start(charging, plan, seen)
    if plan.start_at is None:
        return to(
            charging, State.AWAITING_PRICES, "stopped; prices before the deadline are missing"
        )
    return to(charging, State.STOPPED, "stopped until energy is cheapest")


def _stopped(charging: SmartCharging, plan: SmartChargingPlan, seen: Observation) -> Turn:
    if seen.charging.is_charging is True:
        return _started(charging, plan, seen, "somebody else has started the vehicle")
    return _wait(charging, plan, seen)


def _start(charging: SmartCharging, plan: SmartChargingPlan, seen: Observation) -> Turn:
    """It is time to charge."""
    charging = with_plan(charging, _begun(plan, seen))
    return start(charging, seen, State.STARTING, "it is time to charge")


def _starting(charging: SmartCharging, plan: SmartChargingPlan, seen: Observation) -> Turn:
    if seen.charging.is_charging is True:
        return _started(charging, plan, seen, "charging as planned")
    since = plan.start_at or plan.stop_at
    if not has_failed(seen.latest, wanted=True, since=since):
        return start(charging, seen, State.STARTING, "to be started")
    if seen.now >= plan.deadline_at:
        reason = "the vehicle could not be started before the deadline"
        return end(charging, plan, seen, State.FAILED, reason, PlanFailure.START_FAILED)
    return start(charging, seen, State.START_FAILED, "the start failed; to be repeated")


def _started(
    charging: SmartCharging, plan: SmartChargingPlan, seen: Observation, reason: str
) -> Turn:
    plan = _begun(plan, seen)
    confirmed_at = plan.start_confirmed_at or seen.now
    plan = replace(plan, start_confirmed_at=confirmed_at)
    return to(replace(charging, plan=plan, is_holding=False), State.STARTED, reason)


def _charging(charging: SmartCharging, plan: SmartChargingPlan, seen: Observation) -> Turn:
    if seen.charging.is_charging is not False or seen.charging.is_initializing:
        return to(charging, State.STARTED, "charging as planned")
    return _interrupted(charging, plan, seen)


def _interrupted(charging: SmartCharging, plan: SmartChargingPlan, seen: Observation) -> Turn:
    if seen.charging.is_charging is True:
        return _started(charging, plan, seen, "charging goes on")
    if seen.now >= plan.deadline_at:
        reason = "charging was interrupted and did not go on before the deadline"
        return end(charging, plan, seen, State.FAILED, reason, PlanFailure.CHARGE_INTERRUPTED)
    if plan.resumptions >= _RESUMPTIONS_MAX:
        reason = "charging was interrupted again, so somebody means it"
        return to(charging, State.CHARGE_INTERRUPTED, reason)
    reason = "charging was interrupted; to be started once more"
    turn = start(charging, seen, State.CHARGE_INTERRUPTED, reason)
    if turn.command is None:
        return turn
    resumed = replace(plan, resumptions=plan.resumptions + 1)
    return replace(turn, charging=with_plan(turn.charging, resumed))


def _resume(
    charging: SmartCharging, plan: SmartChargingPlan, seen: Observation, before: State | None
) -> Turn:
    """After an override the plan goes on from what is."""
    if before in _WAITING and not _is_start_due(plan, seen):
        if seen.charging.is_charging is not True:
            return _wait(charging, plan, seen)
        return stop(charging, seen, State.STOPPING, "the override is over; to be stopped again")
    if seen.charging.is_charging is True:
        return _started(charging, plan, seen, "the override is over; it is time to charge")
    if before is State.STARTED or before is State.CHARGE_INTERRUPTED:
        return _interrupted(charging, plan, seen)
    return _start(charging, plan, seen)


def _observed(plan: SmartChargingPlan, seen: Observation) -> SmartChargingPlan:
    """The first times at which the vehicle was seen stopped, and then started."""
    is_charging = seen.charging.is_charging
    if is_charging is False and plan.stop_confirmed_at is None:
        return replace(plan, stop_confirmed_at=seen.now)
    if is_charging is True and plan.stop_confirmed_at and plan.start_confirmed_at is None:
        return replace(plan, start_confirmed_at=seen.now)
    return plan


def _begun(plan: SmartChargingPlan, seen: Observation) -> SmartChargingPlan:
    """With a start: one that no prices told, or that came early, is now, and costs accordingly."""
    if plan.start_at is not None and plan.start_at <= seen.now:
        return plan
    finish_at = seen.now + plan.duration
    cost = window_cost(seen.slots(plan.deadline_at), seen.now, finish_at, plan.power_w)
    return replace(plan, start_at=seen.now, estimated_finish_at=finish_at, smart_cost=cost)


def _is_start_due(plan: SmartChargingPlan, seen: Observation) -> bool:
    """Whether to charge now: it is time, the level is too low, or no better price is known."""
    if seen.is_below_minimum:
        return True
    if plan.start_at is not None:
        return seen.now >= plan.start_at
    best = cheapest_window(seen.slots(plan.deadline_at), seen.now, plan.deadline_at, _need(plan))
    return best is None or best.start <= seen.now


def _with_prices(plan: SmartChargingPlan, seen: Observation) -> SmartChargingPlan:
    """With its time and cost, once all prices before the deadline are known."""
    slots = seen.slots(plan.deadline_at)
    if not are_known(slots, seen.now, plan.deadline_at):
        return plan
    best = cheapest_window(slots, seen.now, plan.deadline_at, _need(plan))
    if best is None:
        return plan
    return replace(plan, start_at=best.start, smart_cost=best.cost, estimated_finish_at=best.end)


def _need(plan: SmartChargingPlan) -> ChargingNeed:
    return ChargingNeed(plan.duration, plan.power_w)


_WAITING = frozenset({State.STOPPING, State.STOP_FAILED, State.STOPPED, State.AWAITING_PRICES})
_TURNS: dict[State, Callable[[SmartCharging, SmartChargingPlan, Observation], Turn]] = {
    State.STOPPING: _stopping,
    State.STOP_FAILED: _stopping,
    State.STOPPED: _stopped,
    State.AWAITING_PRICES: _stopped,
    State.STARTING: _starting,
    State.START_FAILED: _starting,
    State.STARTED: _charging,
    State.CHARGE_INTERRUPTED: _interrupted,
}
