import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from gatewayd.links.interfaces import local_addresses
from gatewayd.links.mdns import TYPES, Announcement
from tests.fakes.clock import FakeClock

LOOPBACK = ("127.0.0.1",)


@asynccontextmanager
async def announced(
    name: str, interfaces: tuple[str, ...] = LOOPBACK, clock: FakeClock | None = None
) -> AsyncIterator[None]:
    announcement = Announcement(name, 8480, clock or FakeClock(), interfaces)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(announcement.run())
        yield
        task.cancel()


@asynccontextmanager
async def browser() -> AsyncIterator[AsyncZeroconf]:
    network = AsyncZeroconf(interfaces=list(LOOPBACK), ip_version=IPVersion.V4Only)
    try:
        yield network
    finally:
        await network.async_close()


async def found(network: AsyncZeroconf, kind: str, name: str) -> AsyncServiceInfo:
    async with asyncio.timeout(10):
        while True:
            info = AsyncServiceInfo(kind, f"{name}.{kind}")
            if await info.async_request(network.zeroconf, 1000):
                return info


async def test_name_and_port_are_found_and_nothing_else_is_told() -> None:
    async with announced("gw-test-one"), browser() as network:
        for kind in TYPES:
            info = await found(network, kind, "gw-test-one")

            assert info.port == 8480
            assert info.server == "gw-test-one.local."
            assert info.parsed_addresses() == ["127.0.0.1"]
            assert info.properties in ({}, {b"": None})


@pytest.mark.parametrize("interfaces", [("no-such-interface",), ("192.0.2.1",)])
async def test_a_network_that_cannot_be_used_is_logged_once(
    interfaces: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    clock = FakeClock()

    async with announced("gw-test-two", interfaces, clock):
        for _ in range(5):
            await clock.advance(60.0)

    assert caplog.text.count("cannot announce gw-test-two.local") == 1


async def test_a_network_that_comes_later_is_used(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = FakeClock()
    announcement = Announcement("gw-test-three", 8480, clock, ["no-such-interface"])
    async with asyncio.TaskGroup() as group:
        task = group.create_task(announcement.run())
        await clock.advance(60.0)
        announcement._interfaces = LOOPBACK
        async with asyncio.timeout(15):
            while "announced as gw-test-three.local again" not in caplog.text:
                await clock.advance(60.0)
                await asyncio.sleep(0.05)
        task.cancel()


def test_an_interface_is_chosen_by_name_or_address() -> None:
    assert local_addresses(["lo"]) == ["127.0.0.1"]
    assert local_addresses(["127.0.0.2", "lo"]) == ["127.0.0.1", "127.0.0.2"]
    assert local_addresses(["no-such-interface", "192.0.2.1"]) == []


def test_the_loopback_is_left_out_unless_named() -> None:
    assert "127.0.0.1" not in local_addresses()
