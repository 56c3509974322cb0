"""What counts as a battery, inverter or charger being set as wanted."""

import pytest

from gatewayd.model.asset import LOCAL, AssetKind, Capability, Role
from gatewayd.model.command import (
    Command,
    SetMaxCurrent,
    SetOperationMode,
    is_confirmed,
    required,
    safe_command,
)
from gatewayd.model.power import (
    Hold,
    HoldCharge,
    SetBatteryPower,
    SetExportLimit,
    SetPhases,
    SetProductionLimit,
    SetReserve,
    SetSgReady,
    is_said,
)
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    HvacReading,
    InverterReading,
    OperationMode,
    Reading,
    SgReady,
)

COMMANDS: list[Command] = [
    Hold(),
    HoldCharge(),
    SetBatteryPower(-1500),
    SetReserve(20),
    SetProductionLimit(None),
    SetExportLimit(0),
    SetPhases(1),
    SetSgReady(SgReady.BLOCKED),
]


def test_each_needs_a_capability_of_its_own_that_is_ours_alone() -> None:
    assert {required(command) for command in COMMANDS} == LOCAL


@pytest.mark.parametrize(
    ("command", "reading", "is_so"),
    [
        (Hold(), BatteryReading(is_held=True, power_w=-900), True),
        (Hold(), BatteryReading(is_held=False, power_w=0), False),
        (Hold(), BatteryReading(power_w=-80), True),
        (Hold(), BatteryReading(power_w=2000), True),
        (Hold(), BatteryReading(power_w=-900), False),
        (Hold(), BatteryReading(), False),
        (HoldCharge(), BatteryReading(is_charge_held=True), True),
        (HoldCharge(), BatteryReading(power_w=-900), True),
        (HoldCharge(), BatteryReading(power_w=900), False),
        (SetBatteryPower(2000), BatteryReading(setpoint_w=1950, power_w=0), True),
        (SetBatteryPower(2000), BatteryReading(setpoint_w=-2000), False),
        (SetBatteryPower(2000), BatteryReading(power_w=1990), True),
        (SetBatteryPower(0), BatteryReading(), False),
        (SetReserve(20), BatteryReading(reserve_pct=20.4), True),
        (SetReserve(20), BatteryReading(reserve_pct=10), False),
        (SetReserve(20), BatteryReading(), False),
        (SetProductionLimit(3000), InverterReading(limit_w=2990), True),
        (SetProductionLimit(3000), InverterReading(limit_w=5000), False),
        (SetProductionLimit(6700), InverterReading(limit_w=7000, rated_w=10_000), False),
        (SetExportLimit(9700), InverterReading(export_limit_w=9900, rated_w=20_000), True),
        (SetExportLimit(9700), InverterReading(export_limit_w=10_000, rated_w=20_000), False),
        (SetProductionLimit(3000), InverterReading(export_limit_w=3000), False),
        (SetProductionLimit(None), InverterReading(limit_w=5000, rated_w=5000), True),
        (SetProductionLimit(None), InverterReading(limit_w=float("inf")), True),
        (SetProductionLimit(None), InverterReading(limit_w=5000), False),
        (SetProductionLimit(None), InverterReading(rated_w=5000), False),
        (SetExportLimit(0), InverterReading(export_limit_w=0), True),
        (SetExportLimit(None), InverterReading(export_limit_w=0, rated_w=5000), False),
        (SetPhases(3), ChargerReading(phases=3), True),
        (SetPhases(3), ChargerReading(phases=1), False),
        (SetPhases(3), BatteryReading(), False),
        (SetSgReady(SgReady.FORCED), HvacReading(sg_ready=SgReady.FORCED), True),
        (SetSgReady(SgReady.FORCED), HvacReading(), False),
    ],
)
def test_the_devices_own_report_confirms(command: Command, reading: Reading, is_so: bool) -> None:
    assert is_confirmed(command, reading) is is_so


def test_a_battery_that_happens_to_rest_has_not_been_told_to() -> None:
    resting = BatteryReading(power_w=0.0)

    assert is_confirmed(Hold(), resting)
    assert not is_said(Hold(), resting)
    assert not is_said(HoldCharge(), resting)
    assert not is_said(SetBatteryPower(0), resting)


@pytest.mark.parametrize(
    ("role", "command"),
    [
        (
            Role(AssetKind.BATTERY, safe=Capability.SELF_RELIANCE),
            SetOperationMode(OperationMode.SELF_RELIANCE),
        ),
        (
            Role(AssetKind.CHARGER, safe=Capability.SET_MAX_CURRENT, safe_current_a=6),
            SetMaxCurrent(6),
        ),
        (Role(AssetKind.CHARGER, safe=Capability.SET_MAX_CURRENT), None),
        (Role(AssetKind.INVERTER, safe=Capability.SET_EXPORT_LIMIT), SetExportLimit(None)),
        (Role(AssetKind.METER), None),
    ],
)
def test_a_role_tells_what_gives_the_device_back_to_itself(
    role: Role, command: Command | None
) -> None:
    assert safe_command(role) == command
