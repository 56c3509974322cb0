"""Assets as the events so far have described them.

The events themselves hold that too, so the table follows only now and then, while all events since
are in the outbox: written with every event, it would be most of what the disk has to take.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gatewayd.model.asset import AssetKind
from gatewayd.state import outbox
from gatewayd.state.codec import json_text
from gatewayd.state.outbox import OutboxRow

Document = Mapping[str, Any]

# Fewer than the outbox always keeps.
FOLLOW_ROWS = 500
_THROUGH = "told_through"


@dataclass(frozen=True, slots=True)
class Told:
    """An asset's document as last told, in the newest version's form."""

    asset_id: str
    kind: AssetKind
    user_id: str
    document: Document


def recall(c: sqlite3.Connection) -> dict[str, Told]:
    """What was last told of each asset, by its id."""
    rows = c.execute("SELECT asset_id, kind, user_id, document FROM told_assets")
    found = {
        asset_id: Told(asset_id, AssetKind(kind), user_id, json.loads(document))
        for asset_id, kind, user_id, document in rows
    }
    for row in outbox.after(c, through(c), outbox.MAX_ROWS):
        _replay(found, row)
    return found


def through(c: sqlite3.Connection) -> int:
    """The last event that the table knows of."""
    row = c.execute("SELECT value FROM meta WHERE key = ?", (_THROUGH,)).fetchone()
    return int(row[0]) if row else 0


def follow(c: sqlite3.Connection, told: Mapping[str, Told]) -> None:
    """Bring the table up to the newest event; `told` is all there is to know."""
    c.execute("DELETE FROM told_assets")
    c.executemany(
        "INSERT INTO told_assets (asset_id, kind, user_id, document) VALUES (?, ?, ?, ?)",
        [(one.asset_id, one.kind, one.user_id, json_text(one.document)) for one in told.values()],
    )
    c.execute(
        "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)",
        (_THROUGH, str(outbox.newest(c))),
    )


def _replay(found: dict[str, Told], row: OutboxRow) -> None:
    _, kind, what = [*row.event.split(":"), "", ""][:3]
    document = row.body.get(kind)
    if what == "deleted":
        found.pop(row.entity_id, None)
    elif what in ("discovered", "updated") and isinstance(document, Mapping):
        found[row.entity_id] = Told(row.entity_id, AssetKind(kind), row.user_id, document)
