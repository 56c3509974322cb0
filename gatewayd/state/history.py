"""What the assets said, one packed row per device and minute."""

import asyncio
import logging
import math
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from gatewayd.clock import Clock
from gatewayd.errors import StorageError
from gatewayd.model.reading import Reading
from gatewayd.model.site import AssetState
from gatewayd.state.codec import json_text
from gatewayd.state.db import Database
from gatewayd.state.minute import RoleMinute, pack, unpack
from gatewayd.state.store import LastReadings, Store

log = logging.getLogger(__name__)

# By minute and device, then by role.
_Minutes = dict[tuple[int, str], dict[str, RoleMinute]]

# A row's key is minute * _DEVICES + the device's number.
_DEVICES = 10_000

# A silent device's last words are repeated so often that the last readings of all devices are
# found in the newest rows, without searching the whole history.
_REPEAT_S = 50 * 60.0
_LOOK_BACK_MINUTES = 60

# While nothing can be written, this much is kept in memory.
_MAX_WAITING_ROWS = 2000

# Rows go by the wall clock, so only a few hours' worth go per hour: a clock that is wrong by a
# year for a while must not cost the history.
_PRUNE_ROWS = 500
_PRUNE_PIECES = 24

_STOP_S = 3.0


def minute_of(at: datetime) -> int:
    """The number of a time's minute, since 1970."""
    return int(at.timestamp()) // 60


def put_minutes(c: sqlite3.Connection, minutes: _Minutes) -> None:
    """Write minutes, adding to those of which a part is there already."""
    for (minute, device_id), roles in sorted(minutes.items()):
        _put(c, minute * _DEVICES + _number(c, device_id), roles)


def last(c: sqlite3.Connection) -> Mapping[str, LastReadings]:
    """What each device said last, and when, by role: the picture after a restart."""
    rows = c.execute(
        "SELECT device_id, packed FROM samples JOIN sampled_devices ON number = key % ?"
        " WHERE key >= (SELECT max(key) FROM samples) - ? ORDER BY key DESC",
        (_DEVICES, _LOOK_BACK_MINUTES * _DEVICES),
    )
    found: dict[str, dict[str, tuple[datetime, Reading]]] = {}
    for device_id, packed in rows:
        known = found.setdefault(device_id, {})
        for role, minute in unpack(packed).items():
            if role not in known:
                known[role] = (minute.at, minute.reading())
    return found


def load(
    c: sqlite3.Connection, device_id: str, since: datetime, until: datetime
) -> list[tuple[datetime, dict[str, RoleMinute]]]:
    """A device's minutes from `since` to before `until`, oldest first."""
    rows = c.execute(
        "SELECT key, packed FROM samples JOIN sampled_devices ON number = key % ?"
        " WHERE key >= ? AND key < ? AND device_id = ? ORDER BY key",
        (_DEVICES, minute_of(since) * _DEVICES, minute_of(until) * _DEVICES, device_id),
    )
    return [(_time_of(key), unpack(packed)) for key, packed in rows]


