"""The one writer: a thread that commits all waiting changes together.

Changes that arrive while a transaction runs go into the next one, so that under load one fsync
serves many of them and alone none of them waits. Each change runs in its own savepoint; nobody
is told of success before the COMMIT.
"""

import logging
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Any, Generic, TypeVar

from gatewayd.errors import StorageError
from gatewayd.state.engine.connect import explained, is_damage, is_full

log = logging.getLogger(__name__)

T = TypeVar("T")

# Nobody waits longer than this for changes that came after his own.
_GROUP_S = 0.2


class Writer:
    """Runs changes on its own thread. `free_space` is asked once per full disk.

    `is_damaged` turns true when SQLite found the file broken.
    """

    def __init__(
        self, connect: Callable[[], sqlite3.Connection], free_space: Callable[[], bool]
    ) -> None:
        self._connect = connect
        self._free_space = free_space
        self._connection: sqlite3.Connection | None = None
        self._waiting: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        self._is_closed = False
        self.is_damaged = False
        self._thread = Thread(target=self._run, name="database writer", daemon=True)
        self._thread.start()

    def submit(self, change: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Queue a change; the future is done after its COMMIT. It can be cancelled until begun."""
        if self._is_closed:
            raise StorageError("database: closed, or the writer ended: restart")
        job = _Job(change)
        self._waiting.put(job)
        return job.future

    def close(self) -> None:
        """Finish what is queued, then end; blocks until done."""
        self._is_closed = True
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        group: list[_Job[Any]] = []
        try:
            while (job := self._waiting.get()) is not None:
                if job.begin():
                    group = [job]
                    self._serve(group)
        finally:
            self._is_closed = True
            self._disconnect()
            self._abandon(group)

    def _abandon(self, group: "list[_Job[Any]]") -> None:
        """Tell who still waits, after a bug ended the thread, that nothing will come."""
        while job := self._next_waiting():
            group.append(job)
        for job in group:
            if not job.future.done():
                job.future.set_exception(StorageError("database: the writer ended: restart"))

    def _serve(self, group: "list[_Job[Any]]") -> None:
        try:
            self._transact(group)
        except sqlite3.Error as error:
            # After a failed fsync the kernel may have thrown the pages away, so that a second
            # COMMIT on this connection would succeed without them.
            self._disconnect()
            if is_full(error) and self._free_space():
                self._serve(group)
            else:
                self._fail(group, error)
        else:
            for job in group:
                job.tell()

    def _transact(self, group: "list[_Job[Any]]") -> None:
        """Commit the group, and what else is waiting, which joins the group."""
        if self._connection is None:
            self._connection = self._connect()
        self._connection.execute("BEGIN IMMEDIATE")
        for job in group:
            self._attempt(job, self._connection)
        until = time.monotonic() + _GROUP_S
        while time.monotonic() < until and (late := self._next_waiting()):
            group.append(late)
            self._attempt(late, self._connection)
        self._connection.execute("COMMIT")

    def _attempt(self, job: "_Job[Any]", connection: sqlite3.Connection) -> None:
        with _Savepoint(connection) as savepoint:
            job.outcome = partial(job.future.set_result, job.change(connection))
        if savepoint.error:
            self.is_damaged |= is_damage(savepoint.error)
            job.outcome = partial(job.future.set_exception, explained(savepoint.error))

    def _next_waiting(self) -> "_Job[Any] | None":
        try:
            while job := self._waiting.get_nowait():
                if job.begin():
                    return job
        except Empty:
            return None
        self._waiting.put(None)
        return None

    def _fail(self, group: "list[_Job[Any]]", error: sqlite3.Error) -> None:
        self.is_damaged |= is_damage(error)
        log.error("database: %d changes lost: %s", len(group), error)
        for job in group:
            job.future.set_exception(explained(error))

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class _Job(Generic[T]):
    """A change, and what to tell its caller after the COMMIT."""

    def __init__(self, change: Callable[[sqlite3.Connection], T]) -> None:
        self.change = change
        self.future: Future[T] = Future()
        self.outcome: Callable[[], None] | None = None

    def begin(self) -> bool:
        """False when the caller has gone away before."""
        return self.future.set_running_or_notify_cancel()

    def tell(self) -> None:
        if self.outcome:
            self.outcome()


class _Savepoint:
    """Undoes a failed change alone and keeps its error.

    A full disk is passed on, because it can be helped for the whole group; so is the loss of the
    transaction itself, which SQLite rolls back on some errors.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.error: BaseException | None = None

    def __enter__(self) -> "_Savepoint":
        self._connection.execute("SAVEPOINT change")
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> bool:
        if isinstance(error, sqlite3.Error) and (
            is_full(error) or not self._connection.in_transaction
        ):
            return False
        if error is not None:
            self.error = error
            self._connection.execute("ROLLBACK TO change")
        self._connection.execute("RELEASE change")
        return True
