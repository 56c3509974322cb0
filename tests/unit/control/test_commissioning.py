"""What is not safe about the chargers' own fallbacks is told while gatewayd lives."""

from pathlib import Path

import pytest

from gatewayd.control.governor import gather
from gatewayd.control.governor.commissioning import Commissioning
from gatewayd.model.circuit import Load
from gatewayd.plan.guard.commission import Fallback
from gatewayd.plan.guard.wiring import Wiring
from tests.fakes.clock import FakeClock
from tests.unit.control.governed import MAIN, House, house, terms

WIRING = Wiring({"main": MAIN}, {"charger": Load("charger", "main", 16.0)})
SAFE = {"charger": Fallback(6.0, 30.0)}


def test_each_problem_is_logged_once_and_known_while_it_is_there(
    caplog: pytest.LogCaptureFixture,
) -> None:
    commissioning = Commissioning()

    found = []
    for fallbacks in ({}, {}, SAFE, {}):
        commissioning.look(WIRING, fallbacks, {})
        found.append(len(commissioning.problems))

    # It is not known to fall back, and with all that it may draw the breaker is too small.
    assert found == [2, 2, 0, 2]
    assert len(caplog.records) == 2


@pytest.mark.parametrize(
    ("told", "watchdog_s", "found"),
    [
        ({"failsafe_current_a": 6.0, "failsafe_timeout_s": 30.0}, None, Fallback(6.0, 30.0)),
        ({"failsafe_current_a": 6.0, "failsafe_timeout_s": 0.0}, 30.0, Fallback(6.0, 0.0)),
        ({"failsafe_current_a": 6.0}, 45.0, Fallback(6.0, 45.0)),
        ({"failsafe_current_a": 6.0}, None, None),
        ({"failsafe_timeout_s": 30.0}, None, None),
    ],
)
async def test_what_a_charger_says_of_its_fallback_counts_before_what_its_driver_knows(
    tmp_path: Path, told: dict[str, float], watchdog_s: float | None, found: Fallback | None
) -> None:
    one = House()
    one.charger.set_charger(**told)
    async with house(tmp_path / "gatewayd.db", FakeClock(), terms(), one) as (home, _):
        await home.pass_time(1)
        assert gather.fallback(home.state("charger"), watchdog_s) == found


async def test_the_guard_tells_it_as_soon_as_all_have_spoken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock, one = FakeClock(), House()
    async with house(tmp_path / "gatewayd.db", clock, terms(), one) as (home, _):
        await home.pass_time(6, step_s=0.5)
        unknown = caplog.text
        caplog.clear()
        one.charger.set_charger(failsafe_current_a=20.0, failsafe_timeout_s=30.0)
        await home.pass_time(6, step_s=0.5)

    assert "charger: it is not known to fall back by itself" in unknown
    assert "phase a may carry 30 A of 25 A" in caplog.text
    assert caplog.text.count("fuse guard: ") == 1
