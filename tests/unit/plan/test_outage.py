"""When a device is lost, and how long it is left alone."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.model.reading import InverterReading, MeterReading, Reading
from gatewayd.plan.outage import (
    FAILURES_UNTIL_LOST,
    REST_MIN_S,
    busy_pause_s,
    is_dark,
    is_silent,
    pause_s,
    rest_s,
)

MINUTES_10_S = 600.0
intervals = st.floats(0.1, 3600)
jitters = st.floats(0, 1)


@given(every_s=intervals, failures=st.integers(1, FAILURES_UNTIL_LOST), jitter=jitters)
def test_the_first_failures_are_retried_at_least_as_often_as_good_reads(
    every_s: float, failures: int, jitter: float
) -> None:
    assert pause_s(every_s, failures, 1.0, jitter) <= every_s


@given(every_s=intervals, failures=st.integers(1, sys.maxsize), jitter=jitters)
def test_an_outage_is_retried_every_5_seconds_for_ten_minutes_then_every_30(
    every_s: float, failures: int, jitter: float
) -> None:
    assert 0 < pause_s(every_s, failures, MINUTES_10_S - 1, jitter) <= 5.0
    assert 0 < pause_s(every_s, failures, MINUTES_10_S, jitter) <= 30.0


@pytest.mark.parametrize(
    ("failures", "outage_s", "expected_s"),
    [(1, 2, 2), (3, 6, 2), (4, 8, 4), (5, 12, 5), (100, 599, 5), (130, 600, 30), (10**9, 1e9, 30)],
)
def test_the_pauses_of_a_device_polled_every_2_seconds(
    failures: int, outage_s: float, expected_s: float
) -> None:
    assert pause_s(2.0, failures, outage_s, 0.0) == expected_s


def test_jitter_only_shortens_and_by_a_tenth_at_most() -> None:
    assert pause_s(2.0, 9, 60.0, 1.0) == pytest.approx(4.5)


def test_a_busy_device_is_left_alone_longer_each_time() -> None:
    pauses = [busy_pause_s(2.0, refusals) for refusals in (1, 2, 3, 4, 5, 10**9)]

    assert pauses == [4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert busy_pause_s(60.0, 1) == 60.0


def test_reads_start_at_the_interval_and_a_slow_device_still_gets_a_rest() -> None:
    assert rest_s(2.0, 0.5) == 1.5
    assert rest_s(2.0, 7.0) == REST_MIN_S


@pytest.mark.parametrize(
    ("silent_s", "every_s", "latency_s", "is_busy", "expected"),
    [
        (6.0, 2.0, 0.1, False, False),
        (6.1, 2.0, 0.1, False, True),
        (6.1, 0.5, 0.1, False, True),
        (5.9, 0.5, 0.1, False, False),
        (29.0, 10.0, 0.1, False, False),
        (30.1, 10.0, 0.1, False, True),
        (20.0, 2.0, 8.0, False, False),
        (60.0, 2.0, 0.1, True, False),
        (60.1, 2.0, 0.1, True, True),
    ],
)
def test_silence_counts_as_loss_after_three_intervals(
    silent_s: float, every_s: float, latency_s: float, is_busy: bool, expected: bool
) -> None:
    assert is_silent(silent_s, every_s, latency_s, is_busy=is_busy) is expected


@pytest.mark.parametrize(
    ("readings", "is_so"),
    [
        ([InverterReading(power_w=12)], True),
        ([InverterReading(power_w=900)], False),
        ([InverterReading(is_asleep=True)], True),
        ([InverterReading(power_w=0), InverterReading(power_w=900)], False),
        ([InverterReading()], False),
        ([MeterReading(power_w=0)], False),
        ([], False),
    ],
)
def test_it_is_dark_when_all_inverters_make_next_to_nothing(
    readings: list[Reading], is_so: bool
) -> None:
    assert is_dark(readings) is is_so
