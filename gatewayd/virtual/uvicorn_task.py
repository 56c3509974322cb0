"""Uvicorn as a task among others: it tells when it listens and leaves signals alone."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn


class TaskServer(uvicorn.Server):
    """Serve with `serve(sockets=[...])` in a task."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        self._listeners: list[socket.socket] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._listeners = list(sockets or ())
        await super().startup(sockets)
        self.listening.set()

    def stop_now(self) -> None:
        """Close the port and every connection, without a farewell; the task is the caller's."""
        for server in self.servers:
            server.close()
        for listener in self._listeners:
            listener.close()
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
