"""A load's own steps, and what the meter shows of them.

Whoever switched it, a load that stood still, changed and stands still again must show at the meter.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean

from gatewayd.model.circuit import NOMINAL_V, PHASES

# So many steps in a row have to agree.
AGREEING = 3
# How long a load must stand still before and after, and within what.
STILL_S = 24.0
_STILL_A = 0.75
# The least step that stands out, and how long it may take.
_STEP_A = 4.0
_STEP_S = 60.0
# Charger and meter are read at different moments, and each averages.
_LAG_S = 4.0
# Parts of the step: what others may do meanwhile, what is none of it, and what is.
_NOISE, _NOTHING, _SOME = 0.2, 0.2, 0.35


@dataclass(frozen=True, slots=True)
class Said:
    """Currents by phase, in ampere, at a moment (monotonic)."""

    at_s: float
    amps: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One that stands out. `own`: which of the load's own phases took part; `lines`: what the

    meter's phases a, b and c did then: 1 with it, -1 against it, 0 nothing. `ratio` is what the
    meter showed of it, `delay_s` how much later than the load it did.
    """

    own: tuple[bool, ...]
    lines: tuple[int, int, int]
    ratio: float = 1.0
    delay_s: float = 0.0


@dataclass(slots=True)
class _Plateau:
    """A time in which the load stood still."""

    first: Said
    until_s: float

    @property
    def lasts_s(self) -> float:
        return self.until_s - self.first.at_s


@dataclass(slots=True)
class StepMemory:
    """What is passed on: the load's plateaus, the meter's last minutes, and the last steps.

    `others` is what is known to flow beside the load at the meter's readings, in watt.
    """

    now: _Plateau | None = None
    before: _Plateau | None = None
    meter: deque[Said] = field(default_factory=deque)
    others: deque[tuple[float, float | None]] = field(default_factory=deque)
    steps: deque[Step] = field(default_factory=lambda: deque(maxlen=AGREEING))


def note(load: Said, meter: Said, memory: StepMemory, others_w: float | None = 0.0) -> Step | None:
    """Take in what both said last; the step that has just come to its end, if it stands out.

    `others_w` is what all that is known beside the load draws, less what it brings: a battery that
    makes up for a step, or a charger that is lowered for another, hides it from the meter. None is
    unknown, and then nothing can be said.
    """
    _note_meter(meter, memory, others_w)
    now = memory.now
    if now is None or not _is_still(now.first.amps, load.amps):
        if now is not None and now.lasts_s >= STILL_S:
            memory.before = now
        memory.now = _Plateau(load, load.at_s)
        return None
    was_short, now.until_s = now.lasts_s < STILL_S, load.at_s
    before = memory.before
    if before is None or not was_short or now.lasts_s < STILL_S:
        return None
    memory.before = None
    found = _step(before, now, memory)
    if found is not None:
        memory.steps.append(found)
    return found


def _note_meter(meter: Said, memory: StepMemory, others_w: float | None) -> None:
    kept = memory.meter
    if not kept or meter.at_s > kept[-1].at_s:
        kept.append(meter)
        memory.others.append((meter.at_s, others_w))
    while kept[0].at_s < meter.at_s - 2 * STILL_S - _STEP_S - _LAG_S:
        kept.popleft()
        memory.others.popleft()


def _is_still(one: Sequence[float], other: Sequence[float]) -> bool:
    return len(one) == len(other) and all(
        abs(a - b) <= _STILL_A for a, b in zip(one, other, strict=True)
    )


def _step(before: _Plateau, now: _Plateau, memory: StepMemory) -> Step | None:
    """The step between the two; None for one that says nothing."""
    meter = memory.meter
    own_a = [b - a for a, b in zip(before.first.amps, now.first.amps, strict=False)]
    size_a = max(own_a, key=abs, default=0.0)
    if abs(size_a) < _STEP_A or now.first.at_s - before.until_s > _STEP_S:
        return None
    if _have_moved(memory.others, before, now, sum(own_a)):
        return None
    earlier = [said for said in meter if _is_before(said.at_s, before)]
    later = [said for said in meter if _is_after(said.at_s, now)]
    own, shown = [part / size_a for part in own_a], _shown(earlier, later, size_a)
    if shown is None or not all(_is_clear(part) for part in (*own, *shown)):
        return None
    a, b, c = (_rounded(part) for part in shown)
    moved = [abs(part) for part in shown if _rounded(part)]
    delay_s = _delay_s(before, now, meter, fmean(sum(said.amps) for said in earlier), size_a)
    own_moved = tuple(_rounded(part) == 1 for part in own)
    if any(_rounded(part) < 0 for part in own):
        return None
    return Step(own_moved, (a, b, c), fmean(moved) if moved else 0.0, delay_s)


def _is_before(at_s: float, before: _Plateau) -> bool:
    return before.until_s - STILL_S + _LAG_S <= at_s <= before.until_s - _LAG_S


def _is_after(at_s: float, now: _Plateau) -> bool:
    return now.first.at_s + _LAG_S <= at_s <= now.first.at_s + STILL_S


def _have_moved(
    others: Sequence[tuple[float, float | None]], before: _Plateau, now: _Plateau, step_a: float
) -> bool:
    """Whether what is known beside the load changed with it, or is not known."""
    were = [watts for at_s, watts in others if _is_before(at_s, before)]
    are = [watts for at_s, watts in others if _is_after(at_s, now)]
    known = [[watts for watts in some if watts is not None] for some in (were, are)]
    if known != [were, are] or not were or not are:
        return True
    return abs(fmean(known[1]) - fmean(known[0])) > _NOISE * abs(step_a) * NOMINAL_V


def _shown(earlier: Sequence[Said], later: Sequence[Said], size_a: float) -> list[float] | None:
    """What each phase of the meter did, in parts of the step; None where others switched too."""
    if len(earlier) < 2 or len(later) < 2:
        return None
    found = []
    for line in PHASES:
        were, are = ([said.amps[line] for said in some] for some in (earlier, later))
        noise_a = max(max(values) - min(values) for values in (were, are))
        if noise_a > max(1.0, _NOISE * abs(size_a)):
            return None
        found.append((fmean(are) - fmean(were)) / size_a)
    return found


def _is_clear(part: float) -> bool:
    return abs(part) <= _NOTHING or abs(part) >= _SOME


def _rounded(part: float) -> int:
    return 0 if abs(part) <= _NOTHING else 1 if part > 0 else -1


def _delay_s(
    before: _Plateau, now: _Plateau, meter: Sequence[Said], was_a: float, size_a: float
) -> float:
    """How much later than the load the meter showed half of the step; 0 where it never did."""
    for said in meter:
        if said.at_s > before.until_s - _LAG_S and abs(sum(said.amps) - was_a) >= abs(size_a) / 2:
            return said.at_s - now.first.at_s
    return 0.0
