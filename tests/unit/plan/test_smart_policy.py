from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gatewayd.model.asset import AssetKind
from gatewayd.model.charging import charging
from gatewayd.model.command import ActionState
from gatewayd.model.reading import PowerDelivery, VehicleReading
from gatewayd.model.schedule import ChargeSchedule, Timetable
from gatewayd.model.smart_charging import SmartChargingPolicy, SmartOverride
from gatewayd.plan.pursuit import LatestAction
from gatewayd.plan.smart.override import begin_override, has_ended
from gatewayd.plan.smart.policy import Prerequisites, enabling_refusal, policy_beside

NOW = datetime(2026, 6, 21, tzinfo=UTC)
POLICY = SmartChargingPolicy(is_enabled=True, deadline_minute=420)
GIVEN = Prerequisites(VehicleReading(charge_limit_pct=80.0), is_capable=True, has_prices=True)
SCHEDULE = ChargeSchedule("s", "u", "car", AssetKind.VEHICLE, None, Timetable(default=True), NOW)


def minimum(percent: float) -> SmartChargingPolicy:
    return replace(POLICY, minimum_charge_limit_pct=percent)


@pytest.mark.parametrize(
    ("policy", "given", "word"),
    [
        (POLICY, replace(GIVEN, is_capable=False), "start and stop"),
        (POLICY, replace(GIVEN, is_taken=True), "Another user already has"),
        (replace(POLICY, deadline_minute=None), GIVEN, "deadline"),
        (POLICY, replace(GIVEN, has_prices=False), "prices"),
        (minimum(80.5), GIVEN, "above the vehicle's charge limit of 80 %"),
        (minimum(40), replace(GIVEN, vendor_minimum_pct=50.0), "at least 50 %"),
        (minimum(-1), GIVEN, "between 0 and 100"),
        (minimum(101), replace(GIVEN, vehicle=VehicleReading()), "between 0 and 100"),
        (minimum(float("nan")), GIVEN, "between 0 and 100"),
    ],
)
def test_enabling_is_refused_for_a_reason(
    policy: SmartChargingPolicy, given: Prerequisites, word: str
) -> None:
    refusal = enabling_refusal(policy, given)

    assert refusal is not None
    assert word in refusal
    assert enabling_refusal(replace(policy, is_enabled=False), given) is None


@pytest.mark.parametrize(
    ("policy", "given"),
    [
        (POLICY, GIVEN),
        (minimum(80), GIVEN),
        (minimum(100), replace(GIVEN, vehicle=VehicleReading())),
        (minimum(0), replace(GIVEN, vendor_minimum_pct=50.0)),
        (minimum(50), replace(GIVEN, vendor_minimum_pct=50.0)),
        (replace(POLICY, deadline_minute=0), GIVEN),
    ],
)
def test_what_is_in_order_is_enabled(policy: SmartChargingPolicy, given: Prerequisites) -> None:
    assert enabling_refusal(policy, given) is None


def test_an_enabled_schedule_disables_smart_charging_of_its_vehicle() -> None:
    assert policy_beside(POLICY, SCHEDULE, "car").is_enabled is False
    assert policy_beside(POLICY, SCHEDULE, "another") == POLICY
    assert policy_beside(POLICY, replace(SCHEDULE, is_enabled=False), "car") == POLICY


def seen(delivery: PowerDelivery) -> VehicleReading:
    return VehicleReading(power_delivery=delivery)


@pytest.mark.parametrize(
    ("delivery", "is_refused", "needs_start"),
    [
        (PowerDelivery.UNPLUGGED, True, False),
        (PowerDelivery.UNKNOWN, True, False),
        (PowerDelivery.STOPPED, False, True),
        (PowerDelivery.CHARGING, False, False),
    ],
)
def test_an_override_needs_a_plugged_in_vehicle(
    delivery: PowerDelivery, *, is_refused: bool, needs_start: bool
) -> None:
    decision = begin_override(None, charging(seen(delivery)))

    assert ((decision.refusal is not None), decision.needs_start) == (is_refused, needs_start)


def test_an_active_override_is_given_again_and_an_ended_one_is_not() -> None:
    active = SmartOverride("car", NOW)
    plugged_in = charging(seen(PowerDelivery.STOPPED))

    assert begin_override(active, charging(seen(PowerDelivery.UNPLUGGED))).existing is active
    assert begin_override(replace(active, ended_at=NOW), plugged_in).existing is None


START = LatestAction(wanted=True, state=ActionState.PENDING, created_at=NOW)
CONFIRMED = replace(START, state=ActionState.CONFIRMED, ended_at=NOW + timedelta(seconds=5))


@pytest.mark.parametrize(
    ("delivery", "latest", "action_id", "is_over"),
    [
        (PowerDelivery.STOPPED, START, "a", False),
        (PowerDelivery.INITIALIZING, CONFIRMED, "a", False),
        (PowerDelivery.CHARGING, CONFIRMED, "a", False),
        (PowerDelivery.STOPPED, CONFIRMED, "a", True),
        (PowerDelivery.COMPLETE, CONFIRMED, "a", True),
        (PowerDelivery.STOPPED, replace(CONFIRMED, state=ActionState.FAILED), "a", True),
        (PowerDelivery.STOPPED, replace(START, wanted=False), "a", True),
        (PowerDelivery.UNPLUGGED, START, "a", True),
        (PowerDelivery.UNKNOWN, CONFIRMED, "a", False),
        (PowerDelivery.CHARGING, None, None, False),
        (PowerDelivery.STOPPED, None, None, True),
    ],
)
def test_an_override_ends_when_the_vehicle_stops_charging(
    delivery: PowerDelivery,
    latest: LatestAction[bool] | None,
    action_id: str | None,
    *,
    is_over: bool,
) -> None:
    override = SmartOverride("car", NOW, action_id)

    assert has_ended(override, charging(seen(delivery)), latest) is is_over
