"""Turning a device that has said who it is into assets, once it is known to be the right one."""

import logging
from dataclasses import replace

from gatewayd.clock import Clock
from gatewayd.devices.device import ConfiguredDevice
from gatewayd.devices.identities import Identities
from gatewayd.errors import DeviceError, RefusedError, StorageError
from gatewayd.model.asset import Identity
from gatewayd.state import assets
from gatewayd.state.db import Database
from gatewayd.state.store import Store

log = logging.getLogger(__name__)


class Adoption:
    """Keeps the picture's assets in step with the configured devices."""

    def __init__(self, db: Database, store: Store, clock: Clock) -> None:
        self._db = db
        self._store = store
        self._clock = clock
        self._identities = Identities()

    async def show(self, device_ids: frozenset[str]) -> None:
        """Make the picture hold exactly the stored assets of these devices, heard of or not.

        Assets of other devices stay stored, with their ids, for the day their device is back.
        """
        stored = await self._db.read(assets.load)
        wanted = [asset for asset in stored if asset.device_id in device_ids]
        self._identities.load(wanted)
        states = self._store.site.assets
        # A known asset may stand as not writable since a stranger answered: that must not change.
        self._store.adopt(asset for asset in wanted if asset.id not in states)
        gone = [key for key, state in states.items() if state.asset.device_id not in device_ids]
        if gone:
            self._store.forget(gone)

    async def adopt(self, device: ConfiguredDevice, identity: Identity) -> None:
        """Take the device's assets into the database and the picture.

        Raises RefusedError for a box that is configured twice. A box with another serial number
        than before is read, and never written to.
        """
        twin = self._identities.twin(device.id, identity)
        if twin is not None:
            raise RefusedError(
                f"{device.id}: the device with serial {identity.serial} is already configured as "
                f"{twin}; remove one of the two"
            )
        expected = self._identities.stranger_for(device.id, identity)
        if expected is not None:
            self._lock_out(device.id, identity, expected)
            return
        await self._store_assets(device, self._identities.settle(device.id, identity))

    def _lock_out(self, device_id: str, identity: Identity, expected: str) -> None:
        log.warning(
            "%s: serial %s answers where %s was expected; it will not be written to. "
            "Correct the address, or give the new device an id of its own",
            device_id,
            identity.serial,
            expected,
        )
        states = self._store.site.of_device(device_id)
        self._store.adopt(
            replace(state.asset, is_writable=False, is_stranger=True) for state in states
        )

    async def _store_assets(self, device: ConfiguredDevice, identity: Identity) -> None:
        record, now = device.record, self._clock.now()
        try:
            adopted = await self._db.write(lambda c: assets.adopt(c, record, identity, now))
        except StorageError as error:
            # A known device is read on while the disk is full; a new one has no ids yet.
            if not self._store.site.of_device(device.id):
                raise DeviceError(f"{device.id}: its assets cannot be stored: {error}") from error
            log.warning("%s: what it says of itself cannot be stored: %s", device.id, error)
            return
        self._store.adopt(adopted)
