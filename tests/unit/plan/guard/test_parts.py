"""The parts of a look, each by itself."""

import math
from collections import deque
from dataclasses import replace

import pytest

from gatewayd.errors import InvalidError
from gatewayd.model.circuit import Circuit, Load, at_least, at_most
from gatewayd.plan.guard import draw, heat, obedience, room, sane, trust
from gatewayd.plan.guard.share import Rooms, share
from gatewayd.plan.guard.wiring import Wiring
from gatewayd.plan.guard.words import (
    Footing,
    LineMemory,
    LoadMemory,
    LoadNow,
    Memory,
    MeterNow,
    Quad,
)
from tests.unit.plan.guard.home import LEFT, MAIN, wiring

UNKNOWN = replace(LEFT, lines=None)
WIDE: Quad = (100.0, 100.0, 100.0, math.inf)


@pytest.mark.parametrize(
    ("load", "drawn_a", "least", "most"),
    [
        (replace(LEFT, lines=(2, 0)), (5.0, 3.0), (3.0, 0.0, 5.0), (3.0, 0.0, 5.0)),
        (UNKNOWN, (5.0, 3.0, 4.0), (3.0, 3.0, 3.0), (5.0, 5.0, 5.0)),
        (UNKNOWN, (5.0,), (0.0, 0.0, 0.0), (5.0, 5.0, 5.0)),
        (UNKNOWN, (-5.0,), (-5.0, -5.0, -5.0), (0.0, 0.0, 0.0)),
        (UNKNOWN, (), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    ],
)
def test_a_load_draws_from_the_phases_of_the_site(
    load: Load,
    drawn_a: tuple[float, ...],
    least: tuple[float, ...],
    most: tuple[float, ...],
) -> None:
    assert at_least(load, drawn_a) == least
    assert at_most(load, drawn_a) == most


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (None, None),
        (LoadNow(1.0, 6.0, (5.0,), 84.9), None),
        (LoadNow(1.0, 6.0, (5.0,), 101.1), None),
        (LoadNow(1.0, 6.0, (5.0,), math.nan), None),
        (LoadNow(1.0, 6.0, (5.0,), 100.5), LoadNow(1.0, 6.0, (5.0,), 100.5)),
        (LoadNow(1.0, 6.0, None, 100.0), LoadNow(1.0, 6.0, None, 100.0)),
        (LoadNow(1.0, math.nan, (5.0,), 100.0), LoadNow(1.0, None, None, 100.0)),
        (LoadNow(1.0, math.inf, (5.0,), 100.0), LoadNow(1.0, None, None, 100.0)),
        (LoadNow(1.0, 6.0, (math.nan,), 100.0), LoadNow(1.0, 6.0, None, 100.0)),
        (LoadNow(1.0, 6.0, (54.0,), 100.0), LoadNow(1.0, 6.0, None, 100.0)),
        (LoadNow(1.0, 6.0, (-54.0,), 100.0), LoadNow(1.0, 6.0, None, 100.0)),
    ],
)
def test_of_a_load_only_what_can_be_is_believed(
    now: LoadNow | None, expected: LoadNow | None
) -> None:
    assert sane.load(now, LEFT, 100.0) == expected


@pytest.mark.parametrize(
    ("drawn_w", "is_kept"),
    [(36_570.0, True), (36_571.0, False), (-36_571.0, False), (math.nan, False)],
)
def test_a_power_that_no_load_of_its_size_draws_is_not_believed(
    drawn_w: float, is_kept: bool
) -> None:
    now = LoadNow(1.0, 6.0, (5.0,), 100.0, drawn_w)

    assert sane.load(now, LEFT, 100.0) == (now if is_kept else replace(now, drawn_w=None))


@pytest.mark.parametrize(
    ("meter", "is_kept"),
    [
        (MeterNow((1.0, 1.0, 1.0), 101.0), True),
        (MeterNow((1.0, 1.0, 1.0), 101.1), False),
        (MeterNow((1.0, 1.0, 1.0), math.nan), False),
        (MeterNow((1.0, -500.0, 1.0), 100.0), True),
        (MeterNow((1.0, 500.1, 1.0), 100.0), False),
        (MeterNow((math.nan, 1.0, 1.0), 100.0), False),
    ],
)
def test_of_a_meter_only_what_can_be_is_believed(meter: MeterNow, is_kept: bool) -> None:
    assert (sane.meter(meter, MAIN, 100.0) is not None) is is_kept


