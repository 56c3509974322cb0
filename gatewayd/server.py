"""The HTTP server under the API and the pages: uvicorn, as one more service of the daemon."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from gatewayd.connection import Connection, Limits
from gatewayd.errors import ConfigError

_BACKLOG = 128
_IDLE_S = 15
_STOP_S = 1
_LIMITS = Limits()


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the daemon's."""
        yield


class HttpServer:
    """Serves one ASGI application on one address, bound when constructed; with `tls` by HTTPS."""

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        port: int,
        limits: Limits = _LIMITS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._app = app
        self._socket = _bound(host, port)
        self._server = _Server(
            uvicorn.Config(
                self._answer,
                # Called as a class would be, for each connection.
                http=cast("type[asyncio.Protocol]", partial(Connection, limits)),
                ws="none",
                interface="asgi3",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                timeout_keep_alive=_IDLE_S,
                timeout_graceful_shutdown=_STOP_S,
                ssl_context_factory=(lambda *_: tls) if tls else None,
            )
        )

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            self._server.should_exit = True
            # A page's event stream would hold the stop up until its time is over.
            for task in self._server.server_state.tasks:
                task.cancel()
            await self._server.shutdown(sockets=[self._socket])

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if not self._server.should_exit:
                raise
            # Cut off by our own stop: an end, unless the answer had not begun.
            with suppress(RuntimeError):
                await send({"type": "http.response.body", "body": b""})

    @property
    def port(self) -> int:
        """Where it listens; chosen by the system when 0 was asked for."""
        port: int = self._socket.getsockname()[1]
        return port

    def close(self) -> None:
        """Give the address back."""
        self._socket.close()


def _bound(host: str, port: int) -> socket.socket:
    """A listening socket. Raises ConfigError: only the operator can name another address."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(_BACKLOG)
    except OSError as error:
        raise ConfigError(
            [f"api: cannot listen on {host} port {port}: {error.strerror}; choose another"]
        ) from error
    return bound
