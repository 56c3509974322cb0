"""How far a circuit's meter may be believed.

A meter can be silent, can repeat itself, and can be wired the wrong way round. The first is seen
by its age; the others by what it says, or does not say, when a load of ours changes.
"""

from gatewayd.plan.guard.words import Footing, LineMemory, MeterNow, Quad

HOLD_POLLS = 2
ASSUMED_S = 10.0
ASSUMED_S_MAX = 15.0
NOTHING_S = 60.0
# A meter that repeats itself this much longer than it usually does is tested by lowering a load;
# this much longer still, it is no longer believed.
_PROBE, _SAME = 2.0, 3.0
# No meter is taken for livelier than this.
_USUAL_LEAST = 1.6
_USUAL_FADES = 0.02
SHOWN_POLLS = 3
# The least change of our loads that a meter must show.
CHANGE_A = 2.0
# So often in a row the meter has to go the other way to be taken for wired the wrong way round.
SIGN_VOTES = 3
_ANCHOR_S = 20.0


def footing(meter: MeterNow | None, memory: LineMemory, now_s: float) -> Footing:
    """What may be built on the meter now."""
    if meter is None:
        return Footing.NOTHING
    age_s = now_s - meter.at_s
    if age_s > NOTHING_S or age_s < 0:
        return Footing.NOTHING
    if memory.doubted_since_s is not None:
        lasts_s = now_s - memory.doubted_since_s
        return Footing.NOTHING if lasts_s > NOTHING_S - ASSUMED_S else Footing.ASSUMED
    assumed_s = min(ASSUMED_S_MAX, max(ASSUMED_S, meter.period_s + 5.0))
    if age_s > assumed_s or memory.same_polls >= _SAME * _usual(memory):
        return Footing.ASSUMED
    if age_s > HOLD_POLLS * meter.period_s + 1.0 or is_to_be_probed(memory):
        return Footing.HOLD
    return Footing.FRESH


def is_to_be_probed(memory: LineMemory) -> bool:
    """Whether the meter has to show that it is alive."""
    return memory.same_polls >= _PROBE * _usual(memory)


def note(meter: MeterNow, memory: LineMemory, least: Quad, most: Quad, now_s: float) -> None:
    """Take in a new reading of the meter, beside what our loads drew then."""
    _note_sameness(meter, memory, least)
    _note_sign(meter, memory, least, most)
    if _is_doubtful(memory, least):
        memory.doubted_since_s = memory.doubted_since_s or now_s
    else:
        memory.doubted_since_s = None


def _note_sameness(meter: MeterNow, memory: LineMemory, least: Quad) -> None:
    if meter.raw is not None and meter.raw == memory.raw:
        memory.same_polls += 1
        return
    # What was taken for dead does not count as usual.
    if memory.same_polls < _SAME * _usual(memory):
        memory.usual_same = max(float(memory.same_polls), memory.usual_same - _USUAL_FADES)
    memory.raw, memory.same_polls, memory.drawn_when_same_a = meter.raw, 0, least
    memory.is_probed = False


def _usual(memory: LineMemory) -> float:
    return max(_USUAL_LEAST, memory.usual_same)


def _is_doubtful(memory: LineMemory, least: Quad) -> bool:
    if memory.sign_votes >= SIGN_VOTES:
        return True
    has_changed = any(
        abs(now_a - then_a) >= CHANGE_A
        for now_a, then_a in zip(least, memory.drawn_when_same_a, strict=True)
    )
    return has_changed and memory.same_polls >= SHOWN_POLLS


def _note_sign(meter: MeterNow, memory: LineMemory, least: Quad, most: Quad) -> None:
    """Whether the meter went with our loads, between two moments at which they stood still."""
    if any(high_a - low_a > CHANGE_A / 2 for low_a, high_a in zip(least, most, strict=True)):
        return
    seen: Quad = (*meter.current_a, 0.0)
    if memory.anchor is None:
        memory.anchor = meter.at_s, least, seen
        return
    _, drawn_then, seen_then = memory.anchor
    for line in range(3):
        ours_a, its_a = least[line] - drawn_then[line], seen[line] - seen_then[line]
        if abs(ours_a) >= CHANGE_A and 0.5 <= abs(its_a / ours_a) <= 1.5:
            memory.sign_votes = 0 if its_a * ours_a > 0 else memory.sign_votes + 1
            memory.anchor = None
    if memory.anchor is None or meter.at_s - memory.anchor[0] > _ANCHOR_S:
        memory.anchor = meter.at_s, least, seen
