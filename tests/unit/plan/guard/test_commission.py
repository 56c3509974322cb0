"""What is told before anything is steered."""

import math
from dataclasses import replace

import pytest

from gatewayd.errors import InvalidError
from gatewayd.model.circuit import Circuit, Load
from gatewayd.plan.guard.commission import UNWIRED_A, Fallback, problems, wire
from tests.unit.plan.guard.home import LEFT, MAIN, wiring

SAFE = Fallback(6.0, 30.0)


def test_a_home_whose_devices_fall_back_in_time_has_no_problem() -> None:
    assert problems(wiring(LEFT), {"left": SAFE}) == ()


def test_a_meter_has_to_be_quick() -> None:
    assert problems(wiring(LEFT), {"left": SAFE}, {"grid": 5.0, "left": 60.0}) == ()
    assert problems(wiring(LEFT), {"left": SAFE}, {"grid": 10.0}) == (
        "circuit main: its meter grid is read every 10 s; "
        "at 5 s or less an overload ends within ten",
    )


def test_what_all_devices_fall_back_to_must_fit_the_breaker() -> None:
    loads = LEFT, Load("one", "main", 16.0, lines=(2,)), Load("odd", "main", 16.0)
    fallbacks = {"left": SAFE, "one": Fallback(10.0, 30.0), "odd": Fallback(5.9, 30.0)}

    assert problems(wiring(*loads), fallbacks) == (
        "circuit main: when gatewayd is gone, phase c may carry 28 A of 25 A; "
        "lower what the devices fall back to",
    )


@pytest.mark.parametrize(
    "fallback",
    [
        None,
        Fallback(6.0, 0.0),
        Fallback(6.0, math.inf),
        Fallback(-1.0, 30.0),
        Fallback(math.nan, 30.0),
        Fallback(6.0, math.nan),
    ],
)
def test_a_device_that_is_not_known_to_fall_back_counts_at_its_maximum(
    fallback: Fallback | None,
) -> None:
    found = problems(wiring(LEFT), {} if fallback is None else {"left": fallback})

    assert found[0].startswith("left: it is not known to fall back by itself, so it counts at 32 A")
    assert "may carry 44 A of 25 A" in found[1]


def test_a_device_that_falls_back_late_is_named() -> None:
    assert problems(wiring(LEFT), {"left": Fallback(6.0, 600.0)}) == (
        "left: it falls back after 600 s only; set its timeout to 60 s or less",
    )


def test_a_load_in_no_circuit_gets_6_a_at_most() -> None:
    wires = wire({"main": MAIN}, {"left": replace(LEFT, circuit="attic")})

    assert wires.chain["left"] == (Circuit("left", UNWIRED_A),)
    assert problems(wires, {"left": SAFE}) == ("left is in no circuit: it gets 6 A at most",)


def test_a_load_in_a_circuit_is_left_there() -> None:
    assert wire({"main": MAIN}, {"left": LEFT}) == wiring(LEFT)


def test_no_limit_is_a_mistake_and_never_means_unlimited() -> None:
    with pytest.raises(InvalidError, match="limit_a must be above 0"):
        wire({"main": replace(MAIN, limit_a=0.0)}, {})


def test_a_meter_without_an_assumption_is_named() -> None:
    found = problems(wiring(LEFT, main=replace(MAIN, assumed_base_a=0.0)), {"left": SAFE})

    assert found == (
        "circuit main: without assumed_base_a nothing may be drawn while its meter is silent",
    )


def test_a_house_connection_of_which_nothing_is_known_is_named() -> None:
    garage = Circuit("garage", 16.0, parent="main")

    found = problems(wiring(LEFT, main=Circuit("main", 25.0), below=(garage,)), {"left": SAFE})

    assert found == (
        "circuit main: neither a meter nor assumed_base_a tells what else the house connection "
        "carries",
    )
