from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.model.statistics import (
    EnergySample,
    InverterStatistics,
    Resolution,
    StatisticsRefusal,
)
from gatewayd.plan.statistics.inverter import ProductionQuery, inverter_statistics, window

OSLO = ZoneInfo("Europe/Oslo")
INSTALLED = datetime(2025, 5, 5, 12, tzinfo=UTC)
LATE = datetime(2028, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def ask(
    year: int,
    month: int,
    day: int | None = None,
    *,
    samples: tuple[EnergySample, ...] = (),
    zone: ZoneInfo = OSLO,
    now: datetime = LATE,
    is_backfilling: bool = False,
) -> InverterStatistics | StatisticsRefusal:
    query = ProductionQuery(year, month, day)
    return inverter_statistics(samples, query, zone, INSTALLED, now, is_backfilling=is_backfilling)


def statistics(found: InverterStatistics | StatisticsRefusal) -> InverterStatistics:
    assert isinstance(found, InverterStatistics)
    return found


def sample(start: datetime, minutes: float = 1.0, energy_wh: float = 10.0) -> EnergySample:
    end = start + minutes * MINUTE
    return EnergySample(start, end, energy_wh, energy_wh, energy_wh, energy_wh)


@pytest.mark.parametrize(
    ("zone", "month", "day", "count"),
    [
        ("Europe/Oslo", 6, 21, 96),
        ("Europe/Oslo", 3, 29, 92),
        ("Europe/Oslo", 10, 25, 100),
        ("America/Havana", 3, 8, 92),
        ("America/Havana", 11, 1, 100),
        ("Australia/Lord_Howe", 10, 4, 94),
        ("Asia/Kathmandu", 6, 21, 96),
    ],
)
def test_a_day_has_as_many_quarters_as_the_clock_gives_it(
    zone: str, month: int, day: int, count: int
) -> None:
    found = statistics(ask(2026, month, day, zone=ZoneInfo(zone)))

    assert found.timezone == zone
    assert found.resolution is Resolution.QUARTER_HOUR
    assert len(found.data) == count
    assert len({one.date.astimezone(UTC) for one in found.data}) == count
    assert {one.date.date() for one in found.data} == {date(2026, month, day)}


def test_dates_carry_the_local_offset_of_their_moment() -> None:
    data = statistics(ask(2026, 10, 25)).data

    assert data[0].date.isoformat() == "2026-10-25T00:00:00+02:00"
    assert data[11].date.isoformat() == "2026-10-25T02:45:00+02:00"
    assert data[12].date.isoformat() == "2026-10-25T02:00:00+01:00"
    assert data[-1].date.isoformat() == "2026-10-25T23:45:00+01:00"


def test_a_month_has_its_days() -> None:
    found = statistics(ask(2026, 3))

    assert found.resolution is Resolution.DAY
    assert [one.date.day for one in found.data] == list(range(1, 32))
    assert found.data[28].date.isoformat() == "2026-03-29T00:00:00+01:00"
    assert found.data[29].date.isoformat() == "2026-03-30T00:00:00+02:00"
    assert len(statistics(ask(2028, 2, now=LATE)).data) == 29
    assert len(statistics(ask(2026, 12)).data) == 31


def test_a_slot_without_samples_has_no_value_and_darkness_is_zero() -> None:
    start = datetime(2026, 6, 20, 22, tzinfo=UTC)

    data = statistics(
        ask(2026, 6, 21, samples=(sample(start, energy_wh=0.0), sample(start + 20 * MINUTE)))
    ).data

    assert [one.energy_wh for one in data[:3]] == [0.0, 10.0, None]


def test_a_sample_across_slots_and_midnight_is_split() -> None:
    midnight = datetime(2026, 6, 20, 22, tzinfo=UTC)

    data = statistics(ask(2026, 6, 21, samples=(sample(midnight - 15 * MINUTE, 60, 40.0),))).data

    assert [one.energy_wh for one in data[:4]] == [10.0, 10.0, 10.0, None]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            lambda at, minutes, energy: sample(
                datetime(2026, 3, 27, tzinfo=UTC) + at * MINUTE, minutes, energy
            ),
            st.integers(0, 4 * 1440),
            st.integers(1, 200),
            st.floats(0, 5000),
        ),
        max_size=20,
    )
)
def test_the_quarters_of_a_day_add_up_to_it(samples: list[EnergySample]) -> None:
    month = statistics(ask(2026, 3, samples=tuple(samples)))

    for day in (28, 29, 30):
        quarters = statistics(ask(2026, 3, day, samples=tuple(samples)))
        values = [one.energy_wh for one in quarters.data if one.energy_wh is not None]
        whole = month.data[day - 1].energy_wh
        assert (whole is None) == (not values)
        assert whole is None or sum(values) == pytest.approx(whole, abs=1e-9)


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [(2026, 2, 30), (2026, 4, 31), (2026, 13, None), (2026, 0, None), (1968, 1, 1), (3000, 1, 1)],
)
def test_a_date_that_does_not_exist_is_refused(year: int, month: int, day: int | None) -> None:
    found = ask(year, month, day)

    assert isinstance(found, StatisticsRefusal)
    assert "does not exist" in found.detail
    assert window(ProductionQuery(year, month, day), OSLO) is None


def test_the_first_and_the_last_year_exist() -> None:
    assert window(ProductionQuery(1969, 1, 1), OSLO) is not None
    assert window(ProductionQuery(2999, 12), OSLO) is not None


@pytest.mark.parametrize(
    ("year", "month", "day", "is_refused"),
    [
        (2025, 5, 4, True),
        (2025, 5, 5, False),
        (2025, 4, None, True),
        (2025, 5, None, False),
        (1969, 1, 1, True),
    ],
)
def test_what_ends_before_the_installation_is_refused(
    year: int, month: int, day: int | None, *, is_refused: bool
) -> None:
    assert isinstance(ask(year, month, day), StatisticsRefusal) is is_refused


@pytest.mark.parametrize(
    ("now", "retry_after"),
    [
        ("2026-06-21T22:02", None),
        ("2026-06-21T22:01", "2026-06-21T22:02"),
        ("2026-06-21T21:46", "2026-06-21T22:02"),
        ("2026-06-21T10:00", "2026-06-21T10:17"),
        ("2026-06-21T10:14", "2026-06-21T10:17"),
        ("2026-06-01T00:00", "2026-06-20T22:17"),
    ],
)
def test_what_may_still_change_is_to_be_asked_for_again(now: str, retry_after: str | None) -> None:
    found = statistics(ask(2026, 6, 21, now=datetime.fromisoformat(now).replace(tzinfo=UTC)))

    expected = retry_after and datetime.fromisoformat(retry_after).replace(tzinfo=UTC)
    assert found.retry_after == expected


def test_while_history_is_fetched_nothing_is_final() -> None:
    found = statistics(ask(2026, 6, 21, is_backfilling=True))

    assert found.retry_after is not None
    assert found.retry_after > LATE


@pytest.mark.parametrize("minute", range(0, 3 * 1440, 37))
def test_the_time_to_ask_again_is_in_the_future(minute: int) -> None:
    now = datetime(2026, 6, 20, tzinfo=UTC) + minute * MINUTE

    found = statistics(ask(2026, 6, 21, now=now))

    _, end = window(ProductionQuery(2026, 6, 21), OSLO) or (now, now)
    assert (found.retry_after is None) == (now >= end + 2 * MINUTE)
    assert found.retry_after is None or found.retry_after > now
