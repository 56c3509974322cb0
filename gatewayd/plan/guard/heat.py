"""How warm a breaker is, and how much more than its rating it bears for a while.

A thermal release follows the square of the current with a time constant of minutes. IEC 60898-1
has it hold 1.13 times its rating for an hour: up to that it is never hot enough to trip.
"""

import math

from gatewayd.model.circuit import PHASES, Amps, Circuit

HOLDS = 1.13
# As far as a cool breaker is used: the difference is for what is measured late.
_USED = 1.1
_TIME_CONSTANT_S = 120.0
_COOL, _HOT = 0.5, 0.9

Heat = tuple[float, float, float]


def warmed(heat: Heat, current_a: Amps, rating_a: float, s: float) -> Heat:
    """The heat after `s` seconds of these currents; 1 is the rating borne for ever."""
    keeps = math.exp(-max(0.0, s) / _TIME_CONSTANT_S)
    a, b, c = (
        was * keeps + (i / rating_a) ** 2 * (1.0 - keeps)
        for was, i in zip(heat, current_a, strict=True)
    )
    return a, b, c


def bonus_a(circuit: Circuit, heat: Heat) -> Amps:
    """What may be drawn beyond the usable current, for as long as the breaker is cool."""
    most_a = _USED * circuit.limit_a - circuit.usable_a
    a, b, c = (min(1.0, max(0.0, (_HOT - hot) / (_HOT - _COOL))) * most_a for hot in heat)
    return a, b, c


def over(current_a: Amps, rating_a: float) -> tuple[int, ...]:
    """The phases that carry more than it holds for an hour."""
    return tuple(line for line in PHASES if abs(current_a[line]) > HOLDS * rating_a)
