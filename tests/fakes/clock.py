"""A clock that moves only when told."""

import asyncio
import heapq
from datetime import UTC, datetime, timedelta


class FakeClock:
    """`await clock.advance(5)` wakes, in order, everything that sleeps within these 5 seconds."""

    def __init__(self, start: datetime = datetime(2026, 6, 21, 10, 0, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed_s = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed_s)

    def monotonic(self) -> float:
        return self._elapsed_s

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self._elapsed_s + max(0.0, seconds), self._count, future))
        await future

    def jump_wall(self, delta: timedelta) -> None:
        """Move the wall clock alone, as NTP does."""
        self._start += delta

    async def advance(self, seconds: float) -> None:
        """Let time pass; each woken task runs until it waits again."""
        until = self._elapsed_s + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            due, _, future = heapq.heappop(self._sleepers)
            self._elapsed_s = max(self._elapsed_s, due)
            if not future.done():
                future.set_result(None)
            await settle()
        self._elapsed_s = until
        await settle()


async def settle(turns: int = 20) -> None:
    """Let every ready task run."""
    for _ in range(turns):
        await asyncio.sleep(0)
