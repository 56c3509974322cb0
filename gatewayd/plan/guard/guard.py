"""One look of the fuse guard: lower at once, raise slowly, and count the disobedient at worst."""

from collections.abc import Mapping

from gatewayd.model.circuit import PHASE_NAMES, Load
from gatewayd.plan.guard import obedience, room
from gatewayd.plan.guard.look import Look, look
from gatewayd.plan.guard.share import Rooms, share
from gatewayd.plan.guard.wiring import Wiring
from gatewayd.plan.guard.words import (
    Footing,
    Grant,
    LoadMemory,
    LoadNow,
    Memory,
    MeterNow,
    Quad,
)

# A grant is a lease; whoever gets no new one falls back.
LEASE_S = 30.0
RAISE_STEP_A = 2.0
RAISE_EVERY_S = 5.0
# What the guard stopped stays stopped for a while: contactors wear, and who did not obey will not
# obey better at once.
RESTART_S = 300.0
_PROBE_A = 2.0


def decide(
    wiring: Wiring,
    now_s: float,
    meters: Mapping[str, MeterNow],
    loads: Mapping[str, LoadNow],
    memory: Memory,
) -> dict[str, Grant]:
    """A grant for every load of the wiring; `meters` by circuit id. `memory` is brought forward.

    A load that is not in `loads`, and a wish that is no number, count as no wish at all; a load
    that nothing is known of counts at its maximum. A meter that was never heard of, or not for a
    minute, allows nothing: wait for the first readings before the first look.
    """
    return _Guard(look(wiring, now_s, meters, loads, memory)).grants()


