"""Meters that push what they measure, over TCP and over a pty. Time jumps."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from gatewayd.errors import ConfigError, UnreachableError
from gatewayd.links.stream import Stream, StreamLinks
from gatewayd.sdk.options import StreamOptions
from tests.fakes.jump_loop import JumpLoop, jumping


def lines(received: bytes) -> tuple[list[bytes], bytes]:
    *whole, rest = received.split(b"\n")
    return whole, rest


async def the_next(stream: Stream) -> bytes:
    await asyncio.sleep(0.02)
    return await stream.newest(max_age_s=0.01)


class Meter:
    """Says one line every second to everyone who is connected."""

    def __init__(self) -> None:
        self.connections = 0
        self.is_silent = False
        self.port = 0
        self._clients: set[asyncio.Transport] = set()
        self._count = 0

    @asynccontextmanager
    async def on_loopback(self) -> AsyncIterator["Meter"]:
        meter = self

        class Client(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                self.transport = cast(asyncio.Transport, transport)
                meter.connections += 1
                meter._clients.add(self.transport)

            def connection_lost(self, exc: Exception | None) -> None:
                meter._clients.discard(self.transport)

        server = await asyncio.get_running_loop().create_server(Client, "127.0.0.1")
        self.port = server.sockets[0].getsockname()[1]
        task = asyncio.get_running_loop().create_task(self._talk())
        try:
            yield self
        finally:
            task.cancel()
            server.close()
            self.hang_up()

    def hang_up(self) -> None:
        for transport in list(self._clients):
            transport.abort()

    async def _talk(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._count += 1
            for transport in self._clients:
                if not self.is_silent:
                    transport.write(b"%d\n" % self._count)


def at(meter: Meter, **more: object) -> StreamOptions:
    return StreamOptions.model_validate({"host": "127.0.0.1", "port": meter.port, **more})


@jumping
async def test_the_newest_frame_is_given_and_an_old_one_waited_out() -> None:
    async with Meter().on_loopback() as meter, StreamLinks().open(at(meter), lines) as stream:
        first = int(await stream.newest())
        assert int(await stream.newest()) == first
        await asyncio.sleep(5.1)
        assert int(await stream.newest()) == first + 5
        assert int(await the_next(stream)) == first + 6


@jumping
async def test_all_who_listen_at_one_place_share_its_connection_until_the_last_leaves() -> None:
    links = StreamLinks()
    async with Meter().on_loopback() as meter:
        async with links.open(at(meter), lines) as one:
            async with links.open(at(meter), lines) as two:
                assert await one.newest() == await two.newest()
            await the_next(one)
            assert meter.connections == 1
        async with links.open(at(meter), lines) as one:
            await one.newest()
        assert meter.connections == 2


@jumping
async def test_a_place_that_falls_silent_is_unreachable_and_connected_anew() -> None:
    async with Meter().on_loopback() as meter, StreamLinks().open(at(meter), lines) as stream:
        await stream.newest()
        meter.is_silent = True
        await asyncio.sleep(5)
        with pytest.raises(UnreachableError, match=r"tcp://127\.0\.0\.1:\d+: nothing said in 3 s"):
            await stream.newest(timeout_s=3)
        meter.is_silent = False
        await stream.newest()
        assert meter.connections == 2


@jumping
async def test_a_lost_connection_is_told_at_once_and_made_again() -> None:
    async with Meter().on_loopback() as meter, StreamLinks().open(at(meter), lines) as stream:
        await stream.newest()
        asyncio.get_running_loop().call_later(0.1, meter.hang_up)
        with pytest.raises(UnreachableError, match="connection is lost"):
            await the_next(stream)
        await the_next(stream)
        assert meter.connections == 2


@jumping
async def test_nobody_there_is_unreachable() -> None:
    async with Meter().on_loopback() as meter:
        options = at(meter)
    nowhere = StreamOptions(serial="/dev/serial/by-id/none")
    for place in (options, nowhere):
        async with StreamLinks().open(place, lines) as stream:
            with pytest.raises(UnreachableError, match=place.place):
                await stream.newest()


@jumping
async def test_a_serial_port_is_listened_to_and_its_loss_noticed() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, JumpLoop)
    loop.allow(0.05)
    ours, theirs = os.openpty()
    async with StreamLinks().open(StreamOptions(serial=os.ttyname(theirs)), lines) as stream:
        os.close(theirs)
        loop.call_later(0.1, os.write, ours, b"1\n2\n3")
        assert await stream.newest() == b"2"
        loop.call_later(0.1, os.write, ours, b"\n")
        assert await the_next(stream) == b"3"
        loop.call_later(0.1, os.close, ours)
        with pytest.raises(UnreachableError, match="connection is lost"):
            await the_next(stream)


@jumping
async def test_one_port_cannot_be_opened_in_two_ways() -> None:
    links = StreamLinks()
    async with links.open(StreamOptions(serial="/dev/x"), lines):
        with pytest.raises(ConfigError, match="already open"):
            async with links.open(StreamOptions(serial="/dev/x", baudrate=115200), lines):
                pass
