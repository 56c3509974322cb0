"""What is wanted of a charger, what is seen, and what is remembered between two looks."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from gatewayd.model.circuit import NOMINAL_V
from gatewayd.model.decision import Grounds
from gatewayd.model.ready_by import ReadyBy
from gatewayd.plan.arbiter.claims import Setpoint

_NO_PLAN = Grounds("there is no plan")


class ChargeMode(StrEnum):
    """What a charger goes by. On solar a plan is kept too: what the sun does not give in time."""

    OFF = "off"
    SOLAR = "solar"
    NOW = "now"
    SCHEDULE = "schedule"
    PLAN = "plan"


class AlwaysCharge(StrEnum):
    """Whether a charger on solar charges with its least when there is no sun."""

    OFF = "off"
    ON = "on"
    # Until the car leaves that is there or comes next.
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class Delays:
    """How long it takes the sun to start, stop or widen charging.

    A threshold is the power from the grid (+) or to it (-) at which that begins to count: None for
    charging to start when the sun alone gives the least current. A switch of phases wears the
    contactors and confuses cars: at most so many a session, so far apart.
    """

    start_s: float = 60.0
    stop_s: float = 180.0
    start_at_grid_w: float | None = None
    stop_at_grid_w: float = 0.0
    phase_switch_s: float = 310.0
    phase_pause_s: float = 15.0
    phase_switches: int = 10
    change_s: float = 10.0


@dataclass(frozen=True, slots=True)
class ChargeSettings:
    """One charger's wishes. `phases` are those it can choose between: (1,), (3,) or (1, 3).

    Below `min_soc_pct` a car charges at once whatever the mode; at `limit_soc_pct` or
    `limit_energy_wh` of a session it stops. `welcome_s` is for how long a car that was just plugged
    in may charge with the least, so that it says who it is. `plans` are by their names.
    """

    mode: ChargeMode = ChargeMode.OFF
    always_charge: AlwaysCharge = AlwaysCharge.OFF
    min_a: float = 6.0
    max_a: float = 16.0
    phases: tuple[int, ...] = (3,)
    min_soc_pct: float | None = None
    limit_soc_pct: float | None = None
    limit_energy_wh: float | None = None
    priority: int = 0
    welcome_s: float = 0.0
    delays: Delays = Delays()
    plans: Mapping[str, ReadyBy] = field(default_factory=lambda: MappingProxyType({}))

    def watts(self, phases: int, current_a: float) -> float:
        """The power of so many amperes."""
        return phases * current_a * NOMINAL_V

    def begins_w(self, phases: int) -> float:
        """The surplus with which it begins on so many phases: the threshold is of the fewest."""
        least_w, at_w = self.watts(phases, self.min_a), self.delays.start_at_grid_w
        return least_w if at_w is None else least_w - self.watts(self.phases[0], self.min_a) - at_w


@dataclass(frozen=True, slots=True)
class CarNow:
    """A charger and its car as last read; None is unknown.

    `phases` is what the charger is set to, `used_phases` what the car draws on. `id` is the car's
    in the config, and `most_phases` what it can draw on by that.
    `counter_wh` is the charger's, of all sessions.
    """

    is_plugged: bool | None = None
    power_w: float | None = None
    phases: int | None = None
    used_phases: int | None = None
    soc_pct: float | None = None
    session_wh: float | None = None
    capacity_wh: float | None = None
    counter_wh: float | None = None
    id: str | None = None
    most_phases: int | None = None


@dataclass(frozen=True, slots=True)
class HomeNow:
    """What there is for one charger.

    `surplus_w` is what it could draw without the grid, with what it draws already. `is_throttled`:
    an inverter is held back, so that there may be more sun than is seen. `wanted` is what the
    plan says now, with its `grounds`; None where there is none. `left_w` is what limits of the
    whole home leave for it. `lent_w` is what a battery gives that may keep a car going.
    `is_settled`: all of that was measured since charging was last changed.
    """

    surplus_w: float | None = None
    is_throttled: bool = False
    wanted: bool | None = None
    grounds: Grounds = _NO_PLAN
    left_w: float = math.inf
    lent_w: float = 0.0
    is_settled: bool = True


@dataclass(frozen=True, slots=True)
class Ask:
    """What the charger is to do, and why. None is no wish: somebody else may decide."""

    setpoint: Setpoint | None
    grounds: Grounds


@dataclass(slots=True)
class EvMemory:
    """Of one charger. The waits begin when there is reason for a change, and end with it.

    `is_by_sun`: it follows the sun, no plan or least. `spare_since_s` is since when its car takes
    less than it is offered.
    """

    is_on: bool = False
    is_by_sun: bool = False
    spare_since_s: float | None = None
    current_a: float = 0.0
    changed_at_s: float = -math.inf
    plugged_at_s: float | None = None
    # When the charger last said whether a car is there.
    told_at_s: float | None = None
    start_since_s: float | None = None
    stop_since_s: float | None = None
    phases: int | None = None
    read_phases: int | None = None
    phases_since_s: float | None = None
    switched_at_s: float = -math.inf
    switching_to: int | None = None
    switches: int = 0
    always_once_over: bool = False
    probed_w: float = 0.0
    probe_at_s: float = -math.inf
    probe_rest_s: float = 0.0
