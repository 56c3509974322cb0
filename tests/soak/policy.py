"""The two who look after a house: gatewayd's guard, and the reference that does as many do."""

from typing import Protocol

from gatewayd.plan.guard.guard import decide
from gatewayd.plan.guard.words import LoadNow, Memory
from tests.soak.house import House

GUARD_S = 2.0


class Policy(Protocol):
    """Looks at a house every second that the daemon lives."""

    def turn(self, house: House, now_s: float) -> None: ...


class Guarded:
    """The guard; whoever loses its memory starts with none. Charges as fast as it may."""

    def __init__(self) -> None:
        self._memory = Memory()
        self._heard: dict[str, LoadNow] = {}

    def turn(self, house: House, now_s: float) -> None:
        """Every second read the chargers, every other second decide."""
        self._read(house, now_s)
        if now_s % GUARD_S:
            return
        meter = house.meter.last
        meters = {"main": meter} if meter is not None else {}
        for load_id, grant in decide(
            house.wiring, now_s, meters, self._heard, self._memory
        ).items():
            charger = next(c for c in house.chargers if c.id == load_id)
            if charger.limit_a != grant.amps:
                charger.write(grant.amps, now_s)
            if grant.renews:
                charger.feed(now_s)

    def _read(self, house: House, now_s: float) -> None:
        for charger in house.chargers:
            told = charger.report(now_s)
            if told is not None:
                self._heard[charger.id] = LoadNow(charger.max_a, told[0], told[1], now_s)
            elif charger.id in self._heard:
                before = self._heard[charger.id]
                self._heard[charger.id] = LoadNow(charger.max_a, None, None, before.at_s)


class Reference:
    """Holds the last value while it knows nothing new, and feeds the chargers by a timer."""

    def turn(self, house: House, now_s: float) -> None:
        """One value for all phases, by the highest of them; a write is as good as done."""
        for charger in house.chargers:
            charger.feed(now_s)
        meter = house.meter.last
        if now_s % 10 or meter is None:
            return
        headroom_a = house.rating_a - max(meter.current_a)
        for charger in house.chargers:
            limit_a = min(charger.max_a, max(0.0, charger.limit_a + headroom_a))
            charger.write(limit_a if limit_a >= 6.0 else 0.0, now_s)
