"""What storage needs once a day, at an hour when nobody waits."""

import logging

from gatewayd.clock import Clock
from gatewayd.errors import StorageError
from gatewayd.state import actions, clients, decisions, meta
from gatewayd.state.db import Database

log = logging.getLogger(__name__)

_PERIOD_S = 24 * 3600.0
# Not at the start, when a Pi has most to do and least to lose.
_FIRST_S = 3600.0
_ACTIONS_A_DAY = 1000


class Housekeeping:
    """Backs up, forgets what nobody asks for any more, and remembers how late it has been."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def run(self) -> None:
        """Keep house until cancelled. A full disk is told and tried again the next day."""
        await self._clock.sleep(_FIRST_S)
        while True:
            try:
                await self._once()
            except StorageError as error:
                log.warning("housekeeping failed: %s", error)
            await self._clock.sleep(_PERIOD_S)

    async def _once(self) -> None:
        now = self._clock.now()
        await self._db.write(lambda c: meta.mark_time(c, now))
        await self._db.write(lambda c: clients.purge(c, now))
        await self._db.write(lambda c: decisions.purge(c, now))
        # As many as come in weeks, and few enough that a clock that is wrong for a day leaves most.
        await self._db.write(lambda c: actions.purge(c, now, _ACTIONS_A_DAY))
        log.info("database backed up to %s", await self._db.backup())
