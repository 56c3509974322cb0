"""What the controlled loads draw from each phase, at least and at most.

Meter and loads are not read at the same moment. What a load drew around the meter's moment is
therefore a range, and everything else is known to within that range only.
"""

from collections.abc import Iterable

from gatewayd.model.circuit import Load, at_least, at_most
from gatewayd.plan.guard.words import NOTHING_A, LoadMemory, LoadNow, Memory, Quad

# How far apart in time two readings may be that are held against each other.
SKEW_S = 2.5
# A load that was not heard of for this long draws nobody knows what.
UNKNOWN_S = 15.0
# A phase counts as unused after so long a time of charging without it.
PATTERN_S = 10.0
_USED_A = 1.0
_KEPT_S = 2 * UNKNOWN_S


def note(load: Load, now: LoadNow | None, memory: LoadMemory, now_s: float) -> None:
    """Remember what the load draws."""
    if now is None or now.drawn_a is None:
        memory.active = None
        return
    if not memory.drawn or now.at_s > memory.drawn[-1][0]:
        total_a = sum(now.drawn_a)
        least, most = at_least(load, now.drawn_a), at_most(load, now.drawn_a)
        memory.drawn.append((now.at_s, (*least, total_a), (*most, total_a)))
        _note_pattern(load, now.drawn_a, memory, now.at_s)
    while len(memory.drawn) > 1 and memory.drawn[0][0] < now_s - _KEPT_S:
        memory.drawn.popleft()


def drawn(loads: Iterable[Load], memory: Memory, at_s: float, now_s: float) -> tuple[Quad, Quad]:
    """What the loads drew at least and at most around `at_s`."""
    low, high = list(NOTHING_A), list(NOTHING_A)
    for load in loads:
        least, most = _range(memory.loads[load.id], at_s, now_s)
        for i in range(4):
            low[i] += least[i]
            high[i] += most[i]
    return _quad(low), _quad(high)


def _range(memory: LoadMemory, at_s: float, now_s: float) -> tuple[Quad, Quad]:
    if not memory.drawn or now_s - memory.drawn[-1][0] > UNKNOWN_S:
        # Then it is among what the meter sees, and counts at its maximum beside.
        return NOTHING_A, NOTHING_A
    near = [entry for entry in memory.drawn if abs(entry[0] - at_s) <= SKEW_S]
    if len(near) == 1:
        return near[0][1], near[0][2]
    if not near:
        near = [min(memory.drawn, key=lambda entry: abs(entry[0] - at_s))]
    least, most = (
        zip(*(entry[1] for entry in near), strict=True),
        zip(*(entry[2] for entry in near), strict=True),
    )
    return _quad([min(values) for values in least]), _quad([max(values) for values in most])


def _note_pattern(load: Load, drawn_a: tuple[float, ...], memory: LoadMemory, at_s: float) -> None:
    used = tuple(i for i, current_a in enumerate(drawn_a) if current_a > _USED_A)
    if used != memory.seen:
        memory.seen, memory.seen_since_s = used, at_s
    is_known = bool(used) and load.lines is not None and at_s - memory.seen_since_s >= PATTERN_S
    memory.active = used if is_known else None


def _quad(values: list[float]) -> Quad:
    return values[0], values[1], values[2], values[3]
