"""Which addresses a scan may ask: the home's own, and no others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network

from gatewayd.errors import InvalidError
from gatewayd.links import lan
from gatewayd.links.interfaces import local_networks

# At most so many addresses in a network: 1022 of them take minutes.
_WIDEST = 22
# A larger network of ours is searched around our own address.
_USUAL = 24
_LOOPBACK = IPv4Network("127.0.0.0/8")


@dataclass(frozen=True, slots=True)
class Target:
    """An address to ask, at one port or at all that devices have."""

    host: str
    port: int | None = None


def of_networks(interfaces: Iterable[IPv4Interface]) -> list[Target]:
    """Every neighbour in the private networks that this machine is in."""
    own = [interface for interface in interfaces if interface.is_private]
    networks = {_narrowed(interface) for interface in own}
    ours = {interface.ip for interface in own}
    hosts = sorted({host for network in networks for host in network.hosts()} - ours)
    return [Target(str(host)) for host in hosts]


def of_subnet(text: str, interfaces: Iterable[IPv4Interface]) -> list[Target]:
    """Every address of a network, `192.168.1.0/24`. InvalidError for one that is not the home's."""
    try:
        network = IPv4Network(text, strict=False)
    except ValueError:
        raise InvalidError(f"{text} is no IPv4 network; write it as 192.168.1.0/24") from None
    if network.prefixlen < _WIDEST:
        raise InvalidError(f"{text} is too large; name a part of it, /{_WIDEST} or smaller")
    connected = [_LOOPBACK, *(one.network for one in interfaces if one.network.is_private)]
    if not any(network.subnet_of(one) for one in connected):
        raise InvalidError(f"{text} is no private network that this machine is in")
    return [Target(str(host)) for host in network.hosts()]


async def of_host(text: str) -> Target:
    """An address, or a name, with or without a port. InvalidError where it is not in the home."""
    host, colon, port = text.rpartition(":")
    if not colon:
        host, port = text, ""
    if port and not (port.isdecimal() and 1 <= int(port) <= 65535):
        raise InvalidError(f"{text}: {port} is no port; write host:port")
    if not await lan.is_local(host):
        raise InvalidError(f"{host} is not an address in the local network")
    return Target(host, int(port) if port else None)


async def targets(hosts: Sequence[str], subnets: Sequence[str]) -> list[Target]:
    """What is named, or else the whole of the home's networks. Raises InvalidError."""
    interfaces = local_networks()
    if not hosts and not subnets:
        return of_networks(interfaces)
    named = [await of_host(host) for host in hosts]
    return named + [one for text in subnets for one in of_subnet(text, interfaces)]


def _narrowed(interface: IPv4Interface) -> IPv4Network:
    network = interface.network
    if network.prefixlen >= _WIDEST:
        return network
    return IPv4Network((interface.ip, _USUAL), strict=False)
