"""What a device was told is over once something else was told, whatever it shows."""

import math
from dataclasses import replace

import pytest

from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.climate import FollowSchedule, HvacMode, PermanentHold
from gatewayd.model.command import Command, SetOperationMode, StartCharging, StopCharging
from gatewayd.model.power import (
    Hold,
    HoldCharge,
    SetBatteryPower,
    SetExportLimit,
    SetProductionLimit,
    SetReserve,
    SetSgReady,
)
from gatewayd.model.reading import (
    BatteryReading,
    HvacReading,
    InverterReading,
    OperationMode,
    Reading,
    SgReady,
)
from gatewayd.plan import keeping
from gatewayd.plan.arbiter.claims import Setpoint, Wish
from gatewayd.plan.in_force import adopted
from gatewayd.plan.keeping import KeepMemory, Kept, give_back, look
from gatewayd.plan.steer import Before
from tests.unit.plan.test_keeping import ALL, BATTERY, CHARGER, CHARGING, SELF, STOPPED, able

_KINDS = {
    BatteryReading: AssetKind.BATTERY,
    InverterReading: AssetKind.INVERTER,
    HvacReading: AssetKind.HVAC,
}
FORCED = SetBatteryPower(3000.0)
# It says that it is free, whatever it was told: late, or for ever.
BLIND = BatteryReading(operation_mode=OperationMode.SELF_RELIANCE)
BELOW, NONE = SetExportLimit(500.0), SetExportLimit(None)
FREE = InverterReading(limit_w=math.inf, export_limit_w=math.inf)
WARMER, SCHEDULE = PermanentHold(HvacMode.HEAT, 23.0), FollowSchedule()
WARM = HvacReading(hold_type="SCHEDULED", sg_ready=SgReady.NORMAL)
BLOCKED, NORMAL = SetSgReady(SgReady.BLOCKED), SetSgReady(SgReady.NORMAL)


def after(command: Command, *, is_taken: bool = True) -> KeepMemory:
    memory = KeepMemory()
    keeping.note_written(command, memory, 0.0)
    if is_taken:
        keeping.note_taken(command, memory)
    return memory


@pytest.mark.parametrize(
    ("told", "wish", "reading"),
    [
        (FORCED, SELF, BLIND),
        (Hold(), SELF, BLIND),
        (HoldCharge(), Hold(), replace(BLIND, power_w=0.0)),
        (FORCED, SetBatteryPower(0.0), replace(BLIND, power_w=0.0)),
        (BELOW, NONE, FREE),
        (WARMER, SCHEDULE, WARM),
        (BLOCKED, NORMAL, WARM),
    ],
)
def test_what_takes_the_place_of_something_is_told_once_whatever_the_device_shows(
    told: Command, wish: Command, reading: Reading
) -> None:
    one, memory, kept = able(_KINDS[type(reading)]), after(told), Kept(wish, "plan", 1e6)

    assert look(kept, reading, one, memory, 20.0).command == wish
    keeping.note_written(wish, memory, 20.0)
    # Whether it arrived is not known: again, but not at once.
    assert look(kept, reading, one, memory, 21.0).command is None
    assert look(kept, reading, one, memory, 30.0).command == wish
    keeping.note_taken(wish, memory)
    assert look(kept, reading, one, memory, 60.0).command is None


@pytest.mark.parametrize("is_taken", [True, False])
def test_nothing_is_as_it_was_before_that_was_told(is_taken: bool) -> None:
    was, memory = Before((SELF, SetReserve(10.0))), after(FORCED, is_taken=is_taken)
    reading = replace(BLIND, reserve_pct=10.0)

    assert give_back(was, reading, BATTERY, memory, 20.0) == (False, SELF)
    keeping.note_written(SELF, memory, 20.0)
    keeping.note_taken(SELF, memory)
    assert give_back(was, reading, BATTERY, memory, 22.0) == (True, None)


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        (BLIND, SELF),
        (replace(BLIND, is_held=False, is_charge_held=False), SELF),
        (replace(BLIND, is_held=False, is_charge_held=False, setpoint_w=0.0), None),
    ],
)
def test_what_an_earlier_run_told_is_only_over_where_the_device_could_show_it(
    reading: Reading, told: Command | None
) -> None:
    memory = KeepMemory(is_inherited=True)

    assert give_back(Before((SELF,)), reading, BATTERY, memory, 0.0) == (told is None, told)
    assert look(Kept(SELF, "plan", 1e6), reading, BATTERY, memory, 0.0).command == told


@pytest.mark.parametrize(
    ("told", "wish", "reading"),
    [
        (FORCED, SetBatteryPower(3060.0), replace(BLIND, power_w=3000.0)),
        (BELOW, SetExportLimit(540.0), replace(FREE, export_limit_w=500.0)),
        (SetProductionLimit(500.0), SetProductionLimit(540.0), replace(FREE, limit_w=500.0)),
        (SetProductionLimit(500.0), SetExportLimit(None), FREE),
        (SetReserve(20.0), SELF, BLIND),
    ],
)
def test_what_makes_no_difference_is_not_told_again(
    told: Command, wish: Command, reading: Reading
) -> None:
    one = able(_KINDS[type(reading)])

    assert look(Kept(wish, "plan", 1e6), reading, one, after(told), 20.0).command is None


def test_what_cannot_be_told_and_what_chargers_show_is_believed() -> None:
    mute, was = able(AssetKind.BATTERY, ALL), Before((StopCharging(),))

    assert look(Kept(SELF, "plan", 1e6), BLIND, mute, after(FORCED), 20.0).command is None
    assert give_back(was, STOPPED, CHARGER, after(StartCharging()), 20.0) == (True, None)


def test_whoever_is_given_way_to_has_replaced_what_was_told() -> None:
    memory = replace(after(SELF), wish=SELF, is_reached=True, deviated_at_s=0.0)
    kept, forced = Kept(SELF, "plan", 1e6), replace(BLIND, operation_mode=OperationMode.TIME_OF_USE)

    assert look(kept, forced, BATTERY, memory, 50.0).has_yielded
    was = Before((SetOperationMode(OperationMode.TIME_OF_USE),))
    assert give_back(was, forced, BATTERY, memory, 60.0) == (True, None)


IMPORT = SetOperationMode(OperationMode.IMPORT_FOCUS)


@pytest.mark.parametrize(
    ("wish", "reading", "is_forced"),
    [
        (IMPORT, replace(BLIND, operation_mode=OperationMode.IMPORT_FOCUS), True),
        (IMPORT, BLIND, False),
        (SELF, BLIND, False),
        (Hold(), replace(BLIND, is_held=True), True),
        # It may happen to rest.
        (Hold(), replace(BLIND, power_w=0.0), False),
        (FORCED, replace(BLIND, setpoint_w=3000.0), True),
        (BLOCKED, replace(WARM, sg_ready=SgReady.BLOCKED), True),
        (NORMAL, WARM, False),
        (BELOW, replace(FREE, export_limit_w=500.0), False),
        (Setpoint(16.0), CHARGING, False),
    ],
)
def test_what_is_found_forced_as_it_is_wanted_is_left_to_itself_afterwards(
    wish: Wish, reading: Reading, is_forced: bool
) -> None:
    found = able(_KINDS.get(type(reading), AssetKind.CHARGER))
    one = replace(found, spec=replace(found.spec, safe=Capability.SELF_RELIANCE))

    assert adopted(wish, reading, one) == (Before((SELF,)) if is_forced else None)
    assert adopted(wish, reading, found) is None
