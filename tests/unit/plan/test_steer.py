"""What a device is told next, by what it reports, and what has it as it was before."""

from dataclasses import replace

import pytest

from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.climate import FollowSchedule
from gatewayd.model.command import (
    Command,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
)
from gatewayd.model.power import (
    Hold,
    SetExportLimit,
    SetPhases,
    SetProductionLimit,
    SetReserve,
    SetSgReady,
)
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    HvacReading,
    InverterReading,
    MeterReading,
    OperationMode,
    PowerDelivery,
    Reading,
    SgReady,
    VehicleReading,
)
from gatewayd.plan.arbiter.claims import Setpoint, Wish
from gatewayd.plan.steer import Before, before, completed, next_command, restoring
from tests.fakes.home import asset

ALL = frozenset(Capability)
START, STOP = StartCharging(), StopCharging()
CHARGING = ChargerReading(PowerDelivery.CHARGING, max_current_a=16.0, phases=3)
STOPPED = replace(CHARGING, power_delivery=PowerDelivery.STOPPED)
UNPLUGGED = replace(CHARGING, power_delivery=PowerDelivery.UNPLUGGED)


def can(kind: AssetKind, capabilities: frozenset[Capability] = ALL, **spec: object):  # type: ignore[no-untyped-def]
    found = asset(kind)
    return replace(found, spec=replace(found.spec, capabilities=capabilities, **spec))  # type: ignore[arg-type]


CHARGER = can(AssetKind.CHARGER)


@pytest.mark.parametrize(
    ("wish", "reading", "told"),
    [
        (Setpoint(0), CHARGING, STOP),
        (Setpoint(5.9), CHARGING, STOP),
        (Setpoint(0), STOPPED, None),
        (Setpoint(0), UNPLUGGED, None),
        (Setpoint(0, 1), CHARGING, STOP),
        (Setpoint(0, 1), STOPPED, SetPhases(1)),
        (Setpoint(0, 1), UNPLUGGED, None),
        (Setpoint(16), CHARGING, None),
        (Setpoint(16.4), CHARGING, None),
        (Setpoint(10), CHARGING, SetMaxCurrent(10)),
        (Setpoint(10), STOPPED, SetMaxCurrent(10)),
        (Setpoint(16), STOPPED, START),
        (Setpoint(16), UNPLUGGED, None),
        (Setpoint(16, 3), CHARGING, None),
        (Setpoint(10, 1), CHARGING, STOP),
        (Setpoint(10, 1), STOPPED, SetPhases(1)),
        (Setpoint(10, 1), replace(STOPPED, phases=None), SetMaxCurrent(10)),
        (SetMaxCurrent(10), STOPPED, SetMaxCurrent(10)),
        (SetMaxCurrent(16), STOPPED, None),
        (START, STOPPED, START),
        (Setpoint(10), MeterReading(), None),
    ],
)
def test_a_charger_is_told_one_thing_at_a_time(
    wish: Wish, reading: Reading, told: Command | None
) -> None:
    assert next_command(wish, reading, CHARGER) == told


@pytest.mark.parametrize(
    ("missing", "wish", "reading", "told"),
    [
        (Capability.STOP_CHARGING, Setpoint(0), CHARGING, SetMaxCurrent(0.0)),
        (Capability.STOP_CHARGING, Setpoint(0), replace(CHARGING, max_current_a=0), None),
        (Capability.STOP_CHARGING, Setpoint(10, 1), CHARGING, None),
        (Capability.SET_MAX_CURRENT, Setpoint(10), CHARGING, None),
        (Capability.START_CHARGING, Setpoint(16), STOPPED, None),
        (Capability.SET_PHASES, Setpoint(16, 1), CHARGING, None),
        (Capability.HOLD, Hold(), BatteryReading(is_held=False), None),
    ],
)
def test_nothing_is_told_that_cannot_be(
    missing: Capability, wish: Wish, reading: Reading, told: Command | None
) -> None:
    assert next_command(wish, reading, can(AssetKind.CHARGER, ALL - {missing})) == told


def test_a_charger_that_can_only_be_looked_at_is_told_nothing() -> None:
    assert next_command(Setpoint(0), CHARGING, can(AssetKind.CHARGER, frozenset())) is None


