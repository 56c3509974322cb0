"""Which of the devices found the gateway has already."""

import asyncio
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from gatewayd.devices.discovery.found import Found
from gatewayd.sdk.options import DeviceOptions


@dataclass(frozen=True, slots=True)
class Known:
    """The configured devices by where they are, and by the serial numbers they told.

    `places` hold device ids by unit id; None where there are no units.
    """

    places: Mapping[tuple[str, int], Mapping[int | None, str]] = field(default_factory=dict)
    serials: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)

    def at(self, host: str, port: int) -> Mapping[int | None, str]:
        """The devices at an address: whoever talks to it may hold its only connection."""
        return self.places.get((host, port), {})

    def mark(self, found: Iterable[Found]) -> list[Found]:
        """Each with the device that it is, by its serial number or its line."""
        return [replace(one, known_as=one.known_as or self._device(one)) for one in found]

    def _device(self, found: Found) -> str | None:
        if found.serial and found.serial in self.serials:
            return self.serials[found.serial]
        return self.paths.get(str(found.options.get("serial")))


async def known(devices: Mapping[str, DeviceOptions], serials: Mapping[str, str]) -> Known:
    """From the devices' options, and the devices by the serial numbers they told."""
    places: dict[tuple[str, int], dict[int | None, str]] = {}
    paths = {}
    for device_id, options in devices.items():
        host, port, path = (getattr(options, name, None) for name in ("host", "port", "serial"))
        for address in await _addresses(str(host)) if host and port else ():
            units = places.setdefault((address, int(str(port))), {})
            units[getattr(options, "unit", None)] = device_id
        if path:
            paths[str(path)] = device_id
    return Known(places, serials, paths)


async def _addresses(host: str) -> tuple[str, ...]:
    """The name itself, and where it leads now."""
    try:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return (host,)
    return tuple(dict.fromkeys([host, *(str(address[0]) for *_, address in found)]))
