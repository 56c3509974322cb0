"""Who may use the API: access tokens, and a stop for those who guess secrets."""

import asyncio
import hashlib
import ipaddress
import sqlite3
from collections import deque
from dataclasses import dataclass
from datetime import datetime

from gatewayd.clock import Clock
from gatewayd.errors import TooManyRequestsError
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
class Caller:
    """Whom a token speaks for, and the API version that client is pinned to."""

    client_id: str
    api_version: str | None


class Tokens:
    """Checks bearer tokens; valid ones are remembered, so that most requests skip the database."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._known: dict[bytes, tuple[Caller, float]] = {}

    async def caller(self, authorization: str | None) -> Caller | None:
        """Whom an Authorization header speaks for; None without a valid token."""
        token = _bearer(authorization)
        if token is None:
            return None
        digest = hashlib.sha256(token.encode()).digest()
        caller, checked_at = self._known.get(digest, (None, 0.0))
        if caller and self._clock.monotonic() - checked_at < _RECHECK_S:
            return caller
        return await self._check(token, digest)

    async def _check(self, token: str, digest: bytes) -> Caller | None:
        checked_at, now = self._clock.monotonic(), self._clock.now()
        caller = await self._db.read(lambda c: _caller(c, token, now))
        self._known.pop(digest, None)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        if caller:
            self._known[digest] = caller, checked_at
        return caller


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


def _caller(c: sqlite3.Connection, token: str, now: datetime) -> Caller | None:
    client_id = clients.check_token(c, token, now)
    return None if client_id is None else Caller(client_id, clients.version_of(c, client_id))


def _source(address: str | None) -> str:
    """What counts as one source: an IPv6 host owns a whole /64 to move about in."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def _bearer(authorization: str | None) -> str | None:
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    is_token = scheme.lower() == "bearer" and 0 < len(token) <= _LONGEST_TOKEN
    return token if is_token else None
