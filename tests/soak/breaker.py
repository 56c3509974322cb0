"""A breaker by its curve, at the fast edge of what the standard allows, phase by phase.

IEC 60898-1: 1.13 times the rating is held for an hour, 1.45 times trips within one, type B trips at
once from three times on. Between these the thermal release is a first-order lag; its time constant
is so short that twice the rating, from warm, trips within 20 seconds.
"""

from collections.abc import Collection, Sequence

_HOLDS = 1.13
_TRIPS_AT = _HOLDS**2
_AT_ONCE = 3.0
_TIME_CONSTANT_S = 95.0


class Breaker:
    """Opens once. `over_s` is how long without a break it has carried more than it holds for ever,

    while a load was on that could have been lowered.
    """

    def __init__(self, rating_a: float) -> None:
        self.rating_a = rating_a
        self.has_tripped = False
        self.over_s = 0.0
        self.over_s_max = 0.0
        self._heat = [0.0, 0.0, 0.0]

    def carry(self, current_a: Sequence[float], controllable: Collection[int]) -> None:
        """One second; `controllable` are the phases with a load that would obey."""
        highest = 0.0
        for line, amps in enumerate(current_a):
            ratio = abs(amps) / self.rating_a
            heat = self._heat[line]
            self._heat[line] = heat = heat + (ratio * ratio - heat) / _TIME_CONSTANT_S
            if heat > _TRIPS_AT or ratio >= _AT_ONCE:
                self.has_tripped = True
            if line in controllable:
                highest = max(highest, ratio)
        self.over_s = self.over_s + 1.0 if highest > _HOLDS else 0.0
        self.over_s_max = max(self.over_s_max, self.over_s)
