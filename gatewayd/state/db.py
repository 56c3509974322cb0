"""The database: one writer thread, one reader thread, one file."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self, TypeVar

from gatewayd.clock import Clock, SystemClock

T = TypeVar("T")
_CLOCK = SystemClock()


class Database:
    """The open database. Use `open` in the daemon, `visit` beside a running one."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, *, ballast_bytes: int = 0, clock: Clock = _CLOCK
    ) -> AsyncIterator[Self]:
        """Own the database until the end of the block; raises StorageError when in use."""
        raise NotImplementedError
        yield

    @classmethod
    @asynccontextmanager
    async def visit(cls, path: Path, *, clock: Clock = _CLOCK) -> AsyncIterator[Self]:
        """Open the database for a short while, beside the daemon that may own it."""
        raise NotImplementedError
        yield

    async def write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """Run `change` on the writer thread; returns only after COMMIT.

        The change must touch nothing but the connection: it may be run again. It must not
        commit. An exception it raises undoes it alone and reaches the caller.
        """
        raise NotImplementedError

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run `query` on the reader thread, in one consistent snapshot."""
        raise NotImplementedError

    async def backup(self) -> Path:
        """Write a checked copy beside the database, keeping the newest three."""
        raise NotImplementedError
