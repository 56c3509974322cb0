"""Who gets how much of the room there is: first everybody's least, then more, by priority."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gatewayd.model.circuit import PHASES, Amps, Circuit, Load, lines_of
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
        self._left = {circuit_id: list(room) for circuit_id, room in rooms.items()}
        self._slack = {circuit_id: list(slack) for circuit_id, slack in slacks.items()}
        self._ways = {
            load_id: self._way(load, wiring.chain[load_id], active.get(load_id))
            for load_id, load in wiring.loads.items()
        }

    def left_a(self, load: Load) -> float:
        """What the load could draw per phase."""
        way = self._ways[load.id]
        least_a = math.inf
        for _, left in way.lefts:
            least_a = min(least_a, left[_ALL] / way.phases, *[left[line] for line in way.lines])
        for slack in way.slacks:
            least_a = min(least_a, *[slack[line] for line in way.lines])
        return least_a

    def take(self, load: Load, amps: float) -> None:
        """Give it away."""
        way = self._ways[load.id]
        for _, left in way.lefts:
            for line in way.lines:
                left[line] -= amps
            left[_ALL] -= amps * way.phases
        for slack in way.slacks:
            for line in way.lines:
                slack[line] -= amps

    def tightest(self, load: Load) -> tuple[str, int]:
        """The circuit and phase (3: all together) with the least left for the load."""
        way = self._ways[load.id]
        return min(
            [
                (left[line] if line < _ALL else left[_ALL] / way.phases, circuit_id, line)
                for circuit_id, left in way.lefts
                for line in (*way.lines, _ALL)
            ]
        )[1:]

    def _way(self, load: Load, chain: Sequence[Circuit], active: tuple[int, ...] | None) -> "_Way":
        lines = active or lines_of(load)
        slacks = []
        if self._slack and (active is None or len(active) < _ALL):
            slacks = [self._slack[c.id] for c in chain if c.id in self._slack]
        return _Way(lines, len(lines), [(c.id, self._left[c.id]) for c in chain], slacks)


class _Way(NamedTuple):
    """The phases of the site that a load draws on, how many, and what is left there by circuit."""

    lines: tuple[int, ...]
    phases: int
    lefts: list[tuple[str, list[float]]]
    slacks: list[list[float]]


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
        most_a = [min(wishes[load.id] - given[load.id], rooms.left_a(load)) for load in hungry]
        even_a = max(_FILL_A, min(most_a) / len(most_a))
        for load in hungry:
            more_a = max(0.0, min(even_a, wishes[load.id] - given[load.id], rooms.left_a(load)))
            rooms.take(load, more_a)
            given[load.id] += more_a
        hungry = [load for load, amps in zip(hungry, most_a, strict=True) if amps > even_a]


def _rounded(load: Load, amps: float) -> float:
    whole = math.floor(amps / load.step_a + 1e-6) * load.step_a
    return whole if whole >= load.min_a else 0.0
