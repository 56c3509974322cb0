"""What goes wrong in a house, one class at a time: for a while, again and again, at random."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.soak.house import LATEST_S, PATIENCE_S, House


@dataclass
class Outside:
    """What happens to the daemon rather than to the house."""

    dead_until_s: float = -1.0
    wall_offset_s: float = 0.0


Fault = Callable[[House, Outside, bool], None]


def _meter_stale(house: House, _: Outside, is_on: bool) -> None:
    house.suspect.is_silent = is_on


def _meter_frozen(house: House, _: Outside, is_on: bool) -> None:
    house.suspect.is_frozen = is_on


def _meter_wrong_sign(house: House, _: Outside, is_on: bool) -> None:
    house.suspect.sign = -1.0 if is_on else 1.0


def _late_answers(house: House, _: Outside, is_on: bool) -> None:
    house.suspect.late_s = house.random.choice((2, PATIENCE_S, 30, LATEST_S)) if is_on else 0


def _charger_ignores(house: House, _: Outside, is_on: bool) -> None:
    house.random.choice(house.chargers).ignores = is_on
    if not is_on:
        for charger in house.chargers:
            charger.ignores = False


def _charger_reboots(house: House, _: Outside, is_on: bool) -> None:
    if is_on:
        house.random.choice(house.chargers).reboot(house.now_s)


def _charger_draws_more(house: House, _: Outside, is_on: bool) -> None:
    for charger in house.chargers:
        charger.draws_more_a = 0.0
    if is_on:
        # Of one that tells only watts nobody could see it where its circuit has no meter.
        car = house.random.choice([c for c in house.chargers if c.tells_currents])
        car.draws_more_a = house.random.choice((2.0, 4.0, 16.0))


def _link_lost(house: House, _: Outside, is_on: bool) -> None:
    for charger in house.chargers:
        charger.is_linked = not is_on or house.random.random() < 0.3


def _daemon_killed(house: House, outside: Outside, is_on: bool) -> None:
    if is_on:
        outside.dead_until_s = house.now_s + house.random.choice((10.0, 120.0, 900.0))


def _clock_jumps(house: House, outside: Outside, is_on: bool) -> None:
    if is_on:
        outside.wall_offset_s += house.random.choice((-3.0e7, -3600.0, 3600.0, 3.0e7))


def _nothing(house: House, _: Outside, is_on: bool) -> None:
    """All is well."""


FAULTS: dict[str, Fault] = {
    "nothing": _nothing,
    "meter_stale": _meter_stale,
    "meter_frozen": _meter_frozen,
    "meter_wrong_sign": _meter_wrong_sign,
    "late_answers": _late_answers,
    "charger_ignores": _charger_ignores,
    "charger_reboots": _charger_reboots,
    "charger_draws_more": _charger_draws_more,
    "link_lost": _link_lost,
    "daemon_killed": _daemon_killed,
    "clock_jumps": _clock_jumps,
}


# Of any two classes of faults, in houses of another size.
TWO = "two_at_once"
CLASSES = (*FAULTS, TWO)

# A policy that holds the last value has to trip breakers in these, or they are too mild to show
# anything.
TELLING = frozenset(CLASSES) - {"nothing"}


def weathers(of: str, house: House, outside: Outside) -> tuple["Weather", ...]:
    """What comes and goes in a class of faults."""
    names = [of] if of != TWO else house.random.sample(list(FAULTS), 2)
    return tuple(Weather(name, house, outside) for name in names)


class Weather:
    """Lets one fault come and go: on for up to ten minutes, then off for as long."""

    def __init__(self, name: str, house: House, outside: Outside) -> None:
        self._fault = FAULTS[name]
        self._house = house
        self._outside = outside
        self._is_on = False
        self._next_s = house.random.uniform(180.0, 600.0)

    def step(self) -> None:
        """One second."""
        if self._house.now_s < self._next_s:
            return
        self._is_on = not self._is_on
        self._fault(self._house, self._outside, self._is_on)
        least_s, most_s = (20.0, 600.0) if self._is_on else (200.0, 900.0)
        self._next_s = self._house.now_s + self._house.random.uniform(least_s, most_s)
