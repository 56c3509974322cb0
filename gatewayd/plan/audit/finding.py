"""What the rules are given, and what they say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gatewayd.model.asset import MeterUsage
from gatewayd.model.reading import Reading


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be: where, what, and what to do about it."""

    rule: str
    where: str
    what: str
    do: str


@dataclass(frozen=True, slots=True)
class Track:
    """What one asset said over time, oldest first. `usage` is a meter's."""

    where: str
    said: Sequence[tuple[datetime, Reading]]
    usage: MeterUsage | None = None

    @property
    def last(self) -> Reading | None:
        """What it said last."""
        return self.said[-1][1] if self.said else None


def numbers(track: Track, name: str) -> list[float]:
    """One field over time, where it is known."""
    found = (getattr(reading, name, None) for _, reading in track.said)
    return [float(value) for value in found if value is not None]


def mean(values: Sequence[float]) -> float | None:
    """The mean; None of nothing."""
    return sum(values) / len(values) if values else None
