"""A real database file for each test."""

import multiprocessing
import resource
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gatewayd.state import users
from gatewayd.state.db import Database

# Children start from a process that has everything imported, which takes milliseconds.
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.unit.state.test_kill", "tests.unit.state.test_guard"])

NOW = datetime(2026, 6, 21, 10, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gateway.db"


@pytest.fixture
async def db(path: Path) -> AsyncIterator[Database]:
    async with Database.open(path) as database:
        yield database


def adding(user_id: str) -> Callable[[sqlite3.Connection], str]:
    """A change that is easily recognised afterwards."""
    return lambda c: users.ensure(c, user_id, NOW).id


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Make every write behind `size` bytes of a file fail, as a dying disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
