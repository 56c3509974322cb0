"""What a heater or cooler can be set to, with Enode's meaning."""

from dataclasses import dataclass
from enum import StrEnum

from gatewayd.model.reading import HvacReading, Reading

_TOLERANCE_C = 0.1 + 1e-9


class HvacMode(StrEnum):
    """Modes a heater or cooler can be held in."""

    OFF = "OFF"
    AUTO = "AUTO"
    COOL = "COOL"
    HEAT = "HEAT"

    @property
    def heats(self) -> bool:
        """Whether the mode has a heat setpoint."""
        return self in (HvacMode.HEAT, HvacMode.AUTO)

    @property
    def cools(self) -> bool:
        """Whether the mode has a cool setpoint."""
        return self in (HvacMode.COOL, HvacMode.AUTO)


class HvacCategory(StrEnum):
    """Enode's kinds of heaters and coolers; an aggregator stands for several."""

    HEATING = "HEATING"
    COOLING = "COOLING"
    HEAT_PUMP = "HEAT_PUMP"
    AGGREGATOR = "AGGREGATOR"


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range with both ends in it; None is no bound."""

    min: float | None = None
    max: float | None = None

    def hold(self, value: float) -> bool:
        """Whether a value is inside. Written so that NaN is not."""
        above = self.min is None or value >= self.min
        below = self.max is None or value <= self.max
        return value == value and above and below


@dataclass(frozen=True, slots=True)
class Thermostat:
    """What a heater or cooler can be held at.

    `difference_c` is how far the cool setpoint must lie above the heat setpoint in AUTO. A range
    that is None is not known, and then nothing is refused for it. `step_c` is how far two setpoints
    of the device are apart, 0 where it takes any.
    """

    modes: frozenset[HvacMode] = frozenset()
    heat_c: Bounds | None = None
    cool_c: Bounds | None = None
    difference_c: Bounds | None = None
    category: HvacCategory = HvacCategory.HEAT_PUMP
    step_c: float = 0.0

    def nearest_c(self, setpoint_c: float) -> float:
        """The setpoint of the device that is nearest to a wanted one."""
        if not self.step_c:
            return setpoint_c
        return round(round(setpoint_c / self.step_c) * self.step_c, 3)


@dataclass(frozen=True, slots=True)
class FollowSchedule:
    """The device follows its own schedule: holdType SCHEDULED."""


@dataclass(frozen=True, slots=True)
class PermanentHold:
    """holdType PERMANENT. HEAT has the heat setpoint, COOL the cool one, AUTO both, OFF none."""

    mode: HvacMode
    heat_setpoint_c: float | None = None
    cool_setpoint_c: float | None = None


TargetState = FollowSchedule | PermanentHold


def target_state(reading: Reading | None) -> TargetState | None:
    """What a heater or cooler is set to, as far as it says."""
    match reading:
        case HvacReading(hold_type="SCHEDULED"):
            return FollowSchedule()
        case HvacReading(hold_type="PERMANENT", mode=str(mode)) if mode in set(HvacMode):
            return PermanentHold(HvacMode(mode), reading.heat_setpoint_c, reading.cool_setpoint_c)
    return None


def is_same(wanted: TargetState, actual: TargetState | None) -> bool:
    """Whether a device is set as wanted; only the setpoints that its mode uses count."""
    match wanted, actual:
        case FollowSchedule(), FollowSchedule():
            return True
        case PermanentHold(mode=mode), PermanentHold() if mode is actual.mode:
            heat = _is_near(wanted.heat_setpoint_c, actual.heat_setpoint_c)
            cool = _is_near(wanted.cool_setpoint_c, actual.cool_setpoint_c)
            return (heat or not mode.heats) and (cool or not mode.cools)
    return False


def _is_near(wanted: float | None, actual: float | None) -> bool:
    if wanted is None or actual is None:
        return False
    return abs(wanted - actual) <= _TOLERANCE_C
