"""What a client of the HTTP server may cost, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import Receive, Scope, Send

from gatewayd.connection import Limits
from gatewayd.server import HttpServer
from tests.fakes.jump_loop import jumping

LIMITS = Limits()
GET = b"GET / HTTP/1.1\r\nHost: gateway\r\n"
POST = b"POST / HTTP/1.1\r\nHost: gateway\r\nContent-Length: %d\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the length of the body; /now without reading it; /huge with 8 MiB."""
    body, more = b"", scope["path"] == "/"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message["body"], message["more_body"]
    text = b"x" * 8 * 1024 * 1024 if scope["path"] == "/huge" else b"%d" % len(body)
    length = (b"content-length", b"%d" % len(text))
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": text})


@asynccontextmanager
async def serving(limits: Limits = LIMITS) -> AsyncIterator[int]:
    """The port of a running server."""
    server = HttpServer(echo, "127.0.0.1", 0, limits)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(server.run())
        yield server.port
        task.cancel()


class Client:
    """A connection whose client is as slow as the test wants."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> bytes:
        """One answer, as its status and body."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return head.split()[1] + b" " + await self.reader.readexactly(length)

    async def seconds_until_dropped(self, drip: bytes = b"") -> float:
        """How long the server keeps the connection while a drip arrives each second."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            try:
                async with asyncio.timeout(1):
                    if not await self.reader.read():
                        return loop.time() - began
            except TimeoutError:
                self.writer.write(drip)
            except ConnectionError:
                return loop.time() - began


@asynccontextmanager
async def connected(port: int, first: bytes = b"") -> AsyncIterator[Client]:
    client = Client(*await asyncio.open_connection("127.0.0.1", port))
    await client.send(first)
    try:
        yield client
    finally:
        client.writer.transport.abort()
        await asyncio.sleep(0)


@jumping
async def test_a_client_that_says_nothing_is_dropped() -> None:
    async with serving() as port, connected(port) as client:
        assert 9 < await client.seconds_until_dropped() < 12


@jumping
async def test_a_header_that_drips_is_dropped() -> None:
    async with serving() as port, connected(port, GET) as client:
        assert 9 < await client.seconds_until_dropped(b"A: b\r\n") < 12


@jumping
async def test_empty_lines_do_not_keep_a_connection_after_an_answer() -> None:
    async with serving() as port, connected(port, GET + b"\r\n") as client:
        assert await client.answer() == b"200 0"
        assert 9 < await client.seconds_until_dropped(b"\r\n") < 16


@jumping
async def test_a_body_that_drips_is_dropped() -> None:
    async with serving() as port, connected(port, POST % 1000) as client:
        assert 19 < await client.seconds_until_dropped(b"x") < 22


@jumping
async def test_a_body_that_nobody_waits_for_is_dropped() -> None:
    first = POST.replace(b" / ", b" /now ") % 1000
    async with serving() as port, connected(port, first) as client:
        assert await client.answer() == b"200 0"
        assert 14 < await client.seconds_until_dropped(b"x") < 22


@jumping
async def test_trailers_that_never_end_are_dropped() -> None:
    async with serving() as port, connected(port, CHUNKED + b"1\r\nx\r\n0\r\n") as client:
        assert 19 < await client.seconds_until_dropped(b"A: b\r\n") < 22


@jumping
async def test_a_client_that_takes_nothing_of_its_answer_is_dropped() -> None:
    first = GET.replace(b" / ", b" /huge ") + b"\r\n"
    async with serving() as port, connected(port, first) as client:
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(60)
        client.writer.transport.resume_reading()  # type: ignore[attr-defined]
        try:
            taken = await client.reader.read(-1)
        except ConnectionError:
            taken = b""
        assert len(taken) < 8 * 1024 * 1024


@jumping
async def test_a_slow_client_within_the_limits_is_served() -> None:
    async with serving() as port, connected(port) as client:
        for part in (GET, b"A: b\r\n", b"\r\n", POST % 3, b"a", b"b", b"c"):
            await asyncio.sleep(3)
            await client.send(part)
        assert await client.answer() == b"200 0"
        assert await client.answer() == b"200 3"


@jumping
async def test_a_connection_in_use_lives_longer_than_any_limit() -> None:
    async with serving() as port, connected(port) as client:
        for _ in range(20):
            await client.send(GET + b"\r\n")
            assert await client.answer() == b"200 0"
            await asyncio.sleep(9)


@jumping
async def test_an_idle_connection_is_dropped() -> None:
    async with serving() as port, connected(port, GET + b"\r\n") as client:
        assert await client.answer() == b"200 0"
        assert 14 < await client.seconds_until_dropped() < 17


@jumping
async def test_a_header_up_to_the_limit_is_served_and_a_longer_one_refused() -> None:
    async with serving() as port:
        for size, status in ((16_000, b"200"), (16_500, b"400"), (60_000, b"400")):
            for line in (b"A: " + b"x" * size, b"\r\n".join([b"A: 890123"] * (size // 11))):
                async with connected(port, GET + line + b"\r\n\r\n") as client:
                    assert (await client.answer()).startswith(status), (size, line[:20])


@jumping
async def test_a_request_line_that_is_too_long_is_refused() -> None:
    async with serving() as port, connected(port, b"GET /" + b"x" * 17_000) as client:
        assert (await client.answer()).startswith(b"400")


@jumping
async def test_a_request_names_one_host() -> None:
    for request, status in (
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (GET + b"Host: other\r\n\r\n", b"400"),
        (b"GET / HTTP/1.0\r\n\r\n", b"200"),
    ):
        async with serving() as port, connected(port, request) as client:
            assert (await client.answer()).startswith(status)


@jumping
async def test_a_long_header_behind_another_request_is_refused() -> None:
    first = GET + b"\r\n" + GET + b"A: " + b"x" * 17_000 + b"\r\n\r\n"
    async with serving() as port, connected(port, first) as client:
        assert (await client.answer()).startswith(b"400")


@jumping
async def test_a_message_that_never_ends_is_refused() -> None:
    limits = Limits(message_bytes=200_000)
    first = CHUNKED.replace(b" / ", b" /now ")
    async with serving(limits) as port, connected(port, first) as client:
        assert await client.answer() == b"200 0"
        await client.send(b"0\r\nA: " + b"x" * 300_000)
        assert (await client.answer()).startswith(b"400")


@jumping
async def test_slow_connections_do_not_stop_the_others() -> None:
    async with serving() as port:
        for first in (b"", GET, POST % 10):
            slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(500)]
            for _, writer in slow:
                writer.write(first)
            async with connected(port, GET + b"\r\n") as client:
                assert await client.answer() == b"200 0"
            for _, writer in slow:
                writer.transport.abort()
            await asyncio.sleep(1)


@jumping
async def test_of_too_many_the_one_waited_for_longest_goes() -> None:
    limits = Limits(connections=2)
    async with serving(limits) as port, connected(port) as first, connected(port) as second:
        await asyncio.sleep(1)
        await first.send(GET + b"\r\n")
        assert await first.answer() == b"200 0"
        async with connected(port, GET + b"\r\n") as third:
            assert await third.answer() == b"200 0"
            assert await second.seconds_until_dropped() < 2
            await first.send(GET + b"\r\n")
            assert await first.answer() == b"200 0"
