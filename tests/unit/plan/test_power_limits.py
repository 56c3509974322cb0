"""What batteries, inverters and chargers may be told, and when telling them is superfluous."""

import math

import pytest

from gatewayd.model.asset import LOCAL, Capability, Role
from gatewayd.model.asset import AssetKind as Kind
from gatewayd.model.command import Command
from gatewayd.model.power import (
    Hold,
    SetBatteryPower,
    SetExportLimit,
    SetPhases,
    SetProductionLimit,
    SetReserve,
)
from gatewayd.model.reading import BatteryReading
from gatewayd.plan.attempts import is_already
from gatewayd.plan.preconditions import refusal
from tests.unit.plan.test_preconditions import state

BATTERY = Role(Kind.BATTERY, LOCAL, min_power_w=-4000.0, max_power_w=5000.0)
BOUNDLESS = Role(Kind.BATTERY, LOCAL)


@pytest.mark.parametrize(
    "command",
    [
        SetBatteryPower(-4000.0),
        SetBatteryPower(5000.0),
        SetReserve(0),
        SetReserve(100),
        SetProductionLimit(0),
        SetProductionLimit(None),
        SetExportLimit(None),
        SetPhases(1),
        SetPhases(3),
        Hold(),
    ],
)
def test_what_is_within_the_limits_is_accepted(command: Command) -> None:
    assert refusal(state(None, BATTERY), command) is None


@pytest.mark.parametrize(
    "command",
    [
        SetBatteryPower(-4001.0),
        SetBatteryPower(5001.0),
        SetBatteryPower(math.nan),
        SetReserve(-1),
        SetReserve(math.nan),
        SetProductionLimit(-1),
        SetExportLimit(math.nan),
        SetExportLimit(math.inf),
        SetPhases(2),
    ],
)
def test_what_is_beyond_the_limits_is_refused(command: Command) -> None:
    assert refusal(state(None, BATTERY), command)


@pytest.mark.parametrize("power_w", [math.nan, math.inf, -math.inf])
def test_no_limit_is_no_licence_for_any_number(power_w: float) -> None:
    assert refusal(state(None, BOUNDLESS), SetBatteryPower(99_000.0)) is None
    assert refusal(state(None, BOUNDLESS), SetBatteryPower(power_w))


def test_what_a_device_has_no_capability_for_is_refused() -> None:
    role = Role(Kind.BATTERY, frozenset({Capability.SELF_RELIANCE}))

    assert refusal(state(None, role), Hold()) == "Acme Box has no capability hold"


def test_a_battery_that_happens_to_rest_is_told_all_the_same() -> None:
    assert not is_already(Hold(), BatteryReading(power_w=0.0))
    assert is_already(Hold(), BatteryReading(is_held=True))
