"""What asking, cancelling and giving way are made from: enough to make each of them again.

Memories are as they were before the look; nothing in here is changed by anybody later.
"""

from dataclasses import dataclass
from datetime import datetime

from gatewayd.model.command import Action, Command
from gatewayd.model.decision import Grounds
from gatewayd.model.flex import FlexIntentRule
from gatewayd.model.reading import Reading
from gatewayd.model.schedule import (
    ChargeSchedule,
    ChargeScheduleStatus,
    ScheduleStatus,
    TemperatureSchedule,
    TemperatureScheduleStatus,
)
from gatewayd.model.site import AssetState
from gatewayd.model.smart_charging import SmartCharging, SmartOverride
from gatewayd.plan.flex.load import FlexVehicle
from gatewayd.plan.keeping import KeepMemory, Kept
from gatewayd.plan.schedule_status import Circumstances
from gatewayd.plan.smart.observation import Observation


@dataclass(frozen=True, slots=True)
class ScheduleGiven:
    """Of a schedule; `before` is how it stood."""

    schedule: ChargeSchedule | TemperatureSchedule
    circumstances: Circumstances
    before: ChargeScheduleStatus | TemperatureScheduleStatus | None


@dataclass(frozen=True, slots=True)
class SmartGiven:
    """Of smart charging; `before` is where it stood."""

    before: SmartCharging
    seen: Observation


@dataclass(frozen=True, slots=True)
class FlexGiven:
    """Of flex: all vehicles under a policy, and the one that is told something."""

    vehicles: tuple[FlexVehicle, ...]
    rules: tuple[FlexIntentRule, ...]
    state: AssetState
    now: datetime


@dataclass(frozen=True, slots=True)
class OverrideGiven:
    """Of a user who wants to charge now: the override before, and the vehicle."""

    latest: SmartOverride | None
    vehicle: AssetState


@dataclass(frozen=True, slots=True)
class DirectGiven:
    """Of a command that somebody gives directly: what controlled the asset, in words."""

    controller: str | None


@dataclass(frozen=True, slots=True)
class UnscheduledGiven:
    """Of an action that no schedule wants any more: how all of its asset's schedules stood."""

    statuses: tuple[ScheduleStatus, ...]


OrderGiven = ScheduleGiven | SmartGiven | FlexGiven
Cause = OrderGiven | OverrideGiven | DirectGiven


@dataclass(frozen=True, slots=True)
class AskedGiven:
    """Of a command that was taken, by one version of gatewayd; `command` is what was asked for.

    `cause` is what whoever asked had decided it from, None where that is not known.
    """

    software: str
    state: AssetState
    command: Command
    owner: str
    grounds: Grounds
    now_s: float
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class CancelledGiven:
    """Of an action that was ended; `cause` as of what is asked, None for a user who wants it so."""

    software: str
    action: Action
    grounds: Grounds
    cause: SmartGiven | UnscheduledGiven | None = None


@dataclass(frozen=True, slots=True)
class YieldedGiven:
    """Of a look at what an asset is kept at; `reading` is what it was asked for last."""

    software: str
    state: AssetState
    kept: Kept
    reading: Reading
    memory: KeepMemory
    now_s: float
