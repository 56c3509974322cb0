"""A circuit as the guard sees it now, for people."""

from dataclasses import dataclass

from gatewayd.model.circuit import NOMINAL_V, Amps, Circuit
from gatewayd.plan.guard import trust
from gatewayd.plan.guard.words import Footing, LineMemory


@dataclass(frozen=True, slots=True)
class CircuitNow:
    """What its meter says (import +); None where there is none, or it is not believed now.

    `left_a` is what each phase may still carry, `left_w` what all may together; None: not known,
    or not limited.
    """

    circuit: Circuit
    footing: Footing
    current_a: Amps | None = None
    left_a: Amps | None = None
    power_w: float | None = None
    left_w: float | None = None


def standing(circuit: Circuit, memory: LineMemory | None, now_s: float) -> CircuitNow:
    """How it stands by what was remembered of it at the last look."""
    if memory is None or memory.meter_id != circuit.meter_id:
        memory = LineMemory(circuit.meter_id)
    footing, meter = trust.footing(circuit, memory, now_s), memory.meter
    if meter is None or footing < Footing.HOLD:
        return CircuitNow(circuit, footing)
    a, b, c = (max(0.0, circuit.usable_a - current_a) for current_a in meter.current_a)
    power_w = sum(meter.current_a) * NOMINAL_V if meter.power_w is None else meter.power_w
    left_w = None if circuit.limit_w is None else max(0.0, circuit.limit_w - power_w)
    return CircuitNow(circuit, footing, meter.current_a, (a, b, c), power_w, left_w)