class _Guard:
    def __init__(self, seen: Look) -> None:
        self._seen = seen
        self._wiring = seen.wiring
        self._now_s = seen.now_s
        self._own = seen.memory.loads
        self._active = {
            load.id: tuple(load.lines[i] for i in own.active)
            for load in seen.wiring.loads.values()
            if (own := self._own[load.id]).active and load.lines is not None
        }

    def grants(self) -> dict[str, Grant]:
        """What each load may draw now: first all that is lowered, then what can be raised."""
        fair, rooms = self._fair()
        targets = {
            load.id: self._target(load, fair[load.id]) for load in self._wiring.loads.values()
        }
        for load in self._wiring.loads.values():
            if targets[load.id] < self._own[load.id].granted_a:
                self._lower(load, targets[load.id])
        rising = [load for load in self._wiring.loads.values() if self._may_rise(load, targets)]
        if rising:
            highest = share(self._wiring, self._open(self._lasting()), self._seen.wishes)
            for load in rising:
                self._raise(load, min(targets[load.id], highest[load.id]))
        return {
            load.id: self._grant(load, rooms, targets[load.id])
            for load in self._wiring.loads.values()
        }

    def _fair(self) -> tuple[dict[str, float], Rooms]:
        """What each may have, for all others of those who do not obey counted at their worst."""
        rooms = self._open(self._seen.rooms)
        fair = share(self._wiring, rooms, self._seen.wishes)
        worst = {
            load.id: amps
            for load in self._wiring.loads.values()
            if (amps := self._worst_a(load, fair[load.id])) is not None
        }
        if not worst:
            return fair, rooms
        for id_ in worst:
            beside, _ = self._beside({i: amps for i, amps in worst.items() if i != id_})
            fair[id_] = min(fair[id_], beside[id_])
        others, rooms = self._beside(worst)
        return fair | others, rooms

    def _beside(self, worst: Mapping[str, float]) -> tuple[dict[str, float], Rooms]:
        rooms = self._open(self._seen.rooms)
        for id_, amps in worst.items():
            rooms.take(self._wiring.loads[id_], amps)
        wishes = {id_: wish for id_, wish in self._seen.wishes.items() if id_ not in worst}
        return share(self._wiring, rooms, wishes), rooms

    def _worst_a(self, load: Load, fair_a: float) -> float | None:
        """What a load counts at that does not obey; in need that is at once what it has."""
        own, now = self._own[load.id], self._seen.heard[load.id]
        if obedience.is_stuck(own, self._now_s):
            return load.max_a
        if now is None or not self._is_need(load):
            return None
        has_a = max((now.limit_a or 0.0, *(now.drawn_a or ())))
        # What runs or does not, takes its time to stop: the others cannot wait for it.
        is_slow = load.is_switched and fair_a < has_a
        return has_a if is_slow or own.refused_since_s is not None else None

    def _is_need(self, load: Load) -> bool:
        """Whether a breaker above carries too much, or nobody can see that it does not."""
        is_blind = load.is_switched and self._seen.footing(load) is not Footing.FRESH
        return is_blind or self._seen.is_overloaded(load)

    def _open(self, rooms: Mapping[str, Quad]) -> Rooms:
        return Rooms(self._wiring, rooms, self._seen.slacks, self._active)

    def _lasting(self) -> dict[str, Quad]:
        """The room there has been all along."""
        lines = self._seen.memory.lines
        return {
            circuit.id: room.lasting(circuit, lines[circuit.id], self._now_s)
            for circuit in self._wiring.circuits.values()
        }

    def _target(self, load: Load, fair_a: float) -> float:
        own = self._own[load.id]
        if self._is_hopeless(load) or self._seen.is_past_lowering(load):
            return 0.0
        lower_a = own.granted_a - _PROBE_A
        if lower_a >= load.min_a and self._is_probed(load):
            # A meter that repeats itself must show that.
            return min(fair_a, lower_a)
        return fair_a

    def _is_probed(self, load: Load) -> bool:
        probed = self._seen.probed
        return bool(probed) and any(c.id in probed for c in self._wiring.chain[load.id])

    def _is_hopeless(self, load: Load) -> bool:
        own = self._own[load.id]
        return obedience.is_hopeless(own, self._now_s, is_overloaded=self._seen.is_overloaded(load))

    def _lower(self, load: Load, target_a: float) -> None:
        own = self._own[load.id]
        is_off = target_a == 0 < load.min_a and self._seen.wishes[load.id] > 0
        if is_off or self._is_hopeless(load):
            own.stopped_at_s = self._now_s
        own.granted_a = target_a
        obedience.note(self._seen.heard[load.id], own, self._now_s)

    def _may_rise(self, load: Load, targets: Mapping[str, float]) -> bool:
        own = self._own[load.id]
        if targets[load.id] <= own.granted_a or self._seen.footing(load) is not Footing.FRESH:
            return False
        if self._now_s - own.raised_at_s < RAISE_EVERY_S or self._seen.is_overloaded(load):
            return False
        if self._is_resting(own):
            return False
        return not obedience.is_pending(own) and not any(
            # What is not yet given back cannot be given away; the stuck are counted as they are.
            obedience.is_pending(others) and not obedience.is_stuck(others, self._now_s)
            for other in self._wiring.neighbours[load.id]
            for others in (self._own[other.id],)
        )

    def _is_resting(self, own: LoadMemory) -> bool:
        return own.granted_a == 0 and self._now_s - own.stopped_at_s < RESTART_S

    def _raise(self, load: Load, target_a: float) -> None:
        own = self._own[load.id]
        step_a = RAISE_STEP_A if own.granted_a > 0 else max(load.min_a, RAISE_STEP_A)
        raised_a = min(target_a, own.granted_a + step_a)
        if raised_a > own.granted_a:
            own.granted_a, own.raised_at_s = raised_a, self._now_s

    def _grant(self, load: Load, rooms: Rooms, target_a: float) -> Grant:
        own, footing = self._own[load.id], self._seen.footing(load)
        falls_back = obedience.is_to_fall_back(
            own, self._now_s, is_overloaded=self._seen.is_overloaded(load)
        )
        return Grant(
            own.granted_a,
            self._now_s + LEASE_S,
            footing,
            renews=footing is not Footing.NOTHING and not falls_back,
            binding=self._binding(load, rooms, target_a),
        )

    def _binding(self, load: Load, rooms: Rooms, target_a: float) -> str | None:
        own, footing = self._own[load.id], self._seen.footing(load)
        if own.granted_a >= self._seen.wishes[load.id]:
            return None
        if obedience.is_stuck(own, self._now_s):
            is_silent = own.silent_since_s is not None
            return f"{load.id} {'is not heard of' if is_silent else 'does not do what it is told'}"
        if footing is not Footing.FRESH:
            chain = self._wiring.chain[load.id]
            weak = next(c.id for c in chain if self._seen.footings[c.id] is footing)
            return f"{weak}: {_FOOTING_WORDS[footing]}"
        if target_a > 0 and self._is_resting(own):
            return f"{load.id} was stopped, and rests for {RESTART_S:g} s"
        circuit_id, line = rooms.tightest(load)
        if line < len(PHASE_NAMES):
            return f"{circuit_id}: phase {PHASE_NAMES[line]}"
        where = self._wiring.circuits[circuit_id].limited_by or "all phases together"
        return f"{circuit_id}: {where}"


_FOOTING_WORDS = {
    Footing.NOTHING: "nothing is known of what it carries",
    Footing.ASSUMED: "its meter cannot be relied on, so the rest counts at its peak",
    Footing.HOLD: "its meter is late, so nothing is raised",
}
