"""The home's own time: the machine's, moved to another start and run at another speed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from gatewayd.clock import Clock

SLOWEST, FASTEST = 0.1, 3600.0
_YEARS = range(2000, 2100)


class HomeClock:
    """Time of day in the home. Devices' protocol timers do not run on it; see `Device`."""

    def __init__(self, clock: Clock, start: datetime, speed: float) -> None:
        self._clock = clock
        self._from_at, self._from_s = start.astimezone(UTC), clock.monotonic()
        self._speed = speed

    @property
    def speed(self) -> float:
        """Seconds of home time per second of the machine."""
        return self._speed

    def now(self) -> datetime:
        """Aware UTC, so that adding to it is right on the nights when the home's clocks change."""
        elapsed_s = self._clock.monotonic() - self._from_s
        return self._from_at + timedelta(seconds=elapsed_s * self._speed)

    def run_at(self, speed: float) -> None:
        """Go on from now at another speed."""
        self._from_at, self._from_s = self.now(), self._clock.monotonic()
        self._speed = speed

    def set(self, at: datetime) -> None:
        """Be at another time, at the same speed."""
        self._from_at, self._from_s = at.astimezone(UTC), self._clock.monotonic()


def local_time(at: datetime, timezone: str) -> datetime:
    """A moment as the home's clocks show it; one without an offset is already theirs."""
    zone = ZoneInfo(timezone)
    return at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)


def moment(text: str) -> datetime:
    """A time in ISO 8601, with or without an offset; ValueError says what is wrong with it."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no time; write it as 2026-06-21T12:00") from None
    if at.year not in _YEARS:
        raise ValueError(f"the year {at.year} is not from {_YEARS[0]} to {_YEARS[-1]}")
    return at
