"""Which addresses this machine has in the home's network."""

import fcntl
import socket
import struct
from collections.abc import Iterable
from ipaddress import IPv4Interface

# Linux: `if_ioctls.h`.
_SIOCGIFADDR = 0x8915
_SIOCGIFNETMASK = 0x891B


def local_addresses(interfaces: Iterable[str] = ()) -> list[str]:
    """Our IPv4 addresses on these interfaces, or on all but the loopback."""
    wanted = [*interfaces] or [name for _, name in socket.if_nameindex() if name != "lo"]
    found = [name if _is_address(name) else _address_of(name) for name in wanted]
    return sorted({address for address in found if address and _is_ours(address)})


def local_networks() -> list[IPv4Interface]:
    """Our first address on each interface but the loopback, with its network."""
    names = [name for _, name in socket.if_nameindex() if name != "lo"]
    asked = [(_address_of(name), _asked(name, _SIOCGIFNETMASK)) for name in names]
    return [IPv4Interface(f"{address}/{mask}") for address, mask in asked if address and mask]


def _is_address(name: str) -> bool:
    try:
        socket.inet_aton(name)
    except OSError:
        return False
    return "." in name


def _is_ours(address: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _address_of(interface: str) -> str | None:
    """The interface's first IPv4 address; None while it has none or does not exist."""
    return _asked(interface, _SIOCGIFADDR)


def _asked(interface: str, what: int) -> str | None:
    request = struct.pack("256s", interface.encode()[:15])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            answer = fcntl.ioctl(probe.fileno(), what, request)
        except OSError:
            return None
    return socket.inet_ntoa(answer[20:24])
