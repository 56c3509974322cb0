"""The announcement on the local network, so that apps find the gateway without an address, and
what others announce there.

Of us only a name and a port are told: no serial number, owner or version, since anybody can listen.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from gatewayd.clock import Clock
from gatewayd.links.interfaces import local_addresses

log = logging.getLogger(__name__)

TYPES = ("_gatewayd._tcp.local.", "_http._tcp.local.")

# How often to look whether the router gave us another address, or multicast works by now.
_LOOK_S = 60.0
_FAREWELL_S = 3.0
_ASK_MS = 1500
# Anybody in the network can announce what they like.
_SERVICES_MAX = 200


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


@dataclass(frozen=True, slots=True)
class Service:
    """Something announced: what kind (`_acme._tcp`), under which name, where."""

    kind: str
    name: str
    host: str
    port: int
    properties: Mapping[str, str]


async def browse(
    kinds: Iterable[str], wait_s: float, interfaces: Sequence[str] = ()
) -> list[Service]:
    """What is announced of these kinds; nothing where there is no multicast."""
    addresses = local_addresses(interfaces)
    wanted = [f"{kind}.local." for kind in kinds]
    if not addresses or not wanted:
        return []
    try:
        network = AsyncZeroconf(interfaces=addresses, ip_version=zeroconf.IPVersion.V4Only)
    except (OSError, zeroconf.Error) as error:
        log.warning("mdns: cannot listen: %s", error or type(error))
        return []
    heard: set[tuple[str, str]] = set()
    try:
        browser = AsyncServiceBrowser(network.zeroconf, wanted, handlers=[_Hearing(heard)])
        await asyncio.sleep(wait_s)
        await browser.async_cancel()
        asked = [await _asked(network, *one) for one in sorted(heard)[:_SERVICES_MAX]]
    finally:
        await network.async_close()
    return [service for service in asked if service is not None]


class _Hearing:
    """Keeps the names that come; the library calls it with keywords."""

    def __init__(self, heard: set[tuple[str, str]]) -> None:
        self._heard = heard

    def __call__(self, *, service_type: str, name: str, **_more: object) -> None:
        self._heard.add((service_type, name))


async def _asked(network: AsyncZeroconf, kind: str, name: str) -> Service | None:
    info = AsyncServiceInfo(kind, name)
    await info.async_request(network.zeroconf, _ASK_MS)
    addresses = info.parsed_addresses(zeroconf.IPVersion.V4Only)
    if not addresses or info.port is None:
        return None
    properties = {key: value or "" for key, value in info.decoded_properties.items()}
    label = name.removesuffix(f".{kind}")
    return Service(kind.removesuffix(".local."), label, addresses[0], info.port, properties)
