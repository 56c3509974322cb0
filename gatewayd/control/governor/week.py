"""What assets in shadow would have saved in the last seven days, for who looks at the home."""

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta

from gatewayd.clock import Clock
from gatewayd.control.governor.terms import Terms
from gatewayd.control.shadow import Shadow, shadows
from gatewayd.errors import StorageError
from gatewayd.model.asset import Asset
from gatewayd.state.db import Database
from gatewayd.state.store import Store

log = logging.getLogger(__name__)

_WEEK = timedelta(days=7)
# 10,000 minutes of each asset take seconds to go through.
_EVERY_S = 3600.0
_LOOK_S = 60.0


class LastWeek:
    """`found` is by asset id, reckoned once an hour, and when other assets are in shadow."""

    def __init__(
        self, db: Database, store: Store, clock: Clock, terms: Callable[[], Terms]
    ) -> None:
        self.found: Mapping[str, Shadow] = {}
        self._db = db
        self._store = store
        self._clock = clock
        self._terms = terms

    async def run(self) -> None:
        """Reckon until cancelled."""
        ids: set[str] = set()
        reckoned_s = self._clock.monotonic()
        while True:
            await self._clock.sleep(_LOOK_S)
            now_s, wanted = self._clock.monotonic(), self._in_shadow()
            if {one.id for one in wanted} != ids or now_s - reckoned_s >= _EVERY_S:
                ids, reckoned_s = {one.id for one in wanted}, now_s
                await self._reckon(wanted)

    def _in_shadow(self) -> list[Asset]:
        terms = self._terms()
        assets = (state.asset for state in self._store.site.assets.values())
        return [one for one in assets if terms.governs(one) and not terms.writes(one)]

    async def _reckon(self, wanted: list[Asset]) -> None:
        now, feed_in = self._clock.now(), self._terms().grid.feed_in
        try:
            found = await shadows(self._db, wanted, feed_in, now - _WEEK, now)
        except StorageError as error:
            log.warning("what shadow would have saved cannot be read: %s", error)
        else:
            self.found = {one.asset.id: one for one in found}
