"""House-hours under one class of faults, with either policy."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.soak.estate import Estate
from tests.soak.faults import TWO, Outside, weathers
from tests.soak.house import House
from tests.soak.policy import Policy

EPISODE_S = 2 * 3600


@dataclass
class Outcome:
    """What came of the hours of one class."""

    house_hours: float = 0.0
    trips: int = 0
    overshoot_s_max: float = 0.0
    charged_kwh: float = 0.0


def live(fault: str, seed: int, policy: Callable[[], Policy], seconds: int = EPISODE_S) -> Outcome:
    """One house from its seed, until it trips or the time is over."""
    house, outside = (Estate if fault == TWO else House)(seed), Outside()
    weather, daemon = weathers(fault, house, outside), policy()
    outcome = Outcome()
    for _ in range(seconds):
        house.step(is_watched=outside.dead_until_s <= house.now_s)
        for one in weather:
            one.step()
        if outside.dead_until_s > house.now_s:
            daemon = policy()
        else:
            daemon.turn(house, house.now_s, house.now_s + outside.wall_offset_s)
        outcome.charged_kwh += house.charged_a * 230.0 / 3.6e6
        if house.has_tripped:
            outcome.trips = 1
            break
    outcome.house_hours = house.now_s / 3600.0
    outcome.overshoot_s_max = max(one.over_s_max for one in house.breakers.values())
    return outcome


def soak(fault: str, hours: float, policy: Callable[[], Policy], seed: int = 0) -> Outcome:
    """House after house."""
    total = Outcome()
    while total.house_hours < hours:
        one = live(fault, seed, policy)
        total.house_hours += one.house_hours
        total.trips += one.trips
        total.charged_kwh += one.charged_kwh
        total.overshoot_s_max = max(total.overshoot_s_max, one.overshoot_s_max)
        seed += 1
    return total
