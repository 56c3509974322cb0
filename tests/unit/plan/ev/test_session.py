"""What a session has had is known whatever charger and car leave out."""

from typing import Any

import pytest

from gatewayd.plan.ev.session import SessionMemory, known
from gatewayd.plan.ev.words import CarNow

HOUR_S = 3600


def after_an_hour(at_kw: float | None, memory: SessionMemory, **told: Any) -> CarNow:
    """Looked at every five seconds; the counter counts what is drawn, where there is one."""
    counter_wh, power_w = told.pop("counter_wh", None), at_kw and 1000.0 * at_kw
    begun_s = memory.seen_s or 0.0
    for passed_s in range(0, HOUR_S + 5, 5):
        counted = None if counter_wh is None else counter_wh + (power_w or 0.0) * passed_s / 3600
        car = CarNow(is_plugged=True, power_w=power_w, counter_wh=counted, **told)
        found = known(car, memory, begun_s + passed_s)
    return found


@pytest.mark.parametrize(
    ("at_kw", "told", "expected_wh"),
    [
        (7.0, {}, 7_000.0),
        (7.0, {"counter_wh": 123_000.0}, 7_000.0),
        (7.0, {"session_wh": 6_900.0}, 6_900.0),
        (None, {}, None),
    ],
)
def test_energy_is_counted_with_what_there_is(
    at_kw: float | None, told: dict[str, float], expected_wh: float | None
) -> None:
    memory = SessionMemory()

    found = after_an_hour(at_kw, memory, **told)
    known(CarNow(is_plugged=False), memory, 4000.0)
    following = known(CarNow(is_plugged=True, power_w=0.0), memory, 4005.0)

    assert found.session_wh == (expected_wh and pytest.approx(expected_wh, rel=0.01))
    assert following.session_wh == 0.0


def test_a_level_that_the_car_does_not_renew_grows_with_what_is_drawn() -> None:
    memory = SessionMemory()

    assert after_an_hour(1.0, memory, soc_pct=40.0, capacity_wh=44_000.0).soc_pct == 40.0
    frozen = after_an_hour(10.0, memory, soc_pct=40.0, capacity_wh=44_000.0)
    renewed = after_an_hour(1.0, memory, soc_pct=60.0, capacity_wh=44_000.0)

    # 11 kWh from the grid are 9.7 in the battery.
    assert frozen.soc_pct == pytest.approx(62.0, abs=0.2)
    assert renewed.soc_pct == 60.0


def test_that_a_car_is_full_is_left_to_it() -> None:
    full = after_an_hour(22.0, SessionMemory(), soc_pct=90.0, capacity_wh=44_000.0)

    assert full.soc_pct == 99.0
