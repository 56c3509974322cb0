"""Which addresses a URL that somebody else wrote may lead to.

A URL in a webhook is called from inside the home, so it could reach what its author cannot: the
router, a camera, this gateway. Only public addresses may be called, and only by https; whatever
else the operator lists by name, address or network.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Self

from gatewayd.errors import InvalidError, UpstreamError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# RFC 6890 and its registry. Listed here because `is_global` differs between Python's versions.
_SPECIAL_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# All that is routed on the internet. Outside it lie loopback, link-local, unique local, multicast
# and every form that hides an IPv4 address (mapped, compatible, NAT64).
_GLOBAL_V6 = IPv6Network("2000::/3")
# Within it: Teredo and other protocols of the IETF, documentation, 6to4.
_SPECIAL_V6 = tuple(
    IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be called: public addresses by https, and what the operator lists.

    A listed host may be called at whatever address it has, a listed network whatever name leads
    there; both by http too. `is_open` allows everything: for addresses from our own config.
    """

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    is_open: bool = False

    @classmethod
    def of(cls, allow: Iterable[str]) -> Self:
        """The policy for entries that are each an address, a network or a host name."""
        hosts, networks = set[str](), list[Network]()
        for entry in allow:
            network = network_of(entry)
            if network is None:
                hosts.add(_plain(entry))
            else:
                networks.append(network)
        return cls(frozenset(hosts), tuple(networks))

    def check_url(self, scheme: str, host: str) -> None:
        """Refuse what can be refused before a name is looked up. Raises InvalidError."""
        if scheme not in ("http", "https"):
            raise InvalidError("the URL must begin with https://")
        address = address_of(host)
        if address is None and _is_numeric(host):
            raise InvalidError("write the address in the URL in its usual form, such as 192.0.2.1")
        if scheme == "http" and not self._is_listed(host, address):
            raise InvalidError(
                f"the URL must begin with https://, or list {host} in api.webhooks.allow"
            )
        if address is not None and not self._may_call(host, address):
            raise InvalidError(
                f"{host} is not a public address: use another, or list it in api.webhooks.allow"
            )

    def check_address(self, host: str, text: str) -> None:
        """Refuse an address that a host's name led to. Raises UpstreamError."""
        address = address_of(text)
        if address is None or not self._may_call(host, address):
            raise UpstreamError(
                f"{host} leads to an address that is not public: "
                "use another host, or list it in api.webhooks.allow"
            )

    def _may_call(self, host: str, address: Address) -> bool:
        return self._is_listed(host, address) or is_public(address)

    def _is_listed(self, host: str, address: Address | None) -> bool:
        if self.is_open or _plain(host) in self.hosts:
            return True
        return address is not None and any(
            address in network for network in self.networks if network.version == address.version
        )


ANYWHERE = Policy(is_open=True)


def is_public(address: Address) -> bool:
    """Whether an address belongs to a host on the internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_V4)
    return address in _GLOBAL_V6 and not any(address in network for network in _SPECIAL_V6)


def address_of(text: str) -> Address | None:
    """The address, when the text is one written in full; a zone (`%eth0`) does not count."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def network_of(text: str) -> Network | None:
    """The network, or that of one address; None for what is neither."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _is_numeric(host: str) -> bool:
    """Whether this may be taken for an address: the system's own calls read `127.1` as one."""
    return ":" in host or host.replace(".", "").isdigit()


def _plain(host: str) -> str:
    return host.lower().removesuffix(".")
