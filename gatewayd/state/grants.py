"""What users allow API clients, per device and kind of asset: the rows alone.

`consents` changes them together with the assets and the events that tell of it.
"""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gatewayd.model.asset import AssetKind, Consent
from gatewayd.state import linked_devices, meta, users
from gatewayd.state.codec import json_text, time_text


@dataclass(frozen=True, slots=True)
class Grant:
    """Whose assets these are and what clients may do with them; no scopes means all that fit."""

    user_id: str
    scopes: tuple[str, ...] = ()
    consent: Consent = Consent.GRANTED


NOBODYS = Grant(users.NOBODY, (), Consent.NONE)


def of(c: sqlite3.Connection, device_id: str, kind: AssetKind, configured: Grant) -> Grant:
    """The grant in force; `configured` holds for a device of the configuration never linked.

    The configuration's own user may have been erased: what is the user's is then nobody's.
    """
    row = c.execute(
        "SELECT user_id, scopes, consent FROM grants WHERE device_id = ? AND kind = ?",
        (device_id, kind),
    ).fetchone()
    if row is not None:
        user_id, scopes, consent = row
        return Grant(user_id, tuple(json.loads(scopes)), Consent(consent))
    is_erased = meta.erased_home_user(c) == configured.user_id
    return NOBODYS if is_erased or linked_devices.get(c, device_id) else configured


def put(
    c: sqlite3.Connection, device_id: str, kind: AssetKind, grant: Grant, now: datetime
) -> None:
    """Put a grant in force."""
    c.execute(
        "INSERT OR REPLACE INTO grants (device_id, kind, user_id, scopes, consent, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            device_id,
            kind,
            grant.user_id,
            json_text(grant.scopes),
            grant.consent,
            time_text(now),
        ),
    )


def drop(c: sqlite3.Connection, device_id: str) -> None:
    """Forget everything about a device that is gone."""
    c.execute("DELETE FROM grants WHERE device_id = ?", (device_id,))


def readable(scopes: Iterable[str]) -> frozenset[AssetKind]:
    """The kinds whose data the scopes let clients read."""
    granted = set(scopes)
    return frozenset(kind for kind in AssetKind if f"{kind}:read:data" in granted)


def within(scopes: Iterable[str], kind: AssetKind) -> tuple[str, ...]:
    """Those of the scopes that are about one kind."""
    return tuple(scope for scope in scopes if scope.startswith(f"{kind}:"))
