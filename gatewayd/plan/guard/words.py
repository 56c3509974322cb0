"""What the guard is told, what it remembers, and what it says."""

import math
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum

from gatewayd.model.circuit import Amps

# Phases a, b and c, and what all of them add up to; ampere.
Quad = tuple[float, float, float, float]

# A moment, what the loads drew then, and what the meter said.
Anchor = tuple[float, Quad, Amps]

NOTHING_A: Quad = (0.0, 0.0, 0.0, 0.0)


class Footing(IntEnum):
    """How firm the ground is that a circuit's grants stand on."""

    # Nothing is known: nothing may be drawn.
    NOTHING = 0
    # As if everything that is not controlled drew its assumed peak.
    ASSUMED = 1
    # As before, but nothing more, and no more than the breaker bears at the assumed peak.
    HOLD = 2
    FRESH = 3


@dataclass(frozen=True, slots=True)
class MeterNow:
    """A circuit's meter as last read in full.

    `raw` is everything it said, to be compared for sameness; `period_s` is how often it is asked.
    `at_s` is best the moment of the question: an answer may be late.
    """

    current_a: tuple[float, float, float]
    at_s: float
    period_s: float = 2.0
    power_w: float | None = None
    raw: object = None


@dataclass(frozen=True, slots=True)
class LoadNow:
    """A load as last read, and what the rest of the gateway wants of it.

    `wish_a` is 0 for off. `limit_a` is the limit that the device itself reports to be in force, 0
    while it is off; None when it does not say, or cannot be reached. `drawn_a` is by its own
    phases, negative while it feeds; None when unknown: then it is among what the meter sees and
    needs its grant's room beside. `drawn_w` is what it draws altogether, where nobody knows on
    which of its phases.
    """

    wish_a: float
    limit_a: float | None
    drawn_a: tuple[float, ...] | None
    at_s: float
    drawn_w: float | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What a load may draw per phase until `valid_until_s`, and what holds it below its wish.

    Unless it `renews`, the device's own watchdog must not be fed: nothing is known of the circuit,
    or the device does not obey and its own fallback is all that is left.
    """

    amps: float
    valid_until_s: float
    footing: Footing
    renews: bool
    binding: str | None = None


@dataclass(slots=True)
class LineMemory:
    """Of one circuit with the meter `meter_id`: that as last believed, and what was made of it.

    `same_polls` is how often in a row the meter has repeated itself, `usual_same` how often it does
    at most. `sign_votes` is how often in a row each phase went against our loads.
    `anchor` is what the loads drew and what the meter said when both last stood still.
    `rooms` are the rooms of the last half minute, oldest first, up to `seen_at_s`. `over_since_s`:
    since which reading some phase carries more than the breaker holds.
    """

    meter_id: str | None = None
    meter: MeterNow | None = None
    base_a: Quad | None = None
    same_polls: int = 0
    usual_same: float = 4.0
    is_probed: bool = False
    drawn_when_same_a: Quad = NOTHING_A
    anchor: Anchor | None = None
    sign_votes: tuple[int, int, int] = (0, 0, 0)
    doubted_since_s: float | None = None
    heat: tuple[float, float, float] = (0.0, 0.0, 0.0)
    rooms: deque[tuple[float, Quad]] = field(default_factory=deque)
    seen_at_s: float = -math.inf
    over_since_s: float | None = None


@dataclass(slots=True)
class LoadMemory:
    """Of one load on `lines`: what it was granted, and drew of late (`drawn`, oldest first).

    `refused_since_s`: since when the device reports or draws more than it was granted, last so in
    what it said at `refused_at_s`;
    `silent_since_s`: since when it does not say what it does. `active` are its own phases in use,
    all of them until that has been seen for a while.
    """

    granted_a: float = 0.0
    raised_at_s: float = -math.inf
    stopped_at_s: float = -math.inf
    refused_since_s: float | None = None
    refused_at_s: float = -math.inf
    silent_since_s: float | None = None
    drawn: deque[tuple[float, Quad, Quad]] = field(default_factory=deque)
    seen: tuple[int, ...] = ()
    seen_since_s: float = -math.inf
    active: tuple[int, ...] | None = None
    lines: tuple[int, ...] | None = None


@dataclass(slots=True)
class Memory:
    """All that one look passes on to the next."""

    lines: dict[str, LineMemory] = field(default_factory=dict)
    loads: dict[str, LoadMemory] = field(default_factory=dict)
