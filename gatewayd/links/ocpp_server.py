"""The server that charge points call: WebSocket, with TLS and passwords where configured.

Owns the WebSocket library. Security profiles 0 (neither), 1 (password) and 2 (password and TLS) of
the OCPP security whitepaper; each charge point that has a password must give it.
"""

import asyncio
import hmac
import logging
import os
import re
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import unquote

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidHeader, NegotiationError
from websockets.headers import parse_authorization_basic
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from gatewayd.errors import ConfigError, UnreachableError
from gatewayd.links.ocpp import ChargePoints
from gatewayd.links.ocpp_dialect import Order
from gatewayd.links.ocpp_payload import Payload
from gatewayd.links.ocpp_wire import Conversation

log = logging.getLogger(__name__)

_VERSIONS = {Subprotocol("ocpp1.6"): "1.6", Subprotocol("ocpp2.0.1"): "2.0.1"}
# The identifierString of the protocol; the last part of the path, whatever comes before it.
_ID = re.compile(r"[A-Za-z0-9*\-_=:+|@.]{1,48}")
# A charge point's whole configuration fits several times.
_MESSAGE_BYTES = 256 * 1024
_CONNECTIONS_MAX = 64
_PING_S = 20.0
_HANDSHAKE_S = 10.0
_SEND_S = 10.0
_CLOSE_S = 2.0


class OcppServer:
    """Serves on one address, bound when constructed.

    Raises ConfigError when the address is taken.
    """

    def __init__(
        self,
        points: ChargePoints,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._points = points
        self._tls = tls
        self._socket = _bound(host, port)
        self.port: int = self._socket.getsockname()[1]

    def close(self) -> None:
        """Give the address back."""
        self._socket.close()

    async def run(self) -> None:
        """Serve until cancelled."""
        async with serve(
            self._attend,
            sock=self._socket,
            ssl=self._tls,
            process_request=self._admit,
            select_subprotocol=_chosen,
            create_connection=_Connection,
            # Compressed messages of a hostile sender cost memory that the limit does not count.
            compression=None,
            max_size=_MESSAGE_BYTES,
            open_timeout=_HANDSHAKE_S,
            close_timeout=_CLOSE_S,
            ping_interval=_PING_S,
            ping_timeout=_PING_S,
            server_header=None,
            logger=_QUIET,
        ):
            await asyncio.get_running_loop().create_future()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Who calls, and whether it may: None lets it in."""
        id = _id(request.path)
        if id is None:
            return connection.respond(HTTPStatus.NOT_FOUND, "call /<charge point id>\n")
        password = self._points.password(id)
        if password is not None and not _gives(request, id, password):
            log.warning("charge point %s gives a wrong password", id)
            refusal = connection.respond(HTTPStatus.UNAUTHORIZED, "wrong password\n")
            refusal.headers["WWW-Authenticate"] = 'Basic realm="ocpp"'
            return refusal
        if not self._points.has_room(id):
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "too many are waiting\n")
        return None

    async def _attend(self, connection: ServerConnection) -> None:
        request = connection.request
        id = _id(request.path) if request else None
        if id is None:
            return
        station = self._points.station(id)
        line = _Line(id, connection)
        conversation = line.conversation = Conversation(id, line.version, line.send, station.hear)
        log.info("charge point %s is connected, OCPP %s", id, line.version)
        try:
            await station.arrived(line)
            with suppress(ConnectionClosed, UnreachableError):
                async for message in connection:
                    if isinstance(message, str):
                        await conversation.receive(message)
        finally:
            conversation.end()
            station.left(line)
            self._points.forget(station)
            log.info("charge point %s is disconnected", id)


class _Connection(ServerConnection):
    """One client too many costs the place of the one that has been silent for longest."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if len(self.server.handlers) > _CONNECTIONS_MAX:
            silent = [one for one in self.server.handlers if one.request is None]
            silent[0].transport.abort()


class _Line:
    """An open connection as a station uses it."""

    def __init__(self, id: str, connection: ServerConnection) -> None:
        self._id = id
        self._connection = connection
        self.conversation: Conversation | None = None
        # Some charge points name no subprotocol; those speak 1.6.
        chosen = connection.subprotocol
        self.version = "1.6" if chosen is None else _VERSIONS[chosen]
        self.address = str(connection.remote_address[0])

    async def send(self, text: str) -> None:
        """Raises UnreachableError when the charge point does not take it."""
        try:
            async with asyncio.timeout(_SEND_S):
                await self._connection.send(text)
        except (ConnectionClosed, TimeoutError) as error:
            self.hang_up()
            raise UnreachableError(f"charge point {self._id} hung up") from error

    async def call(self, order: Order) -> Payload:
        if self.conversation is None:
            raise UnreachableError(f"charge point {self._id} is not connected")
        return await self.conversation.call(order)

    def hang_up(self) -> None:
        """At once: who is replaced may not even notice."""
        self._connection.transport.abort()


def _chosen(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """The first version that the charge point offers and we speak."""
    if not offered:
        return None
    known = next((name for name in offered if name in _VERSIONS), None)
    if known is None:
        raise NegotiationError("this server speaks ocpp1.6 and ocpp2.0.1")
    return known


def _id(path: str) -> str | None:
    id = unquote(path.partition("?")[0].rstrip("/").rpartition("/")[2])
    return id if _ID.fullmatch(id) else None


def _gives(request: Request, id: str, password: str) -> bool:
    try:
        user, given = parse_authorization_basic(request.headers["Authorization"])
    # Two headers of that name, none, or not UTF-8.
    except (LookupError, InvalidHeader, UnicodeDecodeError):
        return False
    return user == id and hmac.compare_digest(given.encode(), password.encode())


def _bound(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=_family(host))
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        raise ConfigError(
            [f"ocpp: cannot listen on {host} port {port}: {why}; choose another"]
        ) from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _is_news(record: logging.LogRecord) -> bool:
    """A scanner of the network that opens no WebSocket is none; a fault of our own is."""
    return "handshake" not in record.getMessage()


_QUIET = logging.getLogger(f"{__name__}.websockets")
_QUIET.setLevel(logging.WARNING)
_QUIET.addFilter(_is_news)
