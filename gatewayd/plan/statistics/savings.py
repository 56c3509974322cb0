"""What a smart charging plan put off, and when it would have been charged at once."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gatewayd.model.smart_charging import SmartChargingPlan
from gatewayd.model.statistics import AtOnce, EnergySample

_UWH_PER_WATT_SECOND = 1_000_000 / 3600


def put_off(
    samples: Sequence[EnergySample], plans: Iterable[SmartChargingPlan]
) -> list[EnergySample]:
    """A vehicle's samples, oldest first, and of those its plans put off when they would have been.

    Without the plan charging would have gone on from its stop, with the power it then had. A plan
    that never stopped the vehicle changed nothing.
    """
    found = list(samples)
    for plan in plans:
        if plan.stop_confirmed_at is not None and plan.power_w > 0:
            _put_off(found, plan)
    return found


def after(at_once: AtOnce, energy_uwh: int) -> datetime:
    """When this much energy would have been charged."""
    seconds = energy_uwh / (at_once.power_w * _UWH_PER_WATT_SECOND)
    return at_once.start + timedelta(seconds=seconds)


def _put_off(samples: list[EnergySample], plan: SmartChargingPlan) -> None:
    """Replace the samples that begin while the plan is at work."""
    next_at = plan.stop_at
    first, end = (
        bisect_left(samples, at, key=lambda sample: sample.start)
        for at in (plan.stop_at, plan.over_at)
    )
    for position in range(first, end):
        at_once = AtOnce(next_at, plan.power_w)
        next_at = after(at_once, samples[position].energy_uwh)
        samples[position] = replace(samples[position], at_once=at_once)
