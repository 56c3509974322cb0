"""How a load is wired, and how its meter: what explains all of its last steps.

One step proves nothing, for others switch too; several in a row that fit the same wiring do.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from statistics import fmean

from gatewayd.model.circuit import PHASE_NAMES, PHASES, Load
from gatewayd.plan.audit.finding import Finding
from gatewayd.plan.audit.steps import AGREEING, Step

_RATIO_LEAST, _RATIO_MOST = 0.7, 1.4
# What a phase of the meter does with a load on it: shows it, does not, or the other way round.
_FACTORS = (1, 0, -1)

# The house's phases that the load's own are on, and the meter's factor of each of the house's.
_Wired = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the last steps agree on.

    `places` are the house's phases on which the load's own may be, every way that fits; none where
    only a fault of the meter explains them. `sign` is the meter's at its worst phase: 1, 0 where it
    does not react, -1 where it is the wrong way round. See Step for the rest.
    """

    places: tuple[tuple[int, ...], ...]
    sign: int
    ratio: float
    delay_s: float
    findings: tuple[Finding, ...]

    @property
    def certain(self) -> tuple[int | None, ...]:
        """The house's phase on each of the load's own; None where it is not certain."""
        return _certain(self.places)


def judge(steps: Sequence[Step], load: Load, meter: str, measured: Sequence[int]) -> Verdict | None:
    """What the steps come to; None before enough of them agree.

    `meter` is the name of the one that saw them, and `measured` the phases that it measures.
    """
    fitting = [] if len(steps) < AGREEING else [*_fitting(steps, load, measured)]
    if not fitting:
        return None
    # The fewest faults that explain it, and the configured wiring if that can be.
    place, factors = max(fitting, key=lambda one: (one[1].count(1), one[0] == load.lines))
    shown = [place for place, faults in fitting if set(faults) == {1}]
    found = [*_of_places(shown, load)] if shown else [*_of_meter(place, factors, load, meter)]
    ratio = fmean(step.ratio for step in steps)
    # What a charger measures itself is not exact.
    if not found and any(any(s.lines) for s in steps) and not _RATIO_LEAST < ratio < _RATIO_MOST:
        told = f"it shows {ratio:.1f} times what {load.id} draws"
        found = [Finding("step ratio", meter, told, "check its transformers' ratio")]
    delay_s = fmean(step.delay_s for step in steps)
    return Verdict(tuple(shown), min(factors), ratio, delay_s, tuple(found))


def _fitting(steps: Sequence[Step], load: Load, measured: Sequence[int]) -> Iterator[_Wired]:
    """Every wiring that explains all of the steps."""
    for place in permutations(PHASES, len(load.lines or steps[0].own)):
        for factors in product(*(_FACTORS if line in measured else (1,) for line in PHASES)):
            if all(_fits(step, place, factors, measured) for step in steps):
                yield place, factors


def _fits(
    step: Step, place: tuple[int, ...], factors: tuple[int, ...], measured: Sequence[int]
) -> bool:
    drawn = {line for line, moved in zip(place, step.own, strict=False) if moved}
    return all(
        step.lines[line] == (factors[line] if line in drawn else 0)
        for line in PHASES
        if line in measured
    )


def placed(certain: Sequence[int | None], told: Sequence[int | None] = ()) -> str:
    """Where the load's phases are, in words, as far as that is not as it is `told`."""
    return " and ".join(
        f"phase {own + 1} of it is on phase {PHASE_NAMES[line]} of the house"
        for own, line in enumerate(certain)
        if line is not None and line not in told[own : own + 1]
    )


def _certain(places: Sequence[tuple[int, ...]]) -> tuple[int | None, ...]:
    # Of a load that draws on one phase alone only that phase is known.
    ways = [set(lines) for lines in zip(*places, strict=True)]
    return tuple(min(lines) if len(lines) == 1 else None for lines in ways)


def _of_places(shown: Sequence[tuple[int, ...]], load: Load) -> Iterator[Finding]:
    if load.lines is None or load.lines in shown:
        return
    told = placed(_certain(shown), load.lines)
    do = "correct its `wiring`, or exchange the meter's transformers"
    yield Finding("step wiring", load.id, told or "it is on other phases", do)


def _of_meter(
    place: tuple[int, ...], factors: tuple[int, ...], load: Load, meter: str
) -> Iterator[Finding]:
    turned = _named(line for line in PHASES if factors[line] == -1)
    if turned:
        told = f"it shows less on phase {turned} when {load.id} draws more"
        do = "turn round its transformers there, or correct its driver's sign"
        yield Finding("step sign", meter, told, do)
    blind = _named(line for line in sorted(place) if factors[line] == 0)
    if blind:
        told = f"{meter} does not show what it draws on phase {blind}"
        do = "correct its `circuit` or that circuit's `meter`, or check the meter's transformers"
        yield Finding("step blind", load.id, told, do)


def _named(lines: Iterable[int]) -> str:
    return ", ".join(PHASE_NAMES[line] for line in lines)
