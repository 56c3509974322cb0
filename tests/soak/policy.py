"""The two who look after a house: gatewayd's guard, and the reference that does as many do."""

import math
from typing import Protocol

from gatewayd.model.asset import AssetKind, Capability, Role
from gatewayd.model.circuit import NOMINAL_V, PHASES, Load
from gatewayd.model.reading import BatteryReading, HvacReading, SgReady
from gatewayd.plan.guard import heating, storage
from gatewayd.plan.guard.guard import decide
from gatewayd.plan.guard.wiring import Wiring
from gatewayd.plan.guard.words import Grant, LoadNow, Memory
from tests.fakes.home import asset
from tests.soak.charger import Charger, HeatPump
from tests.soak.house import House

GUARD_S = 2.0
FAILSAFE_S = 20.0
_ROUND_S = 10.0
PUMP = asset(AssetKind.HVAC, spec=Role(AssetKind.HVAC, frozenset({Capability.SET_SG_READY})))


class Policy(Protocol):
    """Looks at a house every second that the daemon lives; `wall_s` is the clock on the wall."""

    def turn(self, house: House, now_s: float, wall_s: float) -> None: ...


class Guarded:
    """The guard; whoever loses its memory starts with none. Charges as fast as it may.

    The chargers' fallback is set when they are commissioned.
    """

    def __init__(self) -> None:
        self._memory = Memory()
        self._heard: dict[str, LoadNow] = {}
        self._asked_s: dict[str, float] = {}
        self._next_s = -math.inf

    def turn(self, house: House, now_s: float, wall_s: float) -> None:
        """Every other second decide: a second after the meter is read.

        Chargers are read as often as each is, and after a write.
        """
        if now_s < self._next_s:
            return
        self._next_s = now_s + GUARD_S
        heard = self._read(house, now_s)
        last = ((circuit, meter.last) for circuit, meter in house.meters.items())
        meters = {circuit: told for circuit, told in last if told is not None}
        grants = decide(house.wiring, now_s, meters, heard, self._memory)
        for charger in house.chargers:
            grant = grants[charger.id]
            limit_a = _told_a(charger, house.wiring.loads[charger.id], grant)
            if charger.limit_a != limit_a:
                charger.write(limit_a, now_s)
                self._asked_s[charger.id] = -math.inf
            if grant.renews:
                charger.feed(now_s)

    def _read(self, house: House, now_s: float) -> dict[str, LoadNow]:
        if not self._heard:
            for charger in house.chargers:
                if not isinstance(charger, HeatPump):
                    charger.failsafe_s = FAILSAFE_S
        for charger in house.chargers:
            if now_s - self._asked_s.get(charger.id, -math.inf) < charger.every_s:
                continue
            self._asked_s[charger.id] = now_s
            told = charger.report(now_s)
            if told is not None:
                self._heard[charger.id] = _heard(charger, house.wiring, *told, now_s)
            elif charger.id in self._heard:
                before = self._heard[charger.id]
                self._heard[charger.id] = LoadNow(charger.max_a, None, None, before.at_s)
        return self._heard


def _told_a(charger: Charger, load: Load, grant: Grant) -> float:
    """A battery is told watts, a heat pump to run or not."""
    if charger.id == "battery":
        return storage.most_w(grant, load.lines) / (NOMINAL_V * len(load.lines or (0,)))
    if charger.id == "heat":
        return charger.max_a if heating.may_run(grant) else 0.0
    return grant.amps


def _heard(
    charger: Charger, wiring: Wiring, limit_a: float, drawn_a: tuple[float, ...], now_s: float
) -> LoadNow:
    """A battery and a heat pump do not speak of ampere, and some chargers of watts only."""
    load, power_w = wiring.loads[charger.id], sum(drawn_a) * NOMINAL_V
    if load.id == "battery":
        per_phase_w = NOMINAL_V * len(load.lines or (0,))
        said = BatteryReading(power_w=power_w, setpoint_w=limit_a * per_phase_w)
        return storage.now(load, said, load.max_a, now_s)
    if load.id == "heat":
        level = SgReady.NORMAL if limit_a >= load.min_a else SgReady.BLOCKED
        return heating.now(load, PUMP, HvacReading(power_w=power_w, sg_ready=level), now_s)
    if charger.tells_currents or not limit_a or len(load.lines or PHASES) == 1:
        return LoadNow(load.max_a, limit_a, drawn_a, now_s)
    return LoadNow(load.max_a, limit_a, None, now_s, power_w)


class Reference:
    """Holds the last value while it knows nothing new, and feeds the chargers by a timer.

    Every ten seconds by the clock on the wall it sees to the next charger: that gets what the
    highest phase leaves of the connection. A write is as good as done.
    """

    def __init__(self) -> None:
        self._told_a: dict[str, float] = {}
        self._next_s = -math.inf
        self._turns = 0

    def turn(self, house: House, now_s: float, wall_s: float) -> None:
        """One value for all phases."""
        for charger in house.chargers:
            charger.feed(now_s)
        meter = house.meter.awaited
        if wall_s < self._next_s or meter is None:
            return
        self._next_s = wall_s + _ROUND_S
        self._turns += 1
        charger = house.chargers[self._turns % len(house.chargers)]
        others_a = sum(self._told_a.get(c.id, 0.0) for c in house.chargers if c.id != charger.id)
        left_a = 0.95 * house.rating_a - max(meter.current_a) + max(0.0, charger.drawn_a)
        limit_a = math.floor(min(charger.max_a, left_a, house.garage.rating_a - others_a))
        self._told_a[charger.id] = limit_a if limit_a >= charger.least_a else 0.0
        charger.write(self._told_a[charger.id], now_s)
