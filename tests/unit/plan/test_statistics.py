from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.errors import InvalidError
from gatewayd.model.statistics import ChargingBucket, EnergySample, Resolution
from gatewayd.model.tariff import (
    LocationTariff,
    PriceSlot,
    Tariff,
    TariffInterval,
    TariffRate,
)
from gatewayd.plan.prices import Prices, prices
from gatewayd.plan.statistics.buckets import bucket, offset_of
from gatewayd.plan.statistics.series import charging_series
from gatewayd.plan.statistics.sessions import charging_sessions

OSLO = ZoneInfo("Europe/Oslo")
START = datetime(2026, 6, 22, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TARIFF = Tariff("t", (TariffRate("peak", Decimal("0.40")), TariffRate("low", Decimal("0.10"))))
NIGHT_AND_DAY = LocationTariff(
    "t",
    (
        TariffInterval("low", 0, 360),
        TariffInterval("peak", 360, 1320),
        TariffInterval("low", 1320, 1440),
    ),
)
HOME: Mapping[str | None, Prices] = {"home": prices(OSLO, "NOK", TARIFF, NIGHT_AND_DAY)}


def sample(
    start: datetime,
    length: timedelta = MINUTE,
    *,
    power_w: float = 6000.0,
    location_id: str | None = "home",
) -> EnergySample:
    energy_wh = power_w * (length / HOUR)
    return EnergySample(
        start, start + length, energy_wh, power_w / 2, power_w * 2, power_w, location_id
    )


def minutes(start: datetime, count: int, power_w: float = 6000.0) -> list[EnergySample]:
    return [sample(start + n * MINUTE, power_w=power_w) for n in range(count)]


def series(
    samples: list[EnergySample],
    resolution: Resolution = Resolution.DAY,
    *,
    start: datetime = START,
    end: datetime = START + 30 * DAY,
    offset: timedelta = timedelta(0),
) -> tuple[ChargingBucket, ...]:
    return charging_series(samples, start, end, resolution, HOME, offset)


def test_a_cost_is_price_times_energy_split_at_the_local_boundary() -> None:
    # Two hours around 06:00 in Oslo, which is 04:00 UTC.
    (entry,) = series(minutes(START + 3 * HOUR, 120))

    used = entry.consumption
    assert used.energy_wh == 12_000.0
    assert used.cost == Decimal("6") * Decimal("0.10") + Decimal("6") * Decimal("0.40")
    assert used.price is not None
    assert (used.price.min, used.price.max) == (Decimal("0.10"), Decimal("0.40"))
    assert used.price.mean == Decimal("0.25")
    assert (used.power.min_w, used.power.mean_w, used.power.max_w) == (3000.0, 6000.0, 12000.0)
    assert (used.non_smart_price, used.estimated_savings) == (None, None)


def test_one_long_sample_is_split_by_time() -> None:
    (entry,) = series([sample(START + 3 * HOUR, 2 * HOUR)])

    assert entry.consumption.cost == Decimal("3.0")


def test_an_end_at_midnight_leaves_the_last_day_out() -> None:
    samples = [*minutes(START + 12 * HOUR, 10), *minutes(START + DAY, 10)]

    assert [one.date for one in series(samples, end=START + DAY)] == [START]
    assert len(series(samples, end=START + DAY + MINUTE)) == 2


def test_the_first_bucket_counts_from_the_start_asked_for() -> None:
    (entry,) = series(minutes(START, 120), start=START + HOUR)

    assert entry.date == START
    assert entry.consumption.energy_wh == 6000.0


def test_buckets_without_consumption_are_left_out() -> None:
    samples = [*minutes(START, 5), *minutes(START + DAY, 5, 0.0), *minutes(START + 2 * DAY, 5)]

    assert [one.date for one in series(samples)] == [START, START + 2 * DAY]


def test_an_offset_moves_days_and_not_hours() -> None:
    samples = minutes(START + 23 * HOUR, 30)
    offset = offset_of(2.0)

    assert [one.date for one in series(samples, offset=offset)] == [START + 22 * HOUR]
    assert [one.date for one in series(samples)] == [START]
    assert [one.date for one in series(samples, Resolution.HOUR, offset=offset_of(0.5))] == [
        START + 23 * HOUR
    ]


@pytest.mark.parametrize(
    ("resolution", "start", "end"),
    [
        (Resolution.QUARTER_HOUR, "2026-06-24T13:30", "2026-06-24T13:45"),
        (Resolution.HALF_HOUR, "2026-06-24T13:30", "2026-06-24T14:00"),
        (Resolution.HOUR, "2026-06-24T13:00", "2026-06-24T14:00"),
        (Resolution.DAY, "2026-06-24T00:00", "2026-06-25T00:00"),
        (Resolution.WEEK, "2026-06-22T00:00", "2026-06-29T00:00"),
        (Resolution.MONTH, "2026-06-01T00:00", "2026-07-01T00:00"),
        (Resolution.YEAR, "2026-01-01T00:00", "2027-01-01T00:00"),
    ],
)
def test_a_bucket_has_its_calendars_bounds(resolution: Resolution, start: str, end: str) -> None:
    at = datetime(2026, 6, 24, 13, 44, 59, 999999, tzinfo=UTC)

    found = bucket(at, resolution, timedelta(0))

    assert [edge.strftime("%Y-%m-%dT%H:%M") for edge in found] == [start, end]


@pytest.mark.parametrize("hours", [float("nan"), float("inf"), 24.0, -24.0, 1e300])
def test_an_impossible_offset_is_refused(hours: float) -> None:
    with pytest.raises(InvalidError, match="utcOffset"):
        offset_of(hours)


def test_a_start_after_the_end_is_refused() -> None:
    with pytest.raises(InvalidError, match="startDate"):
        series([], start=START + DAY, end=START)
    with pytest.raises(InvalidError, match="startDate"):
        charging_sessions("a", [], START + DAY, START, START, {})


def test_what_has_no_known_price_has_no_cost() -> None:
    (entry,) = charging_series([sample(START)], START, START + DAY, Resolution.DAY, {})

    assert (entry.consumption.cost, entry.consumption.price) == (None, None)
    assert entry.consumption.energy_wh == 100.0


def test_a_cost_covers_the_energy_of_known_price() -> None:
    slot = PriceSlot(START, START + HOUR, Decimal(2))
    known: Mapping[str | None, Prices] = {"home": prices(OSLO, "NOK", market=[slot])}

    (entry,) = charging_series(minutes(START, 120), START, START + DAY, Resolution.DAY, known)

    assert entry.consumption.energy_wh == 12_000.0
    assert entry.consumption.cost == Decimal(12)
    assert entry.consumption.price is not None
    assert entry.consumption.price.mean == Decimal(2)


def test_a_question_about_all_of_time_is_answered_at_once() -> None:
    first, last = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)

    assert len(series(minutes(START, 3), start=first, end=last)) == 1
    assert series([], start=first, end=last) == ()


