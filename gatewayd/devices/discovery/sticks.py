"""Wi-Fi sticks that say who they are when they are called, and by that what frame they want.

Inverters of many makers have a stick with the same Wi-Fi module, which answers a fixed question
with address, hardware address and name. The name is a number on a logging stick, a network's name
on those of one maker, and the serial of a data adapter.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gatewayd.errors import UnreachableError
from gatewayd.links.pool import Links

_PORT = 48899
_QUESTION = b"WIFIKIT-214028-READ"
_LOGGER = re.compile(r"[1-9][0-9]{7,9}")
_ACCESS_POINT = re.compile(r"Solar-WiFi.+", re.IGNORECASE)
_ADAPTER = re.compile(r"[A-Z]{2}[0-9]{4}[A-Z][0-9]{3}")
_LOGGER_MAX = 0xFFFFFFFF

# Where those that speak to anybody are, with any framing.
MODBUS_PORT = 8899
# Who is behind a data adapter.
ADAPTER: tuple[Mapping[str, object], tuple[int, ...]] = ({"framing": "data_adapter"}, (17,))


@dataclass(frozen=True, slots=True)
class Stick:
    """A stick: how it is spoken to, and the units worth asking for behind it."""

    host: str
    options: Mapping[str, object]
    units: Sequence[int]

    @property
    def place(self) -> Mapping[str, object]:
        """Where its inverter is."""
        return {"host": self.host, "port": MODBUS_PORT, **self.options}


async def called(
    links: Links, hosts: Sequence[str], *, port: int = _PORT, wait_s: float = 2.0
) -> list[Stick]:
    """The sticks among hosts, or in the networks whose broadcast addresses are given so."""
    try:
        to = [(host, port) for host in hosts]
        answers = await links.udp.call(_QUESTION, to, wait_s=wait_s)
    except UnreachableError:
        return []
    found = ((host, _kind(data)) for host, data in answers.items())
    return [Stick(host, *kind) for host, kind in found if kind is not None]


def _kind(data: bytes) -> tuple[Mapping[str, object], tuple[int, ...]] | None:
    """By the name in an answer; None for what is no answer, or nobody's that is known."""
    parts = data.decode("ascii", "replace").strip("\0\r\n ").split(",")
    name = parts[2] if len(parts) == 3 else ""
    if _LOGGER.fullmatch(name) and int(name) <= _LOGGER_MAX:
        return {"framing": "solarman", "logger_serial": int(name)}, (1,)
    if _ACCESS_POINT.fullmatch(name):
        return {"framing": "aa55"}, (247, 127)
    return ADAPTER if _ADAPTER.fullmatch(name) else None
