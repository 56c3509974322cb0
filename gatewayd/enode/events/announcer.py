"""Makes the events about assets, and the bodies of those that other rooms noted."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from gatewayd.clock import Clock
from gatewayd.enode.events.difference import are_measured
from gatewayd.enode.events.documents import Documents
from gatewayd.enode.events.notes import COMPLETERS, Body, is_complete
from gatewayd.enode.events.pace import Pace
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
_MEASURED_EVERY_S = 60.0
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
    places: Mapping[str, Location]


class Announcer:
    """Looks once a second, as long as some webhook listens; without one nothing is written.

    An asset gets at most one `updated` event in `updated_every_s`, and in the long run in
    `measured_every_s` where only measured values changed. `pictured` is set when the
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
        measured_every_s: float = _MEASURED_EVERY_S,
    ) -> None:
        self._store = store
        self._db = db
        self._clock = clock
        self._pictured = pictured
        self._policy = policy
        self._pace = Pace(updated_every_s, measured_every_s)
        self._before = store.site
        self._told: dict[str, Told] = {}
        self._followed = frozenset[AssetKind]()
        self._leaving = set[str]()
        self._waiting: dict[int, OutboxRow] = {}
        self._through = 0
        self._followed_through = 0
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
        self._told, self._through, self._followed_through = await self._db.read(
            lambda c: (told.recall(c), webhooks.delivered_through(c), told.through(c))
        )
        self._followed = frozenset(one.kind for one in self._told.values())

    async def _turn(self) -> None:
        read = await self._db.read(self._read)
        wanted = _kinds(read.audience)
        if not read.audience and not self._told:
            self._through, self._waiting, self._followed = read.newest, {}, wanted
            self._before = self._store.site
            return
        seen = self._seen(read, wanted)
        done = turn(seen, self._leaving)
        done.bodies |= read.bodies
        now_told = _after(self._told, done)
        if not done.is_empty:
            is_due = done.is_silent or read.newest - self._followed_through >= told.FOLLOW_ROWS
            following = now_told if is_due else None
            await self._db.write(lambda c: _write(c, done, following, seen.now))
            if is_due:
                self._followed_through = read.newest
        self._told = now_told
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
            places={place.id: place for place in places},
        )

    def _seen(self, read: _Read, wanted: frozenset[AssetKind]) -> Seen:
        told_already = read.bodies.keys()
        fresh = [r for r in read.rows if _is_note_of_asset(r) and r.seq not in told_already]
        return Seen(
            site=self._store.site,
            before=self._before,
            documents=Documents(read.places, self._policy),
            notes=[*self._waiting.values(), *fresh],
            told=self._told,
            followed=self._followed,
            wanted=wanted,
            now=self._clock.now(),
            is_due=self._is_due,
        )

    def _is_due(self, asset_id: str, fields: list[str]) -> bool:
        now_s = self._clock.monotonic()
        return self._pace.is_due(asset_id, now_s, is_measured=are_measured(fields))

    def _took(self, seen: Seen, read: _Read, done: Turn) -> None:
        """Remember a turn that was written."""
        self._followed, self._waiting, self._before = seen.wanted, done.waiting, seen.site
        if read.rows:
            self._through = read.rows[-1].seq
        now_s = self._clock.monotonic()
        for asset_id, is_measured in done.spoken_of.items():
            self._pace.told(asset_id, now_s, is_measured=is_measured)
        self._pace.keep(self._told)

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


def _after(before: Mapping[str, Told], done: Turn) -> dict[str, Told]:
    """What will have been told of each asset."""
    return {key: one for key, one in {**before, **done.told}.items() if one is not None}


def _write(
    c: sqlite3.Connection, done: Turn, following: Mapping[str, Told] | None, now: datetime
) -> None:
    for seq, body in done.bodies.items():
        outbox.complete(c, seq, body)
    for news in done.news:
        outbox.append(c, news.event, news.asset_id, news.user_id, news.body, now)
    if following is not None:
        told.follow(c, following)
