"""Which holds a heater or cooler is asked in vain."""

import math

import pytest

from gatewayd.model.climate import Bounds, HvacMode, PermanentHold, Thermostat
from gatewayd.plan.holds import unholdable

ALL = Thermostat(
    frozenset(HvacMode), heat_c=Bounds(10, 25), cool_c=Bounds(18, 30), difference_c=Bounds(2, 12)
)


@pytest.mark.parametrize(
    "hold",
    [
        PermanentHold(HvacMode.OFF),
        PermanentHold(HvacMode.HEAT, 10),
        PermanentHold(HvacMode.HEAT, 25.0),
        PermanentHold(HvacMode.COOL, None, 18),
        PermanentHold(HvacMode.COOL, None, 30),
        PermanentHold(HvacMode.AUTO, 20, 22),
        PermanentHold(HvacMode.AUTO, 14, 26),
    ],
)
def test_both_ends_of_a_range_can_be_held(hold: PermanentHold) -> None:
    assert unholdable(ALL, hold) is None


@pytest.mark.parametrize(
    ("hold", "reason"),
    [
        (PermanentHold(HvacMode.HEAT, 25.1), "heat setpoint must be from 10 to 25"),
        (PermanentHold(HvacMode.HEAT, 9.9), "heat setpoint must be"),
        (PermanentHold(HvacMode.HEAT, math.nan), "heat setpoint must be"),
        (PermanentHold(HvacMode.HEAT), "needs a heat setpoint"),
        (PermanentHold(HvacMode.HEAT, 20, 24), "no cool setpoint"),
        (PermanentHold(HvacMode.COOL, None, 17), "cool setpoint must be from 18 to 30"),
        (PermanentHold(HvacMode.COOL, 20), "no heat setpoint"),
        (PermanentHold(HvacMode.COOL), "needs a cool setpoint"),
        (PermanentHold(HvacMode.AUTO, 20, 21.9), "less the heat setpoint must be from 2 to 12"),
        (PermanentHold(HvacMode.AUTO, 12, 25), "less the heat setpoint"),
        (PermanentHold(HvacMode.AUTO, 20), "needs a cool setpoint"),
        (PermanentHold(HvacMode.OFF, 20), "no heat setpoint"),
        (PermanentHold(HvacMode.OFF, None, 20), "no cool setpoint"),
    ],
)
def test_what_the_device_cannot_hold_is_told(hold: PermanentHold, reason: str) -> None:
    assert reason in (unholdable(ALL, hold) or "")


def test_a_mode_the_device_lacks_cannot_be_held() -> None:
    heater = Thermostat(frozenset({HvacMode.HEAT, HvacMode.OFF}))

    assert unholdable(heater, PermanentHold(HvacMode.COOL, None, 20)) == (
        "the device has no mode COOL, only HEAT, OFF"
    )


@pytest.mark.parametrize("thermostat", [None, Thermostat(frozenset(HvacMode))])
def test_unknown_ranges_refuse_only_what_is_no_setpoint(thermostat: Thermostat | None) -> None:
    assert unholdable(thermostat, PermanentHold(HvacMode.HEAT, 40)) is None
    assert unholdable(thermostat, PermanentHold(HvacMode.HEAT, math.nan)) is not None
    assert unholdable(thermostat, PermanentHold(HvacMode.AUTO, 21, 20)) is not None


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        (Bounds(5), "at least 5 degrees"),
        (Bounds(None, 4), "at most 4 degrees"),
        (Bounds(5, 6), "from 5 to 6"),
    ],
)
def test_a_range_may_be_open_on_a_side(bounds: Bounds, words: str) -> None:
    thermostat = Thermostat(frozenset(HvacMode), heat_c=bounds)

    assert words in (unholdable(thermostat, PermanentHold(HvacMode.HEAT, 4.5)) or "")