def test_a_power_that_is_no_number_is_left_out() -> None:
    meter = sane.meter(MeterNow((1.0, 1.0, 1.0), 100.0, power_w=math.nan), MAIN, 100.0)

    assert meter == MeterNow((1.0, 1.0, 1.0), 100.0, power_w=None)


@pytest.mark.parametrize(
    ("limit_a", "expected"), [(None, 0.0), (0.0, 0.0), (5.9, 0.0), (13.5, 13.5), (63.0, 32.0)]
)
def test_a_load_is_taken_over_at_what_it_reports(limit_a: float | None, expected: float) -> None:
    assert sane.found(LoadNow(0.0, limit_a, None, 0.0), LEFT) == expected
    assert sane.found(None, LEFT) == 0.0


def _noted(*drawn: tuple[float, tuple[float, ...] | None], load: Load = LEFT) -> LoadMemory:
    memory = LoadMemory()
    for at_s, amps in drawn:
        draw.note(load, LoadNow(32.0, 32.0, amps, at_s), memory)
    return memory


def test_a_draw_around_the_meter_s_moment_is_a_range() -> None:
    low, high = (6.0, 6.0, 6.0), (16.0, 16.0, 16.0)
    memory = Memory(loads={"left": _noted((1.0, (1.0, 1.0, 1.0)), (8.0, high), (9.0, low))})

    assert draw.drawn([LEFT], memory, 10.0, 10.0) == (
        (*low, 18.0),
        (*high, 48.0),
        (*high, 48.0),
    )
    assert draw.drawn([LEFT], memory, 3.6, 10.0) == ((1.0, 1.0, 1.0, 3.0),) * 3
    assert draw.drawn([LEFT], memory, 20.0, 24.1) == ((0.0, 0.0, 0.0, 0.0),) * 3
    assert draw.drawn([LEFT], Memory(loads={"left": LoadMemory()}), 1.0, 1.0)[0] == (0.0,) * 4


def test_draws_are_kept_for_half_a_minute_and_once_each() -> None:
    memory = _noted(*((float(s), (6.0, 6.0, 6.0)) for s in (0, 1, 1, 30, 31)))

    assert [entry[0] for entry in memory.drawn] == [1.0, 30.0, 31.0]


@pytest.mark.parametrize(
    ("limit_a", "drawn_w", "low_a", "high_a"),
    [
        (16.0, 11_040.0, 13.0, 17.5),
        (16.0, 3_680.0, 0.0, 16.0),
        (None, 3_680.0, 0.0, 16.0),
        (0.0, 0.0, 0.0, 0.0),
        (16.0, -2_300.0, -10.0, 0.0),
        # More than it may: that it is on all phases alike is the least to be feared.
        (6.0, 11_040.0, 16.0, 16.0),
    ],
)
def test_a_power_is_a_range_on_each_phase(
    limit_a: float | None, drawn_w: float, low_a: float, high_a: float
) -> None:
    memory = LoadMemory()
    draw.note(LEFT, LoadNow(32.0, limit_a, None, 1.0, drawn_w), memory)

    drawn = draw.drawn([LEFT], Memory(loads={"left": memory}), 1.0, 1.0)

    total_a = drawn_w / 230.0
    assert drawn == (
        (low_a,) * 3 + (total_a,),
        (high_a,) * 3 + (total_a,),
        (low_a,) * 3 + (total_a,),
    )


def test_more_power_than_was_granted_is_disobedience() -> None:
    memory = LoadMemory(6.0, lines=(0, 1, 2))

    obedience.note(LoadNow(16.0, 6.0, None, 0.0, 3 * 7.5 * 230.0), memory, 5.0)
    assert memory.refused_since_s is None
    obedience.note(LoadNow(16.0, 6.0, None, 0.0, 3 * 7.6 * 230.0), memory, 5.0)
    assert memory.refused_since_s == 5.0


