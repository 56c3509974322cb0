from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.model.flex import (
    FlexDay,
    FlexDenomination,
    FlexIntent,
    FlexIntentKind,
    FlexIntentRule,
    FlexPolicy,
    FlexPreview,
    FlexShape,
    ImmediateStart,
)
from gatewayd.model.reading import PowerDelivery, VehicleReading
from gatewayd.model.tariff import PriceSlot
from gatewayd.plan.flex.intent import MOST_EPOCHS, MOST_RULES, preview, rule_faults
from gatewayd.plan.flex.load import CHUNK, CHUNKS, FlexVehicle
from gatewayd.plan.flex.shape import allocate, chunk_start, flex_shape, maximum_wh, minimum_wh

OSLO = ZoneInfo("Europe/Oslo")
NOW = datetime(2026, 6, 22, 16, 7, 30, tzinfo=UTC)
START = datetime(2026, 6, 22, 16, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
K = FlexIntentKind


def flexible(
    soc_pct: float | None = 40.0,
    *,
    target_pct: float = 60.0,
    deadline: int = 7 * 60,
    reserve_pct: float = 0.0,
    power_w: float = 10_000.0,
    delivery: PowerDelivery = PowerDelivery.STOPPED,
    override: ImmediateStart | None = None,
) -> FlexVehicle:
    """By default 10 kWh are due at 07:00 in Oslo, which are four chunks of an hour's charging."""
    week = (FlexDay(deadline, target_pct),) * 7
    policy = FlexPolicy("p", "home", "car", reserve_pct, week)
    vehicle = VehicleReading(soc_pct=soc_pct, capacity_wh=50_000.0, power_delivery=delivery)
    return FlexVehicle(policy, vehicle, power_w, OSLO, override)


def rule(kind: FlexIntentKind, hours: float, pressure: float) -> FlexIntentRule:
    return FlexIntentRule(kind, START + timedelta(hours=hours), pressure)


def expected(shape: FlexShape) -> dict[float, float]:
    """The chunks in which something is expected: hours from START, kilowatt."""
    return {
        (chunk.start - START) / HOUR: chunk.expected_w / 1000
        for chunk in shape.chunks
        if chunk.expected_w > 0
    }


def test_the_shape_is_a_day_of_contiguous_quarters_from_the_most_recent_on() -> None:
    shape = flex_shape([flexible()], [], NOW)

    assert shape.computed_at == NOW
    assert (shape.start_at, shape.end_at) == (START, START + 24 * HOUR)
    assert len(shape.chunks) == 96
    assert shape.chunks[0].start == START
    assert all(other.start - one.start == CHUNK for one, other in pairwise(shape.chunks))


def test_the_window_has_its_start_and_not_its_end() -> None:
    shape = flex_shape([], [], NOW, START + HOUR, START + 2 * HOUR)

    assert [chunk.start - START for chunk in shape.chunks] == [HOUR + n * CHUNK for n in range(4)]
    assert (shape.start_at, shape.end_at) == (START + HOUR, START + 2 * HOUR)


def test_a_window_outside_the_day_is_empty() -> None:
    shape = flex_shape([], [], NOW, START + 30 * HOUR, START - HOUR)

    assert shape.chunks == ()
    assert shape.start_at == shape.end_at


def test_without_an_intent_a_car_charges_at_once() -> None:
    shape = flex_shape([flexible()], [], NOW)

    assert expected(shape) == {0.0: 10.0, 0.25: 10.0, 0.5: 10.0, 0.75: 10.0}
    assert {chunk.minimum_w for chunk in shape.chunks} == {0.0}
    assert {chunk.maximum_w for chunk in shape.chunks} == {10_000.0}


def test_what_must_be_taken_leaves_no_freedom() -> None:
    reserve = flex_shape([flexible(10.0, reserve_pct=15.0)], [], NOW)
    immediate = flex_shape([flexible(override=ImmediateStart(NOW, 50.0))], [], NOW)

    assert [chunk.minimum_w for chunk in reserve.chunks[:2]] == [10_000.0, 0.0]
    assert [chunk.minimum_w for chunk in immediate.chunks[:3]] == [10_000.0, 10_000.0, 0.0]


def test_a_deadline_that_needs_all_time_leaves_no_freedom() -> None:
    # 18:30 in Oslo is half an hour from now, and 5 kWh need all of it.
    shape = flex_shape([flexible(target_pct=50.0, deadline=18 * 60 + 30)], [], NOW)

    assert [chunk.minimum_w for chunk in shape.chunks[:3]] == [10_000.0, 10_000.0, 0.0]


def test_a_deadline_at_the_end_of_this_chunk_needs_all_of_it() -> None:
    vehicle = flexible(target_pct=45.0, deadline=18 * 60 + 15)
    rules = [rule(K.CHUNK_PRESSURE, 1.0, 1.0), rule(K.CHUNK_MIN, 0.25, 1.0)]

    shape = flex_shape([vehicle], rules, NOW)

    assert expected(shape) == {0.0: 10.0}
    assert shape.chunks[0].minimum_w == 10_000.0


def test_a_deadline_too_early_is_made_up_for_after_it() -> None:
    shape = flex_shape([flexible(target_pct=50.0, deadline=18 * 60 + 10)], [], NOW)

    assert expected(shape) == {0.0: 10.0, 0.25: 10.0}


@pytest.mark.parametrize(
    "vehicle",
    [
        flexible(delivery=PowerDelivery.UNPLUGGED),
        flexible(delivery=PowerDelivery.UNKNOWN),
        flexible(None),
        flexible(power_w=0.0),
        replace(flexible(), vehicle=VehicleReading(40.0, power_delivery=PowerDelivery.STOPPED)),
    ],
)
def test_what_is_not_known_to_charge_has_no_load(vehicle: FlexVehicle) -> None:
    shape = flex_shape([vehicle], [], NOW)

    assert {chunk.maximum_w for chunk in shape.chunks} == {0.0}


def test_a_full_car_can_take_no_more() -> None:
    shape = flex_shape([flexible(100.0)], [], NOW)

    assert {chunk.maximum_w for chunk in shape.chunks} == {0.0}


def test_pressure_draws_consumption() -> None:
    rules = [rule(K.CHUNK_PRESSURE, 5.0, 1.0), rule(K.CHUNK_PRESSURE, 0.0, -0.5)]

    shape = flex_shape([flexible()], rules, NOW)

    assert expected(shape) == {0.25: 10.0, 0.5: 10.0, 0.75: 10.0, 5.0: 10.0}


def test_a_maximum_pushes_consumption_on() -> None:
    shape = flex_shape([flexible()], [rule(K.CHUNK_MAX, 0.25, 1.0)], NOW)

    assert expected(shape) == {0.0: 10.0, 0.25: 4.0, 0.5: 10.0, 0.75: 10.0, 1.0: 6.0}


def test_a_minimum_and_a_target_pull_consumption() -> None:
    least = flex_shape([flexible()], [rule(K.CHUNK_MIN, 5.0, 2.0)], NOW)
    target = flex_shape([flexible()], [rule(K.CHUNK_TARGET, 5.1, 1.0)], NOW)

    assert expected(least)[5.0] == 8.0
    assert expected(target)[5.0] == 4.0
    assert sum(expected(least).values()) == sum(expected(target).values()) == 40.0


def test_a_target_of_nothing_keeps_a_chunk_free() -> None:
    shape = flex_shape([flexible()], [rule(K.CHUNK_TARGET, 0.0, 0.0)], NOW)

    assert 0.0 not in expected(shape)


def test_an_epoch_moves_consumption_across_itself() -> None:
    later = flex_shape([flexible()], [rule(K.EPOCH, 0.5, 2.5)], NOW)
    back = [rule(K.CHUNK_PRESSURE, 5.0, 1.0), rule(K.EPOCH, 5.0, -2.5)]

    assert expected(later) == {0.0: 10.0, 0.5: 10.0, 0.75: 10.0, 1.0: 10.0}
    assert expected(flex_shape([flexible()], back, NOW)) == {
        0.0: 10.0,
        0.25: 10.0,
        0.5: 10.0,
        4.75: 10.0,
    }


def test_an_epoch_does_not_miss_a_deadline() -> None:
    # 07:00 in Oslo is 13 hours from the start.
    rules = [rule(K.EPOCH, 12.75, 5.0)]

    allocation = allocate([flexible()], rules, NOW)

    assert sum(allocation.total_wh(chunk) for chunk in range(52)) == 10_000.0
    assert allocation.unmet == ["2026-06-23T04:45:00+00:00: 2.500 kWh cannot be moved"]


def test_what_a_user_needs_comes_before_a_maximum() -> None:
    rules = [rule(K.CHUNK_MAX, n / 4, 0.0) for n in range(96)]

    found = look(rules)

    assert not found.is_valid
    assert expected(found.shape) == {0.0: 10.0, 0.25: 10.0, 0.5: 10.0, 0.75: 10.0}


def test_a_minimum_never_adds_consumption() -> None:
    found = look([rule(K.CHUNK_MIN, 1.0, 3.0), rule(K.CHUNK_MIN, 20.0, 1.0)])

    assert sum(expected(found.shape).values()) == 40.0
    assert len(found.errors) == 2


def look(
    rules: list[FlexIntentRule],
    *,
    revision: str = "r1",
    slots: list[PriceSlot] | None = None,
    currency: str = "GBP",
) -> FlexPreview:
    current = FlexIntent("r1")
    vehicles = [flexible()]
    return preview(rules, revision, current, vehicles, NOW, slots=slots or [], currency=currency)


def test_a_preview_of_no_change_is_valid_and_costs_nothing() -> None:
    found = look([])

    assert found.is_valid
    assert {one.denomination: one.amount for one in found.costs} == {
        FlexDenomination.EV_POWERCYCLES: Decimal(0)
    }
    assert found.shape == flex_shape([flexible()], [], NOW)


def test_a_stale_revision_is_no_valid_preview() -> None:
    found = look([], revision="r0")

    assert not found.is_valid
    assert "r0" in found.errors[0]


def test_a_preview_tells_cycles_and_pounds() -> None:
    slots = [
        PriceSlot(START, START + 2 * HOUR, Decimal("0.10")),
        PriceSlot(START + 2 * HOUR, START + 30 * HOUR, Decimal("0.30")),
    ]
    rules = [rule(K.CHUNK_PRESSURE, 5.0, 1.0)]

    found = look(rules, slots=slots)

    assert found.is_valid
    assert {one.denomination: one.amount for one in found.costs} == {
        FlexDenomination.EV_POWERCYCLES: Decimal(1),
        FlexDenomination.USER_COST_GBP: Decimal("0.50"),
    }
    assert len(look(rules, slots=slots, currency="NOK").costs) == 1
    assert len(look(rules, slots=slots[:1]).costs) == 1


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (rule(K.CHUNK_PRESSURE, 1, 1.1), "between -1 and"),
        (rule(K.CHUNK_PRESSURE, 1, -1.1), "between -1 and"),
        (rule(K.CHUNK_MIN, 1, -0.1), "negative"),
        (rule(K.CHUNK_MAX, 1, -0.1), "negative"),
        (rule(K.CHUNK_TARGET, 1, -0.1), "negative"),
        (rule(K.EPOCH, 1, float("inf")), "a number"),
        (rule(K.CHUNK_PRESSURE, 1, float("nan")), "a number"),
    ],
)
def test_a_wrong_rule_is_named(wrong: FlexIntentRule, word: str) -> None:
    right = rule(K.EPOCH, 1, 0.0)

    (fault,) = rule_faults([right, wrong])

    assert fault.startswith("rules[1]:")
    assert word in fault
    assert not look([right, wrong]).is_valid


