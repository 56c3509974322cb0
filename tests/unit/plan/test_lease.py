"""Watchdogs are fed on fresh inputs only, and often enough."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.model.reading import MeterReading, Sample
from gatewayd.plan.lease import Lease, grant, is_due, is_fresh

NOW = datetime(2026, 6, 21, tzinfo=UTC)


def sample(at_monotonic: float) -> Sample:
    return Sample(MeterReading(), NOW, at_monotonic)


@pytest.mark.parametrize(
    ("age_s", "expected"), [(0, True), (15, True), (15.1, False), (-1, False), (math.inf, False)]
)
def test_a_sample_is_fresh_for_15_seconds(age_s: float, expected: bool) -> None:
    assert is_fresh(sample(1000.0 - age_s), 1000.0) is expected


def test_there_is_no_lease_without_a_fresh_sample_or_a_watchdog() -> None:
    assert grant(None, 30.0, 1000.0) is None
    assert grant(sample(980.0), 30.0, 1000.0) is None
    assert grant(sample(999.0), 0.0, 1000.0) is None


@pytest.mark.parametrize(("watchdog_s", "valid_s"), [(30.0, 30.0), (60.0, 60.0), (600.0, 60.0)])
def test_a_lease_lasts_60_seconds_at_most(watchdog_s: float, valid_s: float) -> None:
    assert grant(sample(999.0), watchdog_s, 1000.0) == Lease(watchdog_s, 1000.0 + valid_s)


@given(watchdog_s=st.floats(3.0, 3600), period_s=st.floats(0.1, 1.0))
def test_a_watchdog_is_fed_within_a_third_of_its_time(watchdog_s: float, period_s: float) -> None:
    lease, since_s = Lease(watchdog_s, math.inf), 0.0

    while not is_due(lease, since_s, period_s):
        since_s += period_s

    assert since_s <= watchdog_s / 3


@pytest.mark.parametrize(("since_s", "is_now"), [(18.0, False), (18.1, True)])
def test_a_watchdog_is_fed_when_the_next_chance_would_be_late(since_s: float, is_now: bool) -> None:
    assert is_due(Lease(60.0, math.inf), since_s, 2.0) is is_now


def test_a_watchdog_never_fed_is_due() -> None:
    assert is_due(Lease(600.0, math.inf), math.inf, 1.0)
