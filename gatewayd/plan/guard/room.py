"""How much the controlled loads of a circuit may draw together: what the rest leaves of it."""

import math

from gatewayd.model.circuit import NOMINAL_V, PHASES, Amps, Circuit
from gatewayd.plan.guard import heat
from gatewayd.plan.guard.draw import Drawn
from gatewayd.plan.guard.quad import higher, lower, minus
from gatewayd.plan.guard.words import NOTHING_A, Footing, LineMemory, MeterNow, Quad

HEADROOM_S = 30.0
_BUCKET_S = 5.0


def base(meter: MeterNow, memory: LineMemory, circuit: Circuit, drawn: Drawn) -> Quad:
    """What everything else draws: what the meter says less our loads.

    It lies in a range; within that nothing is taken to have changed. Where the breaker suffers, no
    load is taken to be what it suffers from unless it certainly is: lowering another is no relief.
    """
    measured = _measured(meter, circuit.usable_a)
    high = minus(measured, drawn.least)
    if memory.base_a is None or drawn.least == drawn.most:
        return high
    is_over = heat.over(meter.current_a, circuit.limit_a)
    low = minus(measured, drawn.sure if is_over else drawn.most)
    return lower(higher(memory.base_a, low), high)


def room(circuit: Circuit, memory: LineMemory, footing: Footing) -> Quad:
    """What is left for the controlled loads, on each phase and of all together."""
    if footing is Footing.NOTHING:
        return NOTHING_A
    left_a = minus(_usable(circuit, memory, footing), _rest(circuit, memory, footing))
    if footing is Footing.HOLD:
        # Should the rest go to its peak now, the breaker holds until more is known.
        most_a = heat.HOLDS * circuit.limit_a - circuit.assumed_base_a
        return lower(left_a, (most_a, most_a, most_a, math.inf))
    return left_a


def slack(circuit: Circuit, memory: LineMemory, footing: Footing) -> Amps | None:
    """What may be drawn from each phase and not from the others; None for whatever one likes."""
    if circuit.unbalance_a is None:
        return None
    a, b, c, _ = _rest(circuit, memory, footing)
    most_a = min(a, b, c) + circuit.unbalance_a
    return most_a - a, most_a - b, most_a - c


def remember(memory: LineMemory, room_a: Quad, footing: Footing, now_s: float) -> None:
    """Keep the rooms of the last half minute; what was not firm or not seen does not count."""
    if footing is not Footing.FRESH or now_s - memory.seen_at_s > _BUCKET_S:
        memory.rooms.clear()
    memory.seen_at_s = now_s
    if footing is not Footing.FRESH:
        return
    if memory.rooms and now_s - memory.rooms[-1][0] < _BUCKET_S:
        since_s, least_a = memory.rooms[-1]
        memory.rooms[-1] = since_s, lower(least_a, room_a)
    else:
        memory.rooms.append((now_s, room_a))
    while len(memory.rooms) > 1 and memory.rooms[1][0] <= now_s - HEADROOM_S:
        memory.rooms.popleft()


def lasting(circuit: Circuit, memory: LineMemory, now_s: float) -> Quad:
    """The room there has been all the time for half a minute, and will be for longer.

    While that is not known, it is what there has been so far, and no more than the rest would
    leave at its assumed peak; without an assumption nothing.
    """
    if not memory.rooms:
        return NOTHING_A
    a, b, c, total = zip(*(entry[1] for entry in memory.rooms), strict=True)
    seen_a = min(a), min(b), min(c), min(total) - _passing_a(circuit)
    if memory.rooms[0][0] <= now_s - HEADROOM_S:
        return seen_a
    if circuit.meter_id is not None and not circuit.assumed_base_a:
        return NOTHING_A
    peak_a = _usable(circuit, memory, Footing.ASSUMED)
    return lower(seen_a, minus(peak_a, _assumed(circuit)))


def _passing_a(circuit: Circuit) -> float:
    """What of all together is there for a while only."""
    if circuit.limit_w is None or circuit.raised_w is None:
        return 0.0
    return max(0.0, circuit.limit_w - circuit.raised_w) / NOMINAL_V


def _measured(meter: MeterNow, usable_a: float) -> Quad:
    # An export beyond the rating cannot be told from an import read the wrong way round.
    a, b, c = meter.current_a
    if min(a, b, c) < -usable_a:
        a, b, c = (abs(i) if abs(i) > usable_a else i for i in meter.current_a)
    total_a = a + b + c if meter.power_w is None else meter.power_w / NOMINAL_V
    return a, b, c, total_a


def _rest(circuit: Circuit, memory: LineMemory, footing: Footing) -> Quad:
    """What everything else is taken to draw."""
    known = memory.base_a
    if known is not None and footing > Footing.ASSUMED:
        return known
    assumed = _assumed(circuit)
    return assumed if known is None else higher(known, assumed)


def _assumed(circuit: Circuit) -> Quad:
    assumed_a = circuit.assumed_base_a
    return assumed_a, assumed_a, assumed_a, len(PHASES) * assumed_a


def _usable(circuit: Circuit, memory: LineMemory, footing: Footing) -> Quad:
    """What it may carry altogether."""
    usable_a = circuit.usable_a
    total_a = math.inf if circuit.limit_w is None else circuit.limit_w / NOMINAL_V
    if circuit.uses_thermal_headroom and footing is Footing.FRESH and circuit.meter_id is not None:
        if memory.meter is not None and heat.over(memory.meter.current_a, circuit.limit_a):
            # More was used than there was: it is all given back, for loads take time to obey.
            return usable_a, usable_a, usable_a, total_a
        a, b, c = heat.bonus_a(circuit, memory.heat)
        return usable_a + a, usable_a + b, usable_a + c, total_a
    return usable_a, usable_a, usable_a, total_a
