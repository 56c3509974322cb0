"""A device as configured, one answer of it, and how it is doing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from gatewayd.model.asset import Usages
from gatewayd.model.reading import Reading
from gatewayd.sdk.driver import DriverInfo
from gatewayd.sdk.options import DeviceOptions
from gatewayd.state.assets import DeviceRecord


@dataclass(frozen=True)
class ConfiguredDevice:
    """One device of the configuration; two are equal when nothing has to be restarted.

    `options` are an instance of `info.options`; `poll_s` None there means what suits the driver.
    `location_id` is where its assets start. `driver` is the name of `info`.
    """

    id: str
    info: DriverInfo
    options: DeviceOptions
    user_id: str
    name: str | None = None
    usages: Usages = field(default_factory=Usages)
    installed_at: datetime | None = None
    location_id: str | None = None
    driver: str = ""

    @property
    def every_s(self) -> float:
        """The time from the start of one read to the start of the next."""
        return self.options.poll_s or self.info.poll_s

    @property
    def address(self) -> str | None:
        """Where it is, for people: no option that could hold a secret is looked at."""
        serial, host = (getattr(self.options, name, None) for name in ("serial", "host"))
        port, unit = (getattr(self.options, name, None) for name in ("port", "unit"))
        if not serial and not host:
            return None
        place = serial or f"{str(host).rpartition('@')[2]}{f':{port}' if port else ''}"
        return f"{place} unit {unit}" if unit is not None else str(place)

    @property
    def record(self) -> DeviceRecord:
        """What is stored of it."""
        return DeviceRecord(
            id=self.id,
            user_id=self.user_id,
            name=self.name,
            usages=self.usages,
            installed_at=self.installed_at,
            location_id=self.location_id,
            is_writable=not self.options.read_only,
        )


@dataclass(frozen=True, slots=True)
class Poll:
    """One read that succeeded.

    `number` was given when the read began and grows over all devices: a poll with a number above
    `Poller.mark()` began after that call. `watchdogs` are by role, in seconds, where a role's
    device watches over us.
    """

    number: int
    readings: Mapping[str, Reading]
    watchdogs: Mapping[str, float]


@dataclass(slots=True)
class LinkCounts:
    """What became of a device's reads; `faults` are what nobody foresaw."""

    reads: int = 0
    timeouts: int = 0
    refused: int = 0
    bad_frames: int = 0
    faults: int = 0
    reconnects: int = 0


@dataclass(slots=True)
class DayOfWrites:
    """What was written to a device on one day of UTC: commands, and renewals of its watchdog."""

    day: date
    commands: int = 0
    renewals: int = 0


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """How a device is doing, for people. `failures` are those in a row; `is_locked_out`: the last
    one was that it refused its login.

    `state_age_s` is for how long it has been reachable, or not. `latency_s` is the last read's,
    `usual_latency_s` a moving mean. `counts` and `writes`, oldest first, are since the device was
    configured or gatewayd started. `is_asleep`: it is away because it has no power at night.
    """

    is_reachable: bool
    failures: int
    last_error: str | None
    last_success_age_s: float | None
    latency_s: float | None
    is_locked_out: bool
    state_age_s: float
    last_error_age_s: float | None
    usual_latency_s: float | None
    worst_latency_s: float | None
    counts: LinkCounts
    writes: tuple[DayOfWrites, ...]
    is_asleep: bool = False
