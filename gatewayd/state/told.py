"""Assets as the events so far have described them."""

import json
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from gatewayd.model.asset import AssetKind
from gatewayd.state.codec import json_text

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """An asset's document as last told, in the newest version's form."""

    asset_id: str
    kind: AssetKind
    user_id: str
    document: Document


def load(c: sqlite3.Connection) -> dict[str, Told]:
    """All of them, by asset id."""
    rows = c.execute("SELECT asset_id, kind, user_id, document FROM told_assets")
    return {
        asset_id: Told(asset_id, AssetKind(kind), user_id, json.loads(document))
        for asset_id, kind, user_id, document in rows
    }


def ids(c: sqlite3.Connection) -> frozenset[str]:
    """The assets of which something was told."""
    return frozenset(asset_id for (asset_id,) in c.execute("SELECT asset_id FROM told_assets"))


def put(c: sqlite3.Connection, told: Told) -> None:
    """Remember what was just told."""
    c.execute(
        "INSERT OR REPLACE INTO told_assets (asset_id, kind, user_id, document)"
        " VALUES (?, ?, ?, ?)",
        (told.asset_id, told.kind, told.user_id, json_text(told.document)),
    )


def forget(c: sqlite3.Connection, asset_ids: Collection[str]) -> None:
    """Nothing more will be told of these assets, not even that they are gone."""
    c.executemany("DELETE FROM told_assets WHERE asset_id = ?", [(one,) for one in asset_ids])
