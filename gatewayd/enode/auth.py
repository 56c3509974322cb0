"""Who may use the API: access tokens, and a stop for those who guess secrets."""

import asyncio
import hashlib
import ipaddress
import sqlite3
from collections import deque
from dataclasses import dataclass
from datetime import datetime

from gatewayd.clock import Clock
from gatewayd.errors import TooManyRequestsError, UnauthorizedError
from gatewayd.state import clients
from gatewayd.state.db import Database

# How long a removed client's token still works, and an expired one at most outlives its end.
_RECHECK_S = 30.0
_MOST_KNOWN = 1000
_LONGEST_TOKEN = 512

_FAILURES = 5
_WINDOW_S = 15 * 60.0
_MOST_SOURCES = 1000


@dataclass(frozen=True, slots=True)
class _Known:
    client_id: str
    api_version: str | None
    checked_at: float


class Tokens:
    """Checks bearer tokens; valid ones are remembered, so that most requests skip the database."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._known: dict[bytes, _Known] = {}

    async def client_of(self, authorization: str | None) -> str:
        """The id of the client an Authorization header speaks for; raises UnauthorizedError."""
        return (await self._known_client(authorization)).client_id

    async def version_of(self, authorization: str | None) -> str | None:
        """The API version that client is pinned to; None for none, or without a valid token."""
        try:
            return (await self._known_client(authorization)).api_version
        except UnauthorizedError:
            return None

    async def _known_client(self, authorization: str | None) -> _Known:
        token = _bearer(authorization)
        digest = hashlib.sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known and self._clock.monotonic() - known.checked_at < _RECHECK_S:
            return known
        return await self._check(token, digest)

    async def _check(self, token: str, digest: bytes) -> _Known:
        checked_at, now = self._clock.monotonic(), self._clock.now()
        found = await self._db.read(lambda c: _client(c, token, now))
        self._known.pop(digest, None)
        if found is None:
            raise _unauthorized()
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[digest] = known = _Known(*found, checked_at)
        return known


class Logins:
    """Checks clients' secrets: one at a time, and not for an address that guesses."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._turn = asyncio.Lock()
        self._failures: dict[str, deque[float]] = {}

    async def verify(self, client_id: str, secret: str, address: str | None) -> bool:
        """Whether this is the client's secret.

        Raises TooManyRequestsError, without looking, for an address that has failed too often.
        """
        source = _source(address)
        async with self._turn:
            self._check(source)
            is_right = await self._db.read(lambda c: clients.verify(c, client_id, secret))
            if not is_right:
                self._failed(source)
        return is_right

    def _check(self, source: str) -> None:
        failures = self._failures.get(source)
        if failures is None or len(failures) < _FAILURES:
            return
        left_s = failures[0] + _WINDOW_S - self._clock.monotonic()
        if left_s > 0:
            raise TooManyRequestsError(
                "too many failed logins from this address: wait", retry_after_s=left_s
            )

    def _failed(self, source: str) -> None:
        # Put last again, so that the source that failed longest ago is the first to be dropped.
        failures = self._failures.pop(source, None) or deque(maxlen=_FAILURES)
        failures.append(self._clock.monotonic())
        self._failures[source] = failures
        while len(self._failures) > _MOST_SOURCES:
            del self._failures[next(iter(self._failures))]


def _client(c: sqlite3.Connection, token: str, now: datetime) -> tuple[str, str | None] | None:
    """The client of a token, and the version it is pinned to."""
    client_id = clients.check_token(c, token, now)
    return None if client_id is None else (client_id, clients.version_of(c, client_id))


def _source(address: str | None) -> str:
    """What counts as one source: an IPv6 host owns a whole /64 to move about in."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > _LONGEST_TOKEN:
        raise _unauthorized()
    return token


def _unauthorized() -> UnauthorizedError:
    return UnauthorizedError("Unauthorized for resource")
