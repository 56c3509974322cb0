"""What assets in shadow would have saved in the last seven days, for who looks at the home."""

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from datetime import timedelta

from gatewayd.clock import Clock
from gatewayd.control.governor.terms import Terms
from gatewayd.control.shadow import Shadow, shadows
from gatewayd.errors import StorageError
from gatewayd.state.db import Database
from gatewayd.state.store import Store

log = logging.getLogger(__name__)

_WEEK = timedelta(days=7)
# A week is 10,000 minutes of each asset: not read for every look.
_EVERY_S = 900.0


class LastWeek:
    """`found` is by asset id, as of the last reckoning."""

    def __init__(
        self, db: Database, store: Store, clock: Clock, terms: Callable[[], Terms]
    ) -> None:
        self.found: Mapping[str, Shadow] = {}
        self._db = db
        self._store = store
        self._clock = clock
        self._terms = terms
        self._lock = asyncio.Lock()
        self._reckoned_s = -math.inf

    async def reckon(self) -> None:
        """Anew, if that is long ago. Where it cannot be read, the last one stays."""
        async with self._lock:
            now_s, terms = self._clock.monotonic(), self._terms()
            assets = [state.asset for state in self._store.site.assets.values()]
            wanted = [one for one in assets if terms.governs(one) and not terms.writes(one)]
            if not wanted or now_s - self._reckoned_s < _EVERY_S:
                return
            self._reckoned_s, now = now_s, self._clock.now()
            try:
                found = await shadows(self._db, wanted, terms.grid.feed_in, now - _WEEK, now)
            except StorageError as error:
                log.warning("what shadow would have saved cannot be read: %s", error)
            else:
                self.found = {one.asset.id: one for one in found}
