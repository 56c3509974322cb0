"""A battery between its limits. Power is direct current at its terminals, charging +."""

import math
from dataclasses import dataclass, field

from gatewayd.virtual.physics.settings import BatterySpec

# How long the battery's controller takes to follow, as a time constant.
_LAG_S = 2.5
# Above this state of charge the cells take less and less.
_TAPER_SOC = 0.95
_TAPER_FLOOR = 0.05


@dataclass(slots=True)
class Battery:
    """`power_w` is what flows now, `soc` runs from 0 to 1, the energies only grow."""

    spec: BatterySpec
    soc: float = field(init=False)
    power_w: float = 0.0
    charged_wh: float = 0.0
    discharged_wh: float = 0.0
    loss_wh: float = 0.0

    def __post_init__(self) -> None:
        self.soc = self.spec.start_soc

    def step(self, wanted_w: float, reserve_soc: float, dt_s: float) -> None:
        """Follow the wanted power as far as cells and reserve allow."""
        # An exact exponential, so that no step is long enough to overshoot.
        follow = 1.0 - math.exp(-dt_s / _LAG_S)
        power_w = self.power_w + (wanted_w - self.power_w) * follow
        hours = dt_s / 3600.0
        self.power_w = max(
            -self._most_out_w(reserve_soc, hours), min(self._most_in_w(hours), power_w)
        )
        self._integrate(hours)

    def _most_in_w(self, hours: float) -> float:
        room_wh = max(0.0, 1.0 - self.soc) * self.spec.capacity_wh
        taper = max(_TAPER_FLOOR, min(1.0, (1.0 - self.soc) / (1.0 - _TAPER_SOC)))
        return min(self.spec.max_charge_w * taper, room_wh / self.spec.efficiency / hours)

    def _most_out_w(self, reserve_soc: float, hours: float) -> float:
        floor = max(self.spec.min_soc, reserve_soc)
        left_wh = max(0.0, self.soc - floor) * self.spec.capacity_wh
        return min(self.spec.max_discharge_w, left_wh * self.spec.efficiency / hours)

    def _integrate(self, hours: float) -> None:
        into_wh = max(0.0, self.power_w) * hours
        out_wh = max(0.0, -self.power_w) * hours
        stored_wh = into_wh * self.spec.efficiency - out_wh / self.spec.efficiency
        self.soc += stored_wh / self.spec.capacity_wh
        self.charged_wh += into_wh
        self.discharged_wh += out_wh
        self.loss_wh += into_wh - out_wh - stored_wh
