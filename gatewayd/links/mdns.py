"""The announcement on the local network, so that apps find the gateway without an address.

Only a name and a port are told: no serial number, owner or version, since anybody can listen.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import zeroconf
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from gatewayd.clock import Clock
from gatewayd.links.interfaces import local_addresses

log = logging.getLogger(__name__)

TYPES = ("_gatewayd._tcp.local.", "_http._tcp.local.")

# How often to look whether the router gave us another address, or multicast works by now.
_LOOK_S = 60.0
_FAREWELL_S = 3.0


class Announcement:
    """Announces one port as `<name>.local`; a network without multicast is only logged.

    `interfaces` are names (`eth0`) or IPv4 addresses; none means every one but the loopback.
    """

    def __init__(self, name: str, port: int, clock: Clock, interfaces: Sequence[str] = ()) -> None:
        self._name = name
        self._port = port
        self._clock = clock
        self._interfaces = tuple(interfaces)
        self._is_silent = False

    async def run(self) -> None:
        """Announce until cancelled, and again whenever our addresses change."""
        while True:
            addresses = local_addresses(self._interfaces)
            try:
                async with _announced(self._name, self._port, addresses):
                    self._heard()
                    await self._until_moved(addresses)
            except (OSError, zeroconf.Error) as error:
                self._unheard(error)
                await self._clock.sleep(_LOOK_S)

    async def _until_moved(self, addresses: list[str]) -> None:
        while local_addresses(self._interfaces) == addresses:
            await self._clock.sleep(_LOOK_S)

    def _heard(self) -> None:
        if self._is_silent:
            log.info("mdns: announced as %s.local again", self._name)
        self._is_silent = False

    def _unheard(self, error: Exception) -> None:
        level = logging.DEBUG if self._is_silent else logging.WARNING
        log.log(level, "mdns: cannot announce %s.local: %s", self._name, error or type(error))
        self._is_silent = True


@asynccontextmanager
async def _announced(name: str, port: int, addresses: list[str]) -> AsyncIterator[None]:
    if not addresses:
        raise OSError("there is no network")
    network = AsyncZeroconf(interfaces=addresses, ip_version=zeroconf.IPVersion.V4Only)
    try:
        services = [_service(kind, name, port, addresses) for kind in TYPES]
        sending = [
            await network.async_register_service(service, allow_name_change=True)
            for service in services
        ]
        for announcement in sending:
            await announcement
        yield
    finally:
        await _farewell(network)


def _service(kind: str, name: str, port: int, addresses: list[str]) -> AsyncServiceInfo:
    return AsyncServiceInfo(
        kind, f"{name}.{kind}", port=port, server=f"{name}.local.", parsed_addresses=addresses
    )


async def _farewell(network: AsyncZeroconf) -> None:
    with suppress(OSError, zeroconf.Error, TimeoutError):
        async with asyncio.timeout(_FAREWELL_S):
            await network.async_unregister_all_services()
    await network.async_close()
