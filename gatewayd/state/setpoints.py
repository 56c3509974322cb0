"""How devices were before they were steered: written at the first touch, gone with the last."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gatewayd.model.command import Command
from gatewayd.state.codec import command_of, command_text, json_text, time_of, time_text


@dataclass(frozen=True, slots=True)
class SetpointRow:
    """What to tell a device to have it as it was, and what its registers held, by place.

    `held` is None where nobody has looked. Until `yielded_until` it is left to somebody else.
    """

    before: tuple[Command, ...]
    held: dict[str, int] | None
    yielded_until: datetime | None


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


def get(c: sqlite3.Connection, asset_id: str) -> SetpointRow | None:
    """How an asset was; None for one that is untouched."""
    row = c.execute(
        "SELECT commands, held, yielded_until FROM setpoints WHERE asset_id = ?", (asset_id,)
    ).fetchone()
    if row is None:
        return None
    texts, held, until = row
    before = (command_of(text, f"before {asset_id} was steered") for text in json.loads(texts))
    return SetpointRow(tuple(before), json.loads(held) if held else None, time_of(until))


def touched(c: sqlite3.Connection) -> list[str]:
    """The assets that are not as they were."""
    return [asset_id for (asset_id,) in c.execute("SELECT asset_id FROM setpoints ORDER BY 1")]


def remove(c: sqlite3.Connection, asset_id: str) -> None:
    """It is as it was."""
    c.execute("DELETE FROM setpoints WHERE asset_id = ?", (asset_id,))
