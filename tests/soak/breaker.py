"""A breaker by its curve, at the fast edge of what is sold, phase by phase.

IEC 60898-1, table 7, for ratings up to 32 A and type B: 1.13 times the rating is held for an hour;
1.45 times trips within one; 2.55 times, from cold, in 1 s to 60 s; 3 times is the least at which
the magnetic release may act. Between these the thermal release is a first-order lag of the squared
current. Its time constant is ours: from cold 2.55 times trips after 21 s, twice the rating after
37 s, and from the rating itself twice after 9 s, which is the lower edge of makers' bands.

A gG fuse of the same rating bears more everywhere: IEC 60269-1 has it hold 1.25 times for an hour,
about twice for 10 s and more than 4 times for 0.1 s (25 A: 52 A and 110 A). Whatever spares this
breaker spares that fuse too.
"""

from collections.abc import Callable, Collection

from gatewayd.model.circuit import PHASES, Amps

HOLDS = 1.13
_TRIPS_AT = HOLDS**2
_AT_ONCE = 3.0
_TIME_CONSTANT_S = 95.0
_NEVER: Amps = (0.0, 0.0, 0.0)


class Breaker:
    """Opens once. `over_s_max` is the longest that a phase has carried more than it holds.

    Only what could be helped counts: there was a load on it that obeys, and somebody to tell it.
    What makes it worse is counted anew: nobody can lower for an appliance before it is switched on.
    """

    def __init__(self, rating_a: float) -> None:
        self.rating_a = rating_a
        self.has_tripped = False
        self.over_s_max = 0.0
        self._over_s = self._heat = _NEVER

    def worsen(self, line: int) -> None:
        """The house itself draws more on a phase from now on."""
        over_s = list(self._over_s)
        over_s[line] = 0.0
        self._over_s = over_s[0], over_s[1], over_s[2]

    def carry(
        self,
        current_a: Amps,
        controllable: Callable[[], Collection[int]],
        *,
        is_watched: bool = True,
    ) -> None:
        """One second; `controllable` gives the phases with a load that would obey."""
        rating_a = self.rating_a
        a, b, c = current_a[0] / rating_a, current_a[1] / rating_a, current_a[2] / rating_a
        hot_a, hot_b, hot_c = self._heat
        self._heat = (
            hot_a + (a * a - hot_a) / _TIME_CONSTANT_S,
            hot_b + (b * b - hot_b) / _TIME_CONSTANT_S,
            hot_c + (c * c - hot_c) / _TIME_CONSTANT_S,
        )
        if max(a, b, c) > HOLDS or min(a, b, c) < -HOLDS:
            self._suffer((a, b, c), controllable() if is_watched else ())
        elif self._over_s != _NEVER:
            self._over_s = _NEVER

    def _suffer(self, ratio: Amps, helped: Collection[int]) -> None:
        """More than it holds for ever: without that no phase gets hot enough to trip."""
        if max(self._heat) > _TRIPS_AT or max(map(abs, ratio)) >= _AT_ONCE:
            self.has_tripped = True
        a, b, c = (
            self._over_s[line] + 1.0 if abs(ratio[line]) > HOLDS and line in helped else 0.0
            for line in PHASES
        )
        self._over_s = a, b, c
        self.over_s_max = max(self.over_s_max, a, b, c)
