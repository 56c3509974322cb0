"""The HTTP server under the API and the pages: uvicorn, as one more service of the daemon."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from gatewayd.errors import ConfigError

_BACKLOG = 128
_CONNECTIONS_MAX = 200
_IDLE_S = 15
# A page's event stream would keep the server from stopping for ever.
_STOP_S = 1


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the daemon's."""
        yield


class HttpServer:
    """Serves one ASGI application on one address, bound when constructed."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        self._socket = _bound(host, port)
        self._server = _Server(
            uvicorn.Config(
                app,
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                limit_concurrency=_CONNECTIONS_MAX,
                timeout_keep_alive=_IDLE_S,
                timeout_graceful_shutdown=_STOP_S,
            )
        )

    async def run(self) -> None:
        """Serve until cancelled."""
        await self._server.serve(sockets=[self._socket])

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
