"""What is said to a charge point and heard from it, whatever the version of the protocol."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from gatewayd.links.ocpp_payload import Payload

# An action and its payload, ready to be sent.
Order = tuple[str, dict[str, Any]]


class Setting(StrEnum):
    """A charge point's settings, by our own names; the last two are some makers' own."""

    SAMPLE_INTERVAL = "sample_interval"
    MEASURANDS = "measurands"
    RATE_UNIT = "rate_unit"
    STACK_LEVEL = "stack_level"
    FEATURES = "features"
    SWITCHES_PHASES = "switches_phases"
    PING_INTERVAL = "ping_interval"
    AUTHORIZE_REMOTE = "authorize_remote"
    TAG = "tag"
    KNOWN_MEASURANDS = "known_measurands"


class Purpose(StrEnum):
    """The two purposes of a charging profile that we use, in the protocol's words."""

    DEFAULT = "TxDefaultProfile"
    TRANSACTION = "TxProfile"


@dataclass(frozen=True, slots=True)
class Profile:
    """A charging profile. `periods` are (seconds from the start, limit in `unit`).

    `begins_at` None: relative to the start of charging. `duration_s` None: for ever.
    """

    connector: int
    id: int
    purpose: Purpose
    stack_level: int
    unit: str
    periods: tuple[tuple[int, float], ...]
    begins_at: datetime | None = None
    duration_s: int | None = None
    phases: int | None = None
    transaction: int | str | None = None


@dataclass(frozen=True, slots=True)
class Boot:
    """How a charge point introduces itself."""

    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    firmware: str | None = None


class Dialect(Protocol):
    """One version of the protocol. `hear` answers None for what it does not know; it raises
    BadReadingError for a payload that lacks what an answer needs."""

    async def hear(self, action: str, payload: Payload) -> dict[str, Any] | None: ...

    def boot(self, payload: Payload) -> Boot: ...

    def trigger(self, message: str, connector: int | None = None) -> Order: ...

    def start(self, connector: int, id_tag: str) -> Order: ...

    def stop(self, transaction: int | str) -> Order: ...

    def set_profile(self, profile: Profile) -> Order: ...

    def ask_schedule(self, connector: int, duration_s: int, unit: str) -> Order: ...

    def schedule(self, answer: Payload) -> Payload:
        """The charging schedule in an answer; empty where there is none."""

    def ask_settings(self) -> Order: ...

    def settings(self, answer: Payload) -> Mapping[Setting, str]: ...

    def set_setting(self, setting: Setting, value: str) -> Order: ...

    def is_taken(self, answer: Payload) -> bool:
        """Whether a setting was taken over."""


def stamp(at: datetime) -> str:
    """A time as the protocol writes it."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def schedule_of(profile: Profile) -> dict[str, Any]:
    """The charging schedule of a profile, which both versions write alike."""
    phases = {} if profile.phases is None else {"numberPhases": profile.phases}
    made: dict[str, Any] = {
        "chargingRateUnit": profile.unit,
        "chargingSchedulePeriod": [
            {"startPeriod": start_s, "limit": limit, **phases} for start_s, limit in profile.periods
        ],
    }
    if profile.begins_at is not None:
        made["startSchedule"] = stamp(profile.begins_at)
    if profile.duration_s is not None:
        made["duration"] = profile.duration_s
    return made


def kind_of(profile: Profile) -> str:
    """The profile's kind in the protocol's words."""
    return "Relative" if profile.begins_at is None else "Absolute"
