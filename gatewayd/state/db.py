"""The database: one file, one writer thread, one reader thread.

Repositories are modules of plain functions that take the connection, so that several of them
make one change:

    await db.write(lambda c: (actions.insert(c, action), outbox.append(c, ...)))
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from gatewayd.clock import Clock, SystemClock
from gatewayd.errors import StorageError
from gatewayd.state.engine import ballast, refuge
from gatewayd.state.engine.backup import back_up, copy_whole, rescue
from gatewayd.state.engine.connect import connect, connect_reader, explaining, is_damage
from gatewayd.state.engine.guard import Guard, guard, guard_if_free
from gatewayd.state.engine.schema import check, migrate, shipped
from gatewayd.state.engine.writer import Writer

T = TypeVar("T")

BALLAST_BYTES = 16 * 1024 * 1024
_CLOCK = SystemClock()

_DELETE_OLDEST_TENTH = """
    DELETE FROM samples WHERE key <= (SELECT min(key) + (max(key) - min(key)) / 10 FROM samples)
"""


class Database:
    """An open database: `open` is for the daemon, `visit` for the command line beside it.

    `is_lasting` is false where nothing outlives the process, because the disk takes nothing.
    """

    def __init__(
        self, path: Path, clock: Clock, ballast_bytes: int, *, is_lasting: bool = True
    ) -> None:
        self.is_lasting = is_lasting
        self._path = path
        self._clock = clock
        self._ballast_bytes = ballast_bytes
        self._writer = Writer(partial(connect, path), partial(_make_room, path))
        self._reader_thread = ThreadPoolExecutor(1, "database reader")
        self._reader: sqlite3.Connection | None = None
        self._is_damaged = False

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, *, ballast_bytes: int = 0, clock: Clock = _CLOCK
    ) -> AsyncIterator[Self]:
        """Own the database at `path` until the end of the block.

        It is created or migrated as needed; after an unclean stop it is checked, and when broken
        set aside for the last good backup. The daemon keeps BALLAST_BYTES for a full disk. Where
        the disk takes nothing at all, a copy in memory is opened instead. Raises StorageError
        when another daemon owns it or a newer one wrote it.
        """
        with ExitStack() as stack:
            held, found = await asyncio.to_thread(_take, stack, path, clock)
            database = cls(found, clock, ballast_bytes if held else 0, is_lasting=held is not None)
            try:
                await asyncio.to_thread(ballast.lay, found, database._ballast_bytes)
                yield database
            finally:
                await asyncio.to_thread(database._close)
                if held and not database.is_damaged:
                    held.end()

    @classmethod
    @asynccontextmanager
    async def visit(cls, path: Path, *, clock: Clock = _CLOCK) -> AsyncIterator[Self]:
        """Use the database for a short while, beside the daemon that may own it.

        Raises StorageError when the running daemon is another version than this program.
        """
        await asyncio.to_thread(_call_on, path, clock)
        database = cls(path, clock, ballast_bytes=0)
        try:
            yield database
        finally:
            await asyncio.to_thread(database._close)

    @property
    def is_damaged(self) -> bool:
        """Whether SQLite found the file broken; the next start will check and replace it."""
        return self._is_damaged or self._writer.is_damaged

    async def write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """Run `change` on the writer thread and return its result after the COMMIT.

        An exception that it raises undoes it alone and is raised here; StorageError means that
        the disk failed and nothing was written. It must touch nothing but the connection,
        because it is run again when the disk was full, and it must not commit. A cancelled
        caller's change is applied whole or not at all.
        """
        return await asyncio.wrap_future(self._writer.submit(change))

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run `query` on the reader thread, on one unchanging state of the database."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reader_thread, self._query, query)

    async def backup(self) -> Path:
        """Write a checked copy into `backups` beside the file, keeping the newest three.

        Also lays the ballast again, if it had to be freed and there is room. Raises StorageError
        where all is in memory.
        """
        if not self.is_lasting:
            raise StorageError("database: in memory only: free space on the disk, then restart")
        await asyncio.to_thread(ballast.lay, self._path, self._ballast_bytes)
        return await asyncio.to_thread(back_up, self._path, self._clock.now())

    def _query(self, query: Callable[[sqlite3.Connection], T]) -> T:
        with explaining():
            if self._reader is None:
                self._reader = connect_reader(self._path)
            self._reader.execute("BEGIN")
            try:
                return query(self._reader)
            except sqlite3.Error as error:
                self._is_damaged |= is_damage(error)
                raise
            finally:
                self._reader.execute("ROLLBACK")

    def _close(self) -> None:
        self._writer.close()
        self._reader_thread.shutdown()
        if self._reader is not None:
            self._reader.close()


def _make_room(path: Path) -> bool:
    """On a full disk, free the ballast and let the oldest tenth of the samples go.

    The file does not shrink, but the next weeks' rows find room in it.
    """
    if not ballast.drop(path):
        return False
    with suppress(sqlite3.Error), closing(connect(path)) as connection:
        connection.execute(_DELETE_OLDEST_TENTH)
    return True


def _take(stack: ExitStack, path: Path, clock: Clock) -> tuple[Guard | None, Path]:
    """The guard and the file, or None and the copy in memory."""
    refuge.sweep()
    try:
        held = stack.enter_context(guard(path))
        ballast.drop_if_full(path)
        refuge.require_room(path)
        _prepare(path, clock, is_suspect=held.was_unclean)
        held.begin()
    except StorageError as error:
        if not refuge.is_needed(error, path):
            raise
        refuge.told(error, path)
        copy = refuge.flee(stack, path)
        _prepare(copy, clock, is_suspect=False)
        return None, copy
    return held, path


def _call_on(path: Path, clock: Clock) -> None:
    with guard_if_free(path) as held:
        if held:
            _prepare(path, clock, is_suspect=held.was_unclean)
        else:
            _check_running(path)


def _prepare(path: Path, clock: Clock, *, is_suspect: bool) -> None:
    now = clock.now()
    rescue(path, now, is_suspect=is_suspect)
    if not path.exists():
        path.touch(mode=0o600)
    with explaining(), closing(connect(path)) as connection:
        migrate(connection, shipped(), partial(copy_whole, path, now))


def _check_running(path: Path) -> None:
    migrations = shipped()
    with explaining(), closing(connect(path)) as connection:
        version = check(connection, migrations)
    if version < max(migrations):
        raise StorageError(f"{path}: the running gatewayd is older: restart it first")
