"""One connection of the HTTP server, and what a client on it may cost.

uvicorn limits neither the size of a header nor the time a request takes to arrive; what it offers
against too many connections refuses everybody's requests. Here the slow one goes.
"""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

_turns = itertools.count()


@dataclass(frozen=True, slots=True)
class Limits:
    """`header_bytes` is for the request line with all header lines; `message_bytes` for these and
    the body, whether or not the body is read. Times are for each request: until its header is
    complete, then until its body is, and for how long a client may take nothing of an answer.
    """

    connections: int = 200
    header_bytes: int = 16 * 1024
    message_bytes: int = 8 * 1024 * 1024
    header_s: float = 10.0
    body_s: float = 20.0
    answer_s: float = 30.0


class _Timer:
    """Calls something when it has run for so long."""

    def __init__(self, loop: asyncio.AbstractEventLoop, end: Callable[[], None]) -> None:
        self._loop = loop
        self._end = end
        self._handle: asyncio.TimerHandle | None = None

    @property
    def is_running(self) -> bool:
        return self._handle is not None

    def start(self, seconds: float) -> None:
        self._handle = self._loop.call_later(seconds, self._end)

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


class Connection(HttpToolsProtocol):
    """A connection that is dropped when its client is too slow or sends too much."""

    def __init__(
        self,
        limits: Limits,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits
        self._is_in_body = False
        # Of the message that is arriving.
        self._taken_bytes = 0
        self._turn = next(_turns)
        self._patience = _Timer(self.loop, self.drop)
        self._stall = _Timer(self.loop, self.drop)

    def connection_made(  # type: ignore[override]  # as uvicorn has it
        self, transport: asyncio.Transport
    ) -> None:
        """Take a client in; one too many costs the place of the one waited for longest."""
        super().connection_made(transport)
        self._wait()
        if len(self.connections) > self._limits.connections:
            waiting = [c for c in self.connections if isinstance(c, Connection) and c.is_waiting]
            min(waiting, key=lambda c: c.turn).drop()

    @property
    def is_waiting(self) -> bool:
        """Whether it is the client's turn."""
        is_answered = self.cycle is None or self.cycle.response_complete
        return self._is_in_body or is_answered

    @property
    def turn(self) -> int:
        """Grows with each header and body that is complete, over all connections."""
        return self._turn

    def drop(self) -> None:
        """End the connection without waiting for the client to take what is left for it."""
        # At once, not when the loop comes to it: many may arrive before.
        self.connections.discard(self)
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._patience.stop()
        self._stall.stop()

    def data_received(self, data: bytes) -> None:
        self._taken_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        most = self._limits.message_bytes if self._is_in_body else self._limits.header_bytes
        if self._taken_bytes > most:
            self.send_400_response(f"the request is longer than {most} bytes")
        elif not self._patience.is_running and self.is_waiting:
            self._wait()

    def _wait(self) -> None:
        limit_s = self._limits.body_s if self._is_in_body else self._limits.header_s
        self._patience.start(limit_s)

    def on_headers_complete(self) -> None:
        """Refuse, by raising, a header that is too long although it came at once, and one that
        names its host never or twice: who reads it behind us may choose another than we do."""
        length = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if length > self._limits.header_bytes:
            raise ValueError(f"the header is longer than {self._limits.header_bytes} bytes")
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            raise ValueError("the header must name one host")
        self._arrived(is_in_body=True)
        super().on_headers_complete()

    def on_header(self, name: bytes, value: bytes) -> None:
        # After a body these are trailers, which nobody reads.
        if not self._is_in_body:
            super().on_header(name, value)

    def on_message_complete(self) -> None:
        self._arrived(is_in_body=False)
        self._taken_bytes = 0
        super().on_message_complete()

    def _arrived(self, *, is_in_body: bool) -> None:
        self._is_in_body = is_in_body
        self._turn = next(_turns)
        self._patience.stop()

    def pause_writing(self) -> None:
        self._stall.start(self._limits.answer_s)
        super().pause_writing()

    def resume_writing(self) -> None:
        self._stall.stop()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        # Closing would wait for a client that takes nothing.
        self.drop()
