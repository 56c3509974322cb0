"""Backups, broken files, and what an unclean stop leads to."""

import logging
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from gatewayd.errors import StorageError
from gatewayd.state import outbox, users
from gatewayd.state.db import Database
from tests.fakes.clock import FakeClock
from tests.unit.state.conftest import NOW, adding, files_limited_to

SCHEMA = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name"


async def fill(path: Path, *user_ids: str) -> None:
    async with Database.open(path) as db:
        for user_id in user_ids:
            await db.write(adding(user_id))


async def names(path: Path) -> list[str]:
    async with Database.open(path) as db:
        return sorted(user.id for user in await db.read(users.load))


def pretend_unclean_stop(path: Path) -> None:
    path.with_name("gateway.db.lock").write_text("in use by process 1\n")


def break_page(path: Path, page: int = 2) -> None:
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)


def set_aside(path: Path) -> list[Path]:
    return sorted(path.parent.glob("gateway.db.broken.*Z"))


async def test_a_backup_holds_all_but_old_samples(path: Path) -> None:
    day = 24 * 60 * 10_000
    keys = [(1,), (day,), (2 * day + 1,), (3 * day,)]
    async with Database.open(path) as db:
        await db.write(adding("ada"))
        await db.write(lambda c: outbox.append(c, "event", "entity", "ada", {}, NOW))
        await db.write(lambda c: outbox.drop(c, 1))
        await db.write(lambda c: c.executemany("INSERT INTO samples VALUES (?, '')", keys))

        copy = await db.backup()

    with closing(sqlite3.connect(path)) as main, closing(sqlite3.connect(copy)) as kept:
        assert kept.execute(SCHEMA).fetchall() == main.execute(SCHEMA).fetchall()
        version = "PRAGMA user_version"
        assert kept.execute(version).fetchone() == main.execute(version).fetchone()
        assert kept.execute("SELECT id FROM users").fetchall() == [("",), ("ada",)]
        assert kept.execute("SELECT * FROM sqlite_sequence").fetchall() == [("outbox", 1)]
        assert kept.execute("SELECT key FROM samples").fetchall() == keys[2:]


async def test_the_newest_three_backups_are_kept(path: Path) -> None:
    clock = FakeClock()
    made = []
    async with Database.open(path, clock=clock) as db:
        for _ in range(5):
            made.append(await db.backup())
            clock.jump_wall(timedelta(days=1))

    assert sorted(path.parent.joinpath("backups").iterdir()) == made[2:]


async def test_only_the_owner_may_read_the_files(path: Path) -> None:
    await fill(path, "ada")
    async with Database.open(path) as db:
        copy = await db.backup()

    assert [oct(file.stat().st_mode & 0o777) for file in (path, copy)] == ["0o600", "0o600"]


@pytest.mark.parametrize("page", [1, 2, 4])
async def test_a_broken_file_is_set_aside_for_the_last_backup(
    path: Path, page: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with Database.open(path) as db:
        await db.write(adding("in the backup"))
        await db.backup()
        await db.write(adding("after it"))
    break_page(path, page)
    broken = path.read_bytes()
    pretend_unclean_stop(path)

    assert await names(path) == ["in the backup"]

    assert [file.read_bytes() for file in set_aside(path)] == [broken]
    assert "is restored" in logged(caplog, logging.CRITICAL)


async def test_a_broken_backup_is_passed_over(path: Path) -> None:
    clock = FakeClock()
    async with Database.open(path, clock=clock) as db:
        await db.write(adding("good"))
        await db.backup()
        clock.jump_wall(timedelta(days=1))
        await db.write(adding("only in the broken one"))
        newest = await db.backup()
    break_page(newest, page=4)
    path.write_bytes(b"not a database at all" * 1000)

    assert await names(path) == ["good"]


async def test_without_a_backup_a_new_database_is_started(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await fill(path, "lost")
    path.write_bytes(b"not a database at all" * 1000)

    assert await names(path) == []

    assert len(set_aside(path)) == 1
    assert "starting empty" in logged(caplog, logging.CRITICAL)


async def test_the_journal_of_a_broken_file_is_not_played_into_the_restored_one(
    path: Path,
) -> None:
    async with Database.open(path) as db:
        await db.write(adding("in the backup"))
        await db.backup()
        await db.write(adding("in the journal"))
        journal = path.with_name("gateway.db-wal").read_bytes()
    path.write_bytes(b"not a database at all" * 1000)
    path.with_name("gateway.db-wal").write_bytes(journal)

    assert await names(path) == ["in the backup"]


async def test_a_file_lost_while_in_use_is_restored(path: Path) -> None:
    async with Database.open(path) as db:
        await db.write(adding("in the backup"))
        await db.backup()
    path.unlink()
    pretend_unclean_stop(path)

    assert await names(path) == ["in the backup"]


async def test_a_deleted_file_stays_deleted_after_a_clean_stop(path: Path) -> None:
    async with Database.open(path) as db:
        await db.write(adding("deleted"))
        await db.backup()
    path.unlink()

    assert await names(path) == []


async def test_a_sound_file_survives_an_unclean_stop(path: Path) -> None:
    await fill(path, "ada")
    pretend_unclean_stop(path)

    assert await names(path) == ["ada"]
    assert set_aside(path) == []


async def test_damage_found_while_running_has_the_next_start_check_the_file(path: Path) -> None:
    async with Database.open(path) as db:
        await db.write(adding("ada"))
        await db.backup()
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'samples'"
        ).fetchone()
    break_page(path, root)

    async with Database.open(path) as db:
        with pytest.raises(StorageError, match="restores the last backup"):
            await db.write(lambda c: c.execute("INSERT INTO samples VALUES (1, '')"))
        await db.write(adding("unhurt"))
        assert db.is_damaged

    assert await names(path) == ["ada"]
    assert len(set_aside(path)) == 1


async def test_a_backup_that_fails_says_so_and_leaves_nothing(path: Path) -> None:
    async with Database.open(path) as db:
        backups = path.parent / "backups"
        backups.write_text("a file where the folder should be")
        with pytest.raises(StorageError, match="no backup"):
            await db.backup()

        backups.unlink()
        await db.write(lambda c: c.execute("INSERT INTO samples VALUES (1, zeroblob(100000))"))
        with files_limited_to(50_000), pytest.raises(StorageError, match="no backup"):
            await db.backup()
        assert list(backups.iterdir()) == []


async def test_the_ballast_takes_real_space_and_is_laid_once(path: Path) -> None:
    async with Database.open(path, ballast_bytes=1_000_000):
        ballast = path.with_name("gateway.db.ballast")
        assert ballast.stat().st_blocks * 512 >= 1_000_000
        made_at = ballast.stat().st_mtime_ns

    async with Database.open(path, ballast_bytes=1_000_000) as db:
        assert ballast.stat().st_mtime_ns == made_at
        ballast.unlink()
        await db.backup()
        assert ballast.exists()


def logged(caplog: pytest.LogCaptureFixture, level: int) -> str:
    return "\n".join(record.getMessage() for record in caplog.records if record.levelno == level)
