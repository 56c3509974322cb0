"""A house on a table: what its meter says and its loads draw is set by hand, time is counted."""

from dataclasses import dataclass, field, replace

from gatewayd.model.circuit import NOMINAL_V, Circuit, Load
from gatewayd.plan.guard.guard import decide
from gatewayd.plan.guard.wiring import Wiring
from gatewayd.plan.guard.words import Grant, LoadNow, Memory, MeterNow

MAIN = Circuit("main", 25.0, meter_id="grid", assumed_base_a=12.0)
LEFT = Load("left", "main", 32.0, lines=(0, 1, 2))


def wiring(*loads: Load, main: Circuit = MAIN, below: tuple[Circuit, ...] = ()) -> Wiring:
    return Wiring(
        {circuit.id: circuit for circuit in (main, *below)}, {load.id: load for load in loads}
    )


@dataclass
class Home:
    """`limits_a` are what the loads report; an obeying load is at its grant by the next look."""

    wiring: Wiring
    base_a: tuple[float, float, float] = (1.0, 1.0, 1.0)
    limits_a: dict[str, float] = field(default_factory=dict)
    phases: dict[str, int] = field(default_factory=dict)
    wishes_a: dict[str, float] = field(default_factory=dict)
    obeys: bool = True
    stubborn: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    mute: set[str] = field(default_factory=set)
    powers: bool = False
    extra_a: dict[str, float] = field(default_factory=dict)
    meter_is_silent: bool = False
    meter_is_frozen: bool = False
    sign: float = 1.0
    now_s: float = 1000.0
    memory: Memory = field(default_factory=Memory)
    meter: MeterNow | None = None
    grants: dict[str, Grant] = field(default_factory=dict)
    heard: dict[str, LoadNow] = field(default_factory=dict)

    def look(self, seconds: float = 2.0) -> dict[str, float]:
        """Look every two seconds for so long; what the last look granted."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.now_s += 2.0
            self._read()
            meters = {} if self.meter is None else {"main": self.meter}
            self.grants = decide(self.wiring, self.now_s, meters, self.heard, self.memory)
            for id_, grant in self.grants.items():
                if id_ not in self.stubborn | self.silent:
                    self.limits_a[id_] = grant.amps
        return {id_: grant.amps for id_, grant in self.grants.items()}

    def drawn_a(self, load: Load) -> tuple[float, ...]:
        lines = load.lines or (0, 1, 2)
        used = self.phases.get(load.id, len(lines))
        limit_a = self.limits_a.get(load.id, 0.0)
        drawn_a = limit_a + (self.extra_a.get(load.id, 0.0) if limit_a else 0.0)
        return (drawn_a,) * used + (0.0,) * (len(lines) - used)

    def total_a(self) -> tuple[float, float, float]:
        total = list(self.base_a)
        for load in self.wiring.loads.values():
            for line, amps in zip(load.lines or (0, 1, 2), self.drawn_a(load), strict=True):
                total[line] += amps
        return total[0], total[1], total[2]

    def _read(self) -> None:
        for load in self.wiring.loads.values():
            wish_a = self.wishes_a.get(load.id, load.max_a)
            drawn_a = None if load.id in self.mute else self.drawn_a(load)
            drawn_w = sum(self.drawn_a(load)) * NOMINAL_V if self.powers else None
            limit_a = self.limits_a.get(load.id, 0.0)
            now = LoadNow(wish_a, limit_a, drawn_a, self.now_s, drawn_w)
            if load.id in self.silent:
                now = replace(now, limit_a=None, drawn_a=None)
            self.heard[load.id] = now
        if not self.meter_is_silent:
            self.meter = self._measured()

    def _measured(self) -> MeterNow:
        if self.meter_is_frozen and self.meter is not None:
            return replace(self.meter, at_s=self.now_s)
        a, b, c = (self.sign * amps for amps in self.total_a())
        # A live meter never says the same twice.
        return MeterNow((a, b, c), self.now_s, raw=(a, b, c, self.now_s))


def charging(home: Home, seconds: float = 120.0) -> Home:
    """The home after its loads have had time to start and rise."""
    home.look(seconds)
    return home
