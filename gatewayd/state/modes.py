"""The modes that users have chosen, and from when on what they asked for counts."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from gatewayd.state.codec import time_of, time_text


@dataclass(frozen=True, slots=True)
class Chosen:
    """`mode` None is the config's; `since` None counts everything."""

    mode: str | None = None
    since: datetime | None = None


def load(c: sqlite3.Connection) -> dict[str, Chosen]:
    """What there is, by asset id."""
    rows = c.execute("SELECT asset_id, mode, since FROM modes")
    return {asset_id: Chosen(mode, time_of(since)) for asset_id, mode, since in rows}


def choose(c: sqlite3.Connection, asset_id: str, mode: str, at: datetime) -> None:
    """A user's choice. What was asked for before is over."""
    c.execute(
        "INSERT OR REPLACE INTO modes (asset_id, mode, since) VALUES (?, ?, ?)",
        (asset_id, mode, time_text(at)),
    )


def forget_wants(c: sqlite3.Connection, asset_id: str, at: datetime) -> None:
    """The car has left: what was asked for it is over, the mode stays."""
    c.execute(
        "INSERT INTO modes (asset_id, since) VALUES (?, ?)"
        " ON CONFLICT (asset_id) DO UPDATE SET since = excluded.since",
        (asset_id, time_text(at)),
    )
