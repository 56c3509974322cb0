"""A setpoint between two of a device's is the nearer one: otherwise it would never be confirmed."""

import pytest

from gatewayd.model.climate import FollowSchedule, HvacMode, PermanentHold, Thermostat
from gatewayd.plan.holds import settable


@pytest.mark.parametrize(
    ("step_c", "wanted_c", "settable_c"),
    [
        (0.5, 21.67, 21.5),
        (0.5, 22.8, 23.0),
        (1.0, 22.4, 22.0),
        (0.1, 20.04, 20.0),
        (0.0, 21.67, 21.67),
    ],
)
def test_a_setpoint_becomes_the_nearest_of_the_device(
    step_c: float, wanted_c: float, settable_c: float
) -> None:
    wanted = PermanentHold(HvacMode.AUTO, wanted_c, wanted_c + 4)
    thermostat = Thermostat(step_c=step_c)
    told = settable(thermostat, wanted)
    assert told == PermanentHold(HvacMode.AUTO, settable_c, thermostat.nearest_c(wanted_c + 4))


def test_what_has_no_setpoint_stays_as_it_is() -> None:
    off = PermanentHold(HvacMode.OFF)
    assert settable(Thermostat(step_c=1.0), off) == off
    assert settable(Thermostat(step_c=1.0), FollowSchedule()) == FollowSchedule()
    assert settable(None, PermanentHold(HvacMode.HEAT, 21.3)) == PermanentHold(HvacMode.HEAT, 21.3)
