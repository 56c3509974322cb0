"""Counts the writes to memory that wears out."""

import asyncio
from collections import deque
from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

_DAY_S = 86400.0

Place = TypeVar("Place", bound=Hashable)


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

    def worn(self) -> Mapping[Place, int]:
        """How often each place was written in the last 24 hours."""
        return {place: count for place in self._times if (count := self._count(place))}

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
