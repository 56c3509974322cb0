"""What each battery does, and how far."""

from dataclasses import replace
from decimal import Decimal

import pytest

from gatewayd.model.asset import Capability
from gatewayd.model.command import Command, SetOperationMode
from gatewayd.model.power import Hold, HoldCharge, SetBatteryPower
from gatewayd.model.reading import OperationMode
from gatewayd.plan.arbiter.narrow import narrowed
from gatewayd.plan.battery.modes import (
    BatteryAsk,
    BatteryMemory,
    BatteryMode,
    BatterySeen,
    BatterySettings,
    decide,
)

ALL = frozenset(Capability)
SELF = SetOperationMode(OperationMode.SELF_RELIANCE)
EXPORT = SetOperationMode(OperationMode.EXPORT_FOCUS)


def ask(
    settings: BatterySettings,
    seen: BatterySeen | None = None,
    can: frozenset[Capability] = ALL,
    memory: BatteryMemory | None = None,
) -> BatteryAsk:
    return decide(settings, seen or BatterySeen(50.0), can, memory or BatteryMemory())


@pytest.mark.parametrize(
    ("mode", "command"),
    [
        (BatteryMode.SELF_RELIANCE, SELF),
        (BatteryMode.TIME_OF_USE, SetOperationMode(OperationMode.TIME_OF_USE)),
        (BatteryMode.IMPORT_FOCUS, SetOperationMode(OperationMode.IMPORT_FOCUS)),
        (BatteryMode.EXPORT_FOCUS, SetOperationMode(OperationMode.EXPORT_FOCUS)),
        (BatteryMode.HOLD, Hold()),
        (BatteryMode.HOLD_CHARGE, HoldCharge()),
        (BatteryMode.CHARGE_TO, SetBatteryPower(2000.0)),
        (BatteryMode.DISCHARGE_TO, SetBatteryPower(-2000.0)),
    ],
)
def test_each_mode_has_its_command(mode: BatteryMode, command: Command) -> None:
    target_pct = 20.0 if mode is BatteryMode.DISCHARGE_TO else 80.0

    assert ask(BatterySettings(mode, target_pct)).command == command


def test_a_target_is_kept_once_it_is_reached() -> None:
    settings, memory = BatterySettings(BatteryMode.CHARGE_TO, 80.0), BatteryMemory()

    said = [ask(settings, BatterySeen(soc), memory=memory).command for soc in (79, 80, 79, 78, 77)]

    assert said == [SetBatteryPower(2000.0), Hold(), Hold(), Hold(), SetBatteryPower(2000.0)]


def test_a_target_below_is_kept_too() -> None:
    settings, memory = BatterySettings(BatteryMode.DISCHARGE_TO, 20.0), BatteryMemory()

    said = [ask(settings, BatterySeen(soc), memory=memory).command for soc in (21, 20, 22, 23)]

    assert said == [SetBatteryPower(-2000.0), Hold(), Hold(), SetBatteryPower(-2000.0)]


def test_a_device_without_forced_modes_is_forced_by_power() -> None:
    can = frozenset({Capability.SET_POWER})

    assert ask(BatterySettings(BatteryMode.IMPORT_FOCUS), can=can).command == SetBatteryPower(
        2000.0
    )
    assert ask(BatterySettings(BatteryMode.EXPORT_FOCUS), can=can).command == SetBatteryPower(
        -2000.0
    )


def test_an_unknown_level_is_held() -> None:
    assert ask(BatterySettings(BatteryMode.CHARGE_TO), BatterySeen()).command == Hold()


CHEAP = Decimal("0.15")


@pytest.mark.parametrize("price", [Decimal("0.16"), None])
@pytest.mark.parametrize(
    ("mode", "instead"), [(BatteryMode.IMPORT_FOCUS, SELF), (BatteryMode.CHARGE_TO, Hold())]
)
def test_dear_power_is_not_charged(
    mode: BatteryMode, instead: Command, price: Decimal | None
) -> None:
    settings = BatterySettings(mode, grid_charge_below=CHEAP)

    assert ask(settings, BatterySeen(50.0, price=price)).command == instead
    assert ask(settings, BatterySeen(50.0, price=CHEAP)).command != instead


def test_a_reserve_holds_in_every_mode_until_there_is_more() -> None:
    settings, memory = BatterySettings(reserve_pct=30.0), BatteryMemory()

    least = [
        ask(settings, BatterySeen(soc), memory=memory).bounds.least for soc in (31, 30, 32, 33)
    ]

    assert least == [-float("inf"), 0.0, 0.0, -float("inf")]