def test_a_load_is_hopeless_by_what_it_said_afterwards_only() -> None:
    memory = LoadMemory(6.0)
    obedience.note(LoadNow(16.0, 16.0, None, 99.0), memory, 100.0)

    obedience.note(LoadNow(16.0, 16.0, None, 99.0), memory, 120.0)
    assert not obedience.is_hopeless(memory, 120.0, is_overloaded=False)
    obedience.note(LoadNow(16.0, 16.0, None, 110.0), memory, 120.0)
    assert obedience.is_hopeless(memory, 120.0, is_overloaded=False)


def test_the_phases_in_use_are_known_after_ten_seconds_of_the_same() -> None:
    one, three = (16.0, 0.0, 0.0), (16.0, 16.0, 16.0)

    assert _noted((0.0, one), (9.0, one)).active is None
    assert _noted((0.0, one), (10.0, one)).active == (0,)
    assert _noted((0.0, one), (10.0, one), (11.0, three)).active is None
    assert _noted((0.0, one), (10.0, one), (11.0, None)).active is None
    assert _noted((0.0, one), (10.0, one), (11.0, None), (12.0, one)).active is None
    assert _noted((0.0, (0.0, 0.0, 0.0)), (10.0, (0.0, 0.0, 0.0))).active is None
    assert _noted((0.0, one), (10.0, one), load=UNKNOWN).active is None
    assert _noted((0.0, three), (10.0, three), load=replace(LEFT, lines=(1,))).active == (0,)
    assert _noted((0.0, (9.0,)), (10.0, (9.0,))).active == (0,)


def test_obedience_is_known_from_what_a_load_reports_and_draws() -> None:
    memory = LoadMemory(granted_a=10.0)

    for limit_a, drawn_a, has_more in (
        (10.5, (11.5,), False),
        (10.6, (0.0,), True),
        (10.0, (11.6,), True),
        (10.0, None, False),
        (10.0, (), False),
    ):
        obedience.note(LoadNow(16.0, limit_a, drawn_a, 0.0), memory, 5.0)
        assert (memory.refused_since_s == 5.0) is has_more


def test_disobedience_counts_after_4_s_and_stops_after_10_or_in_need_after_4() -> None:
    memory = LoadMemory(refused_since_s=0.0)

    assert [obedience.is_stuck(memory, s) for s in (3.9, 4.0)] == [False, True]
    for is_overloaded, s in ((False, 10.0), (True, 4.0)):
        for since_s, expected in ((s - 0.1, False), (s, True)):
            memory.refused_at_s = since_s
            assert obedience.is_hopeless(memory, since_s, is_overloaded=is_overloaded) is expected
            assert (
                obedience.is_to_fall_back(memory, since_s, is_overloaded=is_overloaded) is expected
            )


def test_silence_counts_after_4_s_is_not_fed_after_10_and_is_not_disobedience() -> None:
    memory = LoadMemory()
    obedience.note(None, memory, 0.0)
    obedience.note(LoadNow(0.0, None, None, 1.0), memory, 1.0)

    assert memory.silent_since_s == 0.0
    assert obedience.is_pending(memory)
    assert obedience.is_stuck(memory, 4.0)
    assert not obedience.is_hopeless(memory, 100.0, is_overloaded=True)
    assert not obedience.is_to_fall_back(memory, 9.9, is_overloaded=True)
    assert obedience.is_to_fall_back(memory, 10.0, is_overloaded=False)


def _line(**changes: object) -> LineMemory:
    line = LineMemory(meter=MeterNow((1.0, 1.0, 1.0), 100.0), base_a=(1.0, 1.0, 1.0, 3.0))
    for name, value in changes.items():
        setattr(line, name, value)
    return line


@pytest.mark.parametrize(
    ("age_s", "period_s", "expected"),
    [
        (-1.1, 2.0, Footing.NOTHING),
        (-1.0, 2.0, Footing.FRESH),
        (5.0, 2.0, Footing.FRESH),
        (5.1, 2.0, Footing.HOLD),
        (10.1, 2.0, Footing.ASSUMED),
        (60.0, 2.0, Footing.ASSUMED),
        (60.1, 2.0, Footing.NOTHING),
        (11.0, 5.0, Footing.FRESH),
        (11.1, 5.0, Footing.ASSUMED),
        (15.0, 30.0, Footing.FRESH),
        (15.1, 30.0, Footing.ASSUMED),
    ],
)
def test_a_meter_is_believed_by_its_age(age_s: float, period_s: float, expected: Footing) -> None:
    line = _line(meter=MeterNow((1.0, 1.0, 1.0), 100.0, period_s))

    assert trust.footing(MAIN, line, 100.0 + age_s) is expected


