"""Counts the energy of assets by quarters of an hour, which is what a year's question reads.

The count goes by the minutes on the disk and remembers there how far it is, so that a restart
neither loses energy nor counts it twice, and the history from before is counted too.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
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
            await self._count()
            await self._prune()
        except StorageError as error:
            if not self._is_failing:
                log.error("statistics: not counted for now: %s", error)
            self._is_failing = True
        else:
            if self._is_failing:
                log.info("statistics: counted again")
            self._is_failing = False

    async def _count(self) -> None:
        settled = quarter_start(self._clock.now() - SETTLE)
        assets = [s.asset for s in self._store.site.assets.values() if s.asset.kind in _KINDS]
        marks = await self._db.read(lambda c: [mark_of(c, asset, settled) for asset in assets])
        due = [*zip(assets, marks, strict=True)]
        while due:
            due = await self._advance(due, settled)

    async def _advance(
        self, due: Sequence[tuple[Asset, EnergyMark]], settled: datetime
    ) -> list[tuple[Asset, EnergyMark]]:
        """Count a portion of each; returns those that are not there yet."""
        now = self._clock.now()
        portions = [await self._db.read(partial(_portion, due=one, until=settled)) for one in due]

        # A way through days without a minute need not be remembered.
        worth = [one for one in portions if one.samples or one.after.through >= settled]

        def change(c: Connection) -> None:
            # All at once: whatever is written costs pages of its own.
            for portion in worth:
                _put(c, portion, now)

        if worth:
            await self._db.write(change)
        return [(one.asset, one.after) for one in portions if one.after.through < settled]

    async def _prune(self) -> None:
        # Few at a time: a clock that is wrong for a while must not cost the years.
        before = self._clock.now() - self._keep
        await self._db.write(lambda c: statistics.prune(c, before, _PRUNE_ROWS))


@dataclass(frozen=True, slots=True)
class _Portion:
    """What was counted of an asset, from one mark to the next."""

    asset: Asset
    before: EnergyMark
    after: EnergyMark
    samples: Sequence[EnergySample]


def _portion(c: Connection, due: tuple[Asset, EnergyMark], until: datetime) -> _Portion:
    asset, mark = due
    if mark.through >= until:
        # Nothing to count, but the mark may have been set back.
        return _Portion(asset, mark, mark, ())
    return _Portion(asset, mark, *counted(c, asset, mark, min(until, mark.through + PORTION)))


def _put(c: Connection, counted: _Portion, now: datetime) -> None:
    asset, samples = counted.asset, counted.samples
    statistics.set_mark(c, asset.id, counted.after)
    if samples:
        # Of minutes that a clock set back brings again, the former count goes.
        statistics.clear(c, asset.id, counted.before.through, counted.after.through)
        statistics.put(c, asset.id, samples)
        _tell(c, asset, samples, now)


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
