"""API clients and their access tokens. Neither secrets nor tokens are stored readable."""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Client:
    """A program that may use the API."""

    id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client and its secret, which is shown once and kept nowhere."""

    id: str
    name: str
    secret: str = field(repr=False)


def add(c: sqlite3.Connection, name: str, now: datetime) -> NewClient:
    """Create a client."""
    raise NotImplementedError


def load(c: sqlite3.Connection) -> list[Client]:
    """All clients, oldest first."""
    raise NotImplementedError


def remove(c: sqlite3.Connection, client_id: str) -> None:
    """Remove a client and its tokens. Raises NotFoundError."""
    raise NotImplementedError


def rotate(c: sqlite3.Connection, client_id: str) -> NewClient:
    """Give a client a new secret; the old one ends at once. Raises NotFoundError."""
    raise NotImplementedError


def verify(c: sqlite3.Connection, client_id: str, secret: str) -> bool:
    """Whether this is the client's secret; takes as long for a client that does not exist."""
    raise NotImplementedError


def issue_token(c: sqlite3.Connection, client_id: str, now: datetime, ttl_s: float = 3600) -> str:
    """A new opaque access token. Raises NotFoundError."""
    raise NotImplementedError


def check_token(c: sqlite3.Connection, token: str, now: datetime) -> str | None:
    """The id of the client a token belongs to, while it is valid."""
    raise NotImplementedError


def purge(c: sqlite3.Connection, now: datetime) -> int:
    """Delete the expired tokens; returns how many."""
    raise NotImplementedError