_samples = st.lists(
    st.builds(
        lambda at, length, energy, location: EnergySample(
            START + timedelta(seconds=at),
            START + timedelta(seconds=at + length),
            energy,
            min(100.0, energy),
            energy + 5.0,
            energy + 3.0,
            location,
        ),
        st.integers(0, 40 * 86_400),
        st.integers(1, 7200),
        st.floats(0, 20_000),
        st.sampled_from(["home", None]),
    ),
    max_size=30,
)


@settings(max_examples=100, deadline=None)
@given(_samples, st.sampled_from([0.0, 5.5, -3.25, 13.75]), st.integers(0, 10 * 86_400))
def test_finer_buckets_add_up_to_coarser_ones_exactly(
    samples: list[EnergySample], hours: float, begin: int
) -> None:
    start = START + timedelta(seconds=begin)
    end = START + 41 * DAY
    # Hours are those of UTC: they nest in days whose offset is of whole hours.
    finest = (Resolution.QUARTER_HOUR, *((Resolution.HOUR,) if hours == 0.0 else ()))
    nested = (*finest, Resolution.DAY, Resolution.MONTH, Resolution.YEAR)
    levels = [
        series(samples, resolution, start=start, end=end, offset=offset_of(hours))
        for resolution in nested
    ]

    for fine, coarse, resolution in zip(levels, levels[1:], nested[1:], strict=False):
        for entry in coarse:
            _, until = bucket(entry.date, resolution, offset_of(hours))
            inside = [one.consumption for one in fine if entry.date <= one.date < until]
            costs = [one.cost for one in inside if one.cost is not None]
            used = entry.consumption
            assert sum(one.energy_uwh for one in inside) == used.energy_uwh
            assert (sum(costs) if costs else None) == used.cost
            assert min(one.power.min_w for one in inside) == used.power.min_w
            assert max(one.power.max_w for one in inside) == used.power.max_w


