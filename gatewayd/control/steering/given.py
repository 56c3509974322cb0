"""What orders are made from: enough to make each of them again, by one version of gatewayd."""

from dataclasses import dataclass
from datetime import datetime

from gatewayd.model.flex import FlexIntentRule
from gatewayd.model.schedule import (
    ChargeSchedule,
    ChargeScheduleStatus,
    TemperatureSchedule,
    TemperatureScheduleStatus,
)
from gatewayd.model.site import AssetState
from gatewayd.model.smart_charging import SmartCharging
from gatewayd.plan.flex.load import FlexVehicle
from gatewayd.plan.schedule_status import Circumstances
from gatewayd.plan.smart.observation import Observation


@dataclass(frozen=True, slots=True)
class ScheduleGiven:
    """Of a schedule; `before` is how it stood."""

    software: str
    schedule: ChargeSchedule | TemperatureSchedule
    circumstances: Circumstances
    before: ChargeScheduleStatus | TemperatureScheduleStatus | None


@dataclass(frozen=True, slots=True)
class SmartGiven:
    """Of smart charging; `before` is where it stood."""

    software: str
    before: SmartCharging
    seen: Observation


@dataclass(frozen=True, slots=True)
class FlexGiven:
    """Of flex: all vehicles under a policy, and the one that is told something."""

    software: str
    vehicles: tuple[FlexVehicle, ...]
    rules: tuple[FlexIntentRule, ...]
    state: AssetState
    now: datetime


OrderGiven = ScheduleGiven | SmartGiven | FlexGiven
