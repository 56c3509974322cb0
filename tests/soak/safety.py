"""A few houses that show in seconds whether a guard is one; `planting` puts mutants in charge."""

import math

from gatewayd.plan.guard.guard import LEASE_S
from tests.soak.control import live
from tests.soak.house import House
from tests.soak.policy import Guarded

OVERSHOOT_S_MAX = 10.0
# Two faults may hide each other, and then an overload for as long as a lease at most.
OVERSHOOT_OF_TWO_S_MAX = LEASE_S
_JUMP_S = 600.0


def test_no_house_trips_and_none_is_overloaded_for_long() -> None:
    for fault, seed in (("charger_ignores", 1), ("clock_jumps", 1)):
        outcome = live(fault, seed, Guarded, 3600)

        assert outcome.trips == 0
        assert outcome.overshoot_s_max <= OVERSHOOT_S_MAX


def test_the_clock_on_the_wall_changes_nothing() -> None:
    assert _charged(0.0) == _charged(-3600.0) == _charged(3600.0)


def test_chargers_that_hear_nothing_more_fall_back_when_the_meter_is_gone() -> None:
    house, guard = House(1), Guarded()
    for second in range(700):
        house.step()
        guard.turn(house, house.now_s, house.now_s)
        if second == _JUMP_S:
            house.meter.is_silent = True
            for charger in house.chargers:
                charger.ignores = True

    fallen_a = [c.limit_a for c in house.chargers if c.failsafe_s < math.inf]
    assert fallen_a
    assert not any(fallen_a)


def _charged(jump_s: float) -> list[float]:
    house, guard, limits = House(1), Guarded(), []
    for _ in range(900):
        house.step()
        guard.turn(house, house.now_s, house.now_s + (jump_s if house.now_s > _JUMP_S else 0.0))
        limits.append(sum(charger.limit_a for charger in house.chargers))
    return limits
