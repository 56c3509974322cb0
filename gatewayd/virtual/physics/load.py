"""What the household draws: base load, fridge, light and appliances that run when they run.

A pure function of seed and time. Phases are a, b, c.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from gatewayd.virtual.physics.noise import between, drift, noise

# Cosine phi of the household together: electronics and motors pull a little reactive power.
POWER_FACTOR = 0.97
VAR_PER_W = math.tan(math.acos(POWER_FACTOR))


@dataclass(frozen=True, slots=True)
class Appliance:
    """Runs with `chance` on a day, starting between two hours of the day on one phase (0 is a)."""

    name: str
    phase: int
    power_w: float
    minutes: float
    earliest_h: float
    latest_h: float
    chance: float = 1.0


APPLIANCES = (
    Appliance("kettle in the morning", 0, 2000.0, 4.0, 6.0, 8.0),
    Appliance("coffee", 0, 1300.0, 6.0, 6.5, 9.5),
    Appliance("hob at noon", 1, 1700.0, 25.0, 11.5, 12.5, 0.6),
    Appliance("hob in the evening", 1, 2000.0, 35.0, 17.5, 19.5, 0.9),
    Appliance("oven", 2, 2200.0, 40.0, 17.5, 19.0, 0.4),
    Appliance("dishwasher heating", 2, 1900.0, 25.0, 19.5, 21.5, 0.8),
    Appliance("washing machine heating", 0, 2000.0, 18.0, 9.0, 15.0, 0.5),
    Appliance("washing machine drum", 0, 280.0, 70.0, 9.3, 15.3, 0.5),
    Appliance("dryer", 1, 900.0, 75.0, 11.0, 17.0, 0.35),
    Appliance("television", 0, 130.0, 170.0, 18.5, 21.8, 0.9),
    Appliance("vacuum cleaner", 2, 900.0, 20.0, 10.0, 17.0, 0.3),
)
_STANDBY_W = (75.0, 60.0, 85.0)
_EVENING_LIGHT_W = (60.0, 40.0, 50.0)


@dataclass(frozen=True, slots=True)
class _Run:
    """One use of an appliance, in hours since the local midnight its day began with."""

    phase: int
    power_w: float
    start_h: float
    end_h: float


def household_w(seed: int, local: datetime) -> tuple[float, float, float]:
    """Power per phase at a moment of local time."""
    hour = local.hour + local.minute / 60.0 + local.second / 3600.0
    day = local.toordinal()
    watts = [power + _light_w(phase, hour) for phase, power in enumerate(_STANDBY_W)]
    watts[2] += _fridge_w(seed, day * 24.0 + hour)
    # Yesterday's late runs may reach over midnight.
    for began, hours in ((day, hour), (day - 1, hour + 24.0)):
        for run in _runs(seed, began):
            if run.start_h <= hours < run.end_h:
                watts[run.phase] += run.power_w
    # Nothing in a house draws quite the same power twice.
    seconds = day * 86400.0 + hour * 3600.0
    a, b, c = (
        w * (0.95 + 0.1 * drift(seconds / 17.0, seed, "hum", i)) for i, w in enumerate(watts)
    )
    return a, b, c


@lru_cache(maxsize=16)
def _runs(seed: int, day: int) -> tuple[_Run, ...]:
    runs = []
    for appliance in APPLIANCES:
        if noise(seed, "runs", appliance.name, day) < appliance.chance:
            start_h = between(
                appliance.earliest_h, appliance.latest_h, seed, "start", appliance.name, day
            )
            end_h = start_h + appliance.minutes / 60.0
            runs.append(_Run(appliance.phase, appliance.power_w, start_h, end_h))
    return tuple(runs)


def _light_w(phase: int, hour: float) -> float:
    """Light fades in from 17:00, is full from 18:00 to 22:00 and out by 23:30."""
    rise, fall = (hour - 17.0), (23.5 - hour) / 1.5
    return _EVENING_LIGHT_W[phase] * max(0.0, min(1.0, rise, fall))


def _fridge_w(seed: int, hours: float) -> float:
    """The compressor runs about a third of every 40 minutes."""
    minutes = hours * 60.0 + 40.0 * noise(seed, "fridge")
    return 95.0 if minutes % 40.0 < 14.0 else 0.0
