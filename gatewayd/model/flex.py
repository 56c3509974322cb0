"""Flexibility of charging: policies of vehicles, the shape of their load, and what moves it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class FlexDay:
    """The level a vehicle must have by a local time of one weekday."""

    deadline_minute: int
    minimum_charge_target_pct: float


@dataclass(frozen=True, slots=True)
class FlexPolicy:
    """What a vehicle's user needs. `week` begins on Monday; the reserve is always filled first."""

    id: str
    location_id: str
    vehicle_id: str
    battery_reserve_pct: float
    week: tuple[FlexDay, ...]


@dataclass(frozen=True, slots=True)
class NextDaySchedule:
    """Changes the next deadline, its target or both, once."""

    created_at: datetime
    deadline_minute: int | None = None
    minimum_charge_target_pct: float | None = None


@dataclass(frozen=True, slots=True)
class ImmediateStart:
    """Charge now, without any flexibility, up to a level."""

    created_at: datetime
    target_pct: float


FlexOverride = NextDaySchedule | ImmediateStart


@dataclass(frozen=True, slots=True)
class FlexAgreement:
    """A policy in force, whose it is, and what is asked beside it for now."""

    policy: FlexPolicy
    user_id: str
    updated_at: datetime
    override: FlexOverride | None = None


class FlexState(StrEnum):
    """The phases of a stay at the plug."""

    UPCOMING = "UPCOMING"
    BATTERY_RESERVE = "ACTIVE:BATTERY_RESERVE"
    REGULAR = "ACTIVE:REGULAR"
    IMMEDIATE_START = "ACTIVE:IMMEDIATE_START"
    SETTLED = "SETTLED"


@dataclass(frozen=True, slots=True)
class FlexStatus:
    """Where a policy stands, why, and what it is heading for."""

    policy_id: str
    state: FlexState
    reason: str
    target_pct: float
    deadline_at: datetime | None
    override: FlexOverride | None = None


class FlexIntentKind(StrEnum):
    """Enode's kinds of rules, see `FlexIntentRule`."""

    CHUNK_PRESSURE = "CHUNK_PRESSURE"
    CHUNK_MIN = "CHUNK_MIN"
    CHUNK_MAX = "CHUNK_MAX"
    CHUNK_TARGET = "CHUNK_TARGET"
    EPOCH = "EPOCH"


@dataclass(frozen=True, slots=True)
class FlexIntentRule:
    """A wish for the chunk around `at`.

    `pressure` is from -1 to +1 for CHUNK_PRESSURE; for all others it is an energy in kWh. EPOCH
    moves that much from before `at` to after it, a negative amount the other way.
    """

    kind: FlexIntentKind
    at: datetime
    pressure: float


@dataclass(frozen=True, slots=True)
class FlexIntent:
    """All rules in force; each replacement has another revision."""

    revision_id: str
    rules: tuple[FlexIntentRule, ...] = ()


@dataclass(frozen=True, slots=True)
class FlexChunk:
    """The power expected from `start` on, and the least and the most it can be made."""

    start: datetime
    expected_w: float
    minimum_w: float
    maximum_w: float


@dataclass(frozen=True, slots=True)
class FlexShape:
    """Contiguous chunks from `start_at` to before `end_at`."""

    computed_at: datetime
    start_at: datetime
    end_at: datetime
    chunks: tuple[FlexChunk, ...]


class FlexDenomination(StrEnum):
    """What a change of the shape costs: more starts of charging, more money."""

    EV_POWERCYCLES = "EV_POWERCYCLES"
    USER_COST_GBP = "USER_COST_GBP"


@dataclass(frozen=True, slots=True)
class FlexCost:
    """One cost of a change; below zero it is a gain."""

    denomination: FlexDenomination
    amount: Decimal


@dataclass(frozen=True, slots=True)
class FlexPreview:
    """What an intent would lead to, without being committed."""

    errors: tuple[str, ...]
    shape: FlexShape
    costs: tuple[FlexCost, ...]

    @property
    def is_valid(self) -> bool:
        return not self.errors
