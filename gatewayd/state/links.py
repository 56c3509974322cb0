"""Link sessions: one person, one page, once, within a day."""

import hashlib
import hmac
import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gatewayd.errors import ConflictError
from gatewayd.state.codec import json_text, time_of, time_text

LIFETIME = timedelta(hours=24)
_TOKEN_BYTES = 32

_SELECT = """
    SELECT user_id, client_id, scopes, language, color_scheme, redirect_uri, asset_id, vendor,
        expires_at, browser, draft, ended_at
    FROM link_sessions WHERE token_hash = ?
"""

_INSERT = """
    INSERT INTO link_sessions (token_hash, user_id, client_id, scopes, language, color_scheme,
        redirect_uri, asset_id, vendor, created_at, expires_at)
    VALUES (:token_hash, :user_id, :client_id, :scopes, :language, :color_scheme,
        :redirect_uri, :asset_id, :vendor, :now, :expires_at)
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client asks a user for. `asset_id` is there when an old link is to be mended."""

    user_id: str
    client_id: str
    scopes: tuple[str, ...]
    language: str
    color_scheme: str
    redirect_uri: str
    asset_id: str | None = None
    vendor: str | None = None


@dataclass(frozen=True, slots=True)
class LinkSession:
    """A session as stored. `browser` is the digest of the key of the one browser that goes on;
    `draft` is what was chosen so far and may hold a password."""

    wanted: Wanted
    expires_at: datetime
    browser: bytes | None
    draft: Mapping[str, Any] = field(repr=False)
    ended_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        """Whether the page still does anything."""
        return self.ended_at is None and now < self.expires_at

    def belongs_to(self, browser: str) -> bool:
        """Whether this browser is the one that goes on; any is, before the first step."""
        return self.browser is None or hmac.compare_digest(self.browser, _digest(browser))


def start(c: sqlite3.Connection, wanted: Wanted, now: datetime) -> str:
    """A new session; returns its token, which is stored as a digest only. Old ones are purged."""
    c.execute("DELETE FROM link_sessions WHERE expires_at < ?", (time_text(now - LIFETIME),))
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    row = {
        "token_hash": _digest(token),
        "user_id": wanted.user_id,
        "client_id": wanted.client_id,
        "scopes": json_text(wanted.scopes),
        "language": wanted.language,
        "color_scheme": wanted.color_scheme,
        "redirect_uri": wanted.redirect_uri,
        "asset_id": wanted.asset_id,
        "vendor": wanted.vendor,
        "now": time_text(now),
        "expires_at": time_text(now + LIFETIME),
    }
    c.execute(_INSERT, row)
    return token


def find(c: sqlite3.Connection, token: str) -> LinkSession | None:
    """The session of a token, over or not; None for a token that was never given or is purged."""
    row = c.execute(_SELECT, (_digest(token),)).fetchone()
    if row is None:
        return None
    *wanted, asset_id, vendor, expires_at, browser, draft, ended_at = row
    user_id, client_id, scopes, language, color_scheme, redirect_uri = wanted
    asked = Wanted(
        user_id,
        client_id,
        tuple(json.loads(scopes)),
        language,
        color_scheme,
        redirect_uri,
        asset_id,
        vendor,
    )
    ended = time_of(ended_at) if ended_at else None
    return LinkSession(asked, time_of(expires_at), browser, json.loads(draft), ended)


def note(c: sqlite3.Connection, token: str, browser: str, draft: Mapping[str, object]) -> None:
    """Remember what was chosen, and that only this browser goes on."""
    c.execute(
        "UPDATE link_sessions SET browser = ?, draft = ? WHERE token_hash = ? AND ended_at IS NULL",
        (_digest(browser), json_text(draft), _digest(token)),
    )


def end(c: sqlite3.Connection, token: str, now: datetime) -> None:
    """Use a session up, and forget what was typed. Raises ConflictError for one that is over."""
    ended = c.execute(
        "UPDATE link_sessions SET ended_at = ?, draft = '{}'"
        " WHERE token_hash = ? AND ended_at IS NULL AND expires_at > ?",
        (time_text(now), _digest(token), time_text(now)),
    )
    if ended.rowcount == 0:
        raise ConflictError("this link has been used or has expired: ask for a new one")


def end_all(c: sqlite3.Connection, user_id: str, now: datetime) -> None:
    """End every session of a user."""
    c.execute(
        "UPDATE link_sessions SET ended_at = ?, draft = '{}'"
        " WHERE user_id = ? AND ended_at IS NULL",
        (time_text(now), user_id),
    )


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