@settings(max_examples=100, deadline=None)
@given(_samples, st.sampled_from(Resolution))
def test_means_lie_between_and_buckets_ascend(
    samples: list[EnergySample], resolution: Resolution
) -> None:
    found = series(samples, resolution, end=START + 50 * DAY)

    assert all(one.date < other.date for one, other in pairwise(found))
    assert sum(one.consumption.energy_uwh for one in found) == sum(
        one.energy_uwh for one in samples
    )
    for used in (one.consumption for one in found):
        assert used.power.min_w <= used.power.mean_w <= used.power.max_w
        if used.price is not None and used.cost is not None:
            assert used.price.min <= used.price.mean <= used.price.max


def test_two_charges_an_hour_apart_are_two_sessions() -> None:
    samples = [*minutes(START, 30), *minutes(START + 90 * MINUTE, 20)]

    found = charging_sessions("car", samples, START, START + DAY, START + DAY, HOME)

    assert [(one.from_at - START, one.to_at - START) for one in found] == [
        (0 * MINUTE, 30 * MINUTE),
        (90 * MINUTE, 110 * MINUTE),
    ]
    assert {(one.asset_id, one.location_id) for one in found} == {("car", "home")}
    assert [one.consumption.energy_wh for one in found] == [3000.0, 2000.0]
    assert found[0].consumption.cost == Decimal("0.30")


def test_a_short_pause_or_a_missing_reading_does_not_split_a_session() -> None:
    samples = [*minutes(START, 10), *minutes(START + 25 * MINUTE, 10)]

    assert len(charging_sessions("car", samples, START, START + DAY, START + DAY, HOME)) == 1
    late = [*minutes(START, 10), *minutes(START + 26 * MINUTE, 10)]
    assert len(charging_sessions("car", late, START, START + DAY, START + DAY, HOME)) == 2


def test_moving_to_another_location_begins_another_session() -> None:
    samples = [
        *minutes(START, 5),
        *[sample(START + n * MINUTE, location_id="work") for n in range(5, 10)],
    ]

    found = charging_sessions("car", samples, START, START + DAY, START + DAY, HOME)

    assert [one.location_id for one in found] == ["home", "work"]
    assert found[1].consumption.cost is None


def test_a_single_reading_and_standby_are_no_session() -> None:
    samples = [sample(START), *minutes(START + 2 * HOUR, 60, 5.0)]

    assert charging_sessions("car", samples, START, START + DAY, START + DAY, HOME) == ()


def test_a_running_session_is_not_listed_until_it_is_over() -> None:
    samples = minutes(START, 10)

    def found(now: datetime) -> int:
        return len(charging_sessions("car", samples, START, START + DAY, now, HOME))

    assert found(START + 25 * MINUTE) == 0
    assert found(START + 25 * MINUTE + timedelta(seconds=1)) == 1


def test_a_session_belongs_to_the_time_it_began_in() -> None:
    samples = minutes(START - 5 * MINUTE, 10)

    def found(start: datetime, end: datetime) -> int:
        return len(charging_sessions("car", samples, start, end, START + DAY, HOME))

    assert found(START, START + DAY) == 0
    assert found(START - HOUR, START) == 1
    assert found(START - HOUR, START - 5 * MINUTE) == 0
    assert found(START - 5 * MINUTE, START) == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), max_size=8))
def test_sessions_are_what_the_pauses_leave(parts: list[tuple[int, int]]) -> None:
    samples, at = [], START
    for length, pause in parts:
        samples += minutes(at, length)
        at += (length + pause) * MINUTE

    found = charging_sessions("car", samples, START, at + DAY, at + DAY, HOME)

    used = sum(one.consumption.energy_uwh for one in found)
    assert used <= sum(one.energy_uwh for one in samples)
    assert all(other.from_at - one.to_at > 15 * MINUTE for one, other in pairwise(found))
    (whole,) = series(samples, Resolution.YEAR, end=at + DAY) or (None,)
    if whole and all(length > 1 for length, _ in parts):
        assert used == whole.consumption.energy_uwh
        assert sum(one.consumption.cost or 0 for one in found) == whole.consumption.cost
