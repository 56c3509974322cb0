"""Counts the energy of assets by quarters of an hour, which is what a year's question reads.

The count goes by the minutes on the disk and remembers there how far it is, so that a restart
neither loses energy nor counts it twice, and the history from before is counted too.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from sqlite3 import Connection

from gatewayd.clock import Clock
from gatewayd.control.energy import PORTION, counted, mark_of, zone_of
from gatewayd.errors import StorageError
from gatewayd.model.asset import Asset, AssetKind
from gatewayd.model.statistics import EnergyMark, EnergySample
from gatewayd.plan.statistics.inverter import SETTLE
from gatewayd.plan.statistics.quarters import QUARTER, quarter_start
from gatewayd.state import outbox, statistics, tariffs
from gatewayd.state.db import Database
from gatewayd.state.store import Store

log = logging.getLogger(__name__)

EVENT = "user:inverter:statistics-updated"

_KINDS = frozenset({AssetKind.CHARGER, AssetKind.HVAC, AssetKind.INVERTER, AssetKind.VEHICLE})
_PRUNE_ROWS = 500


class StatisticsRecorder:
    """Writes each asset's quarters of an hour, and tells when those of an inverter changed."""

    def __init__(
        self, store: Store, db: Database, clock: Clock, keep: timedelta = tariffs.KEEP
    ) -> None:
        self._store = store
        self._db = db
        self._clock = clock
        self._keep = keep
        self._is_failing = False

    async def run(self) -> None:
        """Count after every quarter of an hour, until cancelled."""
        while True:
            await self.count()
            now = self._clock.now()
            due = quarter_start(now - SETTLE) + QUARTER + SETTLE
            await self._clock.sleep((due - now).total_seconds())

    async def count(self) -> None:
        """Count all that is settled by now; what cannot be written is counted the next time."""
        try:
            for state in self._store.site.assets.values():
                if state.asset.kind in _KINDS:
                    await self._count(state.asset)
            await self._prune()
        except StorageError as error:
            if not self._is_failing:
                log.error("statistics: not counted for now: %s", error)
            self._is_failing = True
        else:
            if self._is_failing:
                log.info("statistics: counted again")
            self._is_failing = False

    async def _count(self, asset: Asset) -> None:
        settled = quarter_start(self._clock.now() - SETTLE)
        mark = await self._db.read(lambda c: mark_of(c, asset, settled))
        if mark.through == settled:
            # Nothing to count, but the mark may have been set back.
            await self._db.write(lambda c: statistics.set_mark(c, asset.id, mark))
        while mark.through < settled:
            mark = await self._advance(asset, mark, min(settled, mark.through + PORTION))

    async def _advance(self, asset: Asset, mark: EnergyMark, until: datetime) -> EnergyMark:
        now = self._clock.now()
        after, samples = await self._db.read(lambda c: counted(c, asset, mark, until))

        def change(c: Connection) -> None:
            statistics.set_mark(c, asset.id, after)
            if samples:
                # Of minutes that a clock set back brings again, the former count goes.
                statistics.clear(c, asset.id, mark.through, until)
                statistics.put(c, asset.id, samples)
                _tell(c, asset, samples, now)

        await self._db.write(change)
        return after

    async def _prune(self) -> None:
        # Few at a time: a clock that is wrong for a while must not cost the years.
        before = self._clock.now() - self._keep
        await self._db.write(lambda c: statistics.prune(c, before, _PRUNE_ROWS))


def _tell(c: Connection, asset: Asset, samples: Iterable[EnergySample], now: datetime) -> None:
    """One event per local day that changed, and one per month; what changed is told by its date."""
    if asset.kind is not AssetKind.INVERTER:
        return
    zone = zone_of(c, asset)
    days = {sample.start.astimezone(zone).date() for sample in samples}
    months = {(day.year, day.month, None) for day in days}
    for year, month, day in [*sorted((d.year, d.month, d.day) for d in days), *sorted(months)]:
        body = {"year": year, "month": month, "day": day}
        outbox.append(c, EVENT, asset.id, asset.user_id, body, now)
