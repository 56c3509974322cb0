"""The neighbours in the local network, asked only when a person looks for a device.

Nothing outside it is ever asked: devices are in the home.
"""

import asyncio
import hashlib
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Sequence
from contextlib import suppress

from gatewayd.links.interfaces import local_addresses

_KNOCK_S = 0.7
_SHOW_S = 5.0
# A small router keeps a table of what is under way, and must not run out of room.
_AT_ONCE = 32
# The prefix homes have; a larger network is searched around our own address only.
_PREFIX = 24


def neighbours() -> list[str]:
    """Every other address of the networks this machine is in, at most 254 per network."""
    own = [ipaddress.IPv4Address(text) for text in local_addresses()]
    networks = {ipaddress.IPv4Network((ip, _PREFIX), strict=False) for ip in own if ip.is_private}
    hosts = {host for network in networks for host in network.hosts()}
    return [str(host) for host in sorted(hosts - set(own))]


async def answering(hosts: Sequence[str], port: int) -> list[str]:
    """Those of the hosts that accept a connection on a port, in their order."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def knock(host: str) -> bool:
        async with turns:
            return await _accepts(host, port)

    async with asyncio.TaskGroup() as group:
        knocks = {host: group.create_task(knock(host)) for host in hosts}
    return [host for host, task in knocks.items() if task.result()]


async def is_local(host: str) -> bool:
    """Whether a name or address leads into the home and nowhere else; not when to nothing."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return bool(found) and _are_private(str(address[0]) for *_, address in found)


def _are_private(addresses: Iterable[str]) -> bool:
    for text in addresses:
        # A link-local IPv6 address comes with its interface.
        ip = ipaddress.ip_address(text.partition("%")[0])
        mapped = getattr(ip, "ipv4_mapped", None)
        ip = mapped or ip
        if not ip.is_private or ip.is_unspecified or ip.is_multicast:
            return False
    return True


async def fingerprint(host: str, port: int) -> str | None:
    """The SHA-256 of the certificate that a host shows, whoever signed it; None without TLS."""
    # Nothing is told to it: only then is it decided whether to accept this one.
    anything = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anything.check_hostname, anything.verify_mode = False, ssl.CERT_NONE
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_SHOW_S):
            _, writer = await asyncio.open_connection(host, port, ssl=anything)
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        return hashlib.sha256(shown).hexdigest() if shown else None
    return None


async def _accepts(host: str, port: int) -> bool:
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_KNOCK_S):
            _, writer = await asyncio.open_connection(host, port)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        return True
    return False
