"""A circuit as people are shown it."""

from dataclasses import replace

import pytest

from gatewayd.model.circuit import Circuit
from gatewayd.plan.guard.standing import CircuitNow, standing
from gatewayd.plan.guard.words import Footing, LineMemory, MeterNow

MAIN = Circuit("main", limit_a=20.0, meter_id="meter", assumed_base_a=10.0)
METER = MeterNow((5.0, -2.0, 21.0), at_s=100.0, power_w=5000.0)
READ = LineMemory("meter", METER)


def test_headroom_is_what_the_guard_lets_flow_less_what_flows() -> None:
    found = standing(replace(MAIN, limit_w=6000.0), READ, 101.0)

    assert found.footing is Footing.FRESH
    assert (found.current_a, found.left_a) == ((5.0, -2.0, 21.0), (14.0, 21.0, 0.0))
    assert (found.power_w, found.left_w) == (5000.0, 1000.0)


@pytest.mark.parametrize(("limit_w", "left_w"), [(None, None), (5600.0, 80.0), (5000.0, 0.0)])
def test_a_power_not_measured_is_that_of_all_phases(
    limit_w: float | None, left_w: float | None
) -> None:
    read = LineMemory("meter", replace(METER, power_w=None))

    found = standing(replace(MAIN, limit_w=limit_w), read, 101.0)

    assert (found.power_w, found.left_w) == (24.0 * 230.0, left_w)


def test_a_meter_that_is_late_is_still_shown() -> None:
    found = standing(MAIN, READ, 106.0)

    assert (found.footing, found.current_a) == (Footing.HOLD, (5.0, -2.0, 21.0))


@pytest.mark.parametrize(
    ("circuit", "memory", "now_s", "footing"),
    [
        (MAIN, None, 101.0, Footing.NOTHING),
        (MAIN, READ, 130.0, Footing.ASSUMED),
        (replace(MAIN, assumed_base_a=0.0), READ, 130.0, Footing.NOTHING),
        (replace(MAIN, meter_id="other"), READ, 101.0, Footing.NOTHING),
        (replace(MAIN, meter_id=None), None, 101.0, Footing.FRESH),
    ],
)
def test_what_is_not_measured_or_not_believed_is_not_shown(
    circuit: Circuit, memory: LineMemory | None, now_s: float, footing: Footing
) -> None:
    assert standing(circuit, memory, now_s) == CircuitNow(circuit, footing)
