"""What each inverter may produce."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.plan.grid.curtail import (
    CurtailMemory,
    GridSeen,
    Producer,
    production_limits,
)

LOOK_S = 5.0


class Home:
    """Inverters that obey, and a meter; `suns_w` is what each could give."""

    def __init__(self, load_w: float, cap_w: float, *sizes_w: float) -> None:
        self.load_w, self.cap_w, self.now_s = load_w, cap_w, 0.0
        self.sizes_w = sizes_w
        self.suns_w = list(sizes_w)
        self.limits_w = list(sizes_w)
        self.memory = CurtailMemory()
        self.writes = 0

    @property
    def powers_w(self) -> list[float]:
        return [min(pair) for pair in zip(self.suns_w, self.limits_w, strict=True)]

    @property
    def grid_w(self) -> float:
        return self.load_w - sum(self.powers_w)

    def look(self, times: int = 1) -> list[float]:
        for _ in range(times):
            self.now_s += LOOK_S
            said = zip(self.powers_w, self.sizes_w, self.limits_w, strict=True)
            producers = [Producer(str(i), *one) for i, one in enumerate(said)]
            seen = GridSeen(self.grid_w, self.cap_w, self.now_s)
            found = production_limits(seen, producers, self.memory, self.now_s)
            after_w = [found[one.id] for one in producers]
            self.writes += sum(
                before != after for before, after in zip(self.limits_w, after_w, strict=True)
            )
            self.limits_w = after_w
        return self.limits_w


def test_no_inverter_means_no_limit() -> None:
    assert production_limits(GridSeen(0.0, 0.0, 0.0), [], CurtailMemory(), 0.0) == {}


def test_what_the_home_takes_may_be_produced_beside_the_cap() -> None:
    # A band of 1 % of its size stays unused.
    assert Home(3000.0, 500.0, 10_000.0).look() == [3400.0]


def test_what_others_produce_that_cannot_be_limited_uses_up_the_cap() -> None:
    # They feed in 2 kW more than the home takes.
    assert Home(-2000.0, 5000.0, 10_000.0).look() == [2900.0]


def test_those_that_give_most_give_way_most() -> None:
    home = Home(3000.0, 0.0, 8000.0, 2000.0)
    home.suns_w = [4000.0, 2000.0]

    assert home.look() == [1900.0, 950.0]


def test_an_unknown_home_takes_nothing_and_inverters_share_by_size() -> None:
    producers = [Producer("big", 4000.0, 9000.0), Producer("small", None, 3000.0)]
    found = production_limits(GridSeen(None, 800.0, 0.0), producers, CurtailMemory(), 0.0)

    assert found == {"big": 600.0, "small": 200.0}


def test_what_a_shaded_inverter_cannot_give_the_other_gives() -> None:
    home = Home(4000.0, 0.0, 5000.0, 5000.0)
    home.suns_w = [5000.0, 500.0]

    home.look(20)

    assert 0 <= home.grid_w <= 250
    home.writes = 0
    home.look(100)
    assert home.writes == 0


def test_the_sun_comes_back_to_the_shaded_one_without_feeding_in() -> None:
    home = Home(4000.0, 0.0, 5000.0, 5000.0)
    home.suns_w = [5000.0, 500.0]
    home.look(20)
    home.suns_w = [500.0, 5000.0]

    home.look()
    assert home.grid_w >= 0
    home.look(20)
    assert 0 <= home.grid_w <= 250


def test_a_hybrid_s_battery_is_part_of_what_it_gives() -> None:
    # At its AC side it gives 2950 W, its limit; the home takes 6.9 kW.
    home = Home(6900.0, 0.0, 8000.0)
    home.limits_w = [2950.0]
    home.look(20)

    assert 0 <= home.grid_w <= 200


def test_up_it_goes_slowly_and_down_at_once() -> None:
    home = Home(1000.0, 0.0, 5000.0)
    home.look(3)
    home.load_w = 4000.0
    rising = [home.look()[0] for _ in range(7)]
    home.load_w = 500.0

    assert rising == [1450.0, 1950.0, 2450.0, 2950.0, 3450.0, 3950.0, 3950.0]
    assert home.look() == [450.0]


def test_small_loads_that_come_and_go_change_nothing() -> None:
    home = Home(2000.0, 0.0, 10_000.0)
    home.look(10)
    home.writes = 0
    for turn in range(200):
        home.load_w = 2000.0 + (-80.0, 0.0, 80.0)[turn // 10 % 3]
        home.look()
        assert home.grid_w >= 0

    assert home.writes == 0


def test_a_small_loss_is_taken_back_after_a_while() -> None:
    home = Home(1000.0, 0.0, 5000.0)
    home.look(3)
    home.load_w = 1150.0

    assert [*home.look(), *home.look()] == [950.0, 1100.0]


def test_readings_from_before_the_last_change_change_nothing() -> None:
    memory = CurtailMemory()
    one = Producer("a", 5000.0, 10_000.0)
    production_limits(GridSeen(-3000.0, 0.0, 10.0), [one], memory, 10.0)
    # The inverter has been read since, the meter has not.
    seen, now = GridSeen(-3000.0, 0.0, 10.0), replace(one, power_w=1900.0)

    assert production_limits(seen, [now], memory, 15.0) == {"a": 1900.0}
    # It is not waited for for ever.
    assert production_limits(seen, [now], memory, 30.0) == {"a": 0.0}


def test_who_does_not_say_what_it_gives_stays_where_it_was() -> None:
    memory = CurtailMemory()
    seen = GridSeen(-2000.0, 0.0, 5.0)
    production_limits(seen, [Producer("a", 3000.0, 5000.0)], memory, 5.0)

    silent = [Producer("a", None, 5000.0, limit_w=950.0)]
    assert production_limits(GridSeen(900.0, 0.0, 9.0), silent, memory, 10.0) == {"a": 950.0}


@pytest.mark.parametrize("cap_w", [0.0, 3000.0])
def test_a_limit_is_never_above_what_somebody_else_has_set(cap_w: float) -> None:
    home = Home(20_000.0, cap_w, 7000.0)

    assert home.look(10) == [7000.0]


@given(
    st.floats(0, 20_000),
    st.floats(-20_000, 20_000),
    st.lists(st.tuples(st.floats(-2000, 10_000), st.floats(0, 10_000)), min_size=1, max_size=4),
)
def test_what_is_fed_in_stays_under_the_cap(
    cap_w: float, grid_w: float, said: list[tuple[float, float]]
) -> None:
    producers = [
        Producer(str(i), power_w, 10_000.0, limit_w) for i, (power_w, limit_w) in enumerate(said)
    ]
    home_w = sum(power_w for power_w, _ in said) + grid_w
    limits_w = production_limits(GridSeen(grid_w, cap_w, 5.0), producers, CurtailMemory(), 5.0)

    assert sum(limits_w.values()) <= max(0.0, home_w + cap_w) + 1e-6