def at_minutes(
    c: sqlite3.Connection, device_id: str, minutes: Iterable[int]
) -> dict[int, dict[str, RoleMinute]]:
    """Some of a device's minutes, by their number since 1970; without searching the others."""
    rows = c.execute(
        "SELECT samples.key, packed FROM json_each(?) JOIN sampled_devices ON device_id = ?"
        " JOIN samples ON samples.key = value * ? + number",
        (json_text(list(minutes)), device_id, _DEVICES),
    )
    return {key // _DEVICES: unpack(packed) for key, packed in rows}


def prune(c: sqlite3.Connection, before: datetime, limit: int) -> int:
    """Delete at most `limit` rows older than a time, the oldest first; returns how many."""
    cursor = c.execute(
        "DELETE FROM samples WHERE key IN"
        " (SELECT key FROM samples WHERE key < ? ORDER BY key LIMIT ?)",
        (minute_of(before) * _DEVICES, limit),
    )
    return cursor.rowcount


class MinuteRecorder:
    """Writes what the store shows: each minute, that of all devices in one transaction."""

    def __init__(self, store: Store, db: Database, clock: Clock, keep_days: int = 31) -> None:
        self._store = store
        self._db = db
        self._clock = clock
        self._keep = timedelta(days=keep_days)
        self._minutes: _Minutes = {}
        self._taken_at: dict[str, float] = {}
        self._repeat_at = clock.monotonic()
        self._is_failing = False

    async def run(self) -> None:
        """Record until cancelled; then the minute begun is written too."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._collect(), name="history: collect")
                tasks.create_task(self._write_minutely(), name="history: write")
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(_STOP_S):
                    await self._write(self._minutes)

    async def _collect(self) -> None:
        async for site in self._store.watch():
            for state in site.assets.values():
                self._take(state)

    def _take(self, state: AssetState) -> None:
        asset, sample = state.asset, state.sample
        if sample is None or sample.at_monotonic <= self._taken_at.get(asset.id, -math.inf):
            return
        self._taken_at[asset.id] = sample.at_monotonic
        roles = self._minutes.setdefault((minute_of(sample.at), asset.device_id), {})
        roles.setdefault(asset.role, RoleMinute(asset.kind, sample.at)).add(sample)

    async def _write_minutely(self) -> None:
        while True:
            now = await self._next_minute()
            due = {key: self._minutes.pop(key) for key in sorted(self._minutes) if key[0] < now}
            is_hourly = self._clock.monotonic() >= self._repeat_at
            if is_hourly:
                self._repeat_at = self._clock.monotonic() + _REPEAT_S
                self._repeat_silent(due, now - 1)
            await self._write(due)
            if is_hourly:
                await self._prune()

    async def _next_minute(self) -> int:
        """Once it has begun: to write nothing because a timer rang a moment before takes longer."""
        begun = minute_of(self._clock.now())
        while (now := minute_of(self._clock.now())) == begun:
            await self._clock.sleep(60 - self._clock.now().timestamp() % 60)
        return now

    def _repeat_silent(self, due: _Minutes, minute: int) -> None:
        for state in self._store.site.assets.values():
            if state.sample:
                roles = due.setdefault((minute, state.asset.device_id), {})
                repeated = RoleMinute.repeating(state.asset.kind, state.sample)
                roles.setdefault(state.asset.role, repeated)

    async def _write(self, minutes: _Minutes) -> None:
        try:
            await self._db.write(lambda c: put_minutes(c, minutes))
        except StorageError as error:
            self._keep_waiting(minutes, error)
        else:
            if self._is_failing:
                log.info("history: written again")
            self._is_failing = False

    def _keep_waiting(self, minutes: _Minutes, error: StorageError) -> None:
        if not self._is_failing:
            log.error("history: kept in memory: %s", error)
        self._is_failing = True
        waiting = {**minutes, **self._minutes}
        newest = sorted(waiting)[-_MAX_WAITING_ROWS:]
        self._minutes = {key: waiting[key] for key in newest}

    async def _prune(self) -> None:
        before = self._clock.now() - self._keep
        # The writer has logged a failure, and the next hour tries again.
        with suppress(StorageError):
            for _ in range(_PRUNE_PIECES):
                if await self._db.write(lambda c: prune(c, before, _PRUNE_ROWS)) < _PRUNE_ROWS:
                    return


def _time_of(key: int) -> datetime:
    return datetime.fromtimestamp(key // _DEVICES * 60, UTC)


def _number(c: sqlite3.Connection, device_id: str) -> int:
    c.execute(
        "INSERT INTO sampled_devices (device_id) VALUES (?) ON CONFLICT DO NOTHING", (device_id,)
    )
    found = c.execute("SELECT number FROM sampled_devices WHERE device_id = ?", (device_id,))
    return int(found.fetchone()[0])


def _put(c: sqlite3.Connection, key: int, roles: Mapping[str, RoleMinute]) -> None:
    row = c.execute("SELECT packed FROM samples WHERE key = ?", (key,)).fetchone()
    known = unpack(row[0]) if row else {}
    for role, later in roles.items():
        if role in known:
            known[role].merge(later)
        else:
            known[role] = later
    c.execute("REPLACE INTO samples (key, packed) VALUES (?, ?)", (key, pack(known)))