def test_a_doubted_meter_is_believed_less_and_then_not_at_all() -> None:
    line = _line(doubted_since_s=100.0)

    assert trust.footing(MAIN, line, 100.0) is Footing.ASSUMED
    line.meter = MeterNow((1.0, 1.0, 1.0), 150.1)
    assert trust.footing(MAIN, line, 150.1) is Footing.NOTHING


@pytest.mark.parametrize(
    ("same_polls", "expected"), [(7, Footing.FRESH), (8, Footing.HOLD), (12, Footing.ASSUMED)]
)
def test_a_meter_that_repeats_itself_longer_than_usual_is_believed_less(
    same_polls: int, expected: Footing
) -> None:
    assert trust.footing(MAIN, _line(same_polls=same_polls), 100.0) is expected


def _repeat(line: LineMemory, times: int, raw: object, least: Quad = (0.0,) * 4) -> None:
    for _ in range(times):
        meter = MeterNow((1.0, 1.0, 1.0), 100.0, raw=raw)
        trust.note(meter, line, least, least, 100.0)
        line.meter = meter


def test_how_often_a_meter_repeats_itself_is_learnt_within_bounds() -> None:
    slow, dead, lively = LineMemory(), LineMemory(), LineMemory()

    for raw in range(5):
        _repeat(slow, 9, raw)
    _repeat(dead, 50, "dead")
    _repeat(dead, 1, "back")
    for raw in range(200):
        _repeat(lively, 1, raw)

    assert slow.usual_same == 8.0
    assert dead.usual_same < 5.0
    assert not trust.is_to_be_probed(_line(usual_same=-1.0, same_polls=1))
    assert trust.is_to_be_probed(_line(usual_same=lively.usual_same, same_polls=2))
    assert trust.is_to_be_probed(_line(usual_same=500.0, same_polls=20))


@pytest.mark.parametrize(
    ("period_s", "doubted_s"), [(1.0, 24.0), (2.0, 24.0), (5.0, 25.0), (10.0, 30.0)]
)
def test_a_dull_meter_that_says_the_same_is_believed_for_half_a_minute_at_most(
    period_s: float, doubted_s: float
) -> None:
    line = _line(usual_same=500.0)
    line.meter = MeterNow((1.0, 1.0, 1.0), 0.0, period_s)
    while trust.footing(MAIN, line, line.meter.at_s) is not Footing.ASSUMED:
        line.same_polls += 1
        line.meter = MeterNow((1.0, 1.0, 1.0), line.same_polls * period_s, period_s)

    assert line.meter.at_s == doubted_s


def test_a_meter_without_a_raw_reading_is_not_taken_for_dead() -> None:
    line = LineMemory()
    _repeat(line, 50, None)

    assert line.same_polls == 0


def test_a_meter_that_does_not_show_what_a_load_does_is_doubted_until_it_changes() -> None:
    line = LineMemory()
    _repeat(line, 4, "same")
    _repeat(line, 1, "same", (6.0, 6.0, 6.0, 18.0))
    assert line.doubted_since_s is None
    _repeat(line, 1, "same", (6.0, 6.0, 6.0, 18.0))

    assert line.doubted_since_s == 100.0
    _repeat(line, 1, "same", (6.0, 6.0, 6.0, 18.0))
    assert line.doubted_since_s == 100.0
    _repeat(line, 1, "other", (6.0, 6.0, 6.0, 18.0))
    assert line.doubted_since_s is None


def _vote(
    line: LineMemory, at_s: float, ours_a: float, its_a: float, spread_a: float = 0.0
) -> None:
    least: Quad = (ours_a, 0.0, 0.0, ours_a)
    most: Quad = (ours_a + spread_a, 0.0, 0.0, ours_a + spread_a)
    meter = MeterNow((its_a, 0.0, 0.0), at_s, raw=at_s)
    trust.note(meter, line, least, most, at_s)
    line.meter = meter


