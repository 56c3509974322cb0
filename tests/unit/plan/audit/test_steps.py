"""Steps of a load tell how it is wired and whether its meter is right; what others do does not."""

from collections.abc import Callable, Sequence
from itertools import permutations
from random import Random

import pytest

from gatewayd.model.circuit import PHASES, Load
from gatewayd.plan.audit.finding import Finding
from gatewayd.plan.audit.steps import AGREEING, Said, Step, StepMemory, note
from gatewayd.plan.audit.wired import Verdict, judge, placed

Amps = tuple[float, ...]
_ALL, _ONE = (True, True, True), (True, False, False)


def load(lines: tuple[int, ...] | None = (0, 1, 2)) -> Load:
    return Load("keba", "main", 32.0, lines)


def watched(
    levels: Sequence[Amps],
    place: Sequence[int] = (0, 1, 2),
    factors: Sequence[float] = (1.0, 1.0, 1.0),
    base: Callable[[float, int], float] = lambda _at_s, _line: 2.0,
    period_s: float = 2.0,
    lag_s: float = 1.0,
    others_w: Callable[[float], float | None] = lambda _drawn_w: 0.0,
) -> StepMemory:
    """Each level for a minute, looked at every two seconds by a meter that is late."""
    memory = StepMemory()

    def drawn(at_s: float) -> Amps:
        return levels[min(len(levels) - 1, max(0, int(at_s // 60)))]

    for look in range(len(levels) * 30):
        at_s = look * 2.0
        seen_s = at_s // period_s * period_s
        amps = [base(seen_s, line) for line in PHASES]
        for own, line in enumerate(place):
            amps[line] += drawn(seen_s - lag_s)[own] * factors[line]
        said = others_w(230.0 * sum(drawn(at_s)))
        note(Said(at_s, drawn(at_s)), Said(seen_s, tuple(amps)), memory, said)
    return memory


def starts(amps: Amps, times: int = AGREEING) -> list[Amps]:
    idle = tuple(0.0 for _ in amps)
    return [idle, *[level for _ in range(times) for level in (amps, idle)]]


def verdict(memory: StepMemory, of: Load, measured: Sequence[int] = PHASES) -> Verdict:
    found = judge(memory.steps, of, "meter", measured)
    assert found is not None
    return found


@pytest.mark.parametrize("place", list(permutations(PHASES)))
def test_a_car_on_one_phase_shows_where_that_phase_is(place: tuple[int, ...]) -> None:
    memory = watched(starts((16.0, 0.0, 0.0)), place)

    found = verdict(memory, load(place))
    swapped = verdict(memory, load((place[1], place[0], place[2])))

    assert found.certain == (place[0], None, None)
    assert placed(found.certain) == f"phase 1 of it is on phase {'abc'[place[0]]} of the house"
    assert (found.findings, found.sign) == ((), 1)
    assert found.ratio == pytest.approx(1.0)
    assert -2.0 <= found.delay_s <= 4.0
    [told] = swapped.findings
    assert told.rule == "step wiring"
    assert f"phase 1 of it is on phase {'abc'[place[0]]} of the house" in told.what
    assert verdict(memory, load(None)).findings == ()


@pytest.mark.parametrize(
    ("factors", "rules", "where", "sign"),
    [
        ((1, 1, 1), (), (), 1),
        ((-1, -1, -1), ("step sign",), ("meter",), -1),
        ((1, -1, 1), ("step sign",), ("meter",), -1),
        ((1, 1, 0), ("step blind",), ("keba",), 0),
        ((0, 0, 0), ("step blind",), ("keba",), 0),
        ((-1, 0, 1), ("step sign", "step blind"), ("meter", "keba"), -1),
        ((0.5, 0.5, 0.5), ("step ratio",), ("meter",), 1),
        ((2.0, 2.0, 2.0), ("step ratio",), ("meter",), 1),
    ],
)
def test_a_fault_of_the_meter_is_named(
    factors: tuple[float, ...], rules: tuple[str, ...], where: tuple[str, ...], sign: int
) -> None:
    found = verdict(watched(starts((10.0, 10.0, 10.0)), factors=factors), load())

    assert tuple(one.rule for one in found.findings) == rules
    assert tuple(one.where for one in found.findings) == where
    assert found.sign == sign


def test_fewer_steps_than_must_agree_say_nothing() -> None:
    memory = watched(starts((16.0, 16.0, 16.0), times=1), factors=(-1, -1, -1))

    assert len(memory.steps) == AGREEING - 1
    assert judge(memory.steps, load(), "meter", PHASES) is None


def test_what_others_switch_in_the_middle_of_a_step_is_no_step() -> None:
    def oven(at_s: float, line: int) -> float:
        return 10.0 if line == 0 and at_s % 20 < 10 else 1.0

    assert not watched(starts((16.0, 16.0, 16.0)), base=oven).steps


@pytest.mark.parametrize(
    ("others_w", "is_told"),
    [
        # A battery makes up for the car, and the meter shows nothing of it.
        (lambda drawn_w: -drawn_w, False),
        # Another charger gives way to this one.
        (lambda drawn_w: 11_000.0 - drawn_w / 2, False),
        (lambda drawn_w: None if drawn_w else 0.0, False),
        (lambda drawn_w: 3000.0 - drawn_w / 20, True),
    ],
)
def test_a_step_that_others_make_up_for_convicts_no_meter(
    others_w: Callable[[float], float | None], is_told: bool
) -> None:
    hidden = watched(starts((10.0, 0.0, 0.0)), factors=(0, 0, 0), others_w=others_w)

    assert bool(hidden.steps) is is_told


def test_steps_that_disagree_convict_nobody() -> None:
    good, bad = Step(_ALL, (1, 1, 1)), Step(_ALL, (-1, -1, -1))

    assert judge([good, bad, bad], load(), "meter", PHASES) is None
    found = judge([bad, bad, bad], load(), "meter", PHASES)
    assert found is not None
    assert found.findings


@pytest.mark.parametrize("seed", range(20))
def test_a_restless_house_convicts_no_sound_wiring(seed: int) -> None:
    dice = Random(seed)
    switched = {
        (int(at_s) // 15, line): dice.choice((0.5, 1.0, 3.0, 9.0, 14.0))
        for at_s in range(0, 1200, 15)
        for line in PHASES
    }

    def base(at_s: float, line: int) -> float:
        return switched.get((int(at_s) // 15, line), 1.0) + dice.uniform(-0.3, 0.3)

    memory = watched(starts((16.0, 0.0, 0.0), times=8), (2, 0, 1), base=base, lag_s=3.0)
    found = judge(memory.steps, load((2, 0, 1)), "meter", PHASES)

    assert found is None or found.findings == ()


def test_small_slow_and_short_changes_are_no_steps() -> None:
    ramp = [tuple(min(16.0, n * 1.5) for _ in PHASES) for n in range(12)]

    assert not watched(starts((3.0, 3.0, 3.0))).steps
    assert not watched(ramp).steps
    assert watched(starts((16.0, 16.0, 16.0)), period_s=10.0).steps
    assert not watched(starts((16.0, 16.0, 16.0)), period_s=30.0).steps


def test_phases_that_are_not_measured_prove_nothing() -> None:
    blind = [Step(_ONE, (0, 0, 0))] * AGREEING

    assert verdict_of(blind, (1, 2, 0), (0,)) == ()
    assert [one.rule for one in verdict_of(blind, (0, 1, 2), (0,))] == ["step wiring"]


def verdict_of(
    steps: list[Step], lines: tuple[int, ...], measured: tuple[int, ...]
) -> tuple[Finding, ...]:
    found = judge(steps, load(lines), "meter", measured)
    assert found is not None
    return found.findings


def test_a_load_of_one_phase_is_found_on_another() -> None:
    found = verdict(watched(starts((16.0,)), (2,)), load((1,)))

    assert found.places == ((2,),)
    [told] = found.findings
    assert "phase 1 of it is on phase c" in told.what
