"""What meters and loads say, less what cannot be: absent is safe, absurd is not."""

import math
from dataclasses import replace

from gatewayd.model.circuit import Circuit, Load, lines_of, watts
from gatewayd.plan.guard.words import LoadNow, MeterNow

# A load that was not heard of for this long draws nobody knows what.
UNKNOWN_S = 15.0
# A moment so little ahead is one that came while the look was taken.
AHEAD_S = 1.0
# No breaker carries so many times its rating for as long as a reading takes.
_BEYOND_BREAKER = 20.0
# What a load may draw beyond its nameplate before its meter is taken to be wrong.
_BEYOND_PLATE, _BEYOND_PLATE_A = 1.5, 5.0


def meter(now: MeterNow | None, circuit: Circuit, now_s: float) -> MeterNow | None:
    """The reading, or None for one that is as good as not made."""
    if now is None or not now.at_s <= now_s + AHEAD_S:
        return None
    most_a = _BEYOND_BREAKER * circuit.limit_a
    a, b, c = now.current_a
    if not (-most_a <= a <= most_a and -most_a <= b <= most_a and -most_a <= c <= most_a):
        return None
    if now.power_w is not None and not math.isfinite(now.power_w):
        return replace(now, power_w=None)
    return now


def load(now: LoadNow | None, of: Load, now_s: float) -> LoadNow | None:
    """The reading with what can be believed of it; None when it is too old."""
    if now is None or not -AHEAD_S <= now_s - now.at_s <= UNKNOWN_S:
        return None
    limit_a, drawn_a = now.limit_a, now.drawn_a
    if limit_a is not None and not math.isfinite(limit_a):
        return replace(now, limit_a=None, drawn_a=None, drawn_w=None)
    most_a = _BEYOND_PLATE * of.max_a + _BEYOND_PLATE_A
    if now.drawn_w is not None and not abs(now.drawn_w) <= watts(most_a, lines_of(of)):
        now = replace(now, drawn_w=None)
    if drawn_a is not None and not all(abs(amps) <= most_a for amps in drawn_a):
        return replace(now, drawn_a=None)
    return now


def wish(now: LoadNow | None, of: Load) -> float:
    """What is wanted; no number is no wish."""
    if now is None or not now.wish_a > 0:
        return 0.0
    return min(now.wish_a, of.max_a)


def found(now: LoadNow | None, of: Load) -> float:
    """What a load is at when it is seen first: taken over as it is, and lowered if need be."""
    if now is None or now.limit_a is None or now.limit_a < of.min_a:
        return 0.0
    return min(now.limit_a, of.max_a)