def test_there_is_an_end_to_rules() -> None:
    many = [rule(K.CHUNK_MIN, 1, 0.0)] * MOST_RULES
    moving = [rule(K.EPOCH, 1, 0.0)] * MOST_EPOCHS

    assert rule_faults(many) == rule_faults(moving) == ()
    assert len(rule_faults([*many, many[0]])) == 1
    assert len(rule_faults([*moving, moving[0]])) == 1


def test_a_rule_outside_the_day_is_told_in_a_preview_and_else_ignored() -> None:
    rules = [rule(K.CHUNK_PRESSURE, -0.01, 1.0), rule(K.CHUNK_PRESSURE, 24.0, 1.0)]

    assert len(look(rules).errors) == 2
    assert flex_shape([flexible()], rules, NOW) == flex_shape([flexible()], [], NOW)


_vehicles = st.builds(
    flexible,
    st.none() | st.floats(0, 100),
    target_pct=st.floats(20, 100),
    deadline=st.integers(0, 1439),
    reserve_pct=st.floats(0, 20),
    power_w=st.floats(1000, 22_000),
    override=st.none() | st.builds(ImmediateStart, st.just(NOW), st.floats(1, 100)),
)
_rules = st.builds(
    rule,
    st.sampled_from(FlexIntentKind),
    st.integers(-4, 200).map(lambda n: n / 4),
    st.floats(0, 1),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_vehicles, max_size=3), st.lists(_rules, max_size=8), st.integers(0, 86_400))
