"""Devices that answer a call to all, tell a group, or are announced."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import cast

from gatewayd.devices.discovery.unasked import Listening
from gatewayd.errors import UnreachableError
from gatewayd.links.mdns import Announcement, browse
from gatewayd.links.pool import Links
from gatewayd.sdk.driver import DriverInfo
from gatewayd.sdk.finding import GroupProbe, Likeness, Probe, UdpProbe
from gatewayd.sdk.options import HttpOptions
from tests.fakes.clock import FakeClock
from tests.fakes.jump_loop import jumping


@asynccontextmanager
async def _open(_options: object, _links: object) -> AsyncIterator[object]:
    raise UnreachableError("it is only heard")
    yield


def info(*probes: Probe) -> Mapping[str, DriverInfo]:
    made = DriverInfo("Acme", ("Box",), "s", HttpOptions, _open, {}, probes=probes)  # type: ignore[arg-type]
    return {"acme": made}


def judge(data: bytes) -> Likeness | None:
    return Likeness(20, "Acme", "Box", data.decode()[4:]) if data.startswith(b"ACME") else None


class Box(asyncio.DatagramProtocol):
    """Answers each datagram with what it is."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.transport.sendto(b"ACMESN1" if data == b"who" else b"?", addr)


@jumping
async def test_who_answers_a_datagram_is_found() -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Box, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    infos = info(UdpProbe(port, b"who", judge), UdpProbe(port, b"what", judge))

    found = await Listening(Links(), infos).called(["127.0.0.1"])

    transport.close()
    assert [(one.driver, one.serial, one.options) for one in found] == [
        ("acme", "SN1", {"host": "127.0.0.1"})
    ]


async def test_a_port_that_is_taken_stops_nothing() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("", 0))
        port = other.getsockname()[1]
        infos = info(
            UdpProbe(9, b"who", judge, local_port=port),
            GroupProbe("239.255.0.1", port, lambda _: 1, judge),
        )
        listening = Listening(Links(), infos, wait_s=0.05)

        assert await listening.called(["127.0.0.1"]) == []
        assert await listening.told_to_groups() == []


async def test_what_is_announced_is_heard() -> None:
    announcement = Announcement("gw-scan-test", 8480, FakeClock(), ("127.0.0.1",))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(announcement.run())
        async with asyncio.timeout(30):
            heard: list[tuple[str, int]] = []
            while ("gw-scan-test", 8480) not in heard:
                services = await browse(["_gatewayd._tcp"], 0.5, ("127.0.0.1",))
                heard = [(one.name, one.port) for one in services]
        task.cancel()

    assert {one.kind for one in services} == {"_gatewayd._tcp"}
    assert {one.host for one in services} == {"127.0.0.1"}


async def test_nothing_is_heard_where_nothing_can_be() -> None:
    assert await browse([], 0.1, ("127.0.0.1",)) == []
    assert await browse(["_x._tcp"], 0.1, ("no-such-interface",)) == []
