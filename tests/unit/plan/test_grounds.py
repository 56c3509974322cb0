"""Reasons for what is done, as people read them."""

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from gatewayd.model.asset import AssetKind
from gatewayd.model.climate import FollowSchedule, HvacMode, PermanentHold
from gatewayd.model.command import Command, SetMaxCurrent, SetOperationMode, StartCharging
from gatewayd.model.command_words import in_words
from gatewayd.model.decision import Decision, Input
from gatewayd.model.reading import ChargerReading, OperationMode
from gatewayd.model.schedule import (
    ChargeScheduleStatus,
    ExpectedParts,
    ScheduleState,
    TemperatureScheduleStatus,
    Transition,
)
from gatewayd.plan.heard import heard
from gatewayd.plan.schedule_grounds import grounds
from gatewayd.plan.smart.grounds import grounds as smart_grounds
from gatewayd.plan.smart.machine import step
from tests.fakes import home
from tests.unit.plan.smart_car import EVENING, HOUR, OSLO, POLICY, Car

TOMORROW = EVENING + 12 * HOUR


def charge(
    *, should_charge: bool, is_plugged_in: bool = True, needs_charge: bool = True
) -> ChargeScheduleStatus:
    return ChargeScheduleStatus(
        "night",
        EVENING,
        ScheduleState.PENDING,
        is_charging=False,
        expected_parts=ExpectedParts(needs_charge, is_plugged_in, should_charge),
        upcoming_transitions=(Transition(TOMORROW, not should_charge),),
    )


@pytest.mark.parametrize(
    ("status", "reason", "binding"),
    [
        (charge(should_charge=True), "the schedule says to charge until Tue 06:00", None),
        (
            charge(should_charge=False),
            "the schedule says not to charge until Tue 06:00",
            "the schedule",
        ),
        (
            charge(should_charge=True, needs_charge=False),
            "the schedule lets it charge until Tue 06:00, but the car takes no more",
            "the car takes no more",
        ),
        (
            replace(charge(should_charge=True, is_plugged_in=False), upcoming_transitions=()),
            "the schedule lets it charge, but no car is plugged in",
            "no car is plugged in",
        ),
    ],
)
def test_a_schedule_says_why(
    status: ChargeScheduleStatus, reason: str, binding: str | None
) -> None:
    found = grounds(status, OSLO)

    assert (found.reason, found.binding) == (reason, binding)
    assert Input("schedule", "night") in found.inputs
    assert Input("should_charge", status.expected_parts.should_charge) in found.inputs


def test_a_temperature_schedule_says_what_it_wants() -> None:
    wanted = PermanentHold(HvacMode.HEAT, heat_setpoint_c=21.5)
    status = TemperatureScheduleStatus("warm", EVENING, ScheduleState.PENDING, None, wanted, ())

    assert grounds(status, OSLO).reason == "the schedule says to hold heat at 21.5 °C"


def test_smart_charging_says_what_it_compared() -> None:
    car = Car()
    seen = car.observation()

    found = smart_grounds(step(car.charging, seen), seen)

    assert found.reason == "charging later is cheaper"
    assert found.candidates == (
        "at once, from Mon 18:00, for 8.00 NOK",
        "later, from Tue 01:00, for 2.00 NOK",
    )
    assert found.binding == "the deadline on Tue 07:00"
    assert Input("price", "0.4000 NOK/kWh") in found.inputs


def test_a_low_level_binds_smart_charging() -> None:
    car = Car(policy=replace(POLICY, minimum_charge_limit_pct=50.0))
    seen = car.observation()

    assert smart_grounds(step(car.charging, seen), seen).binding == "the minimum level of 50 %"


def test_without_a_plan_nothing_was_compared() -> None:
    car = Car(prices=None, policy=replace(POLICY, is_enabled=False))
    seen = car.observation()

    found = smart_grounds(step(car.charging, seen), seen)

    assert (found.reason, found.candidates, found.binding) == (
        "smart charging is not enabled",
        (),
        None,
    )


def test_what_an_asset_says_has_an_age_and_only_what_is_known_counts() -> None:
    state = home.state(AssetKind.CHARGER, ChargerReading(power_w=3680.0))
    assert state.sample is not None
    at_s = state.sample.at_monotonic
    recalled = replace(state, sample=replace(state.sample, at_monotonic=-math.inf))

    assert heard(state, at_s + 2.04) == (Input("power_w", 3680.0, 2.0),)
    assert heard(recalled, at_s) == (Input("power_w", 3680.0, None),)
    assert heard(replace(state, sample=None), at_s) == ()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (StartCharging(), "start charging"),
        (SetMaxCurrent(6.5), "limit to 6.5 A"),
        (SetOperationMode(OperationMode.SELF_RELIANCE), "mode self reliance"),
        (PermanentHold(HvacMode.OFF), "hold off"),
        (PermanentHold(HvacMode.AUTO, 19.0, 24.0), "hold auto at 19 °C and 24 °C"),
        (FollowSchedule(), "follow its own schedule"),
    ],
)
def test_commands_have_words(command: Command, words: str) -> None:
    assert in_words(command) == words


def test_a_decision_tells_who_and_why() -> None:
    guard = Decision(EVENING, "a", "fuse_guard", None, "phase a is free again")
    user = replace(guard, owner="api", at=EVENING + timedelta(1))

    assert guard.in_words == "fuse guard: phase a is free again"
    assert user.in_words.startswith("an API client: ")
