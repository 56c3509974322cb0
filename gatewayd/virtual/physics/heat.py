"""The warmth of the house: what escapes through its walls, and what a heat pump brings in.

One room stands for all of them. Temperatures in degrees Celsius, `power_w` is electrical.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime

from gatewayd.virtual.physics.noise import drift
from gatewayd.virtual.physics.settings import HeatSpec

# Around the wanted temperature: on below, off above.
_HYSTERESIS_C = 0.3
_PUMP_W = 45.0
# Coldest in the middle of January, and at five in the morning.
_COLDEST_DAY, _COLDEST_H = 15.0, 5.0
# People, sun and appliances warm the house too.
_GAINS_W = 700.0


@dataclass(slots=True)
class Warmth:
    """`wanted_c` None heats nothing; `energy_wh` only grows."""

    spec: HeatSpec
    seed: int
    room_c: float = field(init=False)
    outdoor_c: float = 10.0
    wanted_c: float | None = None
    is_heating: bool = False
    power_w: float = 0.0
    energy_wh: float = 0.0

    def __post_init__(self) -> None:
        self.room_c = self.spec.start_c

    def step(self, local: datetime, dt_s: float) -> None:
        """Live for `dt_s` seconds."""
        self.outdoor_c = outdoor_c(self.seed, local)
        self._decide()
        heat_w = self.spec.heat_w if self.is_heating else 0.0
        self.power_w = heat_w / _efficiency(self.outdoor_c) + _PUMP_W if self.is_heating else 0.0
        self.energy_wh += self.power_w * dt_s / 3600.0
        self._warm(heat_w + _GAINS_W, dt_s)

    def _decide(self) -> None:
        if self.wanted_c is None or self.room_c >= self.wanted_c + _HYSTERESIS_C:
            self.is_heating = False
        elif self.room_c <= self.wanted_c - _HYSTERESIS_C:
            self.is_heating = True

    def _warm(self, gain_w: float, dt_s: float) -> None:
        """Towards where gain and loss meet; an exact exponential, steady for any step."""
        goal_c = self.outdoor_c + gain_w / self.spec.loss_w_per_k
        hours = dt_s / 3600.0
        share = 1.0 - math.exp(-hours * self.spec.loss_w_per_k / self.spec.capacity_wh_per_k)
        self.room_c += (goal_c - self.room_c) * share


def outdoor_c(seed: int, local: datetime) -> float:
    """The air outside, by season, hour and passing weather; a function of time alone."""
    day = local.timetuple().tm_yday
    hour = local.hour + local.minute / 60.0 + local.second / 3600.0
    season = -math.cos(2.0 * math.pi * (day - _COLDEST_DAY) / 365.0)
    daily = -math.cos(2.0 * math.pi * (hour - _COLDEST_H) / 24.0)
    days = local.toordinal() + hour / 24.0
    weather = 8.0 * (drift(days / 3.0, seed, "air") - 0.5)
    return 11.0 + 10.0 * season + 4.0 * daily + weather


def _efficiency(outside_c: float) -> float:
    """Heat per electricity: less in the cold, when there is most to lift."""
    return max(2.0, min(5.5, 3.2 + 0.08 * outside_c))
