from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from gatewayd.model.asset import Capability
from gatewayd.model.climate import Thermostat, is_same, target_state
from gatewayd.model.command import ActionState
from gatewayd.model.reading import HvacReading
from gatewayd.model.schedule import (
    FollowSchedule,
    HourMinute,
    HvacMode,
    PermanentHold,
    Rule,
    ScheduleState,
    TargetState,
    TemperatureSchedule,
    Timetable,
)
from gatewayd.plan.pursuit import LatestAction
from gatewayd.plan.schedule_status import Circumstances
from gatewayd.plan.temperature_status import temperature_status
from tests.unit.plan.picture import NOW, target

WARM = PermanentHold(HvacMode.HEAT, heat_setpoint_c=21.0)
COLD = PermanentHold(HvacMode.HEAT, heat_setpoint_c=16.0)
WARM_NOW = HvacReading(hold_type="PERMANENT", mode="HEAT", heat_setpoint_c=21.0)


def schedule(
    default: TargetState = WARM, *rules: Rule[TargetState], is_enabled: bool = True
) -> TemperatureSchedule:
    return TemperatureSchedule("s", "u", "t", Timetable(default, rules), NOW, is_enabled)


def given(reading: HvacReading, capabilities: frozenset[Capability] | None = None) -> Circumstances:
    state = target(reading)
    if capabilities is not None:
        spec = replace(state.asset.spec, capabilities=capabilities)
        state = replace(state, asset=replace(state.asset, spec=spec))
    return Circumstances(state, NOW, UTC)


def test_a_device_set_as_wanted_is_aligned() -> None:
    verdict = temperature_status(schedule(), given(WARM_NOW))

    assert verdict.status.state is ScheduleState.ALIGNED
    assert verdict.target_state is None
    assert verdict.status.current == verdict.status.expected == WARM


def test_a_device_set_otherwise_is_told() -> None:
    verdict = temperature_status(schedule(COLD), given(WARM_NOW))

    assert verdict.status.state is ScheduleState.PENDING
    assert verdict.target_state == COLD


@pytest.mark.parametrize(("reading_c", "told_c"), [(21.0, 21.5), (21.5, None)])
def test_a_setpoint_between_two_of_the_devices_is_told_as_the_nearer_and_then_reached(
    reading_c: float, told_c: float | None
) -> None:
    here, wanted = given(replace(WARM_NOW, heat_setpoint_c=reading_c)), 21.3
    assert here.target is not None
    asset = here.target.asset
    spec = replace(asset.spec, thermostat=Thermostat(step_c=0.5))
    here = replace(here, target=replace(here.target, asset=replace(asset, spec=spec)))
    verdict = temperature_status(schedule(PermanentHold(HvacMode.HEAT, wanted)), here)

    assert verdict.target_state == (told_c and PermanentHold(HvacMode.HEAT, told_c))
    assert verdict.status.expected == PermanentHold(HvacMode.HEAT, wanted)


def test_after_a_failure_it_rests() -> None:
    latest: LatestAction[TargetState] = LatestAction(COLD, ActionState.FAILED, NOW, NOW)

    verdict = temperature_status(schedule(COLD), given(WARM_NOW), latest)

    assert verdict.status.state is ScheduleState.MISALIGNED
    assert verdict.target_state is None
    assert verdict.retry_at == NOW + timedelta(minutes=15)


def test_a_schedule_tells_its_transitions_and_never_an_override() -> None:
    morning: Rule[TargetState] = Rule(FollowSchedule(), HourMinute(11 * 60, 12 * 60))

    status = temperature_status(schedule(WARM, morning), given(WARM_NOW)).status

    assert [(one.at.hour, one.value) for one in status.upcoming_transitions] == [
        (11, FollowSchedule()),
        (12, WARM),
    ]
    assert not hasattr(status, "smart_override")


@pytest.mark.parametrize(
    ("wanted", "capability", "expected"),
    [
        (WARM, Capability.SET_PERMANENT_HOLD, ScheduleState.ALIGNED),
        (WARM, Capability.SET_FOLLOW_SCHEDULE, ScheduleState.INCAPABLE),
        (FollowSchedule(), Capability.SET_FOLLOW_SCHEDULE, ScheduleState.PENDING),
        (FollowSchedule(), Capability.SET_PERMANENT_HOLD, ScheduleState.INCAPABLE),
    ],
)
def test_only_the_capabilities_a_schedule_uses_are_needed(
    wanted: TargetState, capability: Capability, expected: ScheduleState
) -> None:
    verdict = temperature_status(schedule(wanted), given(WARM_NOW, frozenset({capability})))

    assert verdict.status.state is expected


def test_a_disabled_schedule_sends_nothing() -> None:
    verdict = temperature_status(schedule(COLD, is_enabled=False), given(WARM_NOW))

    assert (verdict.status.state, verdict.target_state) == (ScheduleState.DISABLED, None)


def test_changed_at_moves_only_when_something_else_does() -> None:
    first = temperature_status(schedule(), given(WARM_NOW)).status
    later = replace(given(WARM_NOW), now=NOW + timedelta(hours=1))

    assert temperature_status(schedule(), later, previous=first).status is first
    changed = temperature_status(schedule(COLD), later, previous=first).status
    assert changed.changed_at == later.now


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        (WARM_NOW, WARM),
        (HvacReading(hold_type="SCHEDULED", mode="HEAT"), FollowSchedule()),
        (HvacReading(hold_type="PERMANENT", mode="UNKNOWN"), None),
        (HvacReading(hold_type="PERMANENT"), None),
        (HvacReading(mode="HEAT", heat_setpoint_c=21.0), None),
        (None, None),
    ],
)
def test_what_a_device_is_set_to(reading: HvacReading | None, expected: TargetState | None) -> None:
    assert target_state(reading) == expected


def hold(mode: HvacMode, heat: float | None = None, cool: float | None = None) -> PermanentHold:
    return PermanentHold(mode, heat, cool)


@pytest.mark.parametrize(
    ("wanted", "actual", "expected"),
    [
        (WARM, hold(HvacMode.HEAT, 21.1), True),
        (WARM, hold(HvacMode.HEAT, 21.2), False),
        (WARM, hold(HvacMode.HEAT, None), False),
        (WARM, hold(HvacMode.HEAT, 21.0, 30.0), True),
        (WARM, hold(HvacMode.AUTO, 21.0), False),
        (hold(HvacMode.COOL, None, 24.0), hold(HvacMode.COOL, 9.0, 24.0), True),
        (hold(HvacMode.COOL, None, 24.0), hold(HvacMode.COOL, 9.0, 25.0), False),
        (hold(HvacMode.AUTO, 20.0, 24.0), hold(HvacMode.AUTO, 20.0, 24.0), True),
        (hold(HvacMode.AUTO, 20.0, 24.0), hold(HvacMode.AUTO, 20.0, 25.0), False),
        (hold(HvacMode.AUTO, 20.0, 24.0), hold(HvacMode.AUTO, 19.0, 24.0), False),
        (hold(HvacMode.OFF), hold(HvacMode.OFF, 20.0, 24.0), True),
        (FollowSchedule(), FollowSchedule(), True),
        (FollowSchedule(), WARM, False),
        (WARM, FollowSchedule(), False),
        (WARM, None, False),
    ],
)
def test_only_what_the_mode_uses_is_compared(
    wanted: TargetState, actual: TargetState | None, *, expected: bool
) -> None:
    assert is_same(wanted, actual) is expected
