"""Why smart charging tells a vehicle what it does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

from gatewayd.model.decision import Grounds, Input
from gatewayd.model.smart_charging import SmartChargingPlan
from gatewayd.plan.local_words import local
from gatewayd.plan.smart.observation import Observation
from gatewayd.plan.smart.turn import Turn

_MOMENT = timedelta(seconds=1)


def grounds(turn: Turn, seen: Observation) -> Grounds:
    """What speaks for the command of a turn, made from what was seen."""
    plan = turn.charging.plan
    zone = seen.prices.zone if seen.prices else UTC
    return Grounds(
        turn.reason,
        tuple(_inputs(plan, seen, zone)),
        tuple(_candidates(plan, zone)),
        _binding(plan, seen, zone),
    )


def _inputs(plan: SmartChargingPlan | None, seen: Observation, zone: tzinfo) -> Iterator[Input]:
    if price := _price(seen):
        yield Input("price", price)
    yield Input("minimum_charge_limit_pct", seen.policy.minimum_charge_limit_pct)
    if plan is not None:
        yield Input("deadline", local(plan.deadline_at, zone))
        yield Input("duration_s", plan.duration.total_seconds())
        yield Input("planned_power_w", plan.power_w)


def _price(seen: Observation) -> str | None:
    """What a kilowatt-hour costs now."""
    slots = seen.slots(seen.now + _MOMENT)
    if seen.prices is None or not slots or slots[0].price is None:
        return None
    return f"{slots[0].price:.4f} {seen.prices.currency}/kWh"


def _candidates(plan: SmartChargingPlan | None, zone: tzinfo) -> Iterator[str]:
    """The costs that were compared."""
    if plan is None:
        return
    yield _offer("at once", plan.stop_at, plan.non_smart_cost, plan.currency, zone)
    if plan.start_at is not None and plan.smart_cost is not None:
        yield _offer("later", plan.start_at, plan.smart_cost, plan.currency, zone)


def _offer(word: str, at: datetime, cost: Decimal, currency: str, zone: tzinfo) -> str:
    return f"{word}, from {local(at, zone)}, for {cost:.2f} {currency}"


def _binding(plan: SmartChargingPlan | None, seen: Observation, zone: tzinfo) -> str | None:
    if seen.is_overridden:
        return "the user's override"
    if seen.is_below_minimum:
        return f"the minimum level of {seen.policy.minimum_charge_limit_pct:g} %"
    return f"the deadline on {local(plan.deadline_at, zone)}" if plan else None
