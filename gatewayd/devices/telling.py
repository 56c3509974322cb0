"""What an asset is told one command after the other, and what it has said since."""

import logging
from collections.abc import Awaitable, Callable

from gatewayd.clock import Clock
from gatewayd.devices.poller import Poller
from gatewayd.errors import DeviceError, RefusedError, UnsupportedError
from gatewayd.model.asset import Asset
from gatewayd.model.command import Command
from gatewayd.model.command_words import in_words
from gatewayd.model.reading import Reading
from gatewayd.plan import keeping
from gatewayd.plan.keeping import KeepMemory
from gatewayd.sdk.driver import Driver

log = logging.getLogger(__name__)

# After so many writes without effect a device is told of.
_DISOBEDIENT = 3

Tell = Callable[[Driver, Asset, Command], Awaitable[None]]


async def _apply(driver: Driver, asset: Asset, command: Command) -> None:
    await driver.apply(asset.role, command)


class Telling:
    """One asset's. What comes of a write is noted in `memory`."""

    def __init__(self, memory: KeepMemory, *, poller: Poller, clock: Clock, call_s: float) -> None:
        self._memory = memory
        self._poller = poller
        self._clock = clock
        self._call_s = call_s
        self._since = 0

    def seen(self, asset: Asset) -> Reading | None:
        """What the device said, if it was asked after the last write and can be told something."""
        poll = self._poller.latest(asset.device_id)
        return self.said(asset) if poll and poll.number > self._since else None

    def said(self, asset: Asset) -> Reading | None:
        """What the device said last, if it can be told something."""
        poll = self._poller.latest(asset.device_id)
        if poll is None or self._poller.driver(asset.device_id) is None:
            return None
        return poll.readings.get(asset.role)

    def written(self) -> None:
        """What was read before does not count, nor a read that is under way."""
        self._since = self._poller.mark()

    def look_again(self, asset: Asset) -> None:
        """Have the device read anew, and go by that."""
        self.written()
        self._poller.poke(asset.device_id)

    async def tell(
        self, command: Command, reading: Reading, asset: Asset, how: Tell = _apply
    ) -> None:
        """Write it. Whatever comes of that shows in the next reading."""
        driver = self._poller.driver(asset.device_id)
        if driver is None:
            return
        memory = self._memory
        keeping.note_written(command, memory, self._clock.monotonic())
        if memory.tries == _DISOBEDIENT:
            log.warning("%s: does not show: %s", asset.id, in_words(command))
        try:
            async with self._poller.guard(asset.device_id, self._call_s):
                self._poller.wrote(asset.device_id)
                await how(driver, asset, command)
        except (RefusedError, UnsupportedError) as error:
            log.warning("%s: %s is refused: %s", asset.id, in_words(command), error)
            memory.refused[command] = self._clock.monotonic()
        except DeviceError as error:
            log.debug("%s: %s was not written: %s", asset.id, in_words(command), error)
            keeping.note_undelivered(command, reading, memory)
        else:
            keeping.note_taken(command, memory)
        finally:
            self.look_again(asset)