@pytest.mark.parametrize(
    ("kind", "reading", "commands"),
    [
        (AssetKind.CHARGER, STOPPED, (SetPhases(3), SetMaxCurrent(16), STOP)),
        (AssetKind.CHARGER, CHARGING, (SetPhases(3), SetMaxCurrent(16), START)),
        (AssetKind.VEHICLE, VehicleReading(power_delivery=PowerDelivery.STOPPED), (STOP,)),
        (
            AssetKind.BATTERY,
            BatteryReading(operation_mode=OperationMode.TIME_OF_USE, reserve_pct=20),
            (SetOperationMode(OperationMode.TIME_OF_USE), SetReserve(20)),
        ),
        (
            AssetKind.INVERTER,
            InverterReading(limit_w=5000, export_limit_w=float("inf"), rated_w=10_000),
            (SetProductionLimit(5000), SetExportLimit(None)),
        ),
        (
            AssetKind.HVAC,
            HvacReading(hold_type="SCHEDULED", sg_ready=SgReady.NORMAL),
            (SetSgReady(SgReady.NORMAL),),
        ),
        (AssetKind.METER, MeterReading(), ()),
    ],
)
def test_before_is_what_the_device_says_now(
    kind: AssetKind, reading: Reading, commands: tuple[Command, ...]
) -> None:
    assert before(reading, can(kind)) == Before(commands)


def test_what_a_heat_pump_without_levels_was_set_to_is_what_it_was() -> None:
    setpoints = can(AssetKind.HVAC, ALL - {Capability.SET_SG_READY})
    reading = HvacReading(hold_type="SCHEDULED", sg_ready=SgReady.NORMAL)

    assert before(reading, setpoints).commands == (FollowSchedule(),)


def test_a_device_that_says_nothing_is_given_back_to_itself() -> None:
    unknown = BatteryReading(operation_mode=OperationMode.UNKNOWN)
    battery = can(AssetKind.BATTERY, safe=Capability.SELF_RELIANCE)

    assert before(unknown, battery).commands == (SetOperationMode(OperationMode.SELF_RELIANCE),)
    assert before(unknown, can(AssetKind.BATTERY)).commands == ()


def test_a_battery_without_a_known_mode_is_given_back_to_itself_beside_its_reserve() -> None:
    can_do = frozenset({Capability.SET_POWER, Capability.SET_RESERVE, Capability.SELF_RELIANCE})
    battery = can(AssetKind.BATTERY, can_do, safe=Capability.SELF_RELIANCE)
    unknown = BatteryReading(operation_mode=OperationMode.UNKNOWN, reserve_pct=10)
    forced = replace(unknown, setpoint_w=3000.0, power_w=3000.0, is_charge_held=True)
    whole = Before((SetOperationMode(OperationMode.SELF_RELIANCE), SetReserve(10)))

    assert before(unknown, battery) == whole
    assert restoring(whole, forced) == SetOperationMode(OperationMode.SELF_RELIANCE)
    assert completed(Before((SetReserve(10),)), battery) == whole
    assert completed(whole, battery) == whole


WAS = Before((SetPhases(3), SetMaxCurrent(16), START))


@pytest.mark.parametrize(
    ("reading", "most_a", "told"),
    [
        (CHARGING, None, None),
        (UNPLUGGED, None, None),
        (replace(CHARGING, phases=1), None, SetPhases(3)),
        (replace(CHARGING, max_current_a=8.0), None, SetMaxCurrent(16)),
        (STOPPED, None, START),
        (CHARGING, 10.0, SetMaxCurrent(10)),
        (CHARGING, 20.0, None),
        (CHARGING, 0.0, STOP),
        (STOPPED, 0.0, None),
    ],
)
def test_what_differs_is_restored_within_what_is_safe(
    reading: Reading, most_a: float | None, told: Command | None
) -> None:
    assert restoring(WAS, reading, most_a) == told


def test_a_charger_that_was_stopped_is_stopped_again() -> None:
    assert restoring(Before((STOP,)), CHARGING) == STOP
    assert restoring(Before((STOP,)), UNPLUGGED) is None
