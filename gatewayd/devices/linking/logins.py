"""Notices when a device refuses its login, and when it takes it again."""

import logging

from gatewayd.clock import Clock
from gatewayd.devices.linking import picture
from gatewayd.devices.poller import Poller
from gatewayd.errors import StorageError
from gatewayd.model.asset import Asset, Consent
from gatewayd.model.site import Site
from gatewayd.state import consents
from gatewayd.state.db import Database
from gatewayd.state.store import Store

log = logging.getLogger(__name__)

_LOOK_S = 2.0


class LoginWatch:
    """Keeps the assets' consent in step with what their devices say to the login."""

    def __init__(self, *, poller: Poller, db: Database, store: Store, clock: Clock) -> None:
        self._poller = poller
        self._db = db
        self._store = store
        self._clock = clock
        self._is_reported = False

    async def run(self) -> None:
        """Look from time to time, until cancelled."""
        while True:
            for device_id in _devices(self._store.site):
                await self._look(device_id)
            await self._clock.sleep(_LOOK_S)

    async def _look(self, device_id: str) -> None:
        health = self._poller.health(device_id)
        shown = {state.asset.consent for state in self._store.site.of_device(device_id)}
        if health is None:
            return
        if health.is_locked_out:
            if Consent.GRANTED in shown:
                log.warning("%s: it refuses its login: link it again", device_id)
                await self._change(device_id, is_valid=False)
        elif health.is_reachable and Consent.INVALID in shown:
            log.info("%s: it takes its login again", device_id)
            await self._change(device_id, is_valid=True)

    async def _change(self, device_id: str, *, is_valid: bool) -> None:
        now, write = self._clock.now(), consents.validate if is_valid else consents.invalidate
        try:
            changed: list[Asset] = await self._db.write(lambda c: write(c, device_id, now))
        except StorageError as error:
            # Seen again at the next look, and told once.
            if not self._is_reported:
                log.error("%s: its login's state cannot be stored: %s", device_id, error)
            self._is_reported = True
            return
        self._is_reported = False
        picture.show(self._store, changed)


def _devices(site: Site) -> list[str]:
    return sorted({state.asset.device_id for state in site.assets.values()})
