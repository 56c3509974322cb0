"""Whether a device can be reached, told from its reads, and logged once each way."""

import logging

from gatewayd.clock import Clock
from gatewayd.devices.device import DeviceHealth
from gatewayd.errors import AuthError, BusyError, DeviceError
from gatewayd.plan import outage

log = logging.getLogger(__name__)


class Health:
    """The record of one device since it was configured. It starts unreachable."""

    def __init__(self, device_id: str, every_s: float, clock: Clock) -> None:
        self._device_id = device_id
        self._every_s = every_s
        self._clock = clock
        self._since = clock.monotonic()
        self._last_success: float | None = None
        self._latency_s: float | None = None
        self._last_error: str | None = None
        self._failures = 0
        self._refusals = 0
        self._is_reported = False
        self._is_locked_out = False
        self.is_reachable = False

    def answered(self, latency_s: float) -> None:
        """A good read."""
        if self._is_reported:
            away_s = self._clock.monotonic() - self._since
            log.info("%s: back after %.0f s", self._device_id, away_s)
        self._is_reported = self._is_locked_out = False
        self.is_reachable = True
        self._failures = self._refusals = 0
        self._last_error = None
        self._latency_s = latency_s
        self._last_success = self._since = self._clock.monotonic()

    def failed(self, error: DeviceError) -> None:
        """A read, or the way to one, failed. A busy device is not a failing one."""
        self._last_error = str(error)
        self._is_locked_out = isinstance(error, AuthError)
        if isinstance(error, BusyError):
            self._refusals += 1
        else:
            self._failures += 1
            self._refusals = 0
        log.debug("%s: %s", self._device_id, error)
        if self._failures >= outage.FAILURES_UNTIL_LOST:
            self._lose()
        self.check()

    def check(self) -> None:
        """Count a device as lost that has been silent for too long."""
        is_silent = outage.is_silent(
            self._silent_s, self._every_s, self._latency_s or 0.0, is_busy=self._refusals > 0
        )
        if self.is_reachable and is_silent:
            self._lose()

    def pause_s(self, jitter: float) -> float:
        """How long to wait after a failure."""
        if self._refusals:
            return outage.busy_pause_s(self._every_s, self._refusals)
        return outage.pause_s(self._every_s, self._failures, self._silent_s, jitter)

    def view(self) -> DeviceHealth:
        """How it is doing now."""
        age_s = None if self._last_success is None else self._clock.monotonic() - self._last_success
        return DeviceHealth(
            self.is_reachable,
            self._failures,
            self._last_error,
            age_s,
            self._latency_s,
            self._is_locked_out,
        )

    @property
    def _silent_s(self) -> float:
        return self._clock.monotonic() - self._since

    def _lose(self) -> None:
        self.is_reachable = False
        if not self._is_reported:
            self._is_reported = True
            log.warning("%s: unreachable: %s", self._device_id, self._last_error or "no answer")
