"""What happens next to an action, for everything that can be known."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.model.asset import AssetKind, Role
from gatewayd.model.command import (
    Action,
    ActionState,
    Command,
    FailureReason,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    is_confirmed,
)
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    OperationMode,
    PowerDelivery,
    Reading,
)
from gatewayd.plan.attempts import (
    TIMEOUT_MAX_S,
    Attempt,
    End,
    Send,
    Wait,
    age_s,
    gap_s,
    is_already,
    next_step,
    timeout_s,
)

NOW = datetime(2026, 6, 21, tzinfo=UTC)
CHARGING = ChargerReading(power_delivery=PowerDelivery.CHARGING, max_current_a=16.0)
STOPPED = replace(CHARGING, power_delivery=PowerDelivery.STOPPED)
UNPLUGGED = replace(CHARGING, power_delivery=PowerDelivery.UNPLUGGED)
FAILED_NO_RESPONSE = (ActionState.FAILED, FailureReason.NO_RESPONSE)


def action(command: Command, *, is_sent: bool = False) -> Action:
    sent_at = NOW if is_sent else None
    return Action("x", "u", "a", AssetKind.CHARGER, command, "api", NOW, NOW, sent_at=sent_at)


INTENT = Attempt(action(StartCharging()), timeout_s=60.0, age_s=0.0, run_s=0.0)
MARKED = replace(INTENT, action=action(StartCharging(), is_sent=True))
SENT = replace(MARKED, sends=1, idle_s=1.0, is_written=True)


def ending(attempt: Attempt, seen: Reading | None) -> tuple[ActionState, FailureReason | None]:
    step = next_step(attempt, seen)
    assert isinstance(step, End)
    return step.state, step.reason


def test_writes_go_out_at_0_5_15_30_60_seconds_then_every_minute() -> None:
    at_s, times = 0.0, []
    for sends in range(8):
        at_s += gap_s(sends)
        times.append(at_s)

    assert times == [0, 5, 15, 30, 60, 120, 180, 240]


def test_a_new_action_is_sent_at_once() -> None:
    assert next_step(INTENT, None) == Send()
    assert next_step(INTENT, STOPPED) == Send()


def test_it_is_sent_again_when_the_gap_is_over() -> None:
    assert next_step(replace(SENT, idle_s=4.9), STOPPED) == Wait()
    assert next_step(replace(SENT, idle_s=5.0), STOPPED) == Send()
    assert next_step(replace(SENT, idle_s=5.0), None) == Send()


def test_a_reading_with_the_effect_confirms() -> None:
    assert ending(SENT, CHARGING) == (ActionState.CONFIRMED, None)


def test_a_confirming_reading_counts_even_at_the_last_moment() -> None:
    assert ending(replace(SENT, age_s=61.0), CHARGING) == (ActionState.CONFIRMED, None)


def test_the_time_is_over_at_the_timeout() -> None:
    assert ending(replace(SENT, age_s=60.0), STOPPED) == FAILED_NO_RESPONSE
    assert ending(replace(INTENT, age_s=60.0), None) == FAILED_NO_RESPONSE


@pytest.mark.parametrize("attempt", [INTENT, SENT])
def test_unplugging_cancels(attempt: Attempt) -> None:
    expected = (ActionState.CANCELLED, FailureReason.FAILED_PRECONDITION)

    assert ending(attempt, UNPLUGGED) == expected


def test_what_is_so_before_any_write_is_unnecessary() -> None:
    expected = (ActionState.CANCELLED, FailureReason.UNNECESSARY)

    assert ending(replace(INTENT, may_skip=True), CHARGING) == expected


def test_a_battery_that_has_the_mode_already_confirms() -> None:
    command = SetOperationMode(OperationMode.SELF_RELIANCE)
    attempt = replace(INTENT, action=action(command), may_skip=True, must_look=True)

    assert next_step(attempt, None) == Wait()
    seen = BatteryReading(operation_mode=OperationMode.SELF_RELIANCE)
    assert ending(attempt, seen) == (ActionState.CONFIRMED, None)


def test_a_reading_between_the_journal_s_mark_and_the_write_confirms_nothing() -> None:
    assert next_step(MARKED, CHARGING) == Send()


def test_nothing_is_skipped_while_an_older_command_may_still_take_effect() -> None:
    assert next_step(INTENT, CHARGING) == Send()


def test_a_current_within_the_tolerance_is_still_written() -> None:
    attempt = replace(INTENT, action=action(SetMaxCurrent(16.4)), may_skip=True)

    assert next_step(attempt, STOPPED) == Send()
    assert is_already(SetMaxCurrent(16.0), STOPPED)
    assert not is_already(SetMaxCurrent(16.0), replace(STOPPED, max_current_a=None))


@pytest.mark.parametrize("attempt", [INTENT, SENT])
def test_after_a_restart_nothing_is_written_before_a_reading(attempt: Attempt) -> None:
    inherited = replace(attempt, is_inherited=True, must_look=True, sends=0, idle_s=math.inf)

    assert next_step(inherited, None) == Wait()
    assert next_step(inherited, STOPPED) == Send()


def test_an_expired_action_that_was_never_sent_is_not_executed_after_a_restart() -> None:
    inherited = replace(INTENT, is_inherited=True, must_look=True, age_s=60.0)

    assert ending(inherited, None) == FAILED_NO_RESPONSE
    assert ending(inherited, STOPPED) == FAILED_NO_RESPONSE


def test_an_expired_action_that_was_sent_is_judged_by_a_reading_after_a_restart() -> None:
    inherited = replace(SENT, is_inherited=True, must_look=True, sends=0, age_s=math.inf)

    assert next_step(inherited, None) == Wait()
    assert ending(inherited, CHARGING) == (ActionState.CONFIRMED, None)
    assert ending(inherited, STOPPED) == FAILED_NO_RESPONSE
    assert ending(replace(inherited, run_s=30.0), None) == FAILED_NO_RESPONSE


@pytest.mark.parametrize(
    ("attempt", "seen", "words"),
    [
        (replace(SENT, age_s=60.0), STOPPED, "did not show the effect within 60 s"),
        (replace(INTENT, age_s=60.0), None, "could not be reached"),
        (replace(SENT, age_s=60.0, last_words="keba: no answer"), None, "keba: no answer"),
        (replace(INTENT, age_s=60.0, is_inherited=True), None, "its time had passed"),
    ],
)
def test_a_failure_says_why(attempt: Attempt, seen: Reading | None, words: str) -> None:
    step = next_step(attempt, seen)

    assert isinstance(step, End)
    assert words in step.detail


@given(
    age=st.floats(60.0, math.inf),
    sends=st.integers(0, 100),
    is_written=st.booleans(),
    is_inherited=st.booleans(),
    must_look=st.booleans(),
    may_skip=st.booleans(),
    seen=st.sampled_from([None, CHARGING, STOPPED, UNPLUGGED]),
)
def test_an_expired_action_is_never_sent(
    age: float,
    sends: int,
    is_written: bool,
    is_inherited: bool,
    must_look: bool,
    may_skip: bool,
    seen: Reading | None,
) -> None:
    attempt = Attempt(
        action(StartCharging(), is_sent=is_written),
        timeout_s=60.0,
        age_s=age,
        run_s=0.0,
        sends=sends,
        is_written=is_written,
        is_inherited=is_inherited,
        must_look=must_look,
        may_skip=may_skip,
    )

    assert next_step(attempt, seen) != Send()


def test_no_action_takes_longer_than_30_minutes() -> None:
    assert timeout_s(Role(AssetKind.CHARGER, confirm_timeout_s=60.0)) == 60.0
    assert timeout_s(Role(AssetKind.CHARGER, confirm_timeout_s=1e6)) == TIMEOUT_MAX_S == 1800.0


@pytest.mark.parametrize(
    ("now_s", "floor_s", "uptime_s", "expected_s"),
    [
        (20.0, None, 3600.0, 20.0),
        (20.0, 20.0, 3600.0, 20.0),
        (-0.1, None, 3600.0, math.inf),
        (20.0, 21.0, 3600.0, math.inf),
        (20.0, None, 19.0, math.inf),
    ],
    ids=["known", "clock at its mark", "before its creation", "clock behind", "before the boot"],
)
def test_the_age_of_a_found_action_is_known_or_infinite(
    now_s: float, floor_s: float | None, uptime_s: float, expected_s: float
) -> None:
    floor = None if floor_s is None else NOW + timedelta(seconds=floor_s)

    assert age_s(NOW, NOW + timedelta(seconds=now_s), floor, uptime_s) == expected_s


def test_a_current_said_as_a_whole_number_counts() -> None:
    reading = ChargerReading(max_current_a=16)

    assert is_confirmed(SetMaxCurrent(16.0), reading)
    assert is_already(SetMaxCurrent(16.0), reading)
    assert not is_confirmed(SetMaxCurrent(16.0), ChargerReading())
