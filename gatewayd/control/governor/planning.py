"""What a charger's plan comes to, with no more than its wiring, its limits and its car bear."""

import math

from gatewayd.control.governor import surplus
from gatewayd.control.governor.look import Look, Memory
from gatewayd.control.governor.terms import ChargerTerms
from gatewayd.model.circuit import Circuit
from gatewayd.model.site import AssetState
from gatewayd.plan.ev import machine, ready
from gatewayd.plan.ev.ready import Ready, ReadyMemory
from gatewayd.plan.ev.words import CarNow, ChargeSettings

# What a charger is left with that nobody guards, and one that nobody wants anything of.
IDLE_A = 6.0
# Where nothing may be drawn the plan shall say that it will be late, and by how much.
_LEAST_W = 500.0
# What the rest of the home draws is averaged over about so long.
_SLOWLY_S = 3600.0


def planned(
    look: Look,
    state: AssetState,
    settings: ChargeSettings,
    car: CarNow,
    most_w: float,
    memory: Memory,
) -> Ready | None:
    """What the plan that counts says, and None without any.

    `settings` are those with the car at the charger, and `most_w` is what is `left_w`. Nothing
    changes while a charger does not say whether it has one.
    """
    device_id = state.asset.device_id
    if look.when is None or car.is_plugged is None:
        return memory.planned.get(device_id) if look.when else None
    own = memory.ready.setdefault(device_id, ReadyMemory())
    plans = settings.plans if settings.mode in machine.PLANNED else {}
    power_w = _power_w(look, state, settings, car, own, most_w)
    found = ready.decide(plans, car, power_w, look.when, own, look.now_s)
    memory.planned[device_id] = found
    return found


def left_w(look: Look, state: AssetState, memory: Memory) -> float:
    """What the circuits, the grid operator and a capacity tariff leave it for hours, in watt."""
    circuits = _above(look, look.terms.wired(state.asset.device_id))
    # What else hangs on a circuit within the house nobody measures for hours.
    inner_w = [one.limit_w for one in circuits if one.limit_w is not None and one.parent]
    whole_w = [one.limit_w for one in circuits if one.limit_w is not None and not one.parent]
    if circuits and look.import_w is not None:
        whole_w.append(look.import_w)
    own = memory.ready.setdefault(state.asset.device_id, ReadyMemory())
    beside_w = _beside_w(look, state, own) if whole_w else 0.0
    return min(*inner_w, min(whole_w, default=math.inf) - beside_w, math.inf)


def _power_w(
    look: Look,
    state: AssetState,
    settings: ChargeSettings,
    car: CarNow,
    own: ReadyMemory,
    most_w: float,
) -> float:
    """What it can draw for hours. Of a car that nobody knows it is one phase, until it has drawn.

    Without currents nobody sees its phases: what it drew tells more than they would.
    """
    term = look.terms.wired(state.asset.device_id)
    circuits = _above(look, term)
    bounds = [settings.max_a, term.plate_a(state.asset), *(one.usable_a for one in circuits)]
    if look.terms.circuits and not circuits:
        bounds.append(IDLE_A)
    id_ = car.id or ""
    is_measured = own.power_w is not None or id_ in own.powers_w
    seen = car.most_phases or own.phases.get(id_, 3 if is_measured else 1)
    used = [min(phases, seen) for phases in settings.phases]
    return max(_LEAST_W, *(_bearable_w(settings, n, min(bounds), most_w) for n in used))


def _bearable_w(settings: ChargeSettings, used: int, most_a: float, most_w: float) -> float:
    """In whole amperes; nothing where that is less than the least."""
    bearable_a = min(most_a, max(0.0, most_w) // settings.watts(used, 1.0))
    return settings.watts(used, bearable_a) if bearable_a >= min(settings.min_a, most_a) else 0.0


def _above(look: Look, term: ChargerTerms) -> list[Circuit]:
    """The circuits that it draws through."""
    found: list[Circuit] = []
    next_id = term.circuit
    while next_id is not None and next_id in look.terms.circuits:
        found.append(look.terms.circuits[next_id])
        next_id = found[-1].parent
    return found


def _beside_w(look: Look, state: AssetState, own: ReadyMemory) -> float:
    """What the rest of the home draws, on average; nothing while nobody knows."""
    grid_w = surplus.grid_w(look)
    if grid_w is not None and surplus.is_heard(look, state):
        now_w = grid_w - surplus.drawn_w(look, state)
        before_w = now_w if own.beside_w is None else own.beside_w
        share = min(1.0, (look.now_s - own.beside_at_s) / _SLOWLY_S)
        own.beside_w, own.beside_at_s = before_w + share * (now_w - before_w), look.now_s
    return max(0.0, own.beside_w or 0.0)
