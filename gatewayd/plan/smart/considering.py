"""Whether a vehicle that charges should be stopped now and charged later."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from gatewayd.model.smart_charging import Consideration, SmartChargingPlan
from gatewayd.plan.smart.observation import Observation
from gatewayd.plan.smart.window import (
    ChargingNeed,
    Window,
    are_known,
    charging_need,
    cheapest_window,
    window_cost,
)

MINIMUM_DELAY = timedelta(minutes=30)
MINIMUM_SAVING = Decimal("0.05")


@dataclass(frozen=True, slots=True)
class Considered:
    """The outcome: a plan or the reason why there is none."""

    consideration: Consideration
    reason: str
    plan: SmartChargingPlan | None = None


def consider(seen: Observation, held_power_w: float | None = None) -> Considered:
    """Make a plan if all that must be true is, and it is worth it.

    `held_power_w` is the power of a plan before, when it was that plan which stopped the vehicle:
    then it need not be charging.
    """
    need = charging_need(seen.vehicle, seen.vehicle.power_w or held_power_w)
    consideration = Consideration(
        is_plugged_in=seen.charging.is_plugged_in is True,
        is_charging=seen.charging.is_charging is True,
        at_charging_location=seen.location_id is not None,
        has_time_estimate=need is not None,
    )
    reason = _obstacle(seen, consideration, is_held=held_power_w is not None)
    deadline_at = seen.deadline_at()
    if reason or need is None or deadline_at is None:
        return Considered(consideration, reason or "no deadline is set")
    found = _plan(seen, need, deadline_at)
    if isinstance(found, str):
        return Considered(consideration, found)
    return Considered(consideration, "charging later is cheaper", found)


def _obstacle(seen: Observation, consideration: Consideration, *, is_held: bool) -> str | None:
    if seen.is_overridden:
        return "the user has asked to charge now"
    if not consideration.is_plugged_in:
        return "the vehicle is not plugged in"
    if not consideration.is_charging and not is_held:
        return "the vehicle is not charging"
    if not consideration.at_charging_location:
        return "the vehicle is at no known location"
    if not consideration.has_time_estimate:
        return "the time that charging takes is not known"
    if seen.is_below_minimum:
        return "the level is below the minimum, so it charges at any price"
    return None


def _plan(seen: Observation, need: ChargingNeed, deadline_at: datetime) -> SmartChargingPlan | str:
    slots = seen.slots(deadline_at)
    non_smart_cost = window_cost(slots, seen.now, seen.now + need.duration, need.power_w)
    if seen.now + need.duration > deadline_at:
        return "there is no time to lose before the deadline"
    best = cheapest_window(slots, seen.now, deadline_at, need)
    if non_smart_cost is None or best is None or seen.prices is None:
        return "the price of charging now is not known"
    reason = _not_worthwhile(seen, best, non_smart_cost)
    if reason:
        return reason
    # With prices yet to come an even cheaper time may turn up; the best known one is the fallback.
    is_final = are_known(slots, seen.now, deadline_at)
    return SmartChargingPlan(
        id=seen.plan_id,
        currency=seen.prices.currency,
        location_id=seen.location_id,
        non_smart_cost=non_smart_cost,
        smart_cost=best.cost if is_final else None,
        stop_at=seen.now,
        start_at=best.start if is_final else None,
        estimated_finish_at=best.end,
        deadline_at=deadline_at,
        duration=need.duration,
        power_w=need.power_w,
    )


def _not_worthwhile(seen: Observation, best: Window, non_smart_cost: Decimal) -> str | None:
    if best.start - seen.now <= MINIMUM_DELAY:
        return "now is about the cheapest time"
    saving = non_smart_cost - best.cost
    # Of a cost that is zero or below, a share makes no sense but a saving does.
    if saving <= 0 or saving < MINIMUM_SAVING * abs(non_smart_cost):
        return "charging later saves too little"
    return None