def test_a_meter_that_goes_the_other_way_three_times_is_doubted_and_tried_again_later() -> None:
    line = LineMemory()
    for i in range(4):
        _vote(line, float(i), 6.0 * (i % 2), -6.0 * (i % 2))

    assert line.sign_votes == (trust.SIGN_VOTES, 0, 0)
    assert line.doubted_since_s == 3.0
    _vote(line, 3.0 + trust.FORGIVEN_S, 0.0, 0.0)
    assert line.doubted_since_s == 3.0
    _vote(line, 3.1 + trust.FORGIVEN_S, 0.0, 0.0)
    assert line.doubted_since_s is None
    _vote(line, 4.0 + trust.FORGIVEN_S, 6.0, -6.0)
    assert line.doubted_since_s is not None


def test_one_event_on_all_phases_is_one_vote() -> None:
    line = LineMemory()
    for at_s, ours_a, its_a in ((0.0, 16.0, 17.0), (2.0, 6.0, 23.0)):
        drawn = (ours_a,) * 3 + (3 * ours_a,)
        meter = MeterNow((its_a,) * 3, at_s, raw=at_s)
        trust.note(meter, line, drawn, drawn, at_s)
        line.meter = meter

    assert line.sign_votes == (1, 1, 1)
    assert line.doubted_since_s is None


def test_a_meter_that_goes_along_once_is_wired_right() -> None:
    line = LineMemory()
    for i, its_a in enumerate((0.0, -6.0, 0.0, -6.0, 0.0, 6.0)):
        _vote(line, float(i), 6.0 * (i % 2), its_a)

    assert line.sign_votes == (0, 0, 0)


def test_what_changes_too_little_too_much_or_too_slowly_is_no_vote() -> None:
    line = LineMemory()
    _vote(line, 0.0, 0.0, 0.0)
    _vote(line, 1.0, 1.0, -1.0)
    _vote(line, 2.0, 6.0, -20.0)
    _vote(line, 3.0, 6.0, -6.0, spread_a=2.0)
    assert line.sign_votes == (0, 0, 0)
    _vote(line, 21.0, 0.0, 0.0)
    _vote(line, 22.0, 6.0, -6.0)

    assert line.sign_votes == (1, 0, 0)


def test_everything_else_stays_as_it_was_within_what_is_known() -> None:
    meter = MeterNow((20.0, 20.0, 20.0), 0.0)
    least, most = (6.0, 6.0, 6.0, 18.0), (16.0, 16.0, 16.0, 48.0)
    drawn = draw.Drawn(least, most, sure=least)

    assert room.base(meter, LineMemory(), MAIN, drawn) == (14.0, 14.0, 14.0, 42.0)
    known = LineMemory(base_a=(1.0, 9.0, 20.0, 30.0))
    assert room.base(meter, known, MAIN, drawn) == (4.0, 9.0, 14.0, 30.0)


def test_a_breaker_that_suffers_does_so_from_what_is_not_surely_ours() -> None:
    meter = MeterNow((30.0, 8.0, 8.0), 0.0)
    nobody_knows_where = draw.Drawn(
        (0.0, 0.0, 0.0, 7.0), (7.0, 7.0, 7.0, 7.0), (0.0, 0.0, 0.0, 7.0)
    )
    being_lowered = draw.Drawn(
        (6.0, 6.0, 6.0, 18.0), (16.0, 16.0, 16.0, 48.0), (16.0, 16.0, 16.0, 48.0)
    )
    known = LineMemory(base_a=(1.0, 1.0, 1.0, 3.0))

    assert room.base(meter, known, MAIN, nobody_knows_where)[0] == 30.0
    assert room.base(meter, known, MAIN, being_lowered)[0] == 14.0


def test_an_export_beyond_the_rating_counts_as_import_and_power_for_the_sum() -> None:
    meter = MeterNow((-24.0, -20.0, 5.0), 0.0, power_w=2300.0)

    found = room.base(meter, LineMemory(), MAIN, draw.Drawn())

    assert found == (24.0, -20.0, 5.0, 10.0)


@pytest.mark.parametrize(
    ("footing", "expected"),
    [
        (Footing.FRESH, (22.75, 13.75, 3.75, math.inf)),
        (Footing.HOLD, (16.25, 13.75, 3.75, math.inf)),
        (Footing.ASSUMED, (11.75, 11.75, 3.75, math.inf)),
        (Footing.NOTHING, (0.0, 0.0, 0.0, 0.0)),
    ],
)
def test_the_room_is_what_the_rest_leaves(footing: Footing, expected: Quad) -> None:
    line = _line(base_a=(1.0, 10.0, 20.0, 31.0))

    assert room.room(MAIN, line, footing) == pytest.approx(expected)


