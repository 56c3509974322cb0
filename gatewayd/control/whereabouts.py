"""Vehicles come and go: their own coordinates decide at which location they are.

A vehicle that tells no coordinates stays where it was configured or last seen.
"""

import logging
from dataclasses import replace

from gatewayd.clock import Clock
from gatewayd.errors import NotFoundError, StorageError
from gatewayd.model.asset import Asset, AssetKind
from gatewayd.model.reading import VehicleReading
from gatewayd.model.site import AssetState
from gatewayd.plan.places import nearest
from gatewayd.state import assets, locations
from gatewayd.state.db import Database
from gatewayd.state.store import Store

log = logging.getLogger(__name__)

_PERIOD_S = 5.0


class Whereabouts:
    """Keeps the location of every vehicle in step with where it says it is."""

    def __init__(self, store: Store, db: Database, clock: Clock) -> None:
        self._store = store
        self._db = db
        self._clock = clock

    async def run(self) -> None:
        """Look every few seconds, until cancelled: locations may be moved as well as cars."""
        while True:
            try:
                await self.look()
            except StorageError as error:
                log.debug("where the vehicles are cannot be stored: %s", error)
            await self._clock.sleep(_PERIOD_S)

    async def look(self) -> None:
        """Once. Raises StorageError."""
        placed = [
            (s.asset, at) for s in self._store.site.of_kind(AssetKind.VEHICLE) if (at := _at(s))
        ]
        if not placed:
            return
        known = await self._db.read(locations.load)
        for asset, (latitude, longitude) in placed:
            own = [place for place in known if place.user_id == asset.user_id]
            found = nearest(own, latitude, longitude)
            await self._put(asset, found.id if found else None)

    async def _put(self, asset: Asset, place_id: str | None) -> None:
        if place_id == asset.location_id:
            return
        now = self._clock.now()
        try:
            await self._db.write(lambda c: assets.set_location(c, asset.id, place_id, now))
        except NotFoundError:
            # The location, or the vehicle, was removed meanwhile: the next look knows more.
            return
        state = self._store.site.assets.get(asset.id)
        if state is not None:
            moved = replace(state.asset, location_id=place_id, location_updated_at=now)
            self._store.adopt([moved])
        log.info("%s is %s", asset.slug, f"at {place_id}" if place_id else "away")


def _at(state: AssetState) -> tuple[float, float] | None:
    """Where a vehicle says it is; what an unreachable one said last is still the best guess."""
    match state.sample and state.sample.reading:
        case VehicleReading(latitude=float() as latitude, longitude=float() as longitude):
            return latitude, longitude
    return None
