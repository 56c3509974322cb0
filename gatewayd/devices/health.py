"""Whether a device can be reached, told from its reads, and logged once each way."""

import logging
from collections import deque
from dataclasses import replace

from gatewayd.clock import Clock
from gatewayd.devices.device import DayOfWrites, DeviceHealth, LinkCounts
from gatewayd.errors import (
    AuthError,
    BadReadingError,
    BusyError,
    DeviceError,
    RefusedError,
    UnreachableError,
)
from gatewayd.plan import outage

log = logging.getLogger(__name__)

# How much the newest read counts in the usual latency.
_NEWEST = 0.1
_DAYS = 7


class Health:
    """The record of one device since it was configured. It starts unreachable."""

    def __init__(
        self, device_id: str, every_s: float, clock: Clock, *, sleeps: bool = False
    ) -> None:
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
        self._flipped = self._since
        self._last_failure: float | None = None
        self._usual_s: float | None = None
        self._worst_s: float | None = None
        self._sessions = 0
        self._counts = LinkCounts()
        self._writes: deque[DayOfWrites] = deque(maxlen=_DAYS)
        # One that sleeps may be asleep at the start.
        self._is_dark = sleeps
        self.is_reachable = False

    def opened(self) -> None:
        """A way to the device was opened, for the first time or again."""
        self._sessions += 1
        self._counts.reconnects = self._sessions - 1

    def wrote(self, *, is_renewal: bool = False) -> None:
        """Something was written to the device."""
        day = self._clock.now().date()
        if not self._writes or self._writes[-1].day != day:
            self._writes.append(DayOfWrites(day))
        if is_renewal:
            self._writes[-1].renewals += 1
        else:
            self._writes[-1].commands += 1

    def answered(self, latency_s: float, *, is_dark: bool = False) -> None:
        """A good read. When `is_dark`, a silence that follows is sleep."""
        self._is_dark = is_dark
        if self._is_reported:
            away_s = self._clock.monotonic() - self._since
            log.info("%s: back after %.0f s", self._device_id, away_s)
        self._is_reported = self._is_locked_out = False
        self._show(is_reachable=True)
        self._failures = self._refusals = 0
        self._counts.reads += 1
        self._latency_s = latency_s
        self._worst_s = max(latency_s, self._worst_s or 0.0)
        usual_s = latency_s if self._usual_s is None else self._usual_s
        self._usual_s = usual_s + _NEWEST * (latency_s - usual_s)
        self._last_success = self._since = self._clock.monotonic()

    def failed(self, error: DeviceError) -> None:
        """A read, or the way to one, failed. A busy device is not a failing one."""
        self._last_error = str(error)
        self._last_failure = self._clock.monotonic()
        self._count(error)
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
        return DeviceHealth(
            is_reachable=self.is_reachable,
            failures=self._failures,
            last_error=self._last_error,
            last_success_age_s=self._age_s(self._last_success),
            latency_s=self._latency_s,
            is_locked_out=self._is_locked_out,
            state_age_s=self._clock.monotonic() - self._flipped,
            last_error_age_s=self._age_s(self._last_failure),
            usual_latency_s=self._usual_s,
            worst_latency_s=self._worst_s,
            counts=replace(self._counts),
            writes=tuple(replace(day) for day in self._writes),
            is_asleep=self._is_dark and not self.is_reachable,
        )

    @property
    def _silent_s(self) -> float:
        return self._clock.monotonic() - self._since

    def _age_s(self, at: float | None) -> float | None:
        return None if at is None else self._clock.monotonic() - at

    def _count(self, error: DeviceError) -> None:
        match error:
            case UnreachableError():
                self._counts.timeouts += 1
            case BusyError() | RefusedError():
                self._counts.refused += 1
            case BadReadingError():
                self._counts.bad_frames += 1
            case _:
                self._counts.faults += 1

    def _show(self, *, is_reachable: bool) -> None:
        if self.is_reachable is not is_reachable:
            self._flipped = self._clock.monotonic()
        self.is_reachable = is_reachable

    def _lose(self) -> None:
        self._show(is_reachable=False)
        if not self._is_reported:
            self._is_reported = True
            is_why = self._failures > 0 or self._refusals > 0
            why = self._last_error if is_why else "no answer"
            if self._is_dark:
                log.info("%s: asleep: %s", self._device_id, why)
            else:
                log.warning("%s: unreachable: %s", self._device_id, why)
