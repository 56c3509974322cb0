"""Who gets how much of the room there is: first everybody's least, then more, by priority."""

import math
from collections.abc import Mapping

from gatewayd.model.circuit import PHASES, Amps, Load, lines_of
from gatewayd.plan.guard.wiring import Wiring
from gatewayd.plan.guard.words import Quad

_FILL_A = 1.0
_ALL = len(PHASES)


class Rooms:
    """What is left of each circuit while it is given away.

    `slacks` are what may be drawn from one phase only; whoever is seen to draw from all of them
    evenly (`active`: the phases of the site in use, where known) needs none.
    """

    def __init__(
        self,
        wiring: Wiring,
        rooms: Mapping[str, Quad],
        slacks: Mapping[str, Amps],
        active: Mapping[str, tuple[int, ...]],
    ) -> None:
        self._chain = wiring.chain
        self._left = {circuit_id: list(room) for circuit_id, room in rooms.items()}
        self._slack = {circuit_id: list(slack) for circuit_id, slack in slacks.items()}
        self._active = active

    def left_a(self, load: Load) -> float:
        """What the load could draw per phase."""
        lines = self._lines(load)
        least_a = math.inf
        for circuit in self._chain[load.id]:
            left = self._left[circuit.id]
            least_a = min(least_a, left[_ALL] / len(lines))
            for line in lines:
                least_a = min(least_a, left[line])
        for slack in self._slacks(load):
            least_a = min(least_a, *(slack[line] for line in lines))
        return least_a

    def take(self, load: Load, amps: float) -> None:
        """Give it away."""
        lines = self._lines(load)
        for circuit in self._chain[load.id]:
            left = self._left[circuit.id]
            for line in lines:
                left[line] -= amps
            left[_ALL] -= amps * len(lines)
        for slack in self._slacks(load):
            for line in lines:
                slack[line] -= amps

    def tightest(self, load: Load) -> tuple[str, int]:
        """The circuit and phase (3: all together) with the least left for the load."""
        lines = self._lines(load)
        return min(
            (left[line] if line < _ALL else left[_ALL] / len(lines), circuit.id, line)
            for circuit in self._chain[load.id]
            for left in (self._left[circuit.id],)
            for line in (*lines, _ALL)
        )[1:]

    def _lines(self, load: Load) -> tuple[int, ...]:
        """The phases of the site that it draws on."""
        return self._active.get(load.id) or lines_of(load)

    def _slacks(self, load: Load) -> list[list[float]]:
        if not self._slack or len(self._active.get(load.id, ())) == _ALL:
            return []
        return [self._slack[c.id] for c in self._chain[load.id] if c.id in self._slack]


def share(wiring: Wiring, rooms: Rooms, wishes: Mapping[str, float]) -> dict[str, float]:
    """What each load gets of the room, at most its wish, in whole steps; below its least 0."""
    given: dict[str, float] = {}
    for group in wiring.by_priority:
        for load in group:
            if load.id in wishes:
                given[load.id] = _least(load, rooms, wishes[load.id])
    for group in wiring.by_priority:
        _fill([load for load in group if _is_hungry(load, wishes, given)], rooms, wishes, given)
    return {load_id: _rounded(wiring.loads[load_id], amps) for load_id, amps in given.items()}


def _least(load: Load, rooms: Rooms, wish_a: float) -> float:
    if wish_a < load.min_a or rooms.left_a(load) < load.min_a:
        return 0.0
    rooms.take(load, load.min_a)
    return load.min_a


def _is_hungry(load: Load, wishes: Mapping[str, float], given: Mapping[str, float]) -> bool:
    if load.id not in wishes or given[load.id] >= wishes[load.id]:
        return False
    return load.min_a == 0 or given[load.id] > 0


def _fill(
    hungry: list[Load], rooms: Rooms, wishes: Mapping[str, float], given: dict[str, float]
) -> None:
    """Raise all of them evenly, until each has its wish or its line is full."""
    while hungry:
        most_a = {
            load.id: min(wishes[load.id] - given[load.id], rooms.left_a(load)) for load in hungry
        }
        hungry = [load for load in hungry if most_a[load.id] > 0]
        even_a = max(_FILL_A, min(most_a.values()) / len(most_a))
        for load in hungry:
            more_a = max(0.0, min(even_a, most_a[load.id], rooms.left_a(load)))
            rooms.take(load, more_a)
            given[load.id] += more_a


def _rounded(load: Load, amps: float) -> float:
    whole = math.floor(amps / load.step_a + 1e-6) * load.step_a
    return whole if whole >= load.min_a else 0.0
