"""How an asset was before it was steered, and its row in the database.

The row is written before the first byte leaves, and is there until the device reports that it is
so again.
"""

import sqlite3
from datetime import datetime, timedelta

from gatewayd.clock import Clock
from gatewayd.devices.record import packed
from gatewayd.devices.registers_before import RegistersBefore
from gatewayd.errors import StorageError
from gatewayd.model.asset import Asset
from gatewayd.model.decision import Decision
from gatewayd.model.reading import Reading
from gatewayd.plan import in_force, keeping
from gatewayd.plan.given import YieldedGiven
from gatewayd.plan.keeping import Kept
from gatewayd.plan.steer import Before
from gatewayd.state import decisions, setpoints
from gatewayd.state.db import Database


class AsItWas:
    """One asset's. `before` is None for one that is untouched; `is_stored`: its row says so."""

    def __init__(
        self, asset_id: str, *, db: Database, clock: Clock, registers: RegistersBefore
    ) -> None:
        self.before: Before | None = None
        self.is_stored = False
        self.registers = registers
        self._asset_id = asset_id
        self._db = db
        self._clock = clock

    async def recall(self) -> datetime | None:
        """Take up what an earlier run left; until when the asset is left to somebody else."""
        found = await self._db.read(lambda c: setpoints.get(c, self._asset_id))
        if found is None:
            return None
        self.before, self.is_stored = Before(found.before), True
        self.registers.recall(found.held)
        return found.yielded_until

    async def adopt(self, kept: Kept, reading: Reading, asset: Asset) -> None:
        """What is found forced as it is wanted may be what a lost database knew of."""
        was = in_force.adopted(kept.wish, reading, asset)
        if self.before is not None or was is None:
            return
        now, asset_id = self._clock.now(), self._asset_id
        await self._db.write(lambda c: setpoints.put(c, asset_id, kept.owner, was.commands, now))
        self.before, self.is_stored = was, self._db.is_lasting
        self.registers.recall(None)

    async def touch(self, owner: str, reading: Reading, asset: Asset, *, is_decrease: bool) -> bool:
        """Store it; whether that was done. Raises StorageError, but for what is a decrease.

        A disk that takes nothing must not keep a fuse from being saved.
        """
        if not is_decrease and not self._db.is_lasting:
            raise StorageError("in memory only: after a kill nobody could give it back")
        self.before = was = self.before or self.registers.before(reading, asset)
        if not self._db.is_lasting:
            return False
        now, asset_id, held = self._clock.now(), self._asset_id, self.registers.words
        try:
            await self._db.write(
                lambda c: setpoints.put(c, asset_id, owner, was.commands, now, held=held)
            )
        except StorageError:
            if not is_decrease:
                raise
            return False
        self.is_stored = True
        return True

    async def give_way(self, decision: Decision, given: YieldedGiven) -> None:
        """What the other writer wants is what is given back from now on."""
        asset, asset_id = given.state.asset, self._asset_id
        self.before = was = self.registers.before(given.reading, asset)
        until = decision.at + timedelta(seconds=keeping.YIELD_S)
        await self.registers.revise(asset)
        held = self.registers.words

        def record(c: sqlite3.Connection) -> None:
            setpoints.put(c, asset_id, decision.owner, was.commands, decision.at, until, held=held)
            decisions.record(c, decision, given=packed(given))

        await self._db.write(record)

    async def forget(self) -> None:
        """The device is so again."""
        await self._db.write(lambda c: setpoints.remove(c, self._asset_id))
        self.before, self.is_stored = None, False
        self.registers.recall({})
