"""The breakers, what flows through them, and what the grid operator allows. Pure."""

from dataclasses import dataclass

from gatewayd.control.governor.operator import Standing
from gatewayd.control.governor.overview import Overview
from gatewayd.model.circuit import PHASE_NAMES
from gatewayd.plan.grid.operator import OperatorState
from gatewayd.plan.guard.standing import CircuitNow
from gatewayd.plan.guard.words import Footing
from gatewayd.plan.local_words import local
from gatewayd.web.words import figure, sentence, watt

_FOOTINGS = {
    Footing.NOTHING: "Its meter is silent: nothing controlled may draw now",
    Footing.ASSUMED: "Its meter is silent: all else is taken to draw {:g} A",
    Footing.HOLD: "Its meter is late: nothing more is given for now",
}


@dataclass(frozen=True, slots=True)
class PhaseView:
    """`share` is of the rating, in percent, for the bar."""

    name: str
    now: str
    left: str
    share: float
    is_full: bool


@dataclass(frozen=True, slots=True)
class CircuitView:
    """`together` is about all phases; empty texts are nothing to say."""

    name: str
    limit: str
    phases: tuple[PhaseView, ...]
    together: str
    note: str


@dataclass(frozen=True, slots=True)
class FusesView:
    """All of it; what is empty is not shown."""

    operator: str
    circuits: tuple[CircuitView, ...]
    problems: tuple[str, ...]


def fuses_view(told: Overview) -> FusesView:
    """What the guard sees."""
    circuits = tuple(_circuit(one) for one in told.circuits)
    operator = ". ".join(filter(None, (_operator(told), _fed(told.fed))))
    return FusesView(operator, circuits, tuple(sentence(one) for one in told.problems))


def _operator(told: Overview) -> str:
    if told.operator is None:
        return ""
    limit, state = watt(told.operator.limit_w), told.operator.state
    until = f"until {local(told.limited_until, told.zone)}" if told.limited_until else ""
    if state is OperatorState.LIMITED:
        return f"The grid operator allows {limit} {until}".rstrip()
    until = f", at least {until}" if until else ""
    return f"Nothing is heard of the grid operator: {limit} are allowed{until}"


def _fed(fed: Standing | None) -> str:
    if fed is None:
        return ""
    if fed.state is OperatorState.LIMITED:
        return f"The grid operator allows {watt(fed.limit_w)} to be fed in"
    return f"Nothing is heard of the grid operator: {watt(fed.limit_w)} may be fed in"


def _circuit(one: CircuitNow) -> CircuitView:
    circuit = one.circuit
    within = f" in {_name(circuit.parent)}" if circuit.parent else ""
    return CircuitView(
        _name(circuit.id),
        f"{circuit.limit_a:g} A{within}",
        _phases(one),
        _together(one),
        _note(one),
    )


def _phases(one: CircuitNow) -> tuple[PhaseView, ...]:
    if one.current_a is None or one.left_a is None:
        return ()
    known = zip(PHASE_NAMES, one.current_a, one.left_a, strict=True)
    return tuple(
        PhaseView(
            name,
            figure(abs(current_a), "A", 1) + (" fed in" if current_a <= -0.05 else ""),
            f"{left_a:.1f} A left" if left_a else "nothing left",
            round(min(100.0, max(0.0, 100.0 * current_a / one.circuit.limit_a)), 1),
            left_a == 0.0,
        )
        for name, current_a, left_a in known
    )


def _together(one: CircuitNow) -> str:
    circuit = one.circuit
    if circuit.limit_w is None:
        return ""
    by = f" ({circuit.limited_by})" if circuit.limited_by else ""
    left = "" if one.left_w is None else f", {watt(one.left_w)} left"
    return f"At most {watt(circuit.limit_w)} in all{by}{left}"


def _note(one: CircuitNow) -> str:
    assumed_a = one.circuit.assumed_base_a
    if one.circuit.meter_id is None:
        return f"No meter: all else is taken to draw {assumed_a:g} A" if assumed_a else "No meter"
    return _FOOTINGS.get(one.footing, "").format(assumed_a)


def _name(circuit_id: str) -> str:
    return sentence(circuit_id.replace("_", " "))
