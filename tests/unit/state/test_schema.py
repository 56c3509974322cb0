"""Migrations: numbered, forward only, each whole or not at all."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gatewayd.errors import StorageError
from gatewayd.state.db import Database
from gatewayd.state.engine.connect import connect
from gatewayd.state.engine.schema import migrate, shipped

FIRST = "CREATE TABLE a (x); INSERT INTO a VALUES (1);"
SECOND = "ALTER TABLE a ADD COLUMN y; UPDATE a SET y = x + 1;"


def version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def nothing() -> None:
    pass


def test_the_shipped_migrations_are_numbered_without_a_gap() -> None:
    numbers = list(shipped())
    assert numbers == list(range(1, len(numbers) + 1))


def test_an_older_database_is_migrated_after_a_copy(path: Path) -> None:
    copied: list[int] = []
    with closing(connect(path)) as connection:
        migrate(connection, {1: FIRST}, nothing)

        migrate(connection, {1: FIRST, 2: SECOND}, lambda: copied.append(version(connection)))

        assert copied == [1]
        assert version(connection) == 2
        assert tuple(connection.execute("SELECT x, y FROM a").fetchone()) == (1, 2)


def test_a_new_database_needs_no_copy(path: Path) -> None:
    copied: list[int] = []
    with closing(connect(path)) as connection:
        migrate(connection, {1: FIRST, 2: SECOND}, lambda: copied.append(1))

        assert (version(connection), copied) == (2, [])


def test_a_migration_that_fails_leaves_nothing_and_can_be_repeated(path: Path) -> None:
    with closing(connect(path)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, {1: FIRST, 2: f"{SECOND} INSERT INTO nowhere VALUES (1);"}, nothing)

        assert version(connection) == 1
        migrate(connection, {1: FIRST, 2: SECOND}, nothing)
        assert version(connection) == 2


def test_a_migration_cut_off_by_a_kill_can_be_repeated(path: Path) -> None:
    with closing(connect(path)) as connection:
        migrate(connection, {1: FIRST}, nothing)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ALTER TABLE a ADD COLUMN y")
        connection.execute("PRAGMA user_version = 2")

    with closing(connect(path)) as connection:
        migrate(connection, {1: FIRST, 2: SECOND}, nothing)
        assert version(connection) == 2


async def test_a_database_of_a_newer_program_is_refused_untouched(path: Path) -> None:
    async with Database.open(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")

    for opening in (Database.open, Database.visit):
        with pytest.raises(StorageError, match="install the newer gatewayd"):
            async with opening(path):
                pass

    with closing(sqlite3.connect(path)) as connection:
        assert version(connection) == 999


async def test_a_visitor_does_not_migrate_under_a_running_daemon(path: Path) -> None:
    async with Database.open(path) as db:
        await db.write(lambda c: c.execute("PRAGMA user_version = 0"))

        with pytest.raises(StorageError, match="restart it first"):
            async with Database.visit(path):
                pass
