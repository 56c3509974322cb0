"""Makes the events about assets, and the bodies of those that other rooms noted."""

import asyncio
import logging
import math
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from gatewayd.clock import Clock
from gatewayd.enode.events.documents import Documents
from gatewayd.enode.events.notes import COMPLETERS, Body, is_complete
from gatewayd.enode.events.turn import Seen, Turn, turn
from gatewayd.errors import StorageError
from gatewayd.model.asset import AssetKind
from gatewayd.model.location import Location
from gatewayd.model.smart_charging import SmartChargingPolicy
from gatewayd.state import locations, outbox, told, users, webhooks
from gatewayd.state.db import Database
from gatewayd.state.outbox import OutboxRow
from gatewayd.state.store import Store
from gatewayd.state.told import Told

log = logging.getLogger(__name__)

_TICK_S = 1.0
_UPDATED_EVERY_S = 5.0
_ROWS = 500
_WHATS = ("discovered", "updated", "deleted")
_NOTED = frozenset(
    f"user:{kind}:{what}" for kind in AssetKind for what in ("discovered", "deleted")
)


@dataclass(frozen=True)
class _Read:
    """What a turn needs of the database. `rows` are those behind the last turn's."""

    audience: frozenset[str]
    rows: list[OutboxRow]
    bodies: dict[int, Body | None]
    newest: int
    told_ids: frozenset[str]
    places: Mapping[str, Location]


class Announcer:
    """Looks once a second, as long as some webhook listens; without one nothing is written.

    An asset gets at most one `updated` event in `updated_every_s`. `pictured` is set when the
    picture holds all assets, since before that one would look deleted. `policy` tells what is
    wanted of a vehicle's charging.
    """

    def __init__(
        self,
        *,
        store: Store,
        db: Database,
        clock: Clock,
        pictured: asyncio.Event,
        policy: Callable[[str], SmartChargingPolicy],
        updated_every_s: float = _UPDATED_EVERY_S,
    ) -> None:
        self._store = store
        self._db = db
        self._clock = clock
        self._pictured = pictured
        self._policy = policy
        self._updated_every_s = updated_every_s
        self._before = store.site
        self._told: dict[str, Told] = {}
        self._told_at: dict[str, float] = {}
        self._followed = frozenset[AssetKind]()
        self._leaving = set[str]()
        self._waiting: dict[int, OutboxRow] = {}
        self._through = 0
        self._is_reported = False

    async def run(self) -> None:
        """Tell what happens, until cancelled."""
        await self._pictured.wait()
        await self._recall()
        while True:
            try:
                await self._turn()
            except StorageError as error:
                self._report(error)
            else:
                self._is_reported = False
            await self._clock.sleep(_TICK_S)

    async def _recall(self) -> None:
        """Take up where the last run ended."""
        self._told, self._through = await self._db.read(
            lambda c: (told.load(c), webhooks.delivered_through(c))
        )
        self._followed = frozenset(one.kind for one in self._told.values())

    async def _turn(self) -> None:
        read = await self._db.read(self._read)
        wanted = _kinds(read.audience)
        self._told = {key: one for key, one in self._told.items() if key in read.told_ids}
        if not read.audience and not self._told:
            self._through, self._waiting, self._followed = read.newest, {}, wanted
            self._before = self._store.site
            return
        seen = self._seen(read, wanted)
        done = turn(seen, self._leaving)
        done.bodies |= read.bodies
        if not done.is_empty:
            await self._db.write(lambda c: _write(c, done, seen.now))
        self._took(seen, read, done)

    def _read(self, c: sqlite3.Connection) -> _Read:
        rows = outbox.after(c, self._through, _ROWS)
        # Of users who withdrew their authorisation nothing is told.
        silent = {r.seq for r in rows if not is_complete(r) and _is_silent(c, r)}
        noted = [r for r in rows if not is_complete(r) and not _is_note_of_asset(r)]
        places = locations.load(c)
        return _Read(
            audience=webhooks.audience(c),
            rows=rows,
            bodies=dict.fromkeys(silent)
            | {row.seq: _body(c, row) for row in noted if row.seq not in silent},
            newest=outbox.newest(c),
            told_ids=told.ids(c),
            places={place.id: place for place in places},
        )

    def _seen(self, read: _Read, wanted: frozenset[AssetKind]) -> Seen:
        told_already = read.bodies.keys()
        fresh = [r for r in read.rows if _is_note_of_asset(r) and r.seq not in told_already]
        now_s = self._clock.monotonic()
        return Seen(
            site=self._store.site,
            before=self._before,
            documents=Documents(read.places, self._policy),
            notes=[*self._waiting.values(), *fresh],
            told=self._told,
            followed=self._followed,
            wanted=wanted,
            now=self._clock.now(),
            is_due=lambda asset_id: (
                now_s - self._told_at.get(asset_id, -math.inf) >= self._updated_every_s
            ),
        )

    def _took(self, seen: Seen, read: _Read, done: Turn) -> None:
        """Remember a turn that was written."""
        self._followed, self._waiting, self._before = seen.wanted, done.waiting, seen.site
        if read.rows:
            self._through = read.rows[-1].seq
        for asset_id, one in done.told.items():
            if one is None:
                self._told.pop(asset_id, None)
                self._told_at.pop(asset_id, None)
            else:
                self._told[asset_id] = one
        self._told_at |= dict.fromkeys(done.spoken_of, self._clock.monotonic())

    def _report(self, error: StorageError) -> None:
        if not self._is_reported:
            log.error("events wait, because they cannot be stored: %s", error)
        self._is_reported = True


def _kinds(audience: frozenset[str]) -> frozenset[AssetKind]:
    """The kinds of assets that somebody wants to hear of."""
    if webhooks.EVERYTHING in audience:
        return frozenset(AssetKind)
    return frozenset(
        kind for kind in AssetKind if audience & {f"user:{kind}:{what}" for what in _WHATS}
    )


def _is_note_of_asset(row: OutboxRow) -> bool:
    return row.event in _NOTED and not is_complete(row)


def _is_silent(c: sqlite3.Connection, row: OutboxRow) -> bool:
    """Whether the event's user took the clients' authorisation back; one who is gone has not."""
    return users.get(c, row.user_id) is not None and not users.is_authorised(c, row.user_id)


def _body(c: sqlite3.Connection, row: OutboxRow) -> Body | None:
    completer = COMPLETERS.get(row.event)
    if completer is None:
        log.error("event %d, %s, is left out: its body is not complete", row.seq, row.event)
        return None
    return completer(c, row)


def _write(c: sqlite3.Connection, done: Turn, now: datetime) -> None:
    for seq, body in done.bodies.items():
        outbox.complete(c, seq, body)
    for news in done.news:
        outbox.append(c, news.event, news.asset_id, news.user_id, news.body, now)
    for asset_id, one in done.told.items():
        if one is None:
            told.forget(c, [asset_id])
        else:
            told.put(c, one)
