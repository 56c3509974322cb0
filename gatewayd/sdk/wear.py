"""Counts the writes to memory that wears out."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class Worn:
    """How often a place was written in the last 24 hours, and how often it may be."""

    place: str
    writes: int
    per_day: int


class Wear:
    """Each place takes `per_day` writes in any 24 hours, with those of before that are told.

    `unsaved` are the places written since somebody last wrote down what was written.
    """

    def __init__(self, per_day: int) -> None:
        self.per_day = per_day
        self.unsaved: list[str] = []
        self._times: dict[str, deque[float]] = {}

    def is_spent(self, place: object) -> bool:
        """Whether it must not be written now."""
        return self._count(str(place)) >= self.per_day

    def note(self, place: object) -> None:
        """It is about to be written."""
        self._times.setdefault(str(place), deque()).append(_now())
        self.unsaved.append(str(place))

    def recall(self, before: Iterable[tuple[str, float]]) -> None:
        """Count these writes too, places with their age in seconds, the oldest first."""
        for place, age_s in before:
            self._times.setdefault(place, deque()).append(_now() - age_s)

    def worn(self) -> tuple[Worn, ...]:
        """The places that were written in the last 24 hours."""
        counted = ((place, self._count(place)) for place in self._times)
        return tuple(Worn(place, count, self.per_day) for place, count in counted if count)

    def words(self, place: object) -> str:
        """Why a register is not written."""
        return (
            f"register {place} was written {self.per_day} times in 24 hours, and its memory wears"
            " out; wait"
        )

    def _count(self, place: str) -> int:
        times = self._times.get(place, deque())
        while times and times[0] <= _now() - DAY_S:
            times.popleft()
        return len(times)


@runtime_checkable
class Wearing(Protocol):
    """A driver that writes to memory which wears out."""

    wear: Wear


def _now() -> float:
    return asyncio.get_running_loop().time()
