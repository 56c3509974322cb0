"""API clients and their access tokens. Neither secrets nor tokens are stored readable."""

import hashlib
import hmac
import secrets
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from gatewayd.errors import NotFoundError
from gatewayd.state.codec import time_of, time_text

# Secrets are 256 random bits that nobody chose, so guessing is hopeless at any price per guess:
# 4 MiB and some 15 ms slow an attacker down without giving him a way to exhaust a small machine.
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 4096, 8, 1
_SECRET_BYTES = 32
_PREFIX_LENGTH = 8

# A clock set back must not lengthen a token's life, but NTP's usual steps must not end it.
_CLOCK_STEP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Client:
    """A program that may use the API. `api_version` is spoken when a request names none; None is
    the newest."""

    id: str
    name: str
    created_at: datetime
    api_version: str | None = None


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client and its secret, which is shown once and kept nowhere."""

    id: str
    name: str
    secret: str = field(repr=False)


def add(
    c: sqlite3.Connection, name: str, now: datetime, api_version: str | None = None
) -> NewClient:
    """Create a client."""
    client = NewClient(str(uuid4()), name, secrets.token_urlsafe(_SECRET_BYTES))
    c.execute(
        "INSERT INTO clients (id, name, secret_hash, created_at, api_version)"
        " VALUES (?, ?, ?, ?, ?)",
        (client.id, name, _hashed(client.secret), time_text(now), api_version),
    )
    return client


def load(c: sqlite3.Connection) -> list[Client]:
    """All clients, oldest first."""
    rows = c.execute(
        "SELECT id, name, created_at, api_version FROM clients ORDER BY created_at, id"
    )
    return [
        Client(client_id, name, time_of(created_at), api_version)
        for client_id, name, created_at, api_version in rows
    ]


def pin(c: sqlite3.Connection, client_id: str, api_version: str | None) -> None:
    """Give a client another version for requests that name none. Raises NotFoundError."""
    pinned = c.execute("UPDATE clients SET api_version = ? WHERE id = ?", (api_version, client_id))
    if pinned.rowcount == 0:
        raise _unknown(client_id)


def version_of(c: sqlite3.Connection, client_id: str) -> str | None:
    """The version a client is pinned to, if any."""
    row = c.execute("SELECT api_version FROM clients WHERE id = ?", (client_id,)).fetchone()
    return row[0] if row else None


def remove(c: sqlite3.Connection, client_id: str) -> None:
    """Remove a client and its tokens. Raises NotFoundError."""
    if c.execute("DELETE FROM clients WHERE id = ?", (client_id,)).rowcount == 0:
        raise _unknown(client_id)


def rotate(c: sqlite3.Connection, client_id: str) -> NewClient:
    """Give a client a new secret; the old one ends at once, tokens already issued run out.

    Raises NotFoundError.
    """
    row = c.execute("SELECT name FROM clients WHERE id = ?", (client_id,)).fetchone()
    if row is None:
        raise _unknown(client_id)
    client = NewClient(client_id, row[0], secrets.token_urlsafe(_SECRET_BYTES))
    c.execute(
        "UPDATE clients SET secret_hash = ? WHERE id = ?", (_hashed(client.secret), client_id)
    )
    return client


def verify(c: sqlite3.Connection, client_id: str, secret: str) -> bool:
    """Whether this is the client's secret; takes as long for a client that does not exist."""
    row = c.execute("SELECT secret_hash FROM clients WHERE id = ?", (client_id,)).fetchone()
    salt, _, expected = (row[0] if row else _NOBODY).partition("$")
    actual = _scrypt(secret, bytes.fromhex(salt)).hex()
    return hmac.compare_digest(actual, expected) and row is not None


def issue_token(c: sqlite3.Connection, client_id: str, now: datetime, ttl_s: float = 3600) -> str:
    """A new opaque access token; expired ones are purged. Raises NotFoundError."""
    purge(c, now)
    if c.execute("SELECT 1 FROM clients WHERE id = ?", (client_id,)).fetchone() is None:
        raise _unknown(client_id)
    token = secrets.token_urlsafe(_SECRET_BYTES)
    expires_at = now + timedelta(seconds=ttl_s)
    c.execute(
        "INSERT INTO tokens (token_hash, prefix, client_id, created_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (_digest(token), _prefix(token), client_id, time_text(now), time_text(expires_at)),
    )
    return token


def check_token(c: sqlite3.Connection, token: str, now: datetime) -> str | None:
    """The id of the client a token belongs to, while it is valid."""
    rows = c.execute(
        "SELECT token_hash, client_id FROM tokens"
        " WHERE prefix = ? AND expires_at > ? AND created_at <= ?",
        (_prefix(token), time_text(now), time_text(now + _CLOCK_STEP)),
    )
    digest = _digest(token)
    return next((owner for known, owner in rows if hmac.compare_digest(known, digest)), None)


def purge(c: sqlite3.Connection, now: datetime) -> int:
    """Delete the expired tokens; returns how many."""
    return c.execute("DELETE FROM tokens WHERE expires_at <= ?", (time_text(now),)).rowcount


def _hashed(secret: str) -> str:
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${_scrypt(secret, salt).hex()}"


def _scrypt(secret: str, salt: bytes) -> bytes:
    return hashlib.scrypt(secret.encode(), salt=salt, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _prefix(token: str) -> str:
    return token[:_PREFIX_LENGTH]


def _unknown(client_id: str) -> NotFoundError:
    return NotFoundError(f"Could not find client with ID {client_id}")


# What an unknown client is compared with, so that the answer takes as long.
_NOBODY = f"{bytes(16).hex()}${bytes(64).hex()}"
