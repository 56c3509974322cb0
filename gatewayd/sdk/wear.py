"""Counts the writes to memory that wears out."""

import asyncio
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, runtime_checkable

_DAY_S = 86400.0

Place = TypeVar("Place", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Worn:
    """How often a place was written in the last 24 hours, and how often it may be."""

    place: str
    writes: int
    per_day: int


@runtime_checkable
class Wearing(Protocol):
    """A driver that writes to memory which wears out."""

    def worn(self) -> tuple[Worn, ...]: ...


class Wear(Generic[Place]):
    """Each place takes `per_day` writes in any 24 hours, counted since this was made."""

    def __init__(self, per_day: int) -> None:
        self.per_day = per_day
        self._times: dict[Place, deque[float]] = {}

    def is_spent(self, place: Place) -> bool:
        """Whether it must not be written now."""
        return self._count(place) >= self.per_day

    def note(self, place: Place) -> None:
        """It is about to be written."""
        self._times.setdefault(place, deque()).append(_now())

    def worn(self) -> tuple[Worn, ...]:
        """The places that were written in the last 24 hours."""
        counted = ((place, self._count(place)) for place in self._times)
        return tuple(Worn(str(place), count, self.per_day) for place, count in counted if count)

    def words(self, place: object) -> str:
        """Why a register is not written."""
        return (
            f"register {place} was written {self.per_day} times in 24 hours, and its memory wears"
            " out; wait"
        )

    def _count(self, place: Place) -> int:
        times = self._times.get(place, deque())
        while times and times[0] <= _now() - _DAY_S:
            times.popleft()
        return len(times)


def _now() -> float:
    return asyncio.get_running_loop().time()
