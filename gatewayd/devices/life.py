"""The life of one device: open, identify, adopt, read until it is lost, and again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from gatewayd.clock import Clock
from gatewayd.devices.adoption import Adoption
from gatewayd.devices.device import ConfiguredDevice, Poll
from gatewayd.devices.health import Health
from gatewayd.devices.wear_book import WearBook
from gatewayd.errors import BadReadingError, BusyError, DeviceError, UnreachableError
from gatewayd.links.pool import Links
from gatewayd.plan import outage
from gatewayd.sdk.driver import Driver
from gatewayd.state.store import Store

_CLOSE_S = 5.0


class Guard(Protocol):
    """Lets a driver work; see `Poller.guard`."""

    def __call__(self, device_id: str, limit_s: float) -> AbstractAsyncContextManager[None]: ...


class Count:
    """Numbers the reads of all devices in the order in which they begin."""

    def __init__(self) -> None:
        self.last = 0

    def next(self) -> int:
        self.last += 1
        return self.last


@dataclass(frozen=True)
class Surroundings:
    """What all devices share. `jitter` gives 0 to 1; `call_s` ends a call that hangs."""

    links: Links
    store: Store
    adoption: Adoption
    wear: WearBook
    clock: Clock
    count: Count
    guard: Guard
    jitter: Callable[[], float]
    call_s: float


class Life:
    """One configured device. `driver` is there while it is open, identified and was read since."""

    def __init__(self, device: ConfiguredDevice, around: Surroundings) -> None:
        self.device = device
        self.driver: Driver | None = None
        self.poll: Poll | None = None
        sleeps = device.info.sleeps
        self.health = Health(device.id, device.every_s, around.clock, sleeps=sleeps)
        self._around = around
        self._bell = asyncio.Event()

    async def run(self) -> None:
        """Keep the device open; never ends by itself."""
        while True:
            try:
                await self._session()
            except DeviceError as error:
                self._fail(error)
            await self._back_off()

    def poke(self) -> None:
        """Read soon. During a read: read once more, for that one began too early."""
        self._bell.set()

    def check(self) -> None:
        """Notice a device that has been silent for too long, also in the middle of a read."""
        self.health.check()
        self._show_loss()

    async def _session(self) -> None:
        async with self._open() as driver:
            await self._around.wear.recall(self.device.id, driver)
            async with self._guard():
                identity = await driver.identify()
            await self._around.adoption.adopt(self.device, identity)
            try:
                await self._read_until_lost(driver)
            finally:
                self.driver = None

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Driver]:
        stack = AsyncExitStack()
        async with self._guard():
            driver = await stack.enter_async_context(
                self.device.info.open(self.device.options, self._around.links)
            )
        self.health.opened()
        try:
            yield driver
        finally:
            # What goes wrong in closing must not replace the reason for it.
            with suppress(DeviceError):
                async with self._around.guard(self.device.id, _CLOSE_S):
                    await stack.aclose()

    async def _read_until_lost(self, driver: Driver) -> None:
        while True:
            try:
                took_s = await self._read(driver)
            except (UnreachableError, BusyError, BadReadingError) as error:
                if not self.health.is_reachable:
                    raise
                self._fail(error)
                if self.health.is_reachable:
                    await self._back_off()
                # The watch may have found it silent meanwhile. After an outage another device may
                # answer at the address, so it is opened and asked who it is.
                if not self.health.is_reachable:
                    return
            else:
                await self._rest(outage.rest_s(self.device.every_s, took_s))

    async def _read(self, driver: Driver) -> float:
        self._bell.clear()
        number, began = self._around.count.next(), self._around.clock.monotonic()
        async with self._guard():
            readings = dict(await driver.read())
            watchdogs = {
                role: watchdog_s
                for role in readings
                if (watchdog_s := driver.watchdog_s(role)) is not None
            }
        took_s = self._around.clock.monotonic() - began
        is_dark = self.device.info.sleeps and outage.is_dark(readings.values())
        self.health.answered(took_s, is_dark=is_dark)
        self.poll = Poll(number, MappingProxyType(readings), MappingProxyType(watchdogs))
        # Only now: after an outage nothing may be written before the device was read again.
        self.driver = driver
        self._around.store.put(self.device.id, readings)
        return took_s

    async def _rest(self, seconds: float) -> None:
        """Wait for the next read, or for a poke."""
        await self._around.clock.sleep(outage.REST_MIN_S)
        async with asyncio.TaskGroup() as tasks:
            alarm = tasks.create_task(self._ring_after(seconds - outage.REST_MIN_S))
            await self._bell.wait()
            alarm.cancel()

    async def _ring_after(self, seconds: float) -> None:
        await self._around.clock.sleep(seconds)
        self._bell.set()

    async def _back_off(self) -> None:
        """Wait after a failure. Pokes do not shorten it: nobody may hammer a sick device."""
        await self._around.clock.sleep(self.health.pause_s(self._around.jitter()))

    def _fail(self, error: DeviceError) -> None:
        self.health.failed(error)
        self._show_loss()

    def _show_loss(self) -> None:
        if not self.health.is_reachable:
            self._around.store.lose(self.device.id)

    def _guard(self) -> AbstractAsyncContextManager[None]:
        return self._around.guard(self.device.id, self._around.call_s)
