"""Devices that answer a call to all, or that tell of themselves: datagrams, groups, mDNS."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from gatewayd.devices.discovery.found import Found
from gatewayd.devices.discovery.opening import opened
from gatewayd.errors import UnreachableError
from gatewayd.links.pool import Links
from gatewayd.sdk.driver import DriverInfo
from gatewayd.sdk.finding import GroupProbe, Likeness, MdnsProbe, Probe, UdpProbe

_ProbeT = TypeVar("_ProbeT", bound=Probe)


class Listening:
    """Hears who is there. `wait_s` is for how long."""

    def __init__(self, links: Links, infos: Mapping[str, DriverInfo], wait_s: float = 4.0) -> None:
        self._links = links
        self._infos = infos
        self._wait_s = wait_s

    async def called(self, hosts: Sequence[str]) -> list[Found]:
        """Who answers a datagram to these hosts, or to the broadcast addresses given so."""
        found = []
        for driver, probe in self._probes(UdpProbe):
            to = [(host, probe.port) for host in hosts]
            try:
                answers = await self._links.udp.call(
                    probe.question, to, local_port=probe.local_port, wait_s=self._wait_s
                )
            except UnreachableError:
                continue
            for host, data in answers.items():
                found += await self._opened(driver, {"host": host}, probe.judge(data))
        return found

    async def told_to_groups(self) -> list[Found]:
        """Who tells a multicast group of itself."""
        found = []
        for driver, probe in self._probes(GroupProbe):
            try:
                ear = self._links.udp.ear(probe.port, probe.key_of, group=probe.group)
                async with ear as hearing:
                    await asyncio.sleep(self._wait_s)
                    heard = hearing.heard()
            except UnreachableError:
                continue
            for data in heard.values():
                found += await self._opened(driver, {}, probe.judge(data))
        return found

    async def announced(self) -> list[Found]:
        """Who is announced by mDNS."""
        # Loaded only where it is used: zeroconf takes 4 MB.
        from gatewayd.links.mdns import browse

        probes = list(self._probes(MdnsProbe))
        services = await browse({probe.service for _, probe in probes}, self._wait_s)
        found = []
        for service in services:
            at = {"host": service.host, "port": service.port}
            for driver, probe in probes:
                if probe.service == service.kind:
                    likeness = probe.judge(service.name, service.properties)
                    found += await self._opened(driver, at, likeness)
        return found

    def _probes(self, kind: type[_ProbeT]) -> Iterator[tuple[str, _ProbeT]]:
        for driver, info in self._infos.items():
            yield from ((driver, probe) for probe in info.probes if isinstance(probe, kind))

    async def _opened(
        self, driver: str, place: Mapping[str, object], likeness: Likeness | None
    ) -> list[Found]:
        if likeness is None:
            return []
        return [await opened(self._links, driver, self._infos[driver], place, likeness)]
