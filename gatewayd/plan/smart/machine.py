"""The state machine of smart charging, asked at every update of the vehicle.

Pure: what is known goes in, what to remember and what to send comes out. The caller stores the
state and, whenever there is one, the plan by its id.
"""

from dataclasses import replace
from datetime import datetime

from gatewayd.model.charging import is_at_limit
from gatewayd.model.smart_charging import SmartChargeState as State
from gatewayd.model.smart_charging import SmartCharging, SmartChargingPlan, SmartChargingPolicy
from gatewayd.plan.smart.considering import consider
from gatewayd.plan.smart.executing import execute
from gatewayd.plan.smart.observation import Observation
from gatewayd.plan.smart.turn import Turn, give_back, stop, to

# Levels come in whole percent, and a battery sags a little after charging.
_NEAR_PCT = 1.0


def initial(now: datetime) -> SmartCharging:
    """Where a vehicle stands that never had smart charging."""
    return SmartCharging(State.DISABLED, now, SmartChargingPolicy())


def step(charging: SmartCharging, seen: Observation) -> Turn:
    """Decide. Nothing is remembered but what is returned."""
    return _settle(charging, seen, _decide(charging, seen))


def _decide(charging: SmartCharging, seen: Observation) -> Turn:
    plan = charging.plan
    if plan is not None and charging.state.is_executing:
        return execute(charging, plan, seen)
    if plan is not None and charging.state.is_ended and seen.policy.is_enabled:
        return _after(charging, seen)
    return _idle(charging, seen)


def _after(charging: SmartCharging, seen: Observation) -> Turn:
    """A plan has ended: nothing more until the next stay at the plug or another policy."""
    is_plugged_in = seen.charging.is_plugged_in
    if is_plugged_in is False:
        charging = replace(charging, is_spent=False)
    is_over = is_plugged_in is True and not charging.is_spent
    is_changed = seen.policy != charging.policy or charging.state is State.DEADLINE_CHANGED
    if is_over or is_changed:
        return _idle(charging, seen)
    return give_back(charging, seen, "the plan has ended; the next comes with the next plug-in")


def _idle(charging: SmartCharging, seen: Observation) -> Turn:
    """Without a plan in force."""
    held_power_w = charging.plan.power_w if charging.plan and charging.is_holding else None
    reason = ""
    if not seen.policy.is_enabled:
        state, reason = State.DISABLED, "smart charging is not enabled"
    elif not seen.is_capable:
        state, reason = State.UNKNOWN, "the vehicle cannot be started and stopped"
    elif seen.location_id is not None and not seen.has_prices():
        state, reason = State.UNKNOWN, "no prices are known for the vehicle's location"
    elif seen.charging.is_complete or is_at_limit(seen.vehicle, _NEAR_PCT):
        state, reason = State.FULLY_CHARGED, "the vehicle is charged"
    else:
        return _considering(charging, seen, held_power_w)
    return give_back(replace(charging, state=state), seen, reason)


def _considering(charging: SmartCharging, seen: Observation, held_power_w: float | None) -> Turn:
    found = consider(seen, held_power_w)
    if found.plan is None:
        considering = replace(charging, state=State.CONSIDERING, consideration=found.consideration)
        return give_back(considering, seen, found.reason)
    return _begin(charging, seen, found.plan, found.reason)


def _begin(
    charging: SmartCharging, seen: Observation, plan: SmartChargingPlan, reason: str
) -> Turn:
    """Enter a new plan; a vehicle that still stands from the one before needs no stop."""
    if seen.charging.is_charging is False:
        plan = replace(plan, stop_confirmed_at=seen.now)
        state = State.AWAITING_PRICES if plan.start_at is None else State.STOPPED
        return to(replace(charging, plan=plan, is_holding=True), state, reason)
    return stop(replace(charging, plan=plan), seen, State.STOPPING, reason)


def _settle(before: SmartCharging, seen: Observation, turn: Turn) -> Turn:
    """What holds after every turn, whatever it was."""
    after = turn.charging
    is_changed = after.state is not before.state or _is_another(before.plan, after)
    settled = replace(
        after,
        state_changed_at=seen.now if is_changed else before.state_changed_at,
        policy=seen.policy,
        plan=after.plan if after.state.has_plan else None,
        consideration=after.consideration if after.state is State.CONSIDERING else None,
        resumes=after.resumes if after.state is State.OVERRIDDEN else None,
        is_spent=after.is_spent and after.state.is_ended,
    )
    return replace(turn, charging=settled)


def _is_another(plan: SmartChargingPlan | None, after: SmartCharging) -> bool:
    return plan is not None and after.plan is not None and plan.id != after.plan.id