def test_the_sum_of_all_phases_has_its_own_room() -> None:
    main = replace(MAIN, limit_w=230.0 * 40)

    assert room.room(main, _line(), Footing.FRESH)[3] == pytest.approx(37.0)
    assert room.room(main, _line(), Footing.ASSUMED)[3] == pytest.approx(4.0)


def test_heat_is_headroom_only_while_the_meter_is_fresh() -> None:
    main = replace(MAIN, uses_thermal_headroom=True)
    cool, warm = _line(), _line(heat=(0.9, 0.7, 2.0))

    assert room.room(main, cool, Footing.FRESH)[0] == pytest.approx(26.5)
    assert room.room(main, warm, Footing.FRESH)[:3] == pytest.approx((22.75, 24.625, 22.75))
    assert room.room(main, cool, Footing.HOLD)[0] == pytest.approx(16.25)
    over = _line(meter=MeterNow((1.0, 28.5, 1.0), 100.0))
    assert room.room(main, over, Footing.FRESH)[0] == pytest.approx(22.75)
    assert room.room(main, cool, Footing.ASSUMED)[0] == pytest.approx(11.75)
    alone = Circuit("alone", 25.0, uses_thermal_headroom=True, assumed_base_a=5.0)
    assert room.room(alone, LineMemory(), Footing.FRESH)[0] == pytest.approx(18.75)


def test_a_breaker_warms_by_the_square_of_its_current_and_cools() -> None:
    cold = (0.0, 0.0, 0.0)

    assert heat.warmed(cold, (25.0, -50.0, 0.0), 25.0, math.inf) == (1.0, 4.0, 0.0)
    assert heat.warmed((1.0, 1.0, 1.0), cold, 25.0, 120.0)[0] == pytest.approx(math.exp(-1))
    assert heat.warmed((1.0, 1.0, 1.0), cold, 25.0, -5.0) == (1.0, 1.0, 1.0)
    assert [heat.over((1.0, a, a), 10.0) for a in (11.2, 11.4, -11.4)] == [(), (1, 2), (1, 2)]


def test_a_room_lasts_when_it_was_there_for_half_a_minute() -> None:
    line, main = LineMemory(), replace(MAIN, assumed_base_a=0.0)
    assert room.lasting(main, line, 0.0) == (0.0,) * 4
    for s in range(0, 31, 2):
        room.remember(line, (9.0 if s == 2 else 20.0, 20.0, 20.0, 60.0), Footing.FRESH, float(s))
        assert (room.lasting(main, line, float(s)) == (0.0,) * 4) is (s < 30)

    assert room.lasting(main, line, 30.0) == (9.0, 20.0, 20.0, 60.0)
    for s in range(32, 80, 2):
        room.remember(line, (20.0, 20.0, 20.0, 60.0), Footing.FRESH, float(s))
    assert room.lasting(main, line, 78.0) == (20.0, 20.0, 20.0, 60.0)
    room.remember(line, (20.0, 20.0, 20.0, 60.0), Footing.HOLD, 80.0)
    assert line.rooms == deque()


def test_a_room_that_is_not_known_to_last_is_what_the_peak_would_leave() -> None:
    main = replace(MAIN, limit_w=230.0 * 50, uses_thermal_headroom=True)
    assert room.lasting(main, LineMemory(), 0.0) == (0.0,) * 4

    line = LineMemory()
    room.remember(line, (9.0, 20.0, 20.0, 13.0), Footing.FRESH, 0.0)
    assert room.lasting(main, line, 1.0) == (9.0, 11.75, 11.75, 13.0)
    room.remember(line, (20.0, 8.0, 20.0, 60.0), Footing.FRESH, 2.0)
    assert room.lasting(main, line, 29.0) == (9.0, 8.0, 11.75, 13.0)

    alone = Circuit("alone", 16.0)
    room.remember(line, (16.0, 16.0, 16.0, math.inf), Footing.FRESH, 4.0)
    assert room.lasting(alone, line, 29.0)[0] == 9.0


