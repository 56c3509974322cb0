"""Why assets were told what they were told, kept for as long as somebody may ask."""

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gatewayd.model.command import Action
from gatewayd.model.decision import Decision, Grounds
from gatewayd.state import actions, givens
from gatewayd.state.codec import command_of, command_text, json_text, time_of, time_text
from gatewayd.state.givens import Given
from gatewayd.state.record import Record

KEPT = timedelta(days=30)
# At about 600 bytes for one, they stay under 15 MB.
MAX_ROWS = 20_000

_GROUNDS = Record(Grounds)

_INSERT = """
    INSERT INTO decisions (asset_id, user_id, action_id, at, owner, command, grounds)
    VALUES (:asset_id, coalesce((SELECT user_id FROM assets WHERE id = :asset_id), ''),
        :action_id, :at, :owner, :command, :grounds)
"""
_SELECT = "SELECT seq, asset_id, action_id, at, owner, command, grounds FROM decisions"
_TIMES = """
    SELECT seq, at FROM decisions
    WHERE asset_id IN (SELECT value FROM json_each(?)) AND at >= ? AND at < ?
"""
_OUTCOME = "SELECT owner, command, grounds FROM decisions WHERE seq = ?"
_OF_IDS = "seq IN (SELECT value FROM json_each(?))"
_NEWEST = "seq IN (SELECT max(seq) FROM decisions GROUP BY asset_id)"


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision on record, and the action that came of it. `id` grows with each record."""

    id: int
    decision: Decision
    action: Action | None


def record(
    c: sqlite3.Connection,
    decision: Decision,
    action_id: str | None = None,
    given: Given | None = None,
) -> int:
    """Keep a decision, in the same change as the action it causes; returns its id.

    `given` is what it was made from, where it can be made again. The oldest go when there are too
    many.
    """
    row = {
        "asset_id": decision.asset_id,
        "action_id": action_id,
        "at": time_text(decision.at),
        **outcome(decision),
    }
    seq = c.execute(_INSERT, row).lastrowid or 0
    if given is not None:
        givens.put(c, seq, given)
    (oldest,) = c.execute("SELECT min(seq) FROM decisions").fetchone()
    if seq - oldest >= MAX_ROWS:
        c.execute("DELETE FROM decisions WHERE seq <= ?", (oldest + MAX_ROWS // 100,))
    return seq


def outcome(decision: Decision) -> dict[str, str | None]:
    """What was decided and why, as it is written: the same to the byte for the same decision."""
    return {
        "owner": decision.owner,
        "command": command_text(decision.command) if decision.command else None,
        "grounds": _GROUNDS.text(decision.grounds),
    }


def written(c: sqlite3.Connection, seq: int) -> dict[str, str | None]:
    """What `outcome` was of a decision on record, byte for byte."""
    return dict(c.execute(_OUTCOME, (seq,)).fetchone())


def purge(c: sqlite3.Connection, now: datetime) -> None:
    """Delete what nobody asks for any more."""
    c.execute("DELETE FROM decisions WHERE at < ?", (time_text(now - KEPT),))
    givens.purge(c)


def times(
    c: sqlite3.Connection,
    asset_ids: Collection[str],
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[tuple[int, datetime]]:
    """The ids of the assets' decisions from `since` to before `until`, each with its time."""
    # Times are digits first: all of them lie between these two.
    begin, end = time_text(since) or "", time_text(until) or "~"
    rows = c.execute(_TIMES, (json_text(list(asset_ids)), begin, end))
    return [(seq, time_of(at)) for seq, at in rows]


def by_id(c: sqlite3.Connection, ids: Sequence[int]) -> dict[int, Decided]:
    """Decisions by their ids; one that is gone is left out."""
    rows = c.execute(f"{_SELECT} WHERE {_OF_IDS}", (json_text(list(ids)),)).fetchall()
    return {row["seq"]: _decided(c, row) for row in rows}


def in_force(c: sqlite3.Connection, asset_id: str, at: datetime) -> Decided | None:
    """The newest decision on an asset that is not after a time."""
    row = c.execute(
        f"{_SELECT} WHERE asset_id = ? AND at <= ? ORDER BY at DESC, seq DESC LIMIT 1",
        (asset_id, time_text(at)),
    ).fetchone()
    return _decided(c, row) if row else None


def latest(c: sqlite3.Connection) -> dict[str, Decision]:
    """The newest decision on each asset, by asset id."""
    rows = c.execute(f"{_SELECT} WHERE {_NEWEST}")
    return {row["asset_id"]: _decision(row) for row in rows}


def unended(c: sqlite3.Connection) -> list[str]:
    """The assets whose newest decision told them something, and came of no action."""
    rows = c.execute(f"{_SELECT} WHERE {_NEWEST}").fetchall()
    return [row["asset_id"] for row in rows if row["command"] and not row["action_id"]]


def _decided(c: sqlite3.Connection, row: sqlite3.Row) -> Decided:
    action = actions.get(c, row["action_id"]) if row["action_id"] else None
    return Decided(row["seq"], _decision(row), action)


def _decision(row: sqlite3.Row) -> Decision:
    text = row["command"]
    return Decision.on(
        _GROUNDS.of(row["grounds"]),
        time_of(row["at"]),
        row["asset_id"],
        row["owner"],
        command_of(text, f"of decision {row['seq']}") if text else None,
    )
