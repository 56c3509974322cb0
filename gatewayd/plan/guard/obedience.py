"""Whether a load does what it was granted: known from what it reports and draws, nothing else."""

from gatewayd.plan.guard.words import LoadMemory, LoadNow

# How long a device may take to obey before it counts at its worst, and before it is stopped.
DELIVERY_S = 4.0
ESCALATE_S = 10.0
_LIMIT_TOLERANCE_A = 0.5
_DRAW_TOLERANCE_A = 1.5


def note(now: LoadNow | None, memory: LoadMemory, now_s: float) -> None:
    """Remember since when the load has had more than it was granted last."""
    if not _has_more(now, memory.granted_a):
        memory.refused_since_s = None
    elif memory.refused_since_s is None:
        memory.refused_since_s = now_s


def is_stuck(memory: LoadMemory, now_s: float) -> bool:
    """Whether to count it at its maximum."""
    since_s = memory.refused_since_s
    return since_s is not None and now_s - since_s >= DELIVERY_S


def is_hopeless(memory: LoadMemory, now_s: float) -> bool:
    """Whether lowering is of no use, so that it has to be stopped."""
    since_s = memory.refused_since_s
    return since_s is not None and now_s - since_s >= ESCALATE_S


def _has_more(now: LoadNow | None, granted_a: float) -> bool:
    if now is None or now.limit_a is None:
        return True
    if now.limit_a > granted_a + _LIMIT_TOLERANCE_A:
        return True
    return max(now.drawn_a or (), default=0.0) > granted_a + _DRAW_TOLERANCE_A
