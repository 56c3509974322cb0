"""Locations at hand: every asset shown needs its own, and they hardly ever change."""

from collections.abc import Mapping
from math import inf

from gatewayd.clock import Clock
from gatewayd.model.asset import Asset
from gatewayd.model.location import Location
from gatewayd.state import locations
from gatewayd.state.db import Database

# The configuration can change a home beside the API.
_RELOAD_S = 30.0


class Places:
    """The locations by id, read again when told that they changed, or after a while."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._places: Mapping[str, Location] = {}
        self._read_at = -inf
        self._changes = 0

    async def all(self) -> Mapping[str, Location]:
        """Every location, by id."""
        now = self._clock.monotonic()
        if now - self._read_at >= _RELOAD_S:
            changes = self._changes
            self._places = {place.id: place for place in await self._db.read(locations.load)}
            # What was read before a change that came meanwhile must be read again.
            self._read_at = now if changes == self._changes else -inf
        return self._places

    async def of(self, asset: Asset) -> Location | None:
        """The location an asset is at."""
        return (await self.all()).get(asset.location_id) if asset.location_id else None

    def changed(self) -> None:
        """A location was added, changed or removed."""
        self._changes += 1
        self._read_at = -inf
