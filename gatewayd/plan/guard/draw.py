"""What the controlled loads draw from each phase, at least and at most.

Meter and loads are not read at the same moment. What a load drew around the meter's moment is
therefore a range, and everything else is known to within that range only.
"""

from collections.abc import Iterable
from typing import NamedTuple

from gatewayd.model.circuit import NOMINAL_V, PHASES, Load, at_least, at_most, lines_of
from gatewayd.plan.guard.obedience import DRAW_TOLERANCE_A
from gatewayd.plan.guard.quad import higher, lower, plus
from gatewayd.plan.guard.sane import UNKNOWN_S
from gatewayd.plan.guard.words import NOTHING_A, LoadMemory, LoadNow, Memory, Quad

# How far apart in time two readings may be that are held against each other.
SKEW_S = 2.5
# A phase counts as unused after so long a time of charging without it.
PATTERN_S = 10.0
_USED_A = 1.0
_KEPT_S = 2 * UNKNOWN_S


class Drawn(NamedTuple):
    """What loads drew from each phase around a moment, at least and at most.

    `sure` is the highest that they certainly drew on it at some moment near: less than `most` by
    what may have been on another phase, never by what changed meanwhile.
    """

    least: Quad = NOTHING_A
    most: Quad = NOTHING_A
    sure: Quad = NOTHING_A


def note(load: Load, now: LoadNow | None, memory: LoadMemory) -> None:
    """Remember what the load draws."""
    if now is None or now.drawn_a is None:
        memory.seen, memory.active = (), None
    if now is None or (now.drawn_a is None and now.drawn_w is None):
        return
    if memory.drawn and now.at_s <= memory.drawn[-1][0]:
        return
    if now.drawn_a is not None:
        memory.drawn.append((now.at_s, *_by_current(load, now.drawn_a)))
        _note_pattern(load, now.drawn_a, memory, now.at_s)
    else:
        memory.drawn.append((now.at_s, *_by_power(load, now)))
    while memory.drawn[0][0] < now.at_s - _KEPT_S:
        memory.drawn.popleft()


def _by_current(load: Load, drawn_a: tuple[float, ...]) -> tuple[Quad, Quad]:
    total_a = sum(drawn_a)
    least = (*at_least(load, drawn_a), total_a)
    # Where its phases are known, there is no better and no worse.
    return least, least if load.lines is not None else (*at_most(load, drawn_a), total_a)


def _by_power(load: Load, now: LoadNow) -> tuple[Quad, Quad]:
    """What a power is at least and at most on each phase, as far as the load keeps its limit."""
    lines, total_a = lines_of(load), (now.drawn_w or 0.0) / NOMINAL_V
    offered_a = load.max_a if now.limit_a is None else now.limit_a + DRAW_TOLERANCE_A
    cap_a = max(min(load.max_a, offered_a), abs(total_a) / len(lines))
    ends_a = (max(0.0, total_a - (len(lines) - 1) * cap_a), min(cap_a, total_a))
    a, b, c = ((min(ends_a), max(ends_a)) if line in lines else (0.0, 0.0) for line in PHASES)
    return (a[0], b[0], c[0], total_a), (a[1], b[1], c[1], total_a)


def drawn(loads: Iterable[Load], memory: Memory, at_s: float, now_s: float) -> Drawn:
    """What the loads drew around `at_s`."""
    total = Drawn()
    for load in loads:
        total = Drawn(*map(plus, total, _range(memory.loads[load.id], at_s, now_s)))
    return total


def _range(memory: LoadMemory, at_s: float, now_s: float) -> Drawn:
    if not memory.drawn or now_s - memory.drawn[-1][0] > UNKNOWN_S:
        # Then it is among what the meter sees, and counts at its maximum beside.
        return Drawn()
    near = [entry for entry in memory.drawn if -SKEW_S <= entry[0] - at_s <= SKEW_S]
    if not near:
        near = [min(memory.drawn, key=lambda entry: abs(entry[0] - at_s))]
    _, least, most = near[0]
    sure = least
    for _, low, high in near[1:]:
        if low != least or high != most:
            least, most, sure = lower(least, low), higher(most, high), higher(sure, low)
    return Drawn(least, most, sure)


def _note_pattern(load: Load, drawn_a: tuple[float, ...], memory: LoadMemory, at_s: float) -> None:
    if load.lines is None:
        return
    used = tuple([i for i, amps in enumerate(drawn_a[: len(load.lines)]) if amps > _USED_A])
    if used != memory.seen:
        memory.seen, memory.seen_since_s = used, at_s
    memory.active = used if used and at_s - memory.seen_since_s >= PATTERN_S else None
