"""The devices that are polled: those of the configuration, and those that came by a link."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from pydantic import ValidationError

from gatewayd.devices.device import ConfiguredDevice
from gatewayd.devices.registry import Registry
from gatewayd.errors import ConfigError
from gatewayd.state import linked_devices, users
from gatewayd.state.db import Database
from gatewayd.state.linked_devices import LinkedDevice

log = logging.getLogger(__name__)

Devices = Mapping[str, ConfiguredDevice]


class Roster:
    """Hands the whole of them to `reconfigure` whenever either half changes.

    Where both have an id, the configuration wins: it is the operator's word.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        db: Database,
        reconfigure: Callable[[Devices], Awaitable[None]],
    ) -> None:
        self._registry = registry
        self._db = db
        self._reconfigure = reconfigure
        self._configured: Devices = MappingProxyType({})
        self._location_id: str | None = None

    @property
    def configured(self) -> Devices:
        """The configuration's devices."""
        return self._configured

    async def configure(self, devices: Devices, location_id: str | None) -> None:
        """Take over the configuration's devices; linked ones stand at the home's location."""
        self._configured = MappingProxyType(dict(devices))
        self._location_id = location_id
        await self.refresh()

    async def refresh(self) -> None:
        """Take over what users have linked or disconnected."""
        linked = await self._db.read(linked_devices.load)
        usable = (self._usable(device) for device in linked)
        found = {device.id: device for device in usable if device is not None}
        await self._reconfigure({**found, **self._configured})

    def _usable(self, device: LinkedDevice) -> ConfiguredDevice | None:
        if device.id in self._configured:
            log.warning("%s: the config has this id too: the linked device is not read", device.id)
            return None
        try:
            info = self._registry.info(device.driver)
            options = info.options.model_validate_strings(dict(device.options))
        except (ConfigError, ValidationError) as error:
            log.error("%s: a linked device cannot be read: %s", device.id, _brief(error))
            return None
        return ConfiguredDevice(
            id=device.id,
            info=info,
            options=options,
            user_id=users.NOBODY,
            name=device.name,
            location_id=self._location_id,
            driver=device.driver,
        )


def _brief(error: ConfigError | ValidationError) -> str:
    """Without what was typed, which may be a password."""
    if isinstance(error, ConfigError):
        return str(error)
    return "; ".join(f"{fault['loc']}: {fault['msg']}" for fault in error.errors())
