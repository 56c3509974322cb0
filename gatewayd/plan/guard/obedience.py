"""Whether a load does what it was granted: known from what it reports and draws, nothing else."""

from gatewayd.model.circuit import PHASES, amperes
from gatewayd.plan.guard.words import LoadMemory, LoadNow

# How long a device may take to obey before it counts at its worst, and before it is stopped.
DELIVERY_S = 4.0
ESCALATE_S = 10.0
_LIMIT_TOLERANCE_A = 0.5
# So much more than its limit a load may draw that keeps it.
DRAW_TOLERANCE_A = 1.5


def note(now: LoadNow | None, memory: LoadMemory, now_s: float) -> None:
    """Remember since when the load is silent, or has more than it was granted last."""
    is_silent = now is None or now.limit_a is None
    memory.silent_since_s = _since(memory.silent_since_s, now_s, lasts=is_silent)
    has_more = now is not None and not is_silent and _has_more(now, memory)
    memory.refused_since_s = _since(memory.refused_since_s, now_s, lasts=has_more)
    if has_more and now is not None:
        memory.refused_at_s = now.at_s


def is_pending(memory: LoadMemory) -> bool:
    """Whether it has not shown that it does what it was told."""
    return memory.refused_since_s is not None or memory.silent_since_s is not None


def is_stuck(memory: LoadMemory, now_s: float) -> bool:
    """Whether to count it at its maximum."""
    return is_pending(memory) and (
        _lasts(memory.refused_since_s, now_s, DELIVERY_S)
        or _lasts(memory.silent_since_s, now_s, DELIVERY_S)
    )


def is_hopeless(memory: LoadMemory, now_s: float, *, is_overloaded: bool) -> bool:
    """Whether lowering is of no use, so that it has to be stopped.

    In need that is so after a moment; else only by what it said after all that time.
    """
    if is_overloaded:
        return _lasts(memory.refused_since_s, now_s, DELIVERY_S)
    return _lasts(memory.refused_since_s, memory.refused_at_s, ESCALATE_S)


def is_to_fall_back(memory: LoadMemory, now_s: float, *, is_overloaded: bool) -> bool:
    """Whether its own watchdog is what remains."""
    return is_hopeless(memory, now_s, is_overloaded=is_overloaded) or _lasts(
        memory.silent_since_s, now_s, ESCALATE_S
    )


def _since(since_s: float | None, now_s: float, *, lasts: bool) -> float | None:
    if not lasts:
        return None
    return now_s if since_s is None else since_s


def _lasts(since_s: float | None, now_s: float, for_s: float) -> bool:
    return since_s is not None and now_s - since_s >= for_s


def _has_more(now: LoadNow, memory: LoadMemory) -> bool:
    if now.limit_a is not None and now.limit_a > memory.granted_a + _LIMIT_TOLERANCE_A:
        return True
    # Of a power only the mean of all phases is certain.
    drawn_a = now.drawn_a or (amperes(now.drawn_w or 0.0, memory.lines or PHASES),)
    return max(drawn_a) > memory.granted_a + DRAW_TOLERANCE_A
