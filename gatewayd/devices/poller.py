"""Read every device forever. Outages are state, and no device can hold up another."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager

from gatewayd.clock import Clock
from gatewayd.devices.adoption import Adoption
from gatewayd.devices.device import ConfiguredDevice, DeviceHealth, Poll
from gatewayd.devices.life import Count, Life, Surroundings
from gatewayd.devices.wear_book import WearBook
from gatewayd.errors import DeviceError, UnreachableError
from gatewayd.links.pool import Links
from gatewayd.sdk.driver import Driver
from gatewayd.sdk.options import DeviceOptions
from gatewayd.state.db import Database
from gatewayd.state.store import Store

log = logging.getLogger(__name__)

# Far above any honest call; it only ends what would hang for ever.
_CALL_S = 30.0
_WATCH_S = 1.0


class Poller:
    """Polls the configured devices, and is the only one that opens and closes their drivers.

    `pictured` is set once the picture holds the stored assets of exactly these devices. Assets of
    a device that is no longer configured leave the picture and stay stored, with their ids.
    `parting` is told of devices before they can be told nothing any more, and waited for.
    """

    def __init__(
        self,
        devices: Mapping[str, ConfiguredDevice],
        *,
        links: Links,
        db: Database,
        store: Store,
        clock: Clock,
        jitter: Callable[[], float] = random.random,
        call_s: float = _CALL_S,
    ) -> None:
        self.pictured = asyncio.Event()
        self.parting: Callable[[Collection[str]], Awaitable[None]] = _pass
        self._devices = dict(devices)
        self._store = store
        self._clock = clock
        self._adoption = Adoption(db, store, clock)
        self._wear = WearBook(db, clock)
        self._count = Count()
        self._around = Surroundings(
            links, store, self._adoption, self._wear, clock, self._count, self.guard, jitter, call_s
        )
        self._lives: dict[str, Life] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._changing = asyncio.Lock()
        self._bugs: dict[str, str] = {}

    async def run(self) -> None:
        """Poll until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                await self.reconfigure(self._devices)
                await self._watch()
            finally:
                self._group = None
                self._lives.clear()
                self._tasks.clear()

    async def reconfigure(self, devices: Mapping[str, ConfiguredDevice]) -> None:
        """Poll these devices from now on; those that did not change do not notice."""
        async with self._changing:
            lived = [life.device for life in self._lives.values()]
            await self.parting({device.id for device in lived if _parts(device, devices)})
            self._devices = dict(devices)
            if self._group is None:
                return
            lives = self._lives.values()
            await self._stop([life for life in lives if devices.get(life.device.id) != life.device])
            await self._adoption.show(frozenset(devices))
            self.pictured.set()
            for device in devices.values():
                if device.id not in self._lives:
                    self._start(Life(device, self._around))

    def poke(self, device_id: str) -> None:
        """Have a device read soon; any number of pokes before that read make one read."""
        if device_id in self._lives:
            self._lives[device_id].poke()

    def driver(self, device_id: str) -> Driver | None:
        """The open driver of a device, identified and read since; None during an outage."""
        life = self._lives.get(device_id)
        return life.driver if life else None

    def health(self, device_id: str) -> DeviceHealth | None:
        """How a configured device is doing."""
        life = self._lives.get(device_id)
        return life.health.view() if life else None

    def options(self, device_id: str) -> DeviceOptions | None:
        """What is configured of a device; None for one that is not."""
        device = self._devices.get(device_id)
        return device.options if device else None

    def devices(self) -> tuple[ConfiguredDevice, ...]:
        """The devices that are polled, linked ones too."""
        return tuple(self._devices.values())

    def links(self) -> tuple[tuple[ConfiguredDevice, DeviceHealth], ...]:
        """Each device that is polled, and how it is doing."""
        return tuple((life.device, life.health.view()) for life in self._lives.values())

    def wrote(self, device_id: str, *, is_renewal: bool = False) -> None:
        """Count what was written to a device."""
        if device_id in self._lives:
            self._lives[device_id].health.wrote(is_renewal=is_renewal)

    def latest(self, device_id: str) -> Poll | None:
        """The last read of a device that succeeded in this run."""
        life = self._lives.get(device_id)
        return life.poll if life else None

    def mark(self) -> int:
        """The number of the read begun last: what has a greater one begins after this call."""
        return self._count.last

    @asynccontextmanager
    async def guard(self, device_id: str, limit_s: float) -> AsyncIterator[None]:
        """Let a driver work: whatever it raises leaves as a DeviceError, and it ends in time."""
        try:
            async with asyncio.timeout(limit_s):
                yield
        except DeviceError:
            raise
        except TimeoutError as error:
            raise UnreachableError(f"{device_id}: no answer within {limit_s:g} s") from error
        except Exception as error:
            # The one broad except: a driver is a plug-in, and its bug must not take the other
            # devices down. Everything else that is unexpected ends the process.
            if self._bugs.get(device_id) != repr(error):
                log.exception("%s: bug in driver", device_id)
            self._bugs[device_id] = repr(error)
            raise DeviceError(f"{device_id}: bug in driver: {error!r}") from error
        finally:
            await self._wear.save(device_id, self.driver(device_id))

    def _start(self, life: Life) -> None:
        if self._group is not None:
            self._lives[life.device.id] = life
            self._tasks[life.device.id] = self._group.create_task(
                life.run(), name=f"poll {life.device.id}"
            )

    async def _stop(self, lives: Iterable[Life]) -> None:
        stopped = []
        for life in lives:
            # Out of the books first, so that the watch does not start it again.
            del self._lives[life.device.id]
            stopped.append(self._tasks.pop(life.device.id))
        for task in stopped:
            task.cancel()
        if stopped:
            await asyncio.wait(stopped)
        for life in lives:
            self._store.lose(life.device.id)

    async def _watch(self) -> None:
        while True:
            await self._clock.sleep(_WATCH_S)
            for device_id, life in self._lives.items():
                life.check()
                if self._tasks[device_id].done():
                    # Libraries leak the cancellation of their own inner tasks; it ends the task
                    # that waited, without a word.
                    log.error("%s: its driver ended the polling; starting again", device_id)
                    self._start(life)


def _parts(device: ConfiguredDevice, devices: Mapping[str, ConfiguredDevice]) -> bool:
    after = devices.get(device.id)
    return not device.options.read_only and (after is None or after.options.read_only)


async def _pass(_device_ids: Collection[str]) -> None:
    """Before anybody writes."""