def test_a_reserve_once_reached_outlasts_an_unknown_level() -> None:
    settings, memory = BatterySettings(reserve_pct=30.0), BatteryMemory()
    ask(settings, BatterySeen(30.0), memory=memory)

    assert ask(settings, BatterySeen(), memory=memory).bounds.least == 0.0


def test_it_is_locked_against_some_chargers_only() -> None:
    settings = BatterySettings(locked_against=frozenset({"left"}))

    locked = ask(settings, BatterySeen(50.0, frozenset({"left", "right"})))

    assert locked.bounds.least == 0.0
    assert locked.bounds_grounds is not None
    assert locked.bounds_grounds.reason == "it is not for left"
    assert ask(settings, BatterySeen(50.0, frozenset({"right"}))).bounds_grounds is None


@pytest.mark.parametrize(
    ("settings", "can", "command"),
    [
        (BatterySettings(BatteryMode.HOLD), {Capability.SET_POWER}, SetBatteryPower(0.0)),
        (
            BatterySettings(BatteryMode.CHARGE_TO),
            {Capability.IMPORT_FOCUS},
            SetOperationMode(OperationMode.IMPORT_FOCUS),
        ),
        (
            BatterySettings(BatteryMode.DISCHARGE_TO, 10.0),
            {Capability.EXPORT_FOCUS},
            SetOperationMode(OperationMode.EXPORT_FOCUS),
        ),
    ],
)
def test_a_device_gets_the_nearest_that_it_has(
    settings: BatterySettings, can: set[Capability], command: Command
) -> None:
    assert ask(settings, can=frozenset(can)).command == command


@pytest.mark.parametrize("mode", list(BatteryMode))
def test_a_device_that_can_be_told_nothing_is_told_nothing(mode: BatteryMode) -> None:
    settings = replace(BatterySettings(mode), target_pct=60.0)

    assert ask(settings, can=frozenset()).command is None


@pytest.mark.parametrize(
    ("can", "wish", "instead"),
    [
        (ALL, SELF, Hold()),
        ({Capability.HOLD, Capability.SELF_RELIANCE}, SELF, Hold()),
        ({Capability.HOLD, Capability.EXPORT_FOCUS}, EXPORT, Hold()),
        ({Capability.HOLD, Capability.HOLD_CHARGE}, HoldCharge(), Hold()),
        ({Capability.SET_POWER, Capability.SELF_RELIANCE}, SELF, SetBatteryPower(1000.0)),
        ({Capability.SET_POWER}, SetBatteryPower(-2000.0), SetBatteryPower(1000.0)),
        ({Capability.SET_POWER}, SetBatteryPower(2000.0), SetBatteryPower(2000.0)),
        ({Capability.SELF_RELIANCE, Capability.EXPORT_FOCUS}, EXPORT, SELF),
        ({Capability.EXPORT_FOCUS}, EXPORT, EXPORT),
        (ALL, SetOperationMode(OperationMode.IMPORT_FOCUS), None),
    ],
)
def test_at_its_reserve_a_battery_is_told_what_it_can_be_told(
    can: set[Capability], wish: Command, instead: Command | None
) -> None:
    seen = BatterySeen(20.0, spare_w=1100.0)
    found = ask(BatterySettings(reserve_pct=30.0), seen, frozenset(can))

    assert narrowed(wish, found.bounds) == (instead or wish)


@pytest.mark.parametrize(
    ("can", "command", "is_told"),
    [
        # Its mode cannot be told, and left alone it would give what it has.
        ({Capability.HOLD}, Hold(), False),
        ({Capability.HOLD, Capability.SET_POWER}, Hold(), False),
        ({Capability.SET_POWER}, SetBatteryPower(0.0), False),
        ({Capability.SELF_RELIANCE}, SELF, True),
        (set(), None, True),
    ],
)
def test_a_reserve_is_kept_without_a_mode_and_what_cannot_be_kept_is_said(
    can: set[Capability], command: Command | None, *, is_told: bool
) -> None:
    found = ask(BatterySettings(reserve_pct=30.0), BatterySeen(20.0), frozenset(can))

    assert found.command == command
    said = "that the reserve of 30 % is kept is beyond what it can be told"
    assert (said in found.grounds.reason) is is_told
