from datetime import timedelta

from gatewayd.model.command import ActionState, SetMaxCurrent, StartCharging, StopCharging
from gatewayd.plan.pursuit import LatestAction, has_failed, latest_charging, pursue
from tests.unit.plan.picture import NOW, action

MINUTE = timedelta(minutes=1)


def latest(state: ActionState, *, wanted: bool = True) -> LatestAction[bool]:
    """Created ten minutes before NOW, and ended now where it has."""
    ended_at = None if state is ActionState.PENDING else NOW
    return LatestAction(wanted, state, NOW - 10 * MINUTE, ended_at)


def test_a_start_and_a_stop_are_actions_towards_charging_or_not() -> None:
    start, stop = latest_charging(action(StartCharging())), latest_charging(action(StopCharging()))

    assert start is not None
    assert stop is not None
    assert (start.wanted, stop.wanted) == (True, False)
    assert latest_charging(action(SetMaxCurrent(6.0))) is None
    assert latest_charging(None) is None


def test_what_has_not_been_asked_for_is_due() -> None:
    assert pursue(wanted=True, latest=None, now=NOW).is_due
    opposite = latest(ActionState.PENDING, wanted=False)
    assert pursue(wanted=True, latest=opposite, now=NOW).is_due


def test_an_action_under_way_is_waited_for() -> None:
    waiting = pursue(wanted=True, latest=latest(ActionState.PENDING), now=NOW + 60 * MINUTE)

    assert (waiting.is_due, waiting.retry_at) == (False, None)


def test_the_rest_counts_from_the_end_of_the_action() -> None:
    failed = pursue(wanted=True, latest=latest(ActionState.FAILED), now=NOW + 14 * MINUTE)
    confirmed = pursue(wanted=True, latest=latest(ActionState.CONFIRMED), now=NOW)

    assert (failed.is_due, failed.retry_at) == (False, NOW + 15 * MINUTE)
    assert confirmed.retry_at == NOW + MINUTE


def test_a_failure_counts_from_a_time_on() -> None:
    failed = latest(ActionState.CANCELLED)

    assert has_failed(failed, wanted=True, since=failed.created_at)
    assert not has_failed(failed, wanted=True, since=failed.created_at + MINUTE)
    assert not has_failed(failed, wanted=False, since=failed.created_at)
    assert not has_failed(latest(ActionState.CONFIRMED), wanted=True, since=failed.created_at)
    assert not has_failed(None, wanted=True, since=NOW)
