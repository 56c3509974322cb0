from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.model.statistics import EnergyMark, EnergySample, MeteredMinute
from gatewayd.plan.statistics.counting import count
from gatewayd.plan.statistics.quarters import consumed, produced

START = datetime(2026, 6, 22, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
FAR = START + timedelta(days=60)


def said(
    minute: int, counter_wh: float | None = None, power_w: float | None = None
) -> MeteredMinute:
    return MeteredMinute(START + minute * MINUTE, counter_wh, power_w, power_w, power_w)


def counters(*values: float | None, power_w: float | None = None) -> list[MeteredMinute]:
    return [said(n, value, power_w) for n, value in enumerate(values)]


def counted(
    minutes: Sequence[MeteredMinute], mark: EnergyMark | None = None
) -> tuple[EnergyMark, list[EnergySample]]:
    return count(mark or EnergyMark(START), minutes, FAR, lambda _: "home")


def total_wh(minutes: Sequence[MeteredMinute]) -> float:
    return sum(sample.energy_wh for sample in counted(minutes)[1])


def test_a_counter_tells_how_much_in_each_minute() -> None:
    _, samples = counted(counters(1001, 1101, 1251.5))

    assert [sample.energy_wh for sample in samples] == [100, 150.5]
    assert [sample.start for sample in samples] == [START + MINUTE, START + 2 * MINUTE]


def test_without_a_counter_power_is_integrated() -> None:
    _, samples = counted([said(n, power_w=6000) for n in range(10)])

    assert [sample.energy_wh for sample in samples] == [pytest.approx(100)] * 10
    assert {sample.mean_w for sample in samples} == {6000}


def test_a_counter_wins_over_power() -> None:
    assert total_wh(counters(5, 111, 217, 323, power_w=6000)) == pytest.approx(100 + 318)


@pytest.mark.parametrize("wrong", [0.0, 81_000_000.0, 12.0])
def test_one_wrong_value_is_ignored(wrong: float) -> None:
    right = counters(5001, 5101, 5201, 5301, 5401)
    bounced = counters(5001, 5101, wrong, 5301, 5401)

    assert total_wh(bounced) == total_wh(right) == 400


def test_two_wrong_values_are_ignored_too() -> None:
    assert total_wh(counters(5001, 0, 0, 5101)) == 100


def test_power_stands_in_for_a_wrong_value_without_being_counted_twice() -> None:
    _, samples = counted(counters(5001, 5101, 0, 5301, power_w=6000))

    assert [sample.energy_wh for sample in samples] == [pytest.approx(100)] * 4


def test_a_reset_counts_once_three_values_confirm_it() -> None:
    # 100 Wh by the old counter, 100 Wh by the new one, and nothing for the jump between.
    assert total_wh(counters(90_001, 90_101, 11, 61, 111)) == 200
    assert total_wh(counters(90_001, 90_101, 11, 61)) == 100


def test_what_power_tells_during_a_reset_is_counted() -> None:
    values = counters(90_001, 90_101, 11, 61, 161, 261, power_w=6000)

    assert total_wh(values) == pytest.approx(600)


def test_values_that_fit_neither_the_counter_nor_each_other_confirm_nothing() -> None:
    values = counters(5001, 900_000_001, 3, 700_000_001, 4, 5101)

    assert total_wh(values) == 100


def test_a_coarse_counter_gets_its_shape_from_power_and_keeps_its_sum() -> None:
    # 6 kW on a counter of whole kilowatt-hours: it steps every tenth minute.
    values = [said(n, 1000.0 * ((n * 100) // 1000), 6000) for n in range(101)]

    _, samples = counted(values)

    assert max(sample.energy_wh for sample in samples) == pytest.approx(100)
    assert min(sample.energy_wh for sample in samples) == pytest.approx(100)


def test_a_coarse_counter_corrects_power_that_is_wrong() -> None:
    # Power tells twice as much as the counter.
    values = [said(n, 1000.0 * ((n * 100) // 1000), 12_000) for n in range(601)]

    assert 60_000 <= total_wh(values) <= 61_000


def test_what_a_counter_gained_in_a_silence_came_evenly() -> None:
    _, samples = counted([said(0, 5), said(121, 1021)])

    (sample,) = samples
    assert (sample.start, sample.end) == (START + MINUTE, START + 122 * MINUTE)
    assert sample.energy_wh == 1016


def test_after_a_silence_the_minutes_own_energy_is_what_its_power_tells() -> None:
    _, samples = counted([said(0, 5), said(121, 1021, 6000)])

    silence, minute = samples
    assert (silence.end, minute.start) == (minute.start, START + 121 * MINUTE)
    assert [silence.energy_wh, minute.energy_wh] == pytest.approx([916, 100])


def test_nothing_is_known_of_a_silence_longer_than_a_day() -> None:
    _, samples = counted([said(0, 5), said(3000, 100_021), said(3001, 100_121)])

    assert [sample.energy_wh for sample in samples] == [100]


def test_power_bridges_a_short_silence_only() -> None:
    _, short = counted([said(0, power_w=3000), said(5, power_w=6000)])
    _, long = counted([said(0, power_w=6000), said(30, power_w=6000)])

    assert sum(sample.energy_wh for sample in short) == pytest.approx(50 + 4 * 75 + 100)
    assert sum(sample.energy_wh for sample in long) == pytest.approx(200)


def test_power_that_flows_back_is_no_consumption() -> None:
    assert total_wh([said(n, power_w=-3000) for n in range(5)]) == 0


@given(
    st.lists(
        st.tuples(st.floats(0, 20_000), st.one_of(st.none(), st.floats(0, 20_000))),
        min_size=2,
        max_size=60,
    ),
    st.integers(0, 60),
)
def test_the_sum_is_the_counters_however_the_count_is_interrupted(
    steps: list[tuple[float, float | None]], pause: int
) -> None:
    counter_wh, minutes = 10_001.5, []
    for number, (power_w, told_w) in enumerate(steps):
        counter_wh += power_w / 60
        minutes.append(said(number, counter_wh, told_w))

    middle = START + pause * MINUTE
    mark, first = count(EnergyMark(START), minutes, middle, lambda _: None)
    rest = [minute for minute in minutes if minute.start >= mark.through]
    _, second = count(mark, rest, FAR, lambda _: None)

    gained_wh = sum(power_w for power_w, _ in steps[1:]) / 60
    opening_wh = (steps[0][1] or 0) / 60
    found_wh = sum(sample.energy_wh for sample in first + second)
    assert found_wh == pytest.approx(gained_wh + opening_wh, abs=1e-3)


def test_a_quarter_of_production_is_one_sample_and_zero_is_known() -> None:
    _, samples = counted([said(n, 5) for n in range(31)])

    kept = produced(samples)

    assert [(one.start, one.energy_wh) for one in kept] == [
        (START + MINUTE, 0),
        (START + 15 * MINUTE, 0),
        (START + 30 * MINUTE, 0),
    ]


def test_a_silence_is_cut_at_quarters_without_a_rest() -> None:
    _, samples = counted([said(0, 5), said(121, 1021)])

    kept = produced(samples)

    assert sum(one.energy_uwh for one in kept) == 1_016_000_000
    assert all(one.end - one.start <= 15 * MINUTE for one in kept)


def test_use_is_kept_apart_from_what_the_asset_draws_for_itself() -> None:
    idle = [said(n, power_w=6) for n in (*range(4), *range(9, 15))]
    use = [said(n, power_w=7400) for n in range(4, 9)]
    _, samples = counted(sorted(idle + use, key=lambda one: one.start))

    before, during, after = consumed(samples)

    assert (during.start, during.end) == (START + 4 * MINUTE, START + 9 * MINUTE)
    assert (during.mean_w, during.readings) == (7400, 5)
    assert (before.end, after.start) == (during.start, during.end)


def test_quarters_without_consumption_are_left_out() -> None:
    _, samples = counted([said(n, 5) for n in range(40)])

    assert consumed(samples) == []
