from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.charging import charging
from gatewayd.model.command import Action, ActionState, StartCharging, StopCharging
from gatewayd.model.reading import PowerDelivery, VehicleReading
from gatewayd.model.schedule import (
    ChargeSchedule,
    HourMinute,
    Rule,
    ScheduleState,
    Timetable,
)
from gatewayd.model.site import AssetState
from gatewayd.model.smart_charging import SmartOverride
from gatewayd.plan.schedule_status import ChargeVerdict, Circumstances, charge_status
from tests.unit.plan.picture import CAPABILITIES, NOW, action, charger, target

CHARGING, STOPPED = PowerDelivery.CHARGING, PowerDelivery.STOPPED
MINUTE = timedelta(minutes=1)


def schedule(kind: AssetKind = AssetKind.CHARGER, *, should_charge: bool = True) -> ChargeSchedule:
    return ChargeSchedule(
        id="s",
        user_id="u",
        target_id="t",
        target_kind=kind,
        location_id="home",
        timetable=Timetable(should_charge),
        created_at=NOW,
    )


def judge(state: AssetState | None, *, should_charge: bool = True) -> ChargeVerdict:
    return charge_status(schedule(should_charge=should_charge), Circumstances(state, NOW, UTC))


@pytest.mark.parametrize(
    ("delivery", "should_charge", "state", "command"),
    [
        (CHARGING, True, "ALIGNED", None),
        (STOPPED, False, "ALIGNED", None),
        (STOPPED, True, "PENDING", StartCharging()),
        (CHARGING, False, "PENDING", StopCharging()),
        (PowerDelivery.UNPLUGGED, True, "ALIGNED", None),
        (PowerDelivery.UNPLUGGED, False, "ALIGNED", None),
        (PowerDelivery.UNKNOWN, True, "ALIGNED", None),
        (PowerDelivery.INITIALIZING, True, "PENDING", None),
        (PowerDelivery.NO_POWER, True, "ALIGNED", None),
        (PowerDelivery.DISCHARGING, True, "PENDING", StartCharging()),
        (PowerDelivery.FAULT, True, "MISALIGNED", None),
        (None, True, "ALIGNED", None),
    ],
)
def test_a_charger_is_told_only_when_it_does_otherwise(
    delivery: PowerDelivery, state: str, command: object, *, should_charge: bool
) -> None:
    verdict = judge(charger(delivery), should_charge=should_charge)

    assert verdict.status.state == state
    assert verdict.command == command
    assert verdict.reason


@pytest.mark.parametrize(
    ("latest", "state", "command"),
    [
        (action(StopCharging()), "PENDING", None),
        (action(StopCharging(), ActionState.FAILED, ended=MINUTE), "MISALIGNED", None),
        (action(StopCharging(), ActionState.CANCELLED, ended=14 * MINUTE), "MISALIGNED", None),
        (action(StopCharging(), ActionState.FAILED, ended=15 * MINUTE), "PENDING", StopCharging()),
        (action(StopCharging(), ActionState.CONFIRMED, ended=MINUTE / 2), "MISALIGNED", None),
        (action(StopCharging(), ActionState.CONFIRMED, ended=MINUTE), "PENDING", StopCharging()),
        (action(StopCharging(), ActionState.FAILED, ended=-MINUTE), "PENDING", StopCharging()),
        (action(StartCharging()), "PENDING", StopCharging()),
    ],
)
def test_a_stubborn_device_is_misaligned_and_told_again_later(
    latest: Action, state: str, command: object
) -> None:
    verdict = judge(charger(CHARGING, latest), should_charge=False)

    assert (verdict.status.state, verdict.command) == (state, command)
    assert (verdict.retry_at is not None) == (state == "MISALIGNED")
    assert verdict.retry_at is None or verdict.retry_at > NOW


@pytest.mark.parametrize(
    ("delivery", "should_charge", "word"),
    [
        (CHARGING, True, "charging, as"),
        (STOPPED, False, "not charging, as"),
        (PowerDelivery.NO_POWER, True, "the car takes no more"),
        (PowerDelivery.UNPLUGGED, True, "no car"),
    ],
)
def test_an_aligned_schedule_says_why(
    delivery: PowerDelivery, word: str, *, should_charge: bool
) -> None:
    verdict = judge(charger(delivery), should_charge=should_charge)

    assert verdict.reason.startswith(word)