def test_a_shape_keeps_its_bounds_and_every_user_what_is_needed(
    vehicles: list[FlexVehicle], rules: list[FlexIntentRule], seconds: int
) -> None:
    now = NOW + timedelta(seconds=seconds)
    allocation = allocate(vehicles, rules, now)
    shape = flex_shape(vehicles, rules, now)

    for chunk in shape.chunks:
        assert 0.0 <= chunk.minimum_w <= chunk.expected_w <= chunk.maximum_w
    for share in allocation.shares:
        load = share.load
        for due in load.dues:
            possible_wh = min(due.energy_wh, due.chunks * load.chunk_wh)
            assert share.before(due.chunks) >= possible_wh - 1e-3
        needed_wh = max([load.must_wh, *(due.energy_wh for due in load.dues)])
        assert sum(share.taken_wh) <= needed_wh + 1e-3
        assert needed_wh <= load.room_wh + 1e-3
        for number in range(CHUNKS):
            assert -1e-9 <= share.fixed_wh[number] <= share.taken_wh[number] + 1e-6
            assert share.taken_wh[number] <= load.chunk_wh + 1e-6


@settings(max_examples=30, deadline=None)
@given(st.lists(_vehicles, max_size=3), st.lists(_rules, max_size=8))
def test_the_bounds_hold_without_the_last_correction(
    vehicles: list[FlexVehicle], rules: list[FlexIntentRule]
) -> None:
    for share in allocate(vehicles, rules, NOW).shares:
        for number in range(96):
            taken_wh = share.taken_wh[number]
            assert minimum_wh(share, number) <= taken_wh + 1e-3
            assert taken_wh <= maximum_wh(share, number) + 1e-3


def test_a_chunk_begins_at_each_quarter() -> None:
    assert chunk_start(START) == START
    assert chunk_start(START + CHUNK - timedelta(microseconds=1)) == START
    assert chunk_start(START.astimezone(OSLO)) == START