@pytest.mark.parametrize(
    ("limit_w", "raised_w", "lasts_a"),
    [
        (230.0 * 40, 230.0 * 25, 22.0),
        (230.0 * 40, 230.0 * 45, 37.0),
        (230.0 * 40, None, 37.0),
        (None, 230.0 * 25, 37.0),
    ],
)
def test_what_is_there_for_a_while_only_does_not_last(
    limit_w: float | None, raised_w: float | None, lasts_a: float
) -> None:
    line = LineMemory(rooms=deque([(0.0, (20.0, 20.0, 20.0, 37.0))]))
    main = replace(MAIN, limit_w=limit_w, raised_w=raised_w)

    assert room.lasting(main, line, 30.0) == (20.0, 20.0, 20.0, lasts_a)


def test_equals_share_evenly_and_the_first_takes_the_rest() -> None:
    wires = wiring(LEFT, replace(LEFT, id="right"), replace(LEFT, id="first", priority=1))
    rooms = Rooms(wires, {"main": (30.0, 40.0, 40.0, math.inf)}, {}, {})

    given = share(wires, rooms, {"left": 32.0, "right": 32.0, "first": 14.0})

    assert given == {"left": 8.0, "right": 8.0, "first": 14.0}


def test_shares_are_rounded_down_to_whole_steps() -> None:
    wires = wiring(replace(LEFT, step_a=4.0), replace(LEFT, id="big", step_a=16.0))

    given = share(wires, Rooms(wires, {"main": (19.0, 19.0, 19.0, 99.0)}, {}, {}), {"left": 32.0})

    assert given == {"left": 16.0}
    wide = Rooms(wires, {"main": WIDE}, {}, {})
    assert share(wires, wide, {"left": 7.0, "big": 15.0}) == {"left": 0.0, "big": 0.0}


WRONG = [
    (replace(MAIN, limit_a=0.0), LEFT, "limit_a"),
    (replace(MAIN, limit_a=-25.0), LEFT, "limit_a"),
    (replace(MAIN, limit_a=math.nan), LEFT, "limit_a"),
    (replace(MAIN, limit_a=math.inf), LEFT, "limit_a"),
    (replace(MAIN, limit_a=None), LEFT, "limit_a"),  # type: ignore[arg-type]
    (replace(MAIN, limit_w=0.0), LEFT, "limit_w"),
    (replace(MAIN, unbalance_a=math.nan), LEFT, "unbalance_a"),
    (replace(MAIN, assumed_base_a=-1.0), LEFT, "assumed_base_a"),
    (replace(MAIN, parent="main"), LEFT, "its own parent"),
    (replace(MAIN, parent="street"), LEFT, "there is no circuit street"),
    (MAIN, replace(LEFT, circuit="attic"), "there is no circuit attic"),
    (MAIN, replace(LEFT, max_a=5.0), "min_a"),
    (MAIN, replace(LEFT, max_a=math.inf), "min_a"),
    (MAIN, replace(LEFT, min_a=0.0, max_a=0.0), "min_a"),
    (MAIN, replace(LEFT, step_a=0.0), "step_a"),
    (MAIN, replace(LEFT, lines=()), "lines"),
    (MAIN, replace(LEFT, lines=(1, 1)), "lines"),
    (MAIN, replace(LEFT, lines=(3,)), "lines"),
]


@pytest.mark.parametrize(("main", "load", "named"), WRONG)
def test_wiring_that_cannot_be_is_refused(main: Circuit, load: Load, named: str) -> None:
    with pytest.raises(InvalidError, match=named):
        Wiring({"main": main}, {"left": load})


def test_loads_that_share_a_circuit_are_neighbours() -> None:
    shed = Circuit("shed", 16.0)
    wires = wiring(
        LEFT, replace(LEFT, id="b"), replace(LEFT, id="c", circuit="shed"), below=(shed,)
    )

    assert {id_: [load.id for load in loads] for id_, loads in wires.neighbours.items()} == {
        "left": ["b"],
        "b": ["left"],
        "c": [],
    }


def test_a_room_that_nobody_looked_at_did_not_last() -> None:
    line, main = LineMemory(), replace(MAIN, assumed_base_a=0.0)
    for s in (0.0, 2.0, 600.0):
        room.remember(line, (20.0, 20.0, 20.0, 60.0), Footing.FRESH, s)

    assert room.lasting(main, line, 600.0) == (0.0,) * 4