def test_the_first_reason_to_be_inactive_counts() -> None:
    wrong = {
        "INACTIVE:DISABLED": "is_enabled",
        "INACTIVE:INCAPABLE": "capabilities",
        "INACTIVE:AWAY": "location",
        "INACTIVE:OVERRIDDEN": "override",
    }
    for flags in product([False, True], repeat=4):
        has = dict(zip(wrong.values(), flags, strict=True))
        state = target(
            charger(STOPPED).sample.reading,  # type: ignore[union-attr]
            location_id="work" if has["location"] else "home",
            capabilities=frozenset() if has["capabilities"] else CAPABILITIES,
        )
        override = SmartOverride("t", NOW) if has["override"] else None

        verdict = charge_status(
            replace(schedule(), is_enabled=not has["is_enabled"]),
            Circumstances(state, NOW, UTC, override=override),
        )

        expected = next((name for name, flag in wrong.items() if has[flag]), "PENDING")
        assert verdict.status.state == expected
        assert verdict.status.state.is_active == (expected == "PENDING")
        assert (verdict.command is None) == (expected != "PENDING")


def test_start_and_stop_are_both_needed() -> None:
    state = charger(STOPPED)
    for capability in (Capability.START_CHARGING, Capability.STOP_CHARGING):
        asset = replace(
            state.asset, spec=replace(state.asset.spec, capabilities=frozenset({capability}))
        )
        verdict = judge(replace(state, asset=asset))
        assert verdict.status.state is ScheduleState.INCAPABLE


def test_a_target_that_is_gone_is_incapable() -> None:
    verdict = judge(None)

    assert verdict.status.state is ScheduleState.INCAPABLE
    assert verdict.status.is_charging is False


def test_a_schedule_that_a_newer_one_replaced_is_overridden() -> None:
    given = Circumstances(charger(STOPPED), NOW, UTC, is_controlling=False)

    assert charge_status(schedule(), given).status.state is ScheduleState.OVERRIDDEN


def test_an_override_that_has_ended_no_longer_counts_but_is_told() -> None:
    override = SmartOverride("t", NOW, ended_at=NOW)
    given = Circumstances(charger(CHARGING), NOW, UTC, override=override)

    status = charge_status(schedule(), given).status

    assert status.state is ScheduleState.ALIGNED
    assert status.smart_override == override


@pytest.mark.parametrize(
    ("soc_pct", "limit_pct", "delivery", "expected"),
    [
        (79.0, 80.0, STOPPED, True),
        (80.0, 80.0, STOPPED, False),
        (99.0, None, STOPPED, True),
        (100.0, None, STOPPED, False),
        (None, 80.0, STOPPED, True),
        (50.0, 80.0, PowerDelivery.COMPLETE, False),
        (80.0, 80.0, CHARGING, True),
        (100.0, 110.0, STOPPED, False),
    ],
)
def test_a_vehicle_needs_charge_below_its_limit_or_while_it_draws(
    soc_pct: float | None, limit_pct: float | None, delivery: PowerDelivery, *, expected: bool
) -> None:
    reading = VehicleReading(soc_pct=soc_pct, charge_limit_pct=limit_pct, power_delivery=delivery)

    assert charging(reading).needs_charge is expected
    verdict = charge_status(schedule(AssetKind.VEHICLE), Circumstances(target(reading), NOW, UTC))
    assert verdict.status.is_charging_expected is expected
    assert verdict.status.expected_parts.needs_charge is expected


def test_charging_is_expected_when_all_three_parts_hold() -> None:
    for delivery, should_charge in product(PowerDelivery, [False, True]):
        status = judge(charger(delivery), should_charge=should_charge).status

        parts = status.expected_parts
        expected = parts.needs_charge and parts.is_plugged_in and parts.should_charge
        assert status.is_charging_expected == expected
        assert (status.state is ScheduleState.ALIGNED) == (status.is_charging == expected)


def test_changed_at_moves_only_when_something_else_does() -> None:
    table = Timetable(default=False, rules=(Rule(True, HourMinute(11 * 60, 12 * 60)),))
    plan = replace(schedule(), timetable=table)

    def at(now: datetime, previous: ChargeVerdict | None = None) -> ChargeVerdict:
        given = Circumstances(charger(STOPPED), now, UTC)
        return charge_status(plan, given, previous.status if previous else None)

    first = at(NOW)
    second = at(NOW + 59 * MINUTE, first)
    third = at(NOW + 60 * MINUTE, second)

    assert first.status.changed_at == NOW
    assert second.status is first.status
    assert third.status.changed_at == NOW + 60 * MINUTE
    assert third.status.state is ScheduleState.PENDING
    assert [one.at for one in first.status.upcoming_transitions] == [
        NOW + 60 * MINUTE,
        NOW + 120 * MINUTE,
    ]
