"""The three questions about time, in one place, so that a test can answer them."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What everything that decides takes instead of the real time."""

    def now(self) -> datetime:
        """Aware UTC wall time: for records and local-time rules, never for intervals."""

    def monotonic(self) -> float:
        """Seconds that never jump: for intervals, ages and leases."""

    async def sleep(self, seconds: float) -> None:
        """Wait on the monotonic clock."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
