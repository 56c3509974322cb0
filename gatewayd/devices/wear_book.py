"""How often devices' memory was written, over outages of theirs and restarts of ours."""

import logging
from datetime import timedelta

from gatewayd.clock import Clock
from gatewayd.errors import StorageError
from gatewayd.sdk.driver import Driver
from gatewayd.sdk.wear import DAY_S, Wearing
from gatewayd.state import wear
from gatewayd.state.db import Database

log = logging.getLogger(__name__)


class WearBook:
    """Without a disk it is as good as the memory of the drivers."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def recall(self, device_id: str, driver: Driver) -> None:
        """Tell a driver that has just been opened what was written before."""
        if not isinstance(driver, Wearing):
            return
        try:
            written = await self._db.read(lambda c: wear.of(c, device_id))
        except StorageError as error:
            log.warning("%s: its writes are counted anew: %s", device_id, error)
            return
        now = self._clock.now()
        # A clock that was set meanwhile makes no write younger than now.
        driver.wear.recall((place, max(0.0, (now - at).total_seconds())) for place, at in written)

    async def save(self, device_id: str, driver: Driver | None) -> None:
        """Write down what was written since the last time."""
        if not isinstance(driver, Wearing) or not driver.wear.unsaved:
            return
        places, driver.wear.unsaved = driver.wear.unsaved, []
        now = self._clock.now()
        since = now - timedelta(seconds=DAY_S)
        try:
            await self._db.write(lambda c: wear.note(c, device_id, places, now, since))
        except StorageError as error:
            log.debug("%s: its writes are only counted in memory: %s", device_id, error)
            driver.wear.unsaved += places
