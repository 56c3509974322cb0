"""Checks an intent, and tells what it would lead to."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from gatewayd.model.flex import (
    FlexCost,
    FlexDenomination,
    FlexIntent,
    FlexIntentKind,
    FlexIntentRule,
    FlexPreview,
)
from gatewayd.model.tariff import PriceSlot
from gatewayd.plan.flex.allocation import Allocation
from gatewayd.plan.flex.load import CHUNK, FlexVehicle
from gatewayd.plan.flex.shape import SHOWN, allocate, chunk_start, shape_of
from gatewayd.plan.smart.window import window_cost

# Several for each chunk of a day.
MOST_RULES = 500
MOST_EPOCHS = 24
_GBP = "GBP"


def rule_faults(rules: Sequence[FlexIntentRule]) -> tuple[str, ...]:
    """What is wrong with rules whatever the loads are, in words for the caller."""
    if len(rules) > MOST_RULES:
        return (f"there must not be more than {MOST_RULES} rules",)
    if sum(rule.kind is FlexIntentKind.EPOCH for rule in rules) > MOST_EPOCHS:
        return (f"there must not be more than {MOST_EPOCHS} rules of kind EPOCH",)
    faults = []
    for position, rule in enumerate(rules):
        fault = _fault(rule)
        if fault:
            faults.append(f"rules[{position}]: {fault}")
    return tuple(faults)


def preview(
    rules: Sequence[FlexIntentRule],
    previous_revision_id: str,
    current: FlexIntent,
    vehicles: Sequence[FlexVehicle],
    now: datetime,
    *,
    slots: Sequence[PriceSlot] = (),
    currency: str = "",
) -> FlexPreview:
    """What rules would lead to in place of the current intent, and what that costs more.

    `slots` are the prices of the coming 24 hours; costs are only told in pounds.
    """
    faults = rule_faults(rules)
    before = allocate(vehicles, current.rules, now)
    after = allocate(vehicles, () if faults else rules, now)
    errors = [*faults, *after.unmet, *_outside(rules, now)]
    if previous_revision_id != current.revision_id:
        errors.insert(0, f"the intent has changed since revision {previous_revision_id[:50]!r}")
    cycles = FlexCost(FlexDenomination.EV_POWERCYCLES, Decimal(_cycles(after) - _cycles(before)))
    costs = [cycles]
    if currency == _GBP:
        paid = [_cost(allocation, slots, now) for allocation in (before, after)]
        if paid[0] is not None and paid[1] is not None:
            costs.append(FlexCost(FlexDenomination.USER_COST_GBP, paid[1] - paid[0]))
    return FlexPreview(tuple(errors), shape_of(after, now), tuple(costs))


def _fault(rule: FlexIntentRule) -> str | None:
    if not math.isfinite(rule.pressure):
        return "pressure must be a number"
    if rule.kind is FlexIntentKind.CHUNK_PRESSURE and not -1.0 <= rule.pressure <= 1.0:
        return "pressure must be between -1 and +1"
    is_energy = rule.kind not in (FlexIntentKind.CHUNK_PRESSURE, FlexIntentKind.EPOCH)
    if is_energy and rule.pressure < 0:
        return "an energy must not be negative"
    return None


def _outside(rules: Sequence[FlexIntentRule], now: datetime) -> list[str]:
    start = chunk_start(now)
    end = start + SHOWN * CHUNK
    return [
        f"rules[{position}]: the time is not within the coming 24 hours"
        for position, rule in enumerate(rules)
        if not start <= rule.at < end
    ]


def _cycles(allocation: Allocation) -> int:
    """How often charging begins."""
    begins = 0
    for share in allocation.shares:
        is_on = [energy_wh > 0 for energy_wh in share.taken_wh[:SHOWN]]
        begins += sum(
            now and not before for before, now in zip([False, *is_on], is_on, strict=False)
        )
    return begins


def _cost(allocation: Allocation, slots: Sequence[PriceSlot], now: datetime) -> Decimal | None:
    """The cost of the coming 24 hours; None where a price is missing."""
    start = chunk_start(now)
    total = Decimal(0)
    for chunk in range(SHOWN):
        begin = start + chunk * CHUNK
        power_w = allocation.total_wh(chunk) / (CHUNK / timedelta(hours=1))
        cost = window_cost(slots, begin, begin + CHUNK, power_w) if power_w else Decimal(0)
        if cost is None:
            return None
        total += cost
    return total
