"""What smart charging saved: the same energy, had it been charged at once."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from gatewayd.model.smart_charging import SmartChargingPlan
from gatewayd.model.statistics import Consumption, EnergySample, Resolution
from gatewayd.plan.statistics.savings import put_off
from gatewayd.plan.statistics.series import charging_series
from gatewayd.plan.statistics.sessions import charging_sessions
from tests.unit.plan.test_statistics import DAY, HOME, HOUR, MINUTE, START, minutes

# 0.40 from 06:00 to 22:00 in Oslo, else 0.10; 22:00 there is 20:00 UTC.
STOP = START + 18 * HOUR
LATER = START + 20 * HOUR
PLAN = SmartChargingPlan(
    id="1",
    currency="NOK",
    location_id="home",
    non_smart_cost=Decimal("2.40"),
    smart_cost=Decimal("0.60"),
    stop_at=STOP,
    start_at=LATER,
    estimated_finish_at=LATER + HOUR,
    deadline_at=START + DAY,
    duration=HOUR,
    power_w=6000.0,
    stop_confirmed_at=STOP + MINUTE,
    ended_at=LATER + HOUR,
)


def used(
    samples: list[EnergySample],
    plans: Iterable[SmartChargingPlan] = (PLAN,),
    resolution: Resolution = Resolution.DAY,
    start: datetime = START,
) -> list[Consumption]:
    known = put_off(samples, plans)
    found = charging_series(known, start, START + 2 * DAY, resolution, HOME)
    return [one.consumption for one in found]


def test_energy_put_off_to_cheap_hours_has_saved_the_difference() -> None:
    (day,) = used(minutes(LATER, 60))

    assert day.cost == Decimal("0.60")
    assert day.estimated_savings == Decimal("1.80")
    assert day.non_smart_price is not None
    price = day.non_smart_price
    assert (price.min, price.mean, price.max) == (Decimal("0.40"),) * 3


def test_what_was_charged_before_the_plan_is_in_both_sums() -> None:
    (day,) = used([*minutes(STOP - HOUR, 60), *minutes(LATER, 60)])

    assert day.cost == Decimal("3.00")
    assert day.estimated_savings == Decimal("1.80")
    assert day.non_smart_price is not None
    assert day.non_smart_price.mean == Decimal("0.40")


def test_charging_at_once_would_have_run_into_the_cheap_hours_too() -> None:
    (day,) = used(minutes(LATER, 60), [replace(PLAN, stop_at=LATER - 30 * MINUTE)])

    assert day.estimated_savings == Decimal("0.90")
    assert day.non_smart_price is not None
    assert (day.non_smart_price.min, day.non_smart_price.max) == (Decimal("0.10"), Decimal("0.40"))
    assert day.non_smart_price.mean == Decimal("0.25")


def test_buckets_of_any_size_have_the_same_sum() -> None:
    samples = [*minutes(STOP - HOUR, 60), *minutes(LATER, 60)]
    whole = used(samples)[0].estimated_savings

    for resolution in Resolution:
        parts = [one.estimated_savings for one in used(samples, resolution=resolution)]
        assert sum(part for part in parts if part is not None) == whole


def test_a_session_tells_its_own_savings() -> None:
    samples = put_off([*minutes(STOP - HOUR, 60), *minutes(LATER, 60)], [PLAN])

    before, late = charging_sessions("car", samples, START, START + DAY, START + 2 * DAY, HOME)

    assert (before.consumption.non_smart_price, before.consumption.estimated_savings) == (None,) * 2
    assert late.consumption.estimated_savings == Decimal("1.80")


@pytest.mark.parametrize(
    "plan",
    [
        replace(PLAN, stop_confirmed_at=None),
        replace(PLAN, ended_at=LATER),
        replace(PLAN, ended_at=None, deadline_at=LATER - HOUR),
        replace(PLAN, stop_at=LATER + HOUR),
    ],
    ids=["it never stopped", "it ended before", "it was never ended", "it came later"],
)
def test_a_plan_that_changed_nothing_has_saved_nothing(plan: SmartChargingPlan) -> None:
    (day,) = used(minutes(LATER, 60), [plan])

    assert (day.non_smart_price, day.estimated_savings) == (None, None)


def test_a_plan_that_cost_more_tells_so() -> None:
    (day,) = used(
        minutes(START + DAY + 4 * HOUR, 60), [replace(PLAN, stop_at=LATER, ended_at=None)]
    )

    assert day.estimated_savings is None
    dear = replace(PLAN, stop_at=LATER, ended_at=START + 2 * DAY)
    (day,) = used(minutes(START + DAY + 4 * HOUR, 60), [dear])
    assert day.estimated_savings == Decimal("-1.80")


def test_where_a_price_is_not_known_nothing_is_claimed() -> None:
    samples = put_off(minutes(LATER, 60), [PLAN])

    (day,) = charging_series(samples, START, START + DAY, Resolution.DAY, {})

    assert day.consumption.estimated_savings is None


def test_a_day_that_begins_within_the_plan_goes_on_where_the_one_before_ended() -> None:
    late = replace(PLAN, stop_at=START + 19 * HOUR, ended_at=START + 2 * DAY)
    samples = minutes(START + DAY - HOUR, 120)

    first, second = used(samples, [late])

    # Two hours from 21:00 in Oslo: the first at 0.40, the second at 0.10, as it was.
    assert first.estimated_savings == Decimal("1.80")
    assert second.estimated_savings == 0
    assert used(samples, [late], start=START + DAY) == [second]
