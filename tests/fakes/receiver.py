"""A real HTTPS server that takes webhooks and answers what the test says."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme

HOST = "hooks.example"


@dataclass(frozen=True)
class Delivery:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["x-enode-delivery"]

    @property
    def events(self) -> list[Any]:
        return list(json.loads(self.body))

    @property
    def names(self) -> list[str]:
        return [event["event"] for event in self.events]


def response(status: int = 200, body: bytes = b"", *headers: str) -> bytes:
    """An answer that is right in itself."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


Respond = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Receiver:
    """Keeps what arrives. `respond` writes the answer; an exception there cuts the connection."""

    port: int = 0
    scheme: str = "https"
    respond: Respond = field(default_factory=lambda: say(response()))
    deliveries: list[Delivery] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://{HOST}:{self.port}/hook?key=1%2f2"

    def answer(self, status: int) -> None:
        """Answer every further request with this status."""
        self.respond = say(response(status))

    def hang(self) -> None:
        """Never answer any further request."""
        self.respond = _hang

    def cut(self) -> None:
        """Take every further request and close the connection instead of answering."""
        self.respond = say(b"")

    @property
    def events(self) -> list[Any]:
        """Every event that arrived, in order, repeated ones included."""
        return [event for delivery in self.deliveries for event in delivery.events]

    def events_named(self, name: str) -> list[Any]:
        return [event for event in self.events if event["event"] == name]

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        with suppress(ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            self.deliveries.append(await _request(reader))
            await self.respond(writer)
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


def say(raw: bytes) -> Respond:
    """Answer with these bytes."""

    async def respond(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    return respond


def drip(head: bytes, part: bytes, pause_s: float) -> Respond:
    """Begin an answer and go on with it for ever."""

    async def respond(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_s)

    return respond


async def _hang(_writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _request(reader: asyncio.StreamReader) -> Delivery:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    lower = {name.lower(): value for name, value in headers.items()}
    body = await reader.readexactly(int(lower.get("content-length", 0)))
    return Delivery(method, path, headers if headers == lower else headers | lower, body)


@asynccontextmanager
async def receiver(tls: ssl.SSLContext | None) -> AsyncIterator[Receiver]:
    """A receiver on a port of its own, by http without a context."""
    made = Receiver(scheme="https" if tls else "http")
    connected: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connected.add(task)
        try:
            await made.take(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            connected.discard(task)

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in list(connected):
            task.cancel()
        if connected:
            await asyncio.wait(connected)


class Authority:
    """A certificate authority of our own, and its certificate as a file."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(self.file)

    def server(self, *names: str) -> ssl.SSLContext:
        """A server's side of TLS, with a certificate for these names."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._ca.issue_cert(*(names or (HOST,))).configure_cert(context)
        return context
