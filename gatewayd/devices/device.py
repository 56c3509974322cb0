"""A device as configured, one answer of it, and how it is doing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gatewayd.model.asset import MeterUsage
from gatewayd.model.reading import Reading
from gatewayd.sdk.driver import DriverInfo
from gatewayd.sdk.options import DeviceOptions
from gatewayd.state.assets import DeviceRecord


@dataclass(frozen=True)
class ConfiguredDevice:
    """One device of the configuration; two are equal when nothing has to be restarted.

    `options` are an instance of `info.options`; `poll_s` None there means what suits the driver.
    `location_id` is where its assets start.
    """

    id: str
    info: DriverInfo
    options: DeviceOptions
    user_id: str
    name: str | None = None
    usage: MeterUsage | None = None
    installed_at: datetime | None = None
    location_id: str | None = None

    @property
    def every_s(self) -> float:
        """The time from the start of one read to the start of the next."""
        return self.options.poll_s or self.info.poll_s

    @property
    def record(self) -> DeviceRecord:
        """What is stored of it."""
        return DeviceRecord(
            id=self.id,
            user_id=self.user_id,
            name=self.name,
            usage=self.usage,
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


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """How a device is doing, for people. `failures` are those in a row; `is_locked_out`: the last
    one was that it refused its login."""

    is_reachable: bool
    failures: int
    last_error: str | None
    last_success_age_s: float | None
    latency_s: float | None
    is_locked_out: bool = False
