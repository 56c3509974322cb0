"""What came of the audits of assets' wiring."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from gatewayd.state.codec import json_text, time_text


@dataclass(frozen=True, slots=True)
class Audited:
    """`fingerprint` stands for all that was audited; without `findings` it has passed.

    Of each finding its rule, where and what it is, and what to do about it.
    """

    fingerprint: str
    findings: tuple[tuple[str, str, str, str], ...] = ()


def load(c: sqlite3.Connection) -> dict[str, Audited]:
    """All of them, by asset id."""
    rows = c.execute("SELECT asset_id, fingerprint, findings FROM audits")
    return {
        asset_id: Audited(
            fingerprint,
            tuple((rule, where, what, do) for rule, where, what, do in json.loads(findings)),
        )
        for asset_id, fingerprint, findings in rows
    }


def put(c: sqlite3.Connection, asset_id: str, audited: Audited, at: datetime) -> None:
    """Replaces what was known."""
    c.execute(
        "INSERT OR REPLACE INTO audits (asset_id, fingerprint, findings, at) VALUES (?, ?, ?, ?)",
        (asset_id, audited.fingerprint, json_text(audited.findings), time_text(at)),
    )
