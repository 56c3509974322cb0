"""What the guard finds when it looks at meters and loads."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from gatewayd.model.circuit import Amps, Circuit, Load, lines_of
from gatewayd.plan.guard import draw, heat, obedience, room, sane, trust
from gatewayd.plan.guard.wiring import Wiring
from gatewayd.plan.guard.words import (
    Footing,
    LineMemory,
    LoadMemory,
    LoadNow,
    Memory,
    MeterNow,
    Quad,
)

# How long lowering may take until a breaker carries no more than it holds.
RELIEF_S = 6.0
# For so long a meter may say the same while it measures anew: a telegram comes every ten seconds.
CACHED_S = 10.0


@dataclass(slots=True)
class Look:
    """By id of circuit: its footing, its room, its slack, whether its meter is to be tested by

    lowering a load, whether it carries more than it bears for long, and on which phases it did so
    before and lowering has not helped. By id of load: what is heard of it, and wanted.
    """

    wiring: Wiring
    now_s: float
    memory: Memory
    heard: dict[str, LoadNow | None] = field(default_factory=dict)
    wishes: dict[str, float] = field(default_factory=dict)
    footings: dict[str, Footing] = field(default_factory=dict)
    rooms: dict[str, Quad] = field(default_factory=dict)
    slacks: dict[str, Amps] = field(default_factory=dict)
    probed: set[str] = field(default_factory=set)
    overloaded: set[str] = field(default_factory=set)
    still_over: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def hear(self, load: Load, told: LoadNow | None) -> None:
        """Take in what a load says."""
        now = sane.load(told, load, self.now_s)
        if load.id not in self.memory.loads:
            self.memory.loads[load.id] = LoadMemory(sane.found(now, load), lines=load.lines)
        own = self.memory.loads[load.id]
        if own.lines != load.lines:
            # What it drew was put where it is not.
            own.lines, own.seen, own.active = load.lines, (), None
            own.drawn.clear()
        draw.note(load, now, own)
        obedience.note(now, own, self.now_s)
        self.heard[load.id] = now
        self.wishes[load.id] = sane.wish(told, load)

    def see(self, circuit: Circuit, told: MeterNow | None) -> None:
        """Find out what a circuit offers."""
        line = self.memory.lines.get(circuit.id)
        if line is None or line.meter_id != circuit.meter_id:
            line = self.memory.lines[circuit.id] = LineMemory(circuit.meter_id)
        if circuit.meter_id is not None:
            self._read(circuit, sane.meter(told, circuit, self.now_s), line)
            self._test(circuit, line)
        footing = trust.footing(circuit, line, self.now_s)
        self.footings[circuit.id] = footing
        self.rooms[circuit.id] = room.room(circuit, line, footing)
        slack = room.slack(circuit, line, footing)
        if slack is not None:
            self.slacks[circuit.id] = slack
        room.remember(line, self.rooms[circuit.id], footing, self.now_s)

    def is_overloaded(self, load: Load) -> bool:
        """Whether some breaker above the load is about to trip."""
        return bool(self.overloaded) and any(
            circuit.id in self.overloaded for circuit in self.wiring.chain[load.id]
        )

    def is_past_lowering(self, load: Load) -> bool:
        """Whether some phase that it may be on has to be relieved of all that can be stopped."""
        return any(
            not set(lines_of(load)).isdisjoint(self.still_over.get(circuit.id, ()))
            for circuit in self.wiring.chain[load.id]
        )

    def footing(self, load: Load) -> Footing:
        """The weakest above the load."""
        return min([self.footings[circuit.id] for circuit in self.wiring.chain[load.id]])

    def _read(self, circuit: Circuit, meter: MeterNow | None, line: LineMemory) -> None:
        before = line.meter
        if meter is None or (before is not None and meter.at_s <= before.at_s):
            return
        loads = self.wiring.below[circuit.id]
        drawn = draw.drawn(loads, self.memory, meter.at_s, self.now_s)
        trust.note(meter, line, drawn.least, drawn.most, self.now_s)
        line.base_a = room.base(meter, line, circuit, drawn)
        if circuit.uses_thermal_headroom:
            passed_s = math.inf if before is None else meter.at_s - before.at_s
            line.heat = heat.warmed(line.heat, meter.current_a, circuit.limit_a, passed_s)
        line.meter = meter

    def _test(self, circuit: Circuit, line: LineMemory) -> None:
        if line.meter is not None:
            self._weigh(circuit, line.meter, line)
        if trust.is_to_be_probed(line) and not line.is_probed:
            line.is_probed = True
            self.probed.add(circuit.id)

    def _weigh(self, circuit: Circuit, meter: MeterNow, line: LineMemory) -> None:
        over = heat.over(meter.current_a, circuit.limit_a)
        if not over:
            line.over_since_s = None
            return
        self.overloaded.add(circuit.id)
        if line.over_since_s is None:
            line.over_since_s = meter.at_s
        # What a meter repeats it may have measured before anything was lowered.
        repeats_s = min(CACHED_S, line.same_polls * meter.period_s)
        if meter.at_s - line.over_since_s >= RELIEF_S + repeats_s:
            self.still_over[circuit.id] = over


def look(
    wiring: Wiring,
    now_s: float,
    meters: Mapping[str, MeterNow],
    loads: Mapping[str, LoadNow],
    memory: Memory,
) -> Look:
    """Take in everything once; `meters` by circuit id. `memory` is brought forward."""
    seen = Look(wiring, now_s, memory)
    for load in wiring.loads.values():
        seen.hear(load, loads.get(load.id))
    for circuit in wiring.circuits.values():
        seen.see(circuit, meters.get(circuit.id))
    return seen
