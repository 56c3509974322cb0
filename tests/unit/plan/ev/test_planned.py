"""What a plan and the mode now ask of a charger, beside the sun."""

import math

import pytest

from gatewayd.plan.ev.machine import decide
from gatewayd.plan.ev.words import Ask, CarNow, ChargeMode, ChargeSettings, EvMemory, HomeNow

BOTH = ChargeSettings(mode=ChargeMode.PLAN, phases=(1, 3))


def amps(ask: Ask) -> float:
    assert ask.setpoint is not None
    return ask.setpoint.current_a


@pytest.mark.parametrize(("left_w", "phases"), [(math.inf, 3), (2_000.0, 1)])
def test_what_has_to_be_takes_the_phases_it_can_have_whatever_the_sun_has_used_up(
    left_w: float, phases: int
) -> None:
    memory, at = EvMemory(switches=BOTH.delays.phase_switches), 4 - phases
    home = HomeNow(wanted=True, left_w=left_w)

    for now_s in range(0, 600, 5):
        ask = decide(BOTH, CarNow(is_plugged=True, phases=at), home, memory, float(now_s))
        assert ask.setpoint is not None
        if ask.setpoint.current_a == 0.0:
            at = ask.setpoint.phases or at

    assert (amps(ask), at) == (16.0, phases)
    assert memory.switches == BOTH.delays.phase_switches


SUN = ChargeSettings(mode=ChargeMode.SOLAR, phases=(1,), welcome_s=60.0)
DRAWING = CarNow(is_plugged=True, power_w=2300.0, phases=1, used_phases=1)


def test_a_charge_that_runs_when_the_first_look_is_had_goes_on_and_is_no_welcome() -> None:
    found = decide(SUN, DRAWING, HomeNow(2400.0), EvMemory(), 5.0)
    resting = decide(SUN, CarNow(is_plugged=True, power_w=0.0), HomeNow(0.0), EvMemory(), 5.0)

    assert amps(found) == 10.0
    assert amps(resting) == 0.0


def test_a_charger_that_says_nothing_for_a_moment_goes_on_and_after_that_rests() -> None:
    memory = EvMemory()
    decide(SUN, DRAWING, HomeNow(2400.0), memory, 5.0)

    asked = [amps(decide(SUN, CarNow(), HomeNow(), memory, at)) for at in (10.0, 120.0, 130.0)]

    assert asked == [10.0, 10.0, 0.0]


@pytest.mark.parametrize(("mode", "asked"), [(ChargeMode.OFF, 0.0), (ChargeMode.PLAN, None)])
def test_while_it_says_nothing_its_mode_counts_all_the_same(
    mode: ChargeMode, asked: float | None
) -> None:
    memory = EvMemory()
    decide(SUN, DRAWING, HomeNow(2400.0), memory, 5.0)

    found = decide(ChargeSettings(mode=mode), CarNow(), HomeNow(), memory, 10.0)

    assert (found.setpoint and found.setpoint.current_a) == asked
