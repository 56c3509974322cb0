"""Before anything is steered: what of the wiring and the devices' own fallbacks is not safe.

The guard protects while it lives. When it dies each device falls back by itself; whether the
breakers bear that is known beforehand.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from gatewayd.model.circuit import PHASE_NAMES, PHASES, Circuit, Load, at_most
from gatewayd.plan.guard.wiring import Wiring

# What a load in no circuit gets at most: the least that a car charges with.
UNWIRED_A = 6.0
TIMEOUT_S_MAX = 60.0
_UNKNOWN: Mapping[str, float] = MappingProxyType({})
# With a meter slower than this an overload lasts longer than ten seconds.
METER_S_MAX = 5.0


@dataclass(frozen=True, slots=True)
class Fallback:
    """What a device limits itself to, per phase, when it has heard nothing for `timeout_s`."""

    current_a: float
    timeout_s: float


def wire(circuits: Mapping[str, Circuit], loads: Mapping[str, Load]) -> Wiring:
    """The wiring, with a small circuit of its own for each load that names none of them.

    InvalidError names what cannot be; a limit that is no number above 0 never means unlimited.
    """
    alone = {load.id for load in loads.values() if load.circuit not in circuits}
    added = {id_: Circuit(id_, UNWIRED_A) for id_ in alone - set(circuits)}
    return Wiring(
        {**circuits, **added},
        {id_: replace(load, circuit=id_) if id_ in alone else load for id_, load in loads.items()},
    )


def problems(
    wiring: Wiring, fallbacks: Mapping[str, Fallback], every_s: Mapping[str, float] = _UNKNOWN
) -> tuple[str, ...]:
    """What a person should mend, one text each.

    `fallbacks` are by load, as read from the devices; `every_s` is how often devices are read.
    """
    found = [text for load in wiring.loads.values() for text in _of_load(load, fallbacks)]
    for circuit in wiring.circuits.values():
        period_s = every_s.get(circuit.meter_id or "", 0.0)
        if period_s > METER_S_MAX:
            found.append(
                f"circuit {circuit.id}: its meter {circuit.meter_id} is read every {period_s:g} s; "
                f"at {METER_S_MAX:g} s or less an overload ends within ten"
            )
        found += _of_circuit(circuit, wiring, fallbacks)
    return tuple(found)


def _of_load(load: Load, fallbacks: Mapping[str, Fallback]) -> Iterator[str]:
    if load.circuit == load.id:
        yield f"{load.id} is in no circuit: it gets {UNWIRED_A:g} A at most"
    if not _is_known(fallbacks.get(load.id)):
        yield (
            f"{load.id}: it is not known to fall back by itself, so it counts at "
            f"{load.max_a:g} A when gatewayd is gone"
        )
    elif fallbacks[load.id].timeout_s > TIMEOUT_S_MAX:
        yield (
            f"{load.id}: it falls back after {fallbacks[load.id].timeout_s:g} s only; "
            f"set its timeout to {TIMEOUT_S_MAX:g} s or less"
        )


def _of_circuit(
    circuit: Circuit, wiring: Wiring, fallbacks: Mapping[str, Fallback]
) -> Iterator[str]:
    if circuit.id in wiring.loads:
        return
    if circuit.meter_id is not None and not circuit.assumed_base_a:
        yield (
            f"circuit {circuit.id}: without assumed_base_a nothing may be drawn "
            "while its meter is silent"
        )
    if circuit.parent is None and circuit.meter_id is None and not circuit.assumed_base_a:
        yield (
            f"circuit {circuit.id}: neither a meter nor assumed_base_a tells "
            "what else the house connection carries"
        )
    worst_a = [circuit.assumed_base_a] * len(PHASES)
    for load in wiring.below[circuit.id]:
        falls_to_a = _falls_to_a(load, fallbacks.get(load.id))
        for line, amps in enumerate(at_most(load, (falls_to_a,) * len(load.lines or PHASES))):
            worst_a[line] += amps
    line = worst_a.index(max(worst_a))
    if worst_a[line] > circuit.limit_a:
        yield (
            f"circuit {circuit.id}: when gatewayd is gone, phase {PHASE_NAMES[line]} may carry "
            f"{worst_a[line]:g} A of {circuit.limit_a:g} A; lower what the devices fall back to"
        )


def _falls_to_a(load: Load, fallback: Fallback | None) -> float:
    if fallback is None or not _is_known(fallback):
        return load.max_a
    return fallback.current_a if fallback.current_a >= load.min_a else 0.0


def _is_known(fallback: Fallback | None) -> bool:
    return fallback is not None and fallback.current_a >= 0 and 0 < fallback.timeout_s < math.inf
