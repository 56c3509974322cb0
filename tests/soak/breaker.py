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

from collections.abc import Collection, Sequence

HOLDS = 1.13
_TRIPS_AT = HOLDS**2
_AT_ONCE = 3.0
_TIME_CONSTANT_S = 95.0


class Breaker:
    """Opens once. `over_s_max` is the longest that a phase has carried more than it holds.

    Only what could be helped counts: there was a load on it that obeys, and somebody to tell it.
    """

    def __init__(self, rating_a: float) -> None:
        self.rating_a = rating_a
        self.has_tripped = False
        self.over_s_max = 0.0
        self._over_s = [0.0, 0.0, 0.0]
        self._heat = [0.0, 0.0, 0.0]

    def carry(
        self, current_a: Sequence[float], controllable: Collection[int], *, is_watched: bool = True
    ) -> None:
        """One second; `controllable` are the phases with a load that would obey."""
        heats, over_s = self._heat, self._over_s
        for line, amps in enumerate(current_a):
            ratio = abs(amps) / self.rating_a
            heats[line] = heat = heats[line] + (ratio * ratio - heats[line]) / _TIME_CONSTANT_S
            if heat > _TRIPS_AT or ratio >= _AT_ONCE:
                self.has_tripped = True
            if ratio <= HOLDS or not is_watched or line not in controllable:
                over_s[line] = 0.0
                continue
            over_s[line] += 1.0
            self.over_s_max = max(self.over_s_max, over_s[line])
