"""What a steered device's registers held before: what the installer or an app had set, as it was.

Readings tell a mode or a limit; behind it stand registers that no reading shows. Those that a
command is about to write are read first, and written back when the device is given back.
"""

import logging
from collections.abc import Mapping

from gatewayd.devices.poller import Poller
from gatewayd.errors import BusyError, DeviceError, UnreachableError
from gatewayd.model.asset import Asset, AssetKind
from gatewayd.model.command import Command, SetOperationMode
from gatewayd.model.reading import OperationMode, Reading
from gatewayd.plan import steer
from gatewayd.plan.steer import Before, completed
from gatewayd.sdk.driver import Driver, Restorable

log = logging.getLogger(__name__)

# A register that does not keep what is written back to it is left after so many looks.
_LOOKS = 3
# They stay at what is safe when nobody steers them, which may be less than it was.
_AS_STEERED = frozenset({AssetKind.CHARGER, AssetKind.VEHICLE})
_FORCED = frozenset(map(SetOperationMode, (OperationMode.IMPORT_FOCUS, OperationMode.EXPORT_FOCUS)))


class RegistersBefore:
    """One asset's. `words` are by place; None: nobody knows, for it was touched without a look."""

    def __init__(self, poller: Poller, call_s: float) -> None:
        self.words: Mapping[str, int] | None = {}
        self._poller = poller
        self._call_s = call_s
        self._as_before: set[Command] = set()
        self._looks = 0

    def recall(self, words: Mapping[str, int] | None) -> None:
        """Begin anew, with these."""
        self.words, self._looks = words, 0
        self._as_before.clear()

    def before(self, reading: Reading, asset: Asset) -> Before:
        """How the device is, to tell it again.

        Where registers are kept, no forced mode is told: it is in them, or it was only guessed from
        what flows, and then the device is given back to itself.
        """
        was = steer.before(reading, asset)
        if self.words is None or self._driver(asset) is None:
            return was
        kept = tuple(command for command in was.commands if command not in _FORCED)
        return completed(Before(kept), asset)

    async def look(self, asset: Asset, command: Command, *, may_skip: bool) -> bool | None:
        """Read what the command is about to change: whether there is more to store than before.

        None when that failed; where the device answers nonsense, one that `may_skip` it goes on
        without.
        """
        self._looks = 0
        self._as_before.clear()
        driver = self._driver(asset)
        if driver is None or self.words is None or asset.kind in _AS_STEERED:
            return False
        try:
            async with self._poller.guard(asset.device_id, self._call_s):
                more = await driver.held(asset.role, command, self.words.keys())
        except DeviceError as error:
            log.debug("%s: its registers were not read: %s", asset.id, error)
            if not may_skip or isinstance(error, UnreachableError | BusyError):
                return None
            self.recall(None)
            return True
        self.words = {**more, **self.words}
        return bool(more)

    async def revise(self, asset: Asset) -> None:
        """Somebody else has written: what he has set is what is given back."""
        driver = self._driver(asset)
        if driver is None or not self.words:
            return
        try:
            async with self._poller.guard(asset.device_id, self._call_s):
                self.recall(await driver.revised(asset.role, self.words))
        except DeviceError as error:
            # What is older must not be written over what is his.
            log.debug("%s: its registers were not read: %s", asset.id, error)
            self.recall(None)

    async def give_back(self, driver: Driver, asset: Asset, command: Command) -> None:
        """Tell the command, with what was held in the place of the map's values. DeviceErrors."""
        words = None if asset.kind in _AS_STEERED else self.words
        if words is None or not isinstance(driver, Restorable):
            await driver.apply(asset.role, command)
        elif await driver.restore(asset.role, command, words):
            self._as_before.add(command)

    def is_as_before(self, command: Command) -> bool:
        """Whether its registers are as they were: then the device's mode is too, whatever it is."""
        return command in self._as_before

    async def are_back(self, asset: Asset) -> bool:
        """Write what still differs; whether nothing did, or never will."""
        driver = self._driver(asset)
        if driver is None or not self.words:
            return True
        try:
            async with self._poller.guard(asset.device_id, self._call_s):
                if await driver.restore(asset.role, None, self.words):
                    return True
                self._poller.wrote(asset.device_id)
        except DeviceError as error:
            log.debug("%s: its registers were not written: %s", asset.id, error)
        self._looks += 1
        if self._looks >= _LOOKS:
            log.warning("%s: its registers do not keep what they held before", asset.id)
        return self._looks >= _LOOKS

    def _driver(self, asset: Asset) -> Restorable | None:
        driver = self._poller.driver(asset.device_id)
        return driver if isinstance(driver, Restorable) else None
