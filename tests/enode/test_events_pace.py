"""Events: how often an asset may be told of."""

import itertools

from gatewayd.enode.events.pace import BURST, Pace

HOUR = 3600


def told_in(pace: Pace, start_s: int, end_s: int, *, is_measured: bool = True) -> list[int]:
    """When an asset that always changes is told of, looked at each second."""
    times = []
    for now_s in range(start_s, end_s):
        if pace.is_due("1", now_s, is_measured=is_measured):
            pace.told("1", now_s, is_measured=is_measured)
            times.append(now_s)
    return times


def test_a_first_change_is_told_at_once() -> None:
    assert Pace(5, 30).is_due("1", 0.0, is_measured=True)


def test_measured_values_are_told_in_a_burst_and_then_seldom() -> None:
    times = told_in(Pace(5, 30), 0, HOUR)

    assert times[:6] == [0, 5, 10, 15, 20, 25]
    assert abs(len(times) - HOUR // 30 - BURST) <= 1
    assert {later - earlier for earlier, later in itertools.pairwise(times[15:])} == {30}


def test_quiet_time_is_saved_up_and_no_more_than_for_a_burst() -> None:
    pace = Pace(5, 30)
    told_in(pace, 0, HOUR)

    assert len(told_in(pace, 2 * HOUR, 2 * HOUR + 60)) == 12
    assert abs(len(told_in(pace, 4 * HOUR, 5 * HOUR)) - HOUR // 30 - BURST) <= 1


def test_other_changes_wait_only_for_the_last_event() -> None:
    pace = Pace(5, 30)
    told_in(pace, 0, HOUR)

    times = told_in(pace, HOUR, HOUR + 16, is_measured=False)

    assert times == [HOUR, HOUR + 5, HOUR + 10, HOUR + 15]


def test_measured_values_are_never_told_more_often_than_others() -> None:
    assert told_in(Pace(60, 1), 0, 300) == [0, 60, 120, 180, 240]


def test_an_asset_that_is_gone_is_forgotten() -> None:
    pace = Pace(5, 30)
    pace.told("1", 0.0, is_measured=True)

    pace.keep([])

    assert pace.is_due("1", 1.0, is_measured=True)
