"""The car behind the charger: what it takes, when it is full, when it is away."""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gatewayd.virtual.physics.noise import between
from gatewayd.virtual.physics.settings import CarSpec

# IEC 61851: the pilot cannot offer less than six ampere; below it a car must pause.
MIN_CURRENT_A = 6.0
MAX_CURRENT_A = 32.0
POWER_FACTOR = 0.99
VAR_PER_W = math.tan(math.acos(POWER_FACTOR))
HOLD = timedelta(hours=12)
_RAMP_A_PER_S = 2.0
_TAPER_SOC = 0.9
_WH_PER_M = 0.18


@dataclass(slots=True)
class Car:
    """`soc` and `limit` run from 0 to 1; `current_a` flows on each of `phases` phases.

    The car keeps a daily pattern, but its plug stays as it was found or put by hand until the
    first change of the pattern after `held_until`. Paused by its own command it takes nothing,
    until told to go on or plugged in anew.
    """

    spec: CarSpec
    seed: int
    held_until: datetime
    soc: float = field(init=False)
    limit: float = field(init=False)
    max_current_a: float = field(init=False)
    phases: int = field(init=False)
    is_plugged: bool = True
    is_home: bool = True
    is_paused: bool = False
    plug_ins: int = 1
    current_a: float = 0.0
    odometer_m: float = 41_307_000.0

    def __post_init__(self) -> None:
        self.soc, self.limit = self.spec.start_soc, self.spec.limit
        self.max_current_a, self.phases = self.spec.max_current_a, self.spec.phases

    @property
    def is_full(self) -> bool:
        return self.soc >= self.limit

    def plug(self, at: datetime, *, plugged: bool) -> None:
        """Put the plug in or out by hand; the pattern leaves it so for half a day."""
        self.held_until = at + HOLD
        self._set_plug(plugged=plugged)

    def live(self, before: datetime, now: datetime) -> None:
        """Come and go by the pattern; both are local times."""
        if now < self.held_until:
            return
        is_home = at_home(self.seed, now)
        if is_home == at_home(self.seed, before):
            return
        if is_home and not self.is_plugged:
            trip = between(0.08, 0.3, self.seed, "trip", now.toordinal())
            self.odometer_m += min(trip, self.soc) * self.spec.capacity_wh / _WH_PER_M
            self.soc = max(0.1, self.soc - trip)
        self.is_home = is_home
        self._set_plug(plugged=is_home)

    def _set_plug(self, *, plugged: bool) -> None:
        if plugged and not self.is_plugged:
            self.plug_ins += 1
            self.is_paused = False
        self.is_plugged = plugged

    def draw(self, offered_a: float, dt_s: float) -> None:
        """Follow the offer: down at once, up with a ramp, never below the minimum but to zero."""
        wanted_a = min(offered_a, self.max_current_a, self._taper_a())
        # The tolerance keeps an offer of exactly six ampere from being lost to rounding.
        is_ready = self.is_plugged and not self.is_full and not self.is_paused
        if not is_ready or wanted_a < MIN_CURRENT_A - 1e-9:
            self.current_a = 0.0
            return
        ramp_a = self.current_a + _RAMP_A_PER_S * dt_s if self.current_a else MIN_CURRENT_A
        self.current_a = min(wanted_a, ramp_a)

    def _taper_a(self) -> float:
        """What the cells take when nearly full, falling from the most a socket gives."""
        share = min(1.0, (1.0 - self.soc) / (1.0 - _TAPER_SOC))
        return MIN_CURRENT_A + (MAX_CURRENT_A - MIN_CURRENT_A) * share

    def store(self, power_w: float, dt_s: float) -> None:
        """Take what came through the plug into the cells."""
        stored_wh = power_w * self.spec.efficiency * dt_s / 3600.0
        self.soc = min(1.0, self.soc + stored_wh / self.spec.capacity_wh)


def at_home(seed: int, local: datetime) -> bool:
    """The pattern: to work and back from Monday to Friday, an outing at the weekend."""
    day = local.toordinal()
    leaves_h, returns_h = (7.0, 16.5) if local.weekday() < 5 else (10.0, 14.0)
    leaves_h += between(0.0, 1.2, seed, "leaves", day)
    returns_h += between(0.0, 1.5, seed, "returns", day)
    hour = local.hour + local.minute / 60.0 + local.second / 3600.0
    return not leaves_h <= hour < returns_h
