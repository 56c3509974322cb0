"""Connections to the database file, and what SQLite's errors mean."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gatewayd.errors import StorageError

# How long a statement waits for another process (the command line) to finish its write.
_BUSY_S = 5.0

# What the WAL file is cut back to after a checkpoint.
_JOURNAL_BYTES = 4 * 1024 * 1024

_ADVICE = {
    sqlite3.SQLITE_BUSY: "another program holds it: close that program",
    sqlite3.SQLITE_CANTOPEN: "check the folder and its permissions",
    sqlite3.SQLITE_CORRUPT: "restart gatewayd, which restores the last backup",
    sqlite3.SQLITE_FULL: "free space on the disk",
    sqlite3.SQLITE_IOERR: "check the disk or SD card, and its free space",
    sqlite3.SQLITE_NOMEM: "free memory",
    sqlite3.SQLITE_NOTADB: "restart gatewayd, which restores the last backup",
    sqlite3.SQLITE_READONLY: "check the permissions, and whether the disk failed",
}


def connect(path: Path) -> sqlite3.Connection:
    """A connection that writes durably: with synchronous=FULL a COMMIT is on the medium.

    NORMAL was measured to lose up to 17 acknowledged commits when the power fails.
    """
    return _connect(
        path,
        "mode=rwc",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"journal_size_limit = {_JOURNAL_BYTES}",
    )


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot change anything.

    `mode=ro` would do, but it cannot open a database whose WAL nobody has open yet.
    """
    return _connect(path, "mode=rw", "query_only = ON")


def connect_alone(path: Path) -> sqlite3.Connection:
    """A connection that reads, with its journal, a database on a disk without any room.

    Alone with the file, SQLite keeps the journal's index in memory.
    """
    return _connect(path, "mode=rw", "locking_mode = EXCLUSIVE")


def connect_copy(path: Path) -> sqlite3.Connection:
    """A connection to a file that nobody writes; leaves nothing beside it."""
    return _connect(path, "mode=ro&immutable=1")


def is_full(error: BaseException) -> bool:
    """Whether the disk is full."""
    return _code(error) == sqlite3.SQLITE_FULL


def is_damage(error: BaseException) -> bool:
    """Whether the file itself is broken."""
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@contextmanager
def explaining() -> Iterator[None]:
    """Raise StorageError when file, disk or memory fail within; other errors pass."""
    try:
        yield
    except sqlite3.Error as error:
        failure = explained(error)
        if failure is error:
            raise
        raise failure from error


def explained(error: BaseException) -> BaseException:
    """A StorageError when file, disk or memory failed; any other error as it is."""
    advice = _ADVICE.get(_code(error))
    return StorageError(f"database: {error}: {advice}") if advice else error


def _code(error: BaseException) -> int:
    """SQLite's primary result code; 0 when the error did not come from SQLite."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _connect(path: Path, mode: str, *pragmas: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        timeout=_BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.row_factory = sqlite3.Row
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        # Left open, it would keep its locks for as long as somebody looks at the error.
        connection.close()
        raise
    return connection
