"""The protected lines of a home, and the loads on them that can be told to take less."""

from dataclasses import dataclass

# Per phase a, b, c of the site, in ampere.
Amps = tuple[float, float, float]

PHASES = (0, 1, 2)
PHASE_NAMES = ("a", "b", "c")
NOMINAL_V = 230.0


@dataclass(frozen=True, slots=True)
class Circuit:
    """What a breaker protects. The one without `parent` is the house connection.

    `limit_a` is the breaker's rating per phase, `limit_w` a limit of all phases together.
    `assumed_base_a` is what everything that is not controlled is taken to draw at its peak, per
    phase: it counts when the meter is silent, and always where there is none. Where it is 0 beside
    a meter, nothing may be drawn while that is silent. `unbalance_a` is how far the phases may lie
    apart. `uses_thermal_headroom` lets short loads use what heat the breaker still can take.
    `limited_by` is who gave `limit_w`, in words. Beyond `raised_w` nothing is raised, for what is
    left to `limit_w` is there for a while only.
    """

    id: str
    limit_a: float
    limit_w: float | None = None
    parent: str | None = None
    meter_id: str | None = None
    assumed_base_a: float = 0.0
    unbalance_a: float | None = None
    uses_thermal_headroom: bool = False
    limited_by: str | None = None
    raised_w: float | None = None

    @property
    def usable_a(self) -> float:
        """The rating less 5 %, at least 1 A, where others draw from it too."""
        if self.meter_id is None and not self.assumed_base_a:
            return self.limit_a
        return self.limit_a - max(1.0, 0.05 * self.limit_a)


@dataclass(frozen=True, slots=True)
class Load:
    """A load whose current can be lowered, per phase: a charger, a battery, a heater.

    `lines` says on which phase of the site (0, 1, 2) each of its own phases is; None where nobody
    knows: then it counts on every phase with its worst. Below `min_a` it can only be off.
    Of two loads the one with the higher `priority` is served first.
    """

    id: str
    circuit: str
    max_a: float
    lines: tuple[int, ...] | None = None
    min_a: float = 6.0
    step_a: float = 1.0
    priority: int = 0

    @property
    def is_switched(self) -> bool:
        """Whether it runs or does not, with nothing between, as a compressor."""
        return self.min_a >= self.max_a


def at_most(load: Load, drawn: tuple[float, ...]) -> Amps:
    """What it draws from each phase of the site, at worst."""
    if load.lines is None:
        worst = max((0.0, *drawn))
        return worst, worst, worst
    return _placed(load.lines, drawn)


def at_least(load: Load, drawn: tuple[float, ...]) -> Amps:
    """What it surely draws from each phase of the site."""
    if load.lines is None:
        least = min(drawn) if len(drawn) == len(PHASES) else min((0.0, *drawn))
        return least, least, least
    return _placed(load.lines, drawn)


def lines_of(load: Load) -> tuple[int, ...]:
    """The phases of the site on which it may draw."""
    return PHASES if load.lines is None else load.lines


def amperes(power_w: float, lines: tuple[int, ...] | None) -> float:
    """Per phase, at the nominal voltage; with unknown `lines` as if all of it were on one."""
    return power_w / (NOMINAL_V * len(lines or (0,)))


def current_of(load: Load, power_w: float) -> float:
    """Per phase, of a load that draws this; on a phase that nobody knows it is all that it can."""
    current_a = amperes(power_w, load.lines)
    return current_a if load.lines is not None else min(current_a, load.max_a)


def watts(current_a: float, lines: tuple[int, ...] | None) -> float:
    """What a current per phase carries, likewise."""
    return current_a * NOMINAL_V * len(lines or (0,))


def _placed(lines: tuple[int, ...], drawn: tuple[float, ...]) -> Amps:
    amps = [0.0, 0.0, 0.0]
    for line, current_a in zip(lines, drawn, strict=False):
        amps[line] += current_a
    return amps[0], amps[1], amps[2]
