"""One look at what is kept: the corners that no device shows on its own."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.climate import HvacMode, PermanentHold
from gatewayd.model.command import (
    Action,
    ActionState,
    Command,
    FailureReason,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
)
from gatewayd.model.power import (
    Hold,
    HoldCharge,
    SetBatteryPower,
    SetExportLimit,
    SetPhases,
    SetProductionLimit,
    SetSgReady,
)
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    HvacReading,
    InverterReading,
    OperationMode,
    PowerDelivery,
    Reading,
    SgReady,
)
from gatewayd.plan import keeping
from gatewayd.plan.arbiter.claims import Setpoint, Wish
from gatewayd.plan.attempts import Attempt, End, Wait
from gatewayd.plan.governed import Answer, next_step
from gatewayd.plan.keeping import KeepMemory, Kept, give_back, look
from gatewayd.plan.steer import Before
from tests.fakes.home import asset

ALL = frozenset(Capability)
AT = datetime(2026, 6, 21, tzinfo=UTC)
CHARGING = ChargerReading(PowerDelivery.CHARGING, max_current_a=16.0, phases=3)
STOPPED = replace(CHARGING, power_delivery=PowerDelivery.STOPPED)
SELF = SetOperationMode(OperationMode.SELF_RELIANCE)


def able(kind: AssetKind, missing: frozenset[Capability] = frozenset()):  # type: ignore[no-untyped-def]
    found = asset(kind)
    return replace(found, spec=replace(found.spec, capabilities=ALL - missing))


CHARGER, BATTERY = able(AssetKind.CHARGER), able(AssetKind.BATTERY)


@pytest.mark.parametrize(
    ("command", "reading", "is_so"),
    [
        (StopCharging(), CHARGING, True),
        (SetMaxCurrent(10.0), CHARGING, True),
        (SetMaxCurrent(20.0), CHARGING, False),
        (HoldCharge(), BatteryReading(), True),
        (Hold(), BatteryReading(power_w=900.0), False),
        (SetBatteryPower(500.0), BatteryReading(power_w=900.0), True),
        (SetBatteryPower(500.0), BatteryReading(power_w=900.0, setpoint_w=400.0), False),
        (SetBatteryPower(500.0), BatteryReading(), True),
        (SetSgReady(SgReady.BLOCKED), HvacReading(), True),
        (SetSgReady(SgReady.NORMAL), HvacReading(sg_ready=SgReady.FORCED), False),
        (PermanentHold(HvacMode.HEAT, 15.0), HvacReading(heat_setpoint_c=21.0), True),
        (PermanentHold(HvacMode.HEAT, 23.0), HvacReading(heat_setpoint_c=21.0), False),
        (SetProductionLimit(2000.0), InverterReading(limit_w=3000.0), True),
        (SetProductionLimit(2000.0), InverterReading(export_limit_w=1000.0), True),
        (SetProductionLimit(4000.0), InverterReading(limit_w=3000.0), False),
        (SetProductionLimit(None), InverterReading(limit_w=3000.0), False),
        (SetExportLimit(2000.0), InverterReading(export_limit_w=3000.0), True),
        (SetExportLimit(4000.0), InverterReading(export_limit_w=3000.0), False),
    ],
)
def test_what_takes_something_away(command: Command, reading: Reading, is_so: bool) -> None:
    assert keeping.is_decrease(command, reading) is is_so


def yielding(wish: Wish, **terms: object) -> tuple[Kept, KeepMemory]:
    kept = Kept(wish, "someone", 1e6, **terms)  # type: ignore[arg-type]
    return kept, KeepMemory(wish=wish, yielded_until_s=100.0)


@pytest.mark.parametrize(
    ("wish", "terms", "reading", "told"),
    [
        (Setpoint(10.0), {}, CHARGING, None),
        (Setpoint(10.0), {"most_a": 16.0}, CHARGING, None),
        (Setpoint(10.0), {"most_a": 12.0}, CHARGING, SetMaxCurrent(12.0)),
        (Setpoint(10.0), {"most_a": 0.0}, CHARGING, StopCharging()),
        (Setpoint(10.0), {"most_a": 0.0}, STOPPED, None),
        (Setpoint(10.0), {"may_yield": False}, CHARGING, SetMaxCurrent(10.0)),
        (Setpoint(20.0), {"may_yield": False}, CHARGING, None),
        (SetMaxCurrent(10.0), {"may_yield": False}, CHARGING, None),
        (
            Setpoint(10.0),
            {"most_a": 12.0},
            replace(CHARGING, max_current_a=None),
            SetMaxCurrent(12.0),
        ),
        (SELF, {}, BatteryReading(), None),
        (SELF, {"may_yield": False}, BatteryReading(), SELF),
        (
            SetExportLimit(2000.0),
            {"may_yield": False},
            InverterReading(export_limit_w=3000.0),
            SetExportLimit(2000.0),
        ),
        # Who has limited it to less means it.
        (SetExportLimit(2000.0), {"may_yield": False}, InverterReading(export_limit_w=500.0), None),
    ],
)
def test_while_another_writes_only_what_is_forbidden_is_taken_away(
    wish: Wish, terms: dict[str, object], reading: Reading, told: Command | None
) -> None:
    kept, memory = yielding(wish, **terms)
    one = BATTERY if isinstance(reading, BatteryReading) else CHARGER

    assert look(kept, reading, one, memory, 50.0).command == told


@pytest.mark.parametrize(
    ("wish", "reading", "is_other"),
    [
        (SetBatteryPower(1000.0), BatteryReading(power_w=0.0), False),
        (SetBatteryPower(1000.0), BatteryReading(power_w=0.0, setpoint_w=0.0), True),
        (Hold(), BatteryReading(power_w=-500.0), False),
        (Hold(), BatteryReading(is_held=False), True),
        (HoldCharge(), BatteryReading(power_w=500.0), False),
        (HoldCharge(), BatteryReading(is_charge_held=False), True),
        (SELF, BatteryReading(operation_mode=OperationMode.TIME_OF_USE), True),
    ],
)
def test_what_a_battery_does_is_not_taken_for_what_somebody_wrote(
    wish: Wish, reading: Reading, is_other: bool
) -> None:
    memory = KeepMemory(wish=wish, is_reached=True, deviated_at_s=0.0)

    found = look(Kept(wish, "plan", 1e6), reading, BATTERY, memory, 50.0)

    assert found.has_yielded is is_other


@pytest.mark.parametrize("step_a", [0.0, 1.0])
def test_another_writer_is_counted_also_while_what_is_wanted_moves(step_a: float) -> None:
    memory, found = KeepMemory(), []
    for turn in range(4):
        current_a = 10.0 + turn * step_a
        kept = Kept(Setpoint(current_a), "sun", 1e6)
        at, foreign = turn * 10.0, replace(CHARGING, max_current_a=25.0)
        found.append(look(kept, foreign if turn else CHARGING, CHARGER, memory, at).has_yielded)
        look(kept, replace(CHARGING, max_current_a=current_a), CHARGER, memory, at + 2.0)

    assert found == [False, False, True, False]


def test_a_wish_that_moves_is_no_other_writer() -> None:
    memory = KeepMemory()
    for turn in range(6):
        kept = Kept(Setpoint(10.0 + turn), "sun", 1e6)
        reading = replace(CHARGING, max_current_a=9.0 + turn)
        assert not look(kept, reading, CHARGER, memory, turn * 10.0).has_yielded
        reading = replace(CHARGING, max_current_a=10.0 + turn)
        look(kept, reading, CHARGER, memory, turn * 10.0 + 2.0)


def test_a_refused_command_of_another_kind_waits() -> None:
    memory = KeepMemory(refused={SELF: 0.0})
    kept, reading = Kept(SELF, "plan", 1e6), BatteryReading()

    assert look(kept, reading, BATTERY, memory, 10.0).command is None
    assert look(kept, reading, BATTERY, memory, 600.0).command == SELF


def test_a_charger_that_may_not_be_raised_is_still_started() -> None:
    memory = KeepMemory(refused={SetMaxCurrent(20.0): 0.0})
    kept = Kept(Setpoint(20.0), "plan", 1e6)

    assert look(kept, STOPPED, CHARGER, memory, 10.0).command == StartCharging()


def test_phases_are_not_given_back_under_load() -> None:
    was, one = (
        Before((SetPhases(1),)),
        able(AssetKind.CHARGER, frozenset({Capability.STOP_CHARGING})),
    )

    assert give_back(was, CHARGING, CHARGER, KeepMemory(), 0.0) == (False, StopCharging())
    assert give_back(was, CHARGING, one, KeepMemory(), 0.0) == (False, None)
    assert give_back(was, STOPPED, CHARGER, KeepMemory(), 0.0) == (False, SetPhases(1))


def test_only_what_takes_away_is_told_again_at_once() -> None:
    memory = KeepMemory()
    keeping.note_written(SetMaxCurrent(20.0), memory, 5.0)
    keeping.note_undelivered(SetMaxCurrent(20.0), CHARGING, memory)
    assert memory.told_at_s == 5.0

    keeping.note_undelivered(SetMaxCurrent(8.0), CHARGING, memory)
    assert memory.told_at_s < 0.0
    assert not keeping.is_decrease(SELF, BatteryReading())


def action(command: Command, age_s: float = 0.0) -> Attempt:
    one = Action("a", "home", "c", AssetKind.CHARGER, command, "api", AT, AT)
    return Attempt(one, timeout_s=60.0, age_s=age_s, run_s=age_s)


@pytest.mark.parametrize(
    ("answer", "seen", "age_s", "state"),
    [
        (Answer(StopCharging()), STOPPED, 0.0, ActionState.CONFIRMED),
        (Answer(StopCharging()), CHARGING, 0.0, None),
        (Answer(StopCharging()), None, 0.0, None),
        (Answer(StopCharging()), CHARGING, 130.0, ActionState.FAILED),
        (Answer(is_settled=True), CHARGING, 0.0, ActionState.CONFIRMED),
        (Answer(binding="the fuse"), CHARGING, 0.0, ActionState.FAILED),
        (
            Answer(),
            replace(CHARGING, power_delivery=PowerDelivery.UNPLUGGED),
            0.0,
            ActionState.CANCELLED,
        ),
    ],
)
def test_an_action_on_what_is_governed_ends_by_what_is_seen(
    answer: Answer, seen: Reading | None, age_s: float, state: ActionState | None
) -> None:
    step = next_step(action(StopCharging(), age_s), answer, seen)

    assert isinstance(step, End if state else Wait)
    if isinstance(step, End):
        assert step.state is state
        assert (step.reason is None) == (state is ActionState.CONFIRMED)
        assert step.reason is not FailureReason.CONFLICT


@pytest.mark.parametrize(
    ("wish", "reading", "told"),
    [
        (Setpoint(10.0), CHARGING, SetMaxCurrent(10.0)),
        (Setpoint(0.0), CHARGING, StopCharging()),
        (Setpoint(20.0), CHARGING, None),
        (Setpoint(16.0), STOPPED, None),
        (Setpoint(16.0, phases=1), STOPPED, None),
        (SELF, BatteryReading(), None),
    ],
)
def test_what_is_not_armed_is_given_nothing_more(
    wish: Wish, reading: Reading, told: Command | None
) -> None:
    one = BATTERY if isinstance(reading, BatteryReading) else CHARGER
    kept, memory = Kept(wish, "someone", 1e6, only_lowers=True), KeepMemory()

    found = look(kept, reading, one, memory, 0.0)

    assert (found.command, found.has_yielded, memory.is_reached) == (told, False, False)
