"""Who gets how much of the room there is: first everybody's least, then more, by priority."""

import math
from collections.abc import Mapping

from gatewayd.model.circuit import Load, lines_of
from gatewayd.plan.guard.wiring import Wiring
from gatewayd.plan.guard.words import Quad

_FILL_A = 1.0


class Rooms:
    """What is left of each circuit while it is given away."""

    def __init__(
        self, wiring: Wiring, rooms: Mapping[str, Quad], active: Mapping[str, tuple[int, ...]]
    ) -> None:
        self._chain = wiring.chain
        self._left = {circuit_id: list(room) for circuit_id, room in rooms.items()}
        self._active = active

    def left_a(self, load: Load) -> float:
        """What the load could draw per phase."""
        lines, phases = self.lines(load), self._phases(load)
        return min(
            min(*(left[line] for line in lines), left[3] / phases)
            for left in (self._left[circuit.id] for circuit in self._chain[load.id])
        )

    def take(self, load: Load, amps: float) -> None:
        """Give it away."""
        lines, phases = self.lines(load), self._phases(load)
        for circuit in self._chain[load.id]:
            left = self._left[circuit.id]
            for line in lines:
                left[line] -= amps
            left[3] -= amps * phases

    def tightest(self, load: Load) -> tuple[str, int]:
        """The circuit and phase (3: all together) with the least left for the load."""
        phases = self._phases(load)
        return min(
            (left[line] if line < 3 else left[3] / phases, circuit.id, line)
            for circuit in self._chain[load.id]
            for left in (self._left[circuit.id],)
            for line in (*self.lines(load), 3)
        )[1:]

    def lines(self, load: Load) -> tuple[int, ...]:
        """The phases of the site that it draws on."""
        return self._active.get(load.id) or lines_of(load)

    def _phases(self, load: Load) -> int:
        return len(self.lines(load))


def share(wiring: Wiring, rooms: Rooms, wishes: Mapping[str, float]) -> dict[str, float]:
    """What each load gets of the room, at most its wish, in whole steps; below its least 0."""
    given: dict[str, float] = {}
    for group in wiring.by_priority:
        for load in group:
            if load.id in wishes:
                given[load.id] = _least(load, rooms, wishes[load.id])
    for group in wiring.by_priority:
        _fill([load for load in group if load.id in wishes], rooms, wishes, given)
    return {load_id: _rounded(wiring.loads[load_id], amps) for load_id, amps in given.items()}


def _least(load: Load, rooms: Rooms, wish_a: float) -> float:
    if wish_a < load.min_a or rooms.left_a(load) < load.min_a:
        return 0.0
    rooms.take(load, load.min_a)
    return load.min_a


def _fill(
    group: list[Load], rooms: Rooms, wishes: Mapping[str, float], given: dict[str, float]
) -> None:
    """Raise all of the group evenly, until each has its wish or its line is full."""
    hungry = [load for load in group if given[load.id] < wishes[load.id] and _is_on(load, given)]
    if len(hungry) == 1:
        _give(hungry[0], rooms, wishes, given, math.inf)
        return
    while hungry:
        hungry = [load for load in hungry if _give(load, rooms, wishes, given, _FILL_A)]


def _give(
    load: Load, rooms: Rooms, wishes: Mapping[str, float], given: dict[str, float], most_a: float
) -> bool:
    more_a = min(most_a, wishes[load.id] - given[load.id], rooms.left_a(load))
    if more_a <= 0:
        return False
    rooms.take(load, more_a)
    given[load.id] += more_a
    return True


def _is_on(load: Load, given: Mapping[str, float]) -> bool:
    return load.min_a == 0 or given[load.id] > 0


def _rounded(load: Load, amps: float) -> float:
    whole = math.floor(amps / load.step_a + 1e-6) * load.step_a
    return whole if whole >= load.min_a else 0.0
