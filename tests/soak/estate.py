"""Houses of another size: circuits in circuits, several meters and chargers, none of them alike."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from random import Random

from gatewayd.model.circuit import PHASES, Amps, Circuit
from tests.soak.charger import Charger
from tests.soak.house import FEEDS_A, METER_S, SUNNY, WORSE_A, House, Meter

_RATINGS_A = (16.0, 20.0, 25.0, 32.0)
# Seconds between two readings.
_METERS_S = (1.0, METER_S, METER_S, 4.0, 5.0)
_CHARGERS_S = (METER_S, METER_S, 3.0, 5.0)
_METER_STEPS_A = (0.01, 0.1, 1.0)


class Estate(House):
    """A house with up to three circuits below the main one, each with a part of its draw.

    Some have a meter, some chargers only tell watts or are seldom read. The sun may shine on one
    phase alone, and an inverter with a battery of its own feeds in or stops at once.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        pick = self.random
        self.meters = {
            circuit.id: Meter(pick, pick.choice(_METERS_S), pick.choice(_METER_STEPS_A))
            for circuit in self.wiring.circuits.values()
            if circuit.meter_id
        }
        self.meter = self.meters["main"]
        self.suspect = pick.choice([*self.meters.values()])
        self._lit = pick.choice((None, *PHASES))
        # Beside the other sun and the battery: alone, what is fed in overloads nothing.
        self._feeds_a_max = (1.0 - SUNNY) * self.rating_a - (FEEDS_A if self._battery else 0.0)
        self._fed_a = [0.0, 0.0, 0.0]
        self._drawn_in_a = dict.fromkeys(self._peaks_a, 0.0)
        self._within = {
            id_: [c for c in self.chargers if any(load.id == c.id for load in loads)]
            for id_, loads in self.wiring.below.items()
        }

    def step(self, *, is_watched: bool = True) -> None:
        """One second, circuit by circuit."""
        self.now_s += 1.0
        self._live()
        self._change()
        for charger in self.chargers:
            charger.step(self.now_s)
        self.charged_a = sum(sum(charger.current_a()) for charger in self.chargers)
        for id_, breaker in self.breakers.items():
            carried_a, within = self._carried_a(id_), self._within[id_]
            breaker.carry(carried_a, partial(_able, within), is_watched=is_watched)
            if id_ in self.meters:
                self.meters[id_].step(self.now_s, carried_a)

    def _carried_a(self, circuit_id: str) -> Amps:
        own_a = sum(self._drawn_in_a[id_] for id_ in self._parts[circuit_id])
        total = [own_a, own_a, own_a]
        if circuit_id == "main":
            for line in PHASES:
                total[line] += self.base_a[line] - self._fed_a[line]
        for charger in self._within[circuit_id]:
            for line, amps in zip(charger.lines, charger.current_a(), strict=True):
                total[line] += amps
        return total[0], total[1], total[2]

    def _change(self) -> None:
        pick = self.random
        for id_, peak_a in self._peaks_a.items():
            if pick.random() < 1 / 300:
                self._draw(id_, pick.random() * peak_a)
        if self._lit is not None and pick.random() < 1 / 120:
            self._feed((self._lit,), pick.random() * self._feeds_a_max)
        if self._has_hybrid and pick.random() < 1 / 300:
            self._feed(PHASES, 0.0 if any(self._fed_a) else self._feeds_a_max)

    def _draw(self, circuit_id: str, drawn_a: float) -> None:
        before_a, self._drawn_in_a[circuit_id] = self._drawn_in_a[circuit_id], drawn_a
        above = [id_ for id_, parts in self._parts.items() if circuit_id in parts]
        if drawn_a > before_a + WORSE_A:
            for line in PHASES:
                for id_ in above:
                    self.breakers[id_].worsen(line)

    def _feed(self, lines: tuple[int, ...], fed_a: float) -> None:
        for line in lines:
            if fed_a < self._fed_a[line] - WORSE_A:
                self.main.worsen(line)
            self._fed_a[line] = fed_a

    def _install(self, heating: Random) -> tuple[Charger, ...]:
        pick, chargers = self.random, list(super()._install(heating))
        for name in ("third", "fourth")[: pick.randrange(3)]:
            lines = pick.choice(((0, 1, 2), (1, 2, 0), (pick.randrange(3),)))
            one = Charger(name, lines, pick.choice((16.0, 32.0)), pick)
            one.car_phases, one.car_max_a = pick.choice((1, 3)), pick.choice((16.0, 32.0))
            chargers.append(one)
        self._has_hybrid = pick.random() < 0.3
        branches = ("garage", "annex", "box")[: pick.randrange(1, 4)]
        for one in chargers:
            if one.circuit != "main":
                one.circuit = pick.choice(("main", *branches))
                one.every_s = pick.choice(_CHARGERS_S)
                one.tells_currents = one.id == "left" or pick.random() < 0.8
        self._branches = branches
        return tuple(chargers)

    def _circuits(self) -> dict[str, Circuit]:
        pick, found = self.random, super()._circuits()
        del found["garage"]
        for id_ in self._branches:
            above = found[pick.choice([*found])]
            rating_a = min(above.limit_a, pick.choice(_RATINGS_A))
            found[id_] = Circuit(id_, rating_a, parent=above.id)
        for charger in self.chargers:
            # As an electrician sets it: by itself it overloads nothing.
            charger.max_a = min(charger.max_a, found[charger.circuit].limit_a)
        self._peaks_a = {
            id_: pick.choice((0.0, 0.15, 0.3)) * min(self.peak_a, found[id_].limit_a)
            for id_ in self._branches
        }
        self.peak_a -= sum(self._peaks_a.values())
        self._parts = {
            id_: [part for part in self._branches if id_ in _chain(found, part)] for id_ in found
        }
        return {id_: self._with_meter(one) for id_, one in found.items()}

    def _with_meter(self, circuit: Circuit) -> Circuit:
        """One whose draw somebody has measured or assumed, if there is any."""
        if circuit.id == "main":
            return circuit
        peak_a = sum(self._peaks_a[part] for part in self._parts[circuit.id])
        is_metered = peak_a > 0 and self.random.random() < 0.6
        meter_id = f"meter of {circuit.id}" if is_metered else None
        return replace(circuit, meter_id=meter_id, assumed_base_a=peak_a)


def _able(chargers: Iterable[Charger]) -> set[int]:
    """The phases on which somebody would obey."""
    return {line for c in chargers if c.is_controllable for line in c.used_lines}


def _chain(circuits: dict[str, Circuit], id_: str | None) -> list[str]:
    """From a circuit up to the main one."""
    return [] if id_ is None else [id_, *_chain(circuits, circuits[id_].parent)]
