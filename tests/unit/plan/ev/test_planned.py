"""What a plan and the mode now ask of a charger, beside the sun."""

import math

import pytest

from gatewayd.plan.ev.machine import decide
from gatewayd.plan.ev.words import CarNow, ChargeMode, ChargeSettings, EvMemory, HomeNow

BOTH = ChargeSettings(mode=ChargeMode.PLAN, phases=(1, 3))


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

    assert (ask.setpoint.current_a, at) == (16.0, phases)
    assert memory.switches == BOTH.delays.phase_switches
