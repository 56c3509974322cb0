"""What the page says of breakers, of the grid operator, and of what should be mended."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from gatewayd.control.governor.operator import Standing
from gatewayd.control.governor.overview import Overview
from gatewayd.model.circuit import Circuit
from gatewayd.plan.grid.operator import OperatorState
from gatewayd.plan.guard.standing import CircuitNow, standing
from gatewayd.plan.guard.words import Footing, LineMemory, MeterNow
from gatewayd.web.fuses import fuses_view
from gatewayd.web.render import Renderer
from tests.fakes.clock import FakeClock
from tests.unit.web.test_render import polled

MAIN = Circuit("main", limit_a=20.0, meter_id="meter", assumed_base_a=10.0)
READ = LineMemory("meter", MeterNow((5.0, -2.0, 21.0), at_s=100.0, power_w=5000.0))
VIENNA = ZoneInfo("Europe/Vienna")


def test_a_circuit_shows_each_phase_and_who_limits_all_of_them() -> None:
    limited = replace(MAIN, limit_w=6000.0, limited_by="the grid operator")
    [view] = fuses_view(Overview(circuits=(standing(limited, READ, 101.0),))).circuits

    assert (view.name, view.limit) == ("Main", "20 A")
    assert [(one.now, one.left, one.share, one.is_full) for one in view.phases] == [
        ("5.0 A", "14.0 A left", 25.0, False),
        ("2.0 A fed in", "21.0 A left", 0.0, False),
        ("21.0 A", "nothing left", 100.0, True),
    ]
    assert view.together == "At most 6.0 kW in all (the grid operator), 1.0 kW left"
    assert view.note == ""


@pytest.mark.parametrize(
    ("circuit", "footing", "note"),
    [
        (MAIN, Footing.NOTHING, "Its meter is silent: nothing controlled may draw now"),
        (MAIN, Footing.ASSUMED, "Its meter is silent: all else is taken to draw 10 A"),
        (MAIN, Footing.HOLD, "Its meter is late: nothing more is given for now"),
        (replace(MAIN, meter_id=None), Footing.FRESH, "No meter: all else is taken to draw 10 A"),
        (Circuit("carport", 16.0, parent="main"), Footing.FRESH, "No meter"),
    ],
)
def test_a_circuit_that_is_not_measured_says_what_is_reckoned_with(
    circuit: Circuit, footing: Footing, note: str
) -> None:
    [view] = fuses_view(Overview(circuits=(CircuitNow(circuit, footing),))).circuits

    assert (view.note, view.phases) == (note, ())
    assert view.limit == ("16 A in Main" if circuit.parent else "20 A")


@pytest.mark.parametrize(
    ("state", "is_ending", "text"),
    [
        (OperatorState.LIMITED, False, "The grid operator allows 4.2 kW"),
        (OperatorState.LIMITED, True, "The grid operator allows 4.2 kW until Mon 06:00"),
        (
            OperatorState.FAILSAFE,
            True,
            "Nothing is heard of the grid operator: 4.2 kW are allowed, at least until Mon 06:00",
        ),
        (OperatorState.INIT, False, "Nothing is heard of the grid operator: 4.2 kW are allowed"),
    ],
)
def test_the_grid_operator_s_limit_is_told_while_it_holds(
    state: OperatorState, is_ending: bool, text: str
) -> None:
    until = datetime(2026, 6, 22, 4, 0, tzinfo=UTC) if is_ending else None

    assert fuses_view(Overview(VIENNA, {}, (), Standing(state, 4200.0), until)).operator == text


def test_a_home_without_fuses_shows_none_and_one_with_them_does() -> None:
    clock = FakeClock()
    fused = partial(Overview, circuits=(standing(MAIN, READ, 101.0),), problems=("main: loose",))
    none, some = (
        Renderer(polled(clock), clock, "Home", overview=told).fragments().parts["fuses"]
        for told in (Overview, fused)
    )

    assert none == ""
    assert 'width="25.0%"' in some
    assert "<li>Main: loose</li>" in some


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (OperatorState.LIMITED, "The grid operator allows 3.0 kW to be fed in"),
        (OperatorState.INIT, "Nothing is heard of the grid operator: 3.0 kW may be fed in"),
    ],
)
def test_what_may_be_fed_in_is_told_beside_what_may_be_taken(
    state: OperatorState, text: str
) -> None:
    taken, fed = Standing(OperatorState.LIMITED, 4200.0), Standing(state, 3000.0)

    assert fuses_view(Overview(fed=fed)).operator == text
    both = fuses_view(Overview(operator=taken, fed=fed)).operator
    assert both == f"The grid operator allows 4.2 kW. {text}"
