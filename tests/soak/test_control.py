"""The houses in small: every class of faults, a few mutants, and the breaker's own curve."""

import pytest

from tests.soak.__main__ import failures
from tests.soak.breaker import HOLDS, Breaker
from tests.soak.control import live, soak
from tests.soak.faults import CLASSES, TWO
from tests.soak.mutants import MUTANTS
from tests.soak.planting import SUITES, caught_by, false_alarm, patched
from tests.soak.policy import Guarded, Reference
from tests.soak.safety import OVERSHOOT_S_MAX

# One of each kind; `./run soak control` plants them all.
SAMPLE = {
    "stale counts as zero",
    "lease off",
    "heartbeat on a timer",
    "wall clock in the loop",
    "sum instead of per phase",
    "acknowledged early",
    "sign of our draw flipped",
    "no number is a wish",
    "the weakest has the say",
    "failsafe not applied",
    "remembered after the write",
}


@pytest.mark.parametrize("fault", CLASSES)
def test_no_breaker_trips_under_the_guard(fault: str) -> None:
    outcome = live(fault, 20, Guarded, seconds=3600)

    assert outcome.trips == 0
    assert outcome.overshoot_s_max <= OVERSHOOT_S_MAX
    assert outcome.charged_kwh > 0.5


@pytest.mark.parametrize(
    "fault", ["meter_stale", "meter_frozen", "meter_wrong_sign", "late_answers", "clock_jumps", TWO]
)
def test_breakers_trip_under_a_policy_that_holds_the_last_value(fault: str) -> None:
    assert soak(fault, 8.0, Reference).trips > 0


def test_the_reference_is_no_fool_while_all_is_well() -> None:
    assert soak("nothing", 8.0, Reference).trips == 0


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mutant_can_be_planted(mutant: object) -> None:
    found = next(one for one in MUTANTS if one is mutant)

    assert patched(found)


@pytest.mark.parametrize("mutant", [m for m in MUTANTS if m.name in SAMPLE], ids=lambda m: m.name)
def test_a_mutant_is_caught(mutant: object) -> None:
    found = next(one for one in MUTANTS if one is mutant)

    assert caught_by(found) is not None


@pytest.mark.parametrize("of", [of for of in SUITES if "plan" in of])
def test_no_check_fails_without_a_mistake(of: str) -> None:
    """Of the suites that take no time; `./run soak control` tries them all."""
    assert false_alarm(of) is None


def test_there_are_mutants_enough_each_by_its_own_name() -> None:
    names = [mutant.name for mutant in MUTANTS]

    assert len(set(names)) == len(names) >= 40
    assert set(names) >= SAMPLE


def _opens_after_s(ratio: float, before: float = 0.0, within_s: int = 3600) -> int | None:
    breaker = Breaker(20.0)
    for _ in range(3600 if before else 0):
        breaker.carry((before * 20.0, 0.0, 0.0), set)
    for second in range(1, within_s + 1):
        breaker.carry((0.0, ratio * 20.0 if not before else 0.0, 0.0), set)
        if before:
            breaker.carry((ratio * 20.0, 0.0, 0.0), set)
        if breaker.has_tripped:
            return second
    return None


def test_the_breaker_opens_by_its_standard() -> None:
    assert _opens_after_s(HOLDS) is None
    warm = _opens_after_s(1.45)
    assert warm is not None
    cold = _opens_after_s(2.55, within_s=60)
    assert cold is not None
    assert cold > 1
    assert _opens_after_s(3.0) == 1


@pytest.mark.parametrize(("ratio", "seconds"), [(52 / 25, 10), (110 / 25, 1)])
def test_the_breaker_opens_before_a_fuse_of_the_same_rating_may(ratio: float, seconds: int) -> None:
    """What a gG fuse of 25 A is to bear, here after carrying its rating."""
    breaker = Breaker(25.0)
    for _ in range(3600):
        breaker.carry((25.0, 0.0, 0.0), set)
    for _ in range(seconds):
        breaker.carry((25.0 * ratio, 0.0, 0.0), set)

    assert breaker.has_tripped


def test_overload_counts_only_where_something_could_be_done() -> None:
    breaker = Breaker(20.0)
    for _ in range(5):
        breaker.carry((23.0, 23.0, 0.0), lambda: {1})
    breaker.carry((0.0, 23.0, 0.0), lambda: {1}, is_watched=False)
    breaker.carry((0.0, 23.0, 0.0), lambda: {1})

    assert breaker.over_s_max == 5.0


def test_what_fails_is_said() -> None:
    good = {"trips": 0, "overshoot_s_max": 10.0, "reference_trips": 1}
    bad = {"trips": 2, "overshoot_s_max": 11.0, "reference_trips": 0}

    hidden = {"trips": 0, "overshoot_s_max": 30.0, "reference_trips": 1}
    fine = {"nothing": good | {"reference_trips": 0}, "meter_stale": good, TWO: hidden}
    cut = {"double_effects": 0, "wrong_ends": 0, "not_restored": 0}
    assert failures({"faults": fine} | cut, []) == []
    cut |= {"double_effects": 3}
    assert failures({"faults": {"meter_stale": bad}} | cut, ["lease off"]) == [
        "the mutant lives: lease off",
        "3 double effects after crashes",
        "meter_stale: 2 trips",
        "meter_stale: overloaded for 11 s",
        "meter_stale: the reference does not trip either, so nothing is shown",
    ]
