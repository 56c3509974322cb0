"""The journal of actions. PENDING, then one terminal state for as long as it is kept."""

import sqlite3
from datetime import datetime, timedelta
from typing import Any

from gatewayd.model.asset import AssetKind
from gatewayd.model.command import Action, ActionState, FailureReason
from gatewayd.state.codec import command_of, command_text, time_of, time_text

# For as long as somebody may ask what was told to a device; a busy one gets some 50 a day.
KEPT = timedelta(days=365)

# The columns are named as the fields of Action.
_SELECT = """
    SELECT id, user_id, asset_id, kind, command, owner, state, created_at, updated_at, sent_at,
        completed_at, failure_reason, failure_detail
    FROM actions
"""

_NEWEST = "(SELECT max(seq) FROM actions GROUP BY asset_id)"

_INSERT = """
    INSERT INTO actions (id, user_id, asset_id, kind, command, owner, state, created_at,
        updated_at, sent_at, completed_at, failure_reason, failure_detail)
    VALUES (:id, :user_id, :asset_id, :kind, :command, :owner, :state, :created_at,
        :updated_at, :sent_at, :completed_at, :failure_reason, :failure_detail)
"""

# Terminal states are absorbing: whoever comes second changes nothing.
_UPDATE = """
    UPDATE actions SET state = :state, updated_at = :updated_at, sent_at = :sent_at,
        completed_at = :completed_at, failure_reason = :failure_reason,
        failure_detail = :failure_detail
    WHERE id = :id AND state = 'PENDING'
"""


# What an asset was told last is shown for ever, and what has not ended is still to be done.
_PURGE = """
    DELETE FROM actions WHERE seq IN (
        SELECT seq FROM actions
        WHERE created_at < ? AND state <> 'PENDING'
            AND seq NOT IN (SELECT max(seq) FROM actions GROUP BY asset_id)
        ORDER BY seq LIMIT ?
    )
"""


def insert(c: sqlite3.Connection, action: Action) -> None:
    """Write a new action.

    The asset's older PENDING one must have been ended before, in the same change: two pending
    actions of one asset raise sqlite3.IntegrityError.
    """
    c.execute(_INSERT, _row(action))


def update(c: sqlite3.Connection, action: Action) -> bool:
    """Write an action's new state; False, and nothing changes, when it has already ended."""
    return c.execute(_UPDATE, _row(action)).rowcount == 1


def get(c: sqlite3.Connection, action_id: str) -> Action | None:
    """One action."""
    row = c.execute(f"{_SELECT} WHERE id = ?", (action_id,)).fetchone()
    return _action(row) if row else None


def pending(c: sqlite3.Connection, asset_id: str | None = None) -> list[Action]:
    """The actions that have not ended, of one asset or of all, oldest first."""
    rows = c.execute(
        f"{_SELECT} WHERE state = 'PENDING' AND asset_id = coalesce(?, asset_id) ORDER BY seq",
        (asset_id,),
    )
    return [_action(row) for row in rows]


def since(
    c: sqlite3.Connection, asset_id: str, at: datetime | None, limit: int = 200
) -> list[Action]:
    """The newest actions of an asset made after a time, oldest first."""
    rows = c.execute(
        f"{_SELECT} WHERE asset_id = ? AND created_at > ? ORDER BY seq DESC LIMIT ?",
        (asset_id, time_text(at) or "", limit),
    ).fetchall()
    return [_action(row) for row in reversed(rows)]


def latest(c: sqlite3.Connection) -> dict[str, Action]:
    """The newest action of each asset, by asset id."""
    rows = c.execute(f"{_SELECT} WHERE seq IN {_NEWEST}")
    return {action.asset_id: action for action in map(_action, rows)}


def purge(c: sqlite3.Connection, now: datetime, limit: int) -> int:
    """Delete at most `limit` of those older than KEPT, the oldest first; returns how many."""
    return c.execute(_PURGE, (time_text(now - KEPT), limit)).rowcount


def _row(action: Action) -> dict[str, object]:
    return {
        "id": action.id,
        "user_id": action.user_id,
        "asset_id": action.asset_id,
        "kind": action.kind,
        "command": command_text(action.command),
        "owner": action.owner,
        "state": action.state,
        "created_at": time_text(action.created_at),
        "updated_at": time_text(action.updated_at),
        "sent_at": time_text(action.sent_at),
        "completed_at": time_text(action.completed_at),
        "failure_reason": action.failure_reason,
        "failure_detail": action.failure_detail,
    }


def _action(row: sqlite3.Row) -> Action:
    columns: dict[str, Any] = dict(row)
    reason = columns["failure_reason"]
    return Action(
        **columns
        | {
            "kind": AssetKind(columns["kind"]),
            "command": command_of(columns["command"], columns["id"]),
            "state": ActionState(columns["state"]),
            "failure_reason": FailureReason(reason) if reason else None,
            "created_at": time_of(columns["created_at"]),
            "updated_at": time_of(columns["updated_at"]),
            "sent_at": time_of(columns["sent_at"]),
            "completed_at": time_of(columns["completed_at"]),
        }
    )
