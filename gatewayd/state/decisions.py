"""Why assets were told what they were told, kept for as long as somebody may ask."""

import logging
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gatewayd.model.command import Action, Command
from gatewayd.model.decision import Decision, Grounds
from gatewayd.state import actions, givens
from gatewayd.state.codec import command_of, command_text, json_text, time_of, time_text
from gatewayd.state.givens import Given
from gatewayd.state.record import Record

log = logging.getLogger(__name__)

KEPT = timedelta(days=30)
# Of one asset, whatever goes wrong: a month of the worst days, of 2000, is far from it. At about
# 1.4 kB for one, and what it was made from, they stay under 140 MB.
MAX_ROWS = 100_000
# Of so many that are written it is looked whether there are too many.
_LOOK_ROWS = 256
# A clock that is wrong by a year for a day must not cost them all.
_PURGE_ROWS = 20_000

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
_NEAREST = """
    SELECT seq, at FROM decisions WHERE {of} AND at >= :begin AND at < :end AND {side}
    ORDER BY at {way}, seq {way} LIMIT :most
"""
# All times within one millisecond begin with it, and go on with digits.
_OLDER = "(at < :ms OR printf('%020d', seq) < :id)"
_NEWER = "(at >= :ms || '~' OR printf('%020d', seq) >= :id)"
_OF_ONE = "asset_id = json_extract(:ids, '$[0]')"
_OF_MANY = "+asset_id IN (SELECT value FROM json_each(:ids))"
_PURGE = """
    DELETE FROM decisions WHERE seq IN (SELECT seq FROM decisions WHERE at < ? ORDER BY at LIMIT ?)
"""
_TOO_MANY = "SELECT asset_id FROM decisions GROUP BY asset_id HAVING count(*) > ?"
_BOUND = """
    DELETE FROM decisions WHERE asset_id = :asset_id AND seq <= (SELECT seq FROM decisions
        WHERE asset_id = :asset_id ORDER BY seq DESC LIMIT 1 OFFSET :kept)
"""
_OUTLINES = """
    SELECT seq, at, owner, command, action_id IS NOT NULL FROM decisions
    WHERE asset_id = ? AND at < ? ORDER BY seq
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

    `given` is what it was made from, where it can be made again. The oldest of an asset go when
    there are too many of it.
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
    if seq % _LOOK_ROWS == 0:
        _bound(c)
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
    c.execute(_PURGE, (time_text(now - KEPT), _PURGE_ROWS))
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


def near(
    c: sqlite3.Connection,
    asset_ids: Collection[str],
    within: tuple[datetime | None, datetime | None],
    key: tuple[str, str] | None,
    most: int,
    *,
    is_newer: bool = False,
) -> list[tuple[int, datetime]]:
    """As `times`, but only `most` that are older than a key, or newer, and one on its other side.

    A key is a time to the millisecond and an id of 20 digits; without one they are the newest.
    """
    begin, end = (time_text(at) for at in within)
    ms, number = (key[0].removesuffix("Z"), key[1]) if key else ("~", "")
    row = {
        "ids": json_text(list(asset_ids)),
        "begin": begin or "",
        "end": end or "~",
        "ms": ms,
        # Behind the key itself, which is of the other side.
        "id": f"{number}~" if is_newer else number,
    }
    # In the order of time but for one asset: those of a whole home are too many to be sorted.
    of = _OF_ONE if len(asset_ids) == 1 else _OF_MANY
    older = _NEAREST.format(of=of, side=_OLDER, way="DESC")
    newer = _NEAREST.format(of=of, side=_NEWER, way="ASC")
    until = {"end": min(row["end"], f"{ms}~"), "most": 1 if is_newer else most}
    since = {"begin": max(row["begin"], ms), "most": most if is_newer else 1}
    found = [*c.execute(older, row | until), *c.execute(newer, row | since)]
    return [(seq, time_of(at)) for seq, at in found]


def by_id(c: sqlite3.Connection, ids: Sequence[int]) -> dict[int, Decided]:
    """Decisions by their ids; one that is gone is left out."""
    rows = c.execute(f"{_SELECT} WHERE {_OF_IDS}", (json_text(list(ids)),)).fetchall()
    return {row["seq"]: _decided(c, row) for row in rows}


def outlines(c: sqlite3.Connection, asset_id: str, until: datetime) -> list[tuple[Decision, bool]]:
    """An asset's decisions before `until` without their grounds, in the order they were made.

    The second of each is whether it was an action. To read the grounds of a month takes seconds.
    """
    rows = c.execute(_OUTLINES, (asset_id, time_text(until)))
    known: dict[str | None, Command | None] = {None: None}
    found = []
    for seq, at, owner, text, is_action in rows:
        if text not in known:
            known[text] = command_of(text, f"of decision {seq}")
        found.append((Decision(time_of(at), asset_id, owner, known[text], ""), bool(is_action)))
    return found


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


def _bound(c: sqlite3.Connection) -> None:
    for (asset_id,) in c.execute(_TOO_MANY, (MAX_ROWS,)).fetchall():
        kept = MAX_ROWS - MAX_ROWS // 20
        gone = c.execute(_BOUND, {"asset_id": asset_id, "kept": kept}).rowcount
        log.warning("%s: its %d oldest decisions are gone: there were too many", asset_id, gone)


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
