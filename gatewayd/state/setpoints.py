"""How devices were before they were steered: written at the first touch, gone with the last."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from gatewayd.model.command import Command
from gatewayd.state.codec import command_of, command_text, json_text, time_of, time_text


def put(
    c: sqlite3.Connection,
    asset_id: str,
    owner: str,
    before: Sequence[Command],
    at: datetime,
    yielded_until: datetime | None = None,
    *,
    held: Mapping[str, int] | None = None,
) -> None:
    """Remember what to tell an asset to have it as it was; replaces what was known of it.

    Until `yielded_until` it is left to somebody else. `held` is what its registers held.
    """
    texts = [command_text(command) for command in before]
    until = time_text(yielded_until) if yielded_until else None
    held_text = None if held is None else json_text(dict(held))
    c.execute(
        "INSERT OR REPLACE INTO setpoints (asset_id, owner, commands, at, yielded_until, held)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (asset_id, owner, json_text(texts), time_text(at), until, held_text),
    )


def get(c: sqlite3.Connection, asset_id: str) -> tuple[Command, ...] | None:
    """What to tell an asset to have it as it was; None for one that is untouched."""
    row = c.execute("SELECT commands FROM setpoints WHERE asset_id = ?", (asset_id,)).fetchone()
    if row is None:
        return None
    return tuple(command_of(text, f"before {asset_id} was steered") for text in json.loads(row[0]))


def yielded_until(c: sqlite3.Connection, asset_id: str) -> datetime | None:
    """Until when an asset is left to somebody else; None for one that is not."""
    row = c.execute(
        "SELECT yielded_until FROM setpoints WHERE asset_id = ?", (asset_id,)
    ).fetchone()
    return time_of(row[0]) if row else None


def held(c: sqlite3.Connection, asset_id: str) -> dict[str, int] | None:
    """What an asset's registers held, by place; None where nobody has looked."""
    row = c.execute("SELECT held FROM setpoints WHERE asset_id = ?", (asset_id,)).fetchone()
    found: dict[str, int] | None = json.loads(row[0]) if row and row[0] else None
    return found


def touched(c: sqlite3.Connection) -> list[str]:
    """The assets that are not as they were."""
    return [asset_id for (asset_id,) in c.execute("SELECT asset_id FROM setpoints ORDER BY 1")]


def remove(c: sqlite3.Connection, asset_id: str) -> None:
    """It is as it was."""
    c.execute("DELETE FROM setpoints WHERE asset_id = ?", (asset_id,))
