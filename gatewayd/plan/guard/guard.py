"""One look of the fuse guard: lower at once, raise slowly, and count the disobedient at worst."""

import math
from collections.abc import Mapping

from gatewayd.model.circuit import PHASE_NAMES, Circuit, Load
from gatewayd.plan.guard import draw, heat, obedience, room, trust
from gatewayd.plan.guard.share import Rooms, share
from gatewayd.plan.guard.wiring import Wiring
from gatewayd.plan.guard.words import (
    Footing,
    Grant,
    LineMemory,
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
# What the guard stopped stays stopped for a while: contactors wear.
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
    that nothing is known of counts at its maximum.
    """
    for load in wiring.loads.values():
        if load.id not in memory.loads:
            memory.loads[load.id] = LoadMemory(_found(loads.get(load.id)))
        own = memory.loads[load.id]
        draw.note(load, loads.get(load.id), own, now_s)
        obedience.note(loads.get(load.id), own, now_s)
    look = _Look(wiring, now_s, memory, {id_: _wish(wiring, id_, loads) for id_ in wiring.loads})
    for circuit in wiring.circuits.values():
        look.see(circuit, meters.get(circuit.id))
    return look.grants()


class _Look:
    """What is found out on the way to the grants."""

    def __init__(
        self, wiring: Wiring, now_s: float, memory: Memory, wishes: Mapping[str, float]
    ) -> None:
        self._wiring = wiring
        self._now_s = now_s
        self._memory = memory
        self._wishes = wishes
        self._footings: dict[str, Footing] = {}
        self._rooms: dict[str, Quad] = {}
        self._probed_ids: set[str] = set()

    def see(self, circuit: Circuit, meter: MeterNow | None) -> None:
        """Find out what the circuit offers."""
        line = self._memory.lines.setdefault(circuit.id, LineMemory())
        if circuit.meter_id is None:
            footing = Footing.FRESH
        else:
            if meter is not None and meter.at_s > line.read_at_s:
                self._read(circuit, meter, line)
            footing = trust.footing(meter, line, self._now_s)
            if trust.is_to_be_probed(line) and not line.is_probed:
                line.is_probed = True
                self._probed_ids.add(circuit.id)
        self._footings[circuit.id] = footing
        self._rooms[circuit.id] = room.room(circuit, line, footing)
        room.remember(line, self._rooms[circuit.id], footing, self._now_s)

    def grants(self) -> dict[str, Grant]:
        """What each load may draw now."""
        stuck = {
            load.id: load
            for load in self._wiring.loads.values()
            if obedience.is_stuck(self._memory.loads[load.id], self._now_s)
        }
        rooms = self._open(self._rooms)
        for load in stuck.values():
            rooms.take(load, load.max_a)
        obedient = {id_: wish for id_, wish in self._wishes.items() if id_ not in stuck}
        fair = share(self._wiring, rooms, obedient)
        if stuck:
            whole = share(self._wiring, self._open(self._rooms), self._wishes)
            fair |= {id_: whole[id_] for id_ in stuck}
        highest = self._highest(fair)
        return {
            load.id: self._grant(load, fair[load.id], highest.get(load.id, 0.0), rooms)
            for load in self._wiring.loads.values()
        }

    def _read(self, circuit: Circuit, meter: MeterNow, line: LineMemory) -> None:
        loads = self._wiring.below[circuit.id]
        least, most = draw.drawn(loads, self._memory, meter.at_s, self._now_s)
        trust.note(meter, line, least, most, self._now_s)
        line.base_a = room.base(meter, line, circuit.usable_a, least, most)
        passed_s = meter.at_s - line.read_at_s if math.isfinite(line.read_at_s) else math.inf
        line.heat = heat.warmed(line.heat, meter.current_a, circuit.limit_a, passed_s)
        line.read_at_s = meter.at_s

    def _open(self, rooms: Mapping[str, Quad]) -> Rooms:
        active = {
            load.id: tuple(load.lines[i] for i in own.active)
            for load in self._wiring.loads.values()
            if (own := self._memory.loads[load.id]).active and load.lines is not None
        }
        return Rooms(self._wiring, rooms, active)

    def _highest(self, fair: Mapping[str, float]) -> dict[str, float]:
        """How high those may go who are to get more than they have: as there was room all along."""
        granted = {id_: self._memory.loads[id_].granted_a for id_ in fair}
        if all(amps <= granted[id_] for id_, amps in fair.items()):
            return {}
        lasting = {
            id_: room.lasting(line, self._now_s) or (0.0, 0.0, 0.0, 0.0)
            for id_, line in self._memory.lines.items()
            if id_ in self._rooms
        }
        return share(self._wiring, self._open(lasting), self._wishes)

    def _grant(self, load: Load, fair_a: float, highest_a: float, rooms: Rooms) -> Grant:
        own = self._memory.loads[load.id]
        footing = min(self._footings[circuit.id] for circuit in self._wiring.chain[load.id])
        target_a = self._probed(load, own, fair_a)
        if obedience.is_hopeless(own, self._now_s):
            target_a = 0.0
        if target_a > own.granted_a:
            target_a = self._raised(load, own, min(target_a, highest_a), footing)
        if target_a == 0 < own.granted_a and self._wishes[load.id] > 0:
            own.stopped_at_s = self._now_s
        own.granted_a = target_a
        return Grant(
            target_a,
            self._now_s + LEASE_S,
            footing,
            renews=footing is not Footing.NOTHING and not obedience.is_hopeless(own, self._now_s),
            binding=self._binding(load, own, rooms, footing, target_a),
        )

    def _raised(self, load: Load, own: LoadMemory, target_a: float, footing: Footing) -> float:
        is_early = self._now_s - own.raised_at_s < RAISE_EVERY_S
        is_start = own.granted_a == 0
        is_resting = is_start and self._now_s - own.stopped_at_s < RESTART_S
        if footing is not Footing.FRESH or is_early or is_resting or self._is_disobeyed(load):
            return own.granted_a
        step_a = max(load.min_a, RAISE_STEP_A) if is_start else RAISE_STEP_A
        raised_a = max(own.granted_a, min(target_a, own.granted_a + step_a))
        if raised_a > own.granted_a:
            own.raised_at_s = self._now_s
        return raised_a

    def _is_disobeyed(self, load: Load) -> bool:
        """Whether some load that shares a circuit has not yet done what it was told."""
        shared = {circuit.id for circuit in self._wiring.chain[load.id]}
        return any(
            self._memory.loads[other.id].refused_since_s is not None
            for id_ in shared
            for other in self._wiring.below[id_]
        )

    def _probed(self, load: Load, own: LoadMemory, fair_a: float) -> float:
        """Less than now where a meter repeats itself: it must show that."""
        lower_a = own.granted_a - _PROBE_A
        is_probing = any(circuit.id in self._probed_ids for circuit in self._wiring.chain[load.id])
        return min(fair_a, lower_a) if is_probing and lower_a >= load.min_a else fair_a

    def _binding(
        self, load: Load, own: LoadMemory, rooms: Rooms, footing: Footing, amps: float
    ) -> str | None:
        if amps >= self._wishes[load.id]:
            return None
        if obedience.is_stuck(own, self._now_s):
            return f"{load.id} does not do what it is told"
        weak = [c.id for c in self._wiring.chain[load.id] if self._footings[c.id] is footing]
        if footing is not Footing.FRESH:
            return f"{weak[0]}: {_FOOTING_WORDS[footing]}"
        circuit_id, line = rooms.tightest(load)
        where = f"phase {PHASE_NAMES[line]}" if line < len(PHASE_NAMES) else "all phases together"
        return f"{circuit_id}: {where}"


_FOOTING_WORDS = {
    Footing.NOTHING: "nothing is known of what it carries",
    Footing.ASSUMED: "its meter cannot be relied on, so the rest counts at its peak",
    Footing.HOLD: "its meter is late, so nothing is raised",
}


def _found(now: LoadNow | None) -> float:
    """What a load is at when it is seen first: taken over as it is, and lowered if need be."""
    return now.limit_a if now is not None and now.limit_a is not None else 0.0


def _wish(wiring: Wiring, load_id: str, loads: Mapping[str, LoadNow]) -> float:
    now = loads.get(load_id)
    if now is None or not now.wish_a > 0:
        return 0.0
    return min(now.wish_a, wiring.loads[load_id].max_a)
