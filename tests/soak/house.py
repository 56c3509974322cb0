"""A house at one-second steps: what it draws by itself, its chargers, its meter, its breakers."""

import math
from collections import deque
from dataclasses import replace
from random import Random

from gatewayd.model.circuit import NOMINAL_V, PHASES, Amps, Circuit, Load
from gatewayd.plan.guard.wiring import Wiring
from gatewayd.plan.guard.words import MeterNow
from tests.soak.breaker import Breaker
from tests.soak.charger import Charger, HeatPump

METER_S = 2.0
# How late an answer may be, with the time it takes to be looked at; and how late it is at most.
PATIENCE_S = 3
LATEST_S = 60
_NOISE_A, _STEP_A = 0.07, 0.01
# From so much on it is an appliance that came on.
WORSE_A = 2.0
_RATINGS = (20.0, 25.0, 35.0)
# What the battery feeds, and the sun at most as a part of the rating.
FEEDS_A, SUNNY = 8.0, 0.4
# What never sleeps, on each phase.
_ALWAYS_A = 1.5
_NOTHING: Amps = (0.0, 0.0, 0.0)


class House:
    """Drawn from a seed. Its own draw stays below the peak that its electrician has assumed.

    `meters` are by the circuit that each measures; faults befall the `suspect`.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.now_s = 0.0
        self.rating_a = self.random.choice(_RATINGS)
        self.peak_a = self.random.choice((0.5, 0.65, 0.8)) * self.rating_a
        self.chargers = self._install(Random(-seed))
        self.wiring = self._wire()
        circuits = self.wiring.circuits.values()
        self.breakers = {circuit.id: Breaker(circuit.limit_a) for circuit in circuits}
        self.main, self.garage = self.breakers["main"], self.breakers["garage"]
        self.base_a = [1.0, 1.0, 1.0]
        self.current_a = _NOTHING
        self.charged_a = 0.0
        self._drawn_a = [0.0 for _ in self.chargers]
        self._chargers_a = self._garage_a = _NOTHING
        self.meter = self.suspect = Meter(self.random)
        self.meters = {"main": self.meter}
        self._appliances: list[tuple[float, int, float]] = []
        self._plugged_a = [_ALWAYS_A for _ in PHASES]
        self._noise = [0.0, 0.0, 0.0]
        self._sun_a = 0.0

    @property
    def has_tripped(self) -> bool:
        """Whether the house stands in the dark."""
        return any(breaker.has_tripped for breaker in self.breakers.values())

    def step(self, *, is_watched: bool = True) -> None:
        """One second; `is_watched` while somebody lives who could act."""
        self.now_s += 1.0
        self._live()
        for charger in self.chargers:
            charger.step(self.now_s)
        drawn_a = [charger.drawn_a for charger in self.chargers]
        if drawn_a != self._drawn_a:
            self._drawn_a = drawn_a
            self._add_up()
        base, chargers = self.base_a, self._chargers_a
        self.current_a = base[0] + chargers[0], base[1] + chargers[1], base[2] + chargers[2]
        self.main.carry(self.current_a, self._controllable, is_watched=is_watched)
        self.garage.carry(self._garage_a, self._controllable, is_watched=is_watched)
        self.meter.step(self.now_s, self.current_a)

    def _add_up(self) -> None:
        total, garage = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
        for charger in self.chargers:
            for line, amps in zip(charger.lines, charger.current_a(), strict=True):
                total[line] += amps
                if charger.circuit == "garage":
                    garage[line] += amps
        self.charged_a = sum(total)
        self._chargers_a = total[0], total[1], total[2]
        self._garage_a = garage[0], garage[1], garage[2]

    def _controllable(self) -> set[int]:
        return {line for c in self.chargers if c.is_controllable for line in c.used_lines}

    def _install(self, heating: Random) -> tuple[Charger, ...]:
        pick = self.random
        rotation = pick.choice(((0, 1, 2), (1, 2, 0), (2, 0, 1)))
        chargers = [Charger("left", rotation, pick.choice((16.0, 32.0)), pick)]
        if pick.random() < 0.5:
            lines = (pick.randrange(3),) if pick.random() < 0.4 else rotation[::-1]
            chargers.append(Charger("right", lines, 32.0, pick))
        for charger in chargers:
            charger.car_phases = pick.choice((1, 3, 3))
            charger.car_max_a = pick.choice((16.0, 16.0, 32.0))
            # Some electricians set what others leave off.
            charger.failsafe_s = pick.choice((60.0, math.inf, math.inf))
        self._battery = pick.choice((None, None, Charger("battery", rotation, 16.0, pick)))
        if self._battery is not None:
            self._battery.circuit, self._battery.least_a = "main", 0.0
            chargers.append(self._battery)
        if heating.random() < 0.5:
            draws_a = heating.choice((0.15, 0.2)) * self.rating_a
            chargers.append(HeatPump("heat", rotation, draws_a, heating, "main", draws_a))
        return tuple(chargers)

    def _wire(self) -> Wiring:
        is_known, circuits = self.random.random() < 0.8, self._circuits()
        loads = (
            Load(c.id, c.circuit, c.max_a, c.lines if is_known else None, c.least_a, c.step_a)
            for c in self.chargers
        )
        return Wiring(circuits, {load.id: load for load in loads})

    def _circuits(self) -> dict[str, Circuit]:
        main = Circuit(
            "main",
            self.rating_a,
            meter_id="meter",
            assumed_base_a=self.peak_a,
            uses_thermal_headroom=self.random.random() < 0.25,
        )
        return {"main": main, "garage": Circuit("garage", min(self.rating_a, 32.0), parent="main")}

    def _live(self) -> None:
        pick = self.random.random
        if pick() < 1 / 240:
            self._switch_on()
        if self._appliances and self._appliances[0][0] <= self.now_s:
            self._appliances.pop(0)
            self._plug()
        if self._battery is not None and pick() < 1 / 300:
            self._battery.feeds_a = 0.0 if self._battery.feeds_a else FEEDS_A
        if pick() < 0.05:
            sun_a = self._sun_a + self.random.gauss(0, 1.0)
            self._sun_a = max(0.0, min(SUNNY * self.rating_a, sun_a))
        noise = self._noise
        for line, plugged_a in enumerate(self._plugged_a):
            noise[line] = noise_a = 0.98 * noise[line] + (pick() - 0.5) * 0.2
            base_a = min(plugged_a + abs(noise_a), self.peak_a) - self._sun_a
            if base_a > self.base_a[line] + WORSE_A:
                self.main.worsen(line)
            self.base_a[line] = base_a

    def _switch_on(self) -> None:
        pick = self.random
        amps = pick.choice((4.0, 9.0, 9.0, 13.0, 16.0, 20.0))
        ends_s = self.now_s + pick.expovariate(1 / 400)
        self._appliances.append((ends_s, pick.randrange(4), amps))
        self._appliances.sort()
        self._plug()

    def _plug(self) -> None:
        """Add up the appliances; 3 is one on all phases."""
        for line in PHASES:
            on_it = (amps for _, at, amps in self._appliances if at in (line, 3))
            self._plugged_a[line] = _ALWAYS_A + sum(on_it)


class Meter:
    """The meter of a circuit, read every `period_s`, in steps of `step_a`, right or wrong.

    `last` is what a link hands on that gives up after a while, `awaited` one that waits for ever
    and takes what comes for the answer to its newest question.
    """

    def __init__(self, random: Random, period_s: float = METER_S, step_a: float = _STEP_A) -> None:
        self._random = random
        self._period_s, self._step_a = period_s, step_a
        self.last: MeterNow | None = None
        self.awaited: MeterNow | None = None
        self.is_silent = False
        self.is_frozen = False
        self.sign = 1.0
        self.late_s = 0
        self._history: deque[Amps] = deque(maxlen=LATEST_S + 1)

    def step(self, now_s: float, current_a: Amps) -> None:
        """One second; now and then a reading."""
        self._history.append(current_a)
        if self.is_silent or now_s % self._period_s:
            return
        if self.is_frozen and self.awaited is not None:
            self.awaited = replace(self.awaited, at_s=now_s)
        else:
            self.awaited = self._read(now_s)
        if self.late_s <= PATIENCE_S:
            self.last = self.awaited

    def _read(self, now_s: float) -> MeterNow:
        """Its power is by the watt, however coarse its currents are."""
        a, b, c = self._history[max(0, len(self._history) - 1 - self.late_s)]
        sign, step_a, pick = self.sign, self._step_a, self._random.random
        a = sign * a + _NOISE_A * (pick() - 0.5)
        b = sign * b + _NOISE_A * (pick() - 0.5)
        c = sign * c + _NOISE_A * (pick() - 0.5)
        said = round(a / step_a) * step_a, round(b / step_a) * step_a, round(c / step_a) * step_a
        power_w = round((a + b + c) * NOMINAL_V)
        return MeterNow(said, now_s, self._period_s, power_w, (said, power_w))
