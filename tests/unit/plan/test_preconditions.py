"""What is refused at once, and what makes an accepted command pointless."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gatewayd.model.asset import Asset, AssetKind, Capability, Role
from gatewayd.model.climate import Bounds, FollowSchedule, HvacMode, PermanentHold, Thermostat
from gatewayd.model.command import (
    Action,
    ActionState,
    Command,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
)
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    HvacReading,
    OperationMode,
    PowerDelivery,
    Reading,
    Sample,
    VehicleReading,
)
from gatewayd.model.site import AssetState
from gatewayd.plan.preconditions import can_be_told, lost, refusal

NOW = datetime(2026, 6, 21, tzinfo=UTC)
START, STOP = StartCharging(), StopCharging()
CHARGER = Role(
    AssetKind.CHARGER,
    frozenset({Capability.START_CHARGING, Capability.STOP_CHARGING, Capability.SET_MAX_CURRENT}),
    min_current_a=6.0,
    max_current_a=32.0,
)
CAR = replace(CHARGER, kind=AssetKind.VEHICLE)
HEATER = Role(
    AssetKind.HVAC,
    frozenset({Capability.SET_PERMANENT_HOLD, Capability.SET_FOLLOW_SCHEDULE}),
    thermostat=Thermostat(frozenset({HvacMode.OFF, HvacMode.HEAT}), heat_c=Bounds(5, 30)),
)
BATTERY = Role(AssetKind.BATTERY, frozenset({Capability.SELF_RELIANCE}))


def state(
    reading: Reading | None,
    spec: Role = CHARGER,
    *,
    is_reachable: bool = True,
    is_writable: bool = True,
    pending: Command | None = None,
) -> AssetState:
    asset = Asset(
        "a", "d", "r", "s", "u", "ACME", "Acme", "Box", spec, NOW, is_writable=is_writable
    )
    sample = Sample(reading, NOW, 0.0) if reading else None
    action = Action("x", "u", "a", spec.kind, pending, "api", NOW, NOW) if pending else None
    return AssetState(asset, sample, is_reachable, NOW, action)


def charger(delivery: PowerDelivery | None) -> ChargerReading:
    return ChargerReading(power_delivery=delivery)


@pytest.mark.parametrize(
    ("command", "delivery"),
    [
        (START, PowerDelivery.STOPPED),
        (START, PowerDelivery.INITIALIZING),
        (START, PowerDelivery.DISCHARGING),
        (START, PowerDelivery.UNKNOWN),
        (START, None),
        (STOP, PowerDelivery.CHARGING),
        (STOP, PowerDelivery.UNKNOWN),
        (STOP, None),
        (SetMaxCurrent(10.0), PowerDelivery.UNPLUGGED),
    ],
)
def test_what_may_come_true_is_accepted(command: Command, delivery: PowerDelivery | None) -> None:
    assert refusal(state(charger(delivery)), command) is None


@pytest.mark.parametrize(
    ("command", "delivery", "words"),
    [
        (START, PowerDelivery.UNPLUGGED, "not plugged in"),
        (STOP, PowerDelivery.UNPLUGGED, "not plugged in"),
        (START, PowerDelivery.CHARGING, "already in the desired state"),
        (STOP, PowerDelivery.STOPPED, "already in the desired state"),
        (STOP, PowerDelivery.NO_POWER, "already in the desired state"),
        (START, PowerDelivery.NO_POWER, "without power"),
        (START, PowerDelivery.FAULT, "fault"),
        (START, PowerDelivery.COMPLETE, "fully charged"),
    ],
)
def test_what_cannot_come_true_is_refused(
    command: Command, delivery: PowerDelivery, words: str
) -> None:
    assert words in (refusal(state(charger(delivery)), command) or "")


@pytest.mark.parametrize(
    "reading",
    [
        VehicleReading(power_delivery=PowerDelivery.COMPLETE),
        VehicleReading(80.0, charge_limit_pct=80.0, power_delivery=PowerDelivery.STOPPED),
        VehicleReading(100.0, power_delivery=PowerDelivery.STOPPED),
    ],
)
def test_a_full_car_is_not_started(reading: VehicleReading) -> None:
    assert "fully charged" in (refusal(state(reading, CAR), START) or "")


def test_a_car_below_its_limit_is_started() -> None:
    reading = VehicleReading(79.0, charge_limit_pct=80.0, power_delivery=PowerDelivery.STOPPED)

    assert refusal(state(reading, CAR), START) is None
    assert refusal(state(reading, CAR), STOP) is not None


def test_a_car_that_charges_already_is_told_again_only_while_that_is_under_way() -> None:
    charging = VehicleReading(50.0, power_delivery=PowerDelivery.CHARGING)

    assert "already" in (refusal(state(charging, CAR), START) or "")
    assert refusal(state(charging, CAR, pending=START), START) is None
    assert refusal(state(charger(PowerDelivery.CHARGING), pending=START), START) is not None


@pytest.mark.parametrize(
    "command",
    [
        FollowSchedule(),
        PermanentHold(HvacMode.OFF),
        PermanentHold(HvacMode.HEAT, 30),
    ],
)
def test_a_heater_may_be_set_to_what_it_can_hold_even_if_it_is_so(command: Command) -> None:
    held = HvacReading(mode="HEAT", hold_type="PERMANENT", heat_setpoint_c=30.0)

    assert refusal(state(held, HEATER), command) is None


def test_a_heater_is_not_set_beyond_its_range() -> None:
    assert "from 5 to 30" in (
        refusal(state(HvacReading(), HEATER), PermanentHold(HvacMode.HEAT, 31)) or ""
    )


def test_a_heater_without_a_schedule_of_its_own_cannot_follow_it() -> None:
    simple = replace(HEATER, capabilities=frozenset({Capability.SET_PERMANENT_HOLD}))

    assert "set_follow_schedule" in (refusal(state(HvacReading(), simple), FollowSchedule()) or "")


@pytest.mark.parametrize(
    "before", [state(None), state(charger(PowerDelivery.UNPLUGGED), is_reachable=False)]
)
def test_what_an_unreachable_asset_said_is_no_reason_to_refuse(before: AssetState) -> None:
    assert refusal(before, START) is None


@pytest.mark.parametrize(("pending", "command"), [(START, STOP), (STOP, START)])
def test_a_command_under_way_can_be_taken_back(pending: Command, command: Command) -> None:
    delivery = PowerDelivery.STOPPED if command == STOP else PowerDelivery.CHARGING
    before = state(charger(delivery), pending=pending)
    assert before.action is not None

    assert refusal(before, command) is None
    ended = before.action.ended(ActionState.CONFIRMED, NOW)
    assert refusal(replace(before, action=ended), command) is not None


def test_another_command_under_way_excuses_nothing() -> None:
    before = state(charger(PowerDelivery.STOPPED), pending=SetMaxCurrent(10.0))

    assert refusal(before, STOP) is not None


@pytest.mark.parametrize("current_a", [0.0, -6.0, math.nan, math.inf, -math.inf, 5.9, 32.1])
def test_a_current_outside_the_limits_is_refused(current_a: float) -> None:
    assert refusal(state(charger(None)), SetMaxCurrent(current_a)) is not None


@pytest.mark.parametrize("current_a", [6.0, 32.0])
def test_a_current_at_the_limits_is_accepted(current_a: float) -> None:
    assert refusal(state(charger(None)), SetMaxCurrent(current_a)) is None


def test_a_device_that_tells_no_limits_has_none() -> None:
    boundless = replace(CHARGER, min_current_a=None, max_current_a=None)

    assert refusal(state(charger(None), boundless), SetMaxCurrent(0.5)) is None


def test_start_does_not_depend_on_the_current_limit() -> None:
    reading = ChargerReading(power_delivery=PowerDelivery.STOPPED, max_current_a=0.0)

    assert refusal(state(reading), START) is None


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (OperationMode.SELF_RELIANCE, None),
        (OperationMode.IMPORT_FOCUS, "no capability import_focus"),
        (OperationMode.UNKNOWN, "UNKNOWN"),
    ],
)
def test_a_battery_takes_the_modes_it_knows(mode: OperationMode, words: str | None) -> None:
    said = refusal(state(BatteryReading(), BATTERY), SetOperationMode(mode))

    assert (said is None) if words is None else (words in (said or ""))


def test_a_battery_may_be_given_the_mode_it_has() -> None:
    before = state(BatteryReading(operation_mode=OperationMode.SELF_RELIANCE), BATTERY)

    assert refusal(before, SetOperationMode(OperationMode.SELF_RELIANCE)) is None


def test_a_read_only_asset_is_told_nothing() -> None:
    before = state(charger(PowerDelivery.STOPPED), is_writable=False)

    assert "read only" in (refusal(before, START) or "")
    assert not can_be_told(before, START)
    assert can_be_told(state(None), START)


@pytest.mark.parametrize(
    ("command", "delivery", "is_lost"),
    [
        (START, PowerDelivery.UNPLUGGED, True),
        (STOP, PowerDelivery.UNPLUGGED, True),
        (START, PowerDelivery.FAULT, False),
        (START, None, False),
        (SetMaxCurrent(10.0), PowerDelivery.UNPLUGGED, False),
    ],
)
def test_unplugging_ends_start_and_stop(
    command: Command, delivery: PowerDelivery | None, is_lost: bool
) -> None:
    assert (lost(command, charger(delivery)) is not None) is is_lost
