"""How far a circuit's meter may be believed.

A meter can be silent, can repeat itself, and can be wired the wrong way round. The first is seen
by its age; the others by what it says, or does not say, when a load of ours changes.
"""

from gatewayd.model.circuit import Circuit
from gatewayd.plan.guard.quad import minus
from gatewayd.plan.guard.sane import AHEAD_S
from gatewayd.plan.guard.words import Anchor, Footing, LineMemory, MeterNow, Quad

HOLD_POLLS = 2
ASSUMED_S = 10.0
ASSUMED_S_MAX = 15.0
NOTHING_S = 60.0
# A meter that repeats itself this much longer than it usually does is tested by lowering a load;
# this much longer still, it is no longer believed.
_PROBE, _SAME = 2.0, 3.0
# No meter is taken for livelier than the first, nor to say the same for longer than the second.
_USUAL_LEAST, _USUAL_MOST_S = 1.0, 8.0
_USUAL_FADES = 0.05
SHOWN_POLLS = 3
# The least change of our loads that a meter must show.
CHANGE_A = 2.0
# So often in a row a phase has to go the other way for its meter to be taken for wired wrongly.
SIGN_VOTES = 3
# After so long it is believed again, until it goes the other way but once.
FORGIVEN_S = 1800.0
_ANCHOR_S = 20.0


def footing(circuit: Circuit, memory: LineMemory, now_s: float) -> Footing:
    """What may be built on the circuit's meter now; where there is none, on the assumed base."""
    if circuit.meter_id is None:
        return Footing.FRESH
    if memory.meter is None:
        return Footing.NOTHING
    found = _of_age(now_s - memory.meter.at_s, memory.meter.period_s)
    if memory.doubted_since_s is not None:
        lasts_s = now_s - memory.doubted_since_s
        found = min(found, Footing.NOTHING if lasts_s > NOTHING_S - ASSUMED_S else Footing.ASSUMED)
    elif memory.same_polls >= _SAME * _usual(memory):
        found = min(found, Footing.ASSUMED)
    elif is_to_be_probed(memory):
        found = min(found, Footing.HOLD)
    if found is Footing.ASSUMED and not circuit.assumed_base_a:
        return Footing.NOTHING
    return found


def _of_age(age_s: float, period_s: float) -> Footing:
    hold_s = HOLD_POLLS * period_s + 1.0
    if not -AHEAD_S <= age_s <= NOTHING_S:
        return Footing.NOTHING
    if age_s > min(ASSUMED_S_MAX, max(ASSUMED_S, hold_s)):
        return Footing.ASSUMED
    return Footing.HOLD if age_s > hold_s else Footing.FRESH


def is_to_be_probed(memory: LineMemory) -> bool:
    """Whether the meter has to show that it is alive."""
    return memory.same_polls >= _PROBE * _usual(memory)


def note(meter: MeterNow, memory: LineMemory, least: Quad, most: Quad, now_s: float) -> None:
    """Take in a new reading of the meter, beside what our loads drew then."""
    _note_sameness(meter, memory, least)
    _note_sign(meter, memory, least, most)
    _forgive(memory, now_s)
    if not _is_doubtful(memory, least):
        memory.doubted_since_s = None
    elif memory.doubted_since_s is None:
        memory.doubted_since_s = now_s


def _forgive(memory: LineMemory, now_s: float) -> None:
    """Stopped loads show nothing: without another try the doubt would last for ever."""
    since_s = memory.doubted_since_s
    if since_s is not None and now_s - since_s > FORGIVEN_S:
        a, b, c = (min(votes, SIGN_VOTES - 1) for votes in memory.sign_votes)
        memory.sign_votes = a, b, c


def _note_sameness(meter: MeterNow, memory: LineMemory, least: Quad) -> None:
    before = memory.meter
    if before is not None and meter.raw is not None and meter.raw == before.raw:
        memory.same_polls += 1
        return
    # What was taken for dead does not count as usual.
    if memory.same_polls < _SAME * _usual(memory):
        memory.usual_same = max(float(memory.same_polls), memory.usual_same - _USUAL_FADES)
    memory.same_polls, memory.drawn_when_same_a, memory.is_probed = 0, least, False


def _usual(memory: LineMemory) -> float:
    period_s = memory.meter.period_s if memory.meter is not None else _USUAL_MOST_S
    return max(_USUAL_LEAST, min(memory.usual_same, _USUAL_MOST_S / period_s))


def _is_doubtful(memory: LineMemory, least: Quad) -> bool:
    if max(memory.sign_votes) >= SIGN_VOTES:
        return True
    if memory.same_polls < max(SHOWN_POLLS, 1.0 + _usual(memory)):
        return False
    return max(map(abs, minus(least, memory.drawn_when_same_a))) >= CHANGE_A


def _note_sign(meter: MeterNow, memory: LineMemory, least: Quad, most: Quad) -> None:
    """Whether the meter went with our loads, between two moments at which they stood still."""
    if least != most and max(minus(most, least)) > CHANGE_A / 2:
        return
    before = memory.anchor
    if before is not None and least != before[1] and _has_voted(meter, memory, least, before):
        before = None
    if before is None or meter.at_s - before[0] > _ANCHOR_S:
        memory.anchor = meter.at_s, least, meter.current_a


def _has_voted(meter: MeterNow, memory: LineMemory, least: Quad, before: Anchor) -> bool:
    has_voted, votes = False, list(memory.sign_votes)
    for line, now_a in enumerate(meter.current_a):
        ours_a, its_a = least[line] - before[1][line], now_a - before[2][line]
        if abs(ours_a) >= CHANGE_A and 0.5 <= abs(its_a / ours_a) <= 1.5:
            votes[line] = 0 if its_a * ours_a > 0 else votes[line] + 1
            has_voted = True
    memory.sign_votes = votes[0], votes[1], votes[2]
    return has_voted
