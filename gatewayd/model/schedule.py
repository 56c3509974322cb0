"""Schedules: what an asset should do by the local clock, with Enode's meaning.

`Rule` and `Timetable` are generic in the value: for charging it is Enode's shouldCharge, for
heating the target state.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from gatewayd.model.asset import AssetKind
from gatewayd.model.climate import FollowSchedule as FollowSchedule
from gatewayd.model.climate import HvacMode as HvacMode
from gatewayd.model.climate import PermanentHold as PermanentHold
from gatewayd.model.climate import TargetState as TargetState
from gatewayd.model.smart_charging import SmartOverride

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class HourMinute:
    """A daily interval in minutes since local midnight, `from_minute` in, `to_minute` out.

    It ends after it begins: 22:00 to 06:00 crosses midnight, 08:00 to 08:00 is a full day.
    """

    from_minute: int
    to_minute: int


@dataclass(frozen=True, slots=True)
class Rule(Generic[T]):
    """A value, and when it applies: every filter that is given must hold.

    `weekdays` (0 = Monday) name the local days; for a daily interval the day it begins on. An
    empty set holds on no day. `from_at` is inclusive, `to_at` exclusive, both instants.
    """

    value: T
    hour_minute: HourMinute | None = None
    weekdays: frozenset[int] | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Timetable(Generic[T]):
    """The last matching rule gives the value; where none matches, `default` does."""

    default: T
    rules: tuple[Rule[T], ...] = ()


@dataclass(frozen=True, slots=True)
class ChargeSchedule:
    """When a vehicle or charger should charge; `location_id` None is told in `plan.schedule`."""

    id: str
    user_id: str
    target_id: str
    target_kind: AssetKind
    location_id: str | None
    timetable: Timetable[bool]
    created_at: datetime
    is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class TemperatureSchedule:
    """What a heater or cooler should be set to."""

    id: str
    user_id: str
    target_id: str
    timetable: Timetable[TargetState]
    created_at: datetime
    is_enabled: bool = True

    @property
    def target_kind(self) -> AssetKind:
        return AssetKind.HVAC

    @property
    def location_id(self) -> None:
        """A temperature schedule is tied to no location."""
        return


Schedule = ChargeSchedule | TemperatureSchedule


@dataclass(frozen=True, slots=True)
class Transition(Generic[T]):
    """The value from `at` on, different from the one before."""

    at: datetime
    value: T


class ScheduleState(StrEnum):
    """Enode's states of a schedule."""

    ALIGNED = "ALIGNED"
    MISALIGNED = "MISALIGNED"
    PENDING = "PENDING"
    OVERRIDDEN = "INACTIVE:OVERRIDDEN"
    DISABLED = "INACTIVE:DISABLED"
    AWAY = "INACTIVE:AWAY"
    INCAPABLE = "INACTIVE:INCAPABLE"

    @property
    def is_active(self) -> bool:
        """Whether the schedule controls its target, so that direct commands are refused."""
        return not self.value.startswith("INACTIVE:")


@dataclass(frozen=True, slots=True)
class ExpectedParts:
    """Charging is expected when all three hold."""

    needs_charge: bool
    is_plugged_in: bool
    should_charge: bool

    @property
    def is_charging_expected(self) -> bool:
        return self.needs_charge and self.is_plugged_in and self.should_charge


@dataclass(frozen=True, slots=True)
class ChargeScheduleStatus:
    """Enode's status of a charge schedule; `changed_at` is when any other value last changed."""

    schedule_id: str
    changed_at: datetime
    state: ScheduleState
    is_charging: bool
    expected_parts: ExpectedParts
    upcoming_transitions: tuple[Transition[bool], ...]
    smart_override: SmartOverride | None = None

    @property
    def is_charging_expected(self) -> bool:
        return self.expected_parts.is_charging_expected


@dataclass(frozen=True, slots=True)
class TemperatureScheduleStatus:
    """Enode's status of a temperature schedule; `current` is None when the device does not say."""

    schedule_id: str
    changed_at: datetime
    state: ScheduleState
    current: TargetState | None
    expected: TargetState
    upcoming_transitions: tuple[Transition[TargetState], ...]


ScheduleStatus = ChargeScheduleStatus | TemperatureScheduleStatus
