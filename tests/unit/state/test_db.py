"""The writer thread: group commit, savepoints, and nothing acknowledged before its COMMIT."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from gatewayd.errors import StorageError
from gatewayd.state import users
from gatewayd.state.db import Database
from gatewayd.state.engine.connect import connect
from gatewayd.state.engine.writer import Writer
from tests.unit.state.conftest import NOW, adding, files_limited_to


async def names(db: Database) -> set[str]:
    return {user.id for user in await db.read(users.load)}


async def test_a_write_returns_what_the_change_returns(db: Database) -> None:
    assert await db.write(adding("ada")) == "ada"
    assert await names(db) == {"ada"}


async def test_changes_that_wait_share_one_transaction(db: Database) -> None:
    statements: list[str] = []
    released = threading.Event()
    await db.write(lambda c: c.set_trace_callback(statements.append))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(db.write(lambda _: released.wait(5)))
        for number in range(200):
            tasks.create_task(db.write(adding(f"user {number}")))
        await asyncio.sleep(0)
        released.set()

    assert len(await names(db)) == 200
    assert statements.count("COMMIT") <= 3


async def test_a_failing_change_fails_alone(db: Database) -> None:
    def half(c: sqlite3.Connection) -> None:
        users.ensure(c, "half", NOW)
        raise ValueError("second half")

    results = await asyncio.gather(
        db.write(adding("before")),
        db.write(half),
        db.write(lambda c: c.execute("INSERT INTO nowhere VALUES (1)")),
        db.write(adding("after")),
        return_exceptions=True,
    )

    assert results[0] == "before"
    assert isinstance(results[1], ValueError)
    assert isinstance(results[2], sqlite3.OperationalError)
    assert results[3] == "after"
    assert await names(db) == {"before", "after"}


async def test_a_failed_commit_fails_every_change_of_its_group(db: Database) -> None:
    def orphan(c: sqlite3.Connection) -> None:
        c.execute("PRAGMA defer_foreign_keys = ON")
        c.execute(
            "INSERT INTO tokens (token_hash, prefix, client_id, created_at, expires_at)"
            " VALUES (x'00', '', 'nobody', '', '')"
        )

    results = await asyncio.gather(
        db.write(adding("in the group")), db.write(orphan), return_exceptions=True
    )

    assert [type(result) for result in results] == [sqlite3.IntegrityError] * 2
    assert await names(db) == set()
    assert await db.write(adding("next")) == "next"


async def test_a_change_that_commits_by_itself_is_an_error(db: Database) -> None:
    with pytest.raises(sqlite3.OperationalError):
        await db.write(lambda c: c.execute("COMMIT"))

    assert await db.write(adding("next")) == "next"


async def test_an_io_error_is_not_acknowledged_and_the_next_write_works(
    db: Database, path: Path
) -> None:
    await db.write(adding("before"))

    with files_limited_to(path.with_name("gateway.db-wal").stat().st_size):
        results = await asyncio.gather(
            *(db.write(adding(f"lost {number}")) for number in range(50)), return_exceptions=True
        )

    assert all(isinstance(result, StorageError) for result in results)
    await db.write(adding("after"))
    assert await names(db) == {"before", "after"}


async def test_a_full_disk_is_retried_once_with_the_ballast_freed(path: Path) -> None:
    limits = iter([2, 1_000_000])
    freed: list[bool] = []

    def connect_limited() -> sqlite3.Connection:
        connection = connect(path)
        connection.execute(f"PRAGMA max_page_count = {next(limits)}")
        return connection

    def free() -> bool:
        freed.append(True)
        return len(freed) == 1

    def fill(c: sqlite3.Connection) -> int:
        c.execute("CREATE TABLE filler (bytes BLOB)")
        return c.execute("INSERT INTO filler VALUES (zeroblob(100000))").rowcount

    writer = Writer(connect_limited, free)
    try:
        assert await asyncio.wrap_future(writer.submit(fill)) == 1
    finally:
        await asyncio.to_thread(writer.close)
    assert freed == [True]


async def test_on_a_full_disk_ballast_and_oldest_samples_make_room(path: Path) -> None:
    rows = [(key, bytes(1000)) for key in range(100)]
    async with Database.open(path, ballast_bytes=1_000_000) as db:
        await db.write(lambda c: c.executemany("INSERT INTO samples VALUES (?, ?)", rows))
        await db.write(lambda c: c.execute("PRAGMA max_page_count = 1").fetchone()[0])

        await db.write(lambda c: c.execute("INSERT INTO samples VALUES (100, zeroblob(9000))"))

        keys = await db.read(lambda c: [row[0] for row in c.execute("SELECT key FROM samples")])
        assert keys == list(range(10, 101))
        assert not path.with_name("gateway.db.ballast").exists()


async def test_a_disk_that_stays_full_fails_the_write(path: Path) -> None:
    def connect_limited() -> sqlite3.Connection:
        connection = connect(path)
        connection.execute("PRAGMA max_page_count = 2")
        return connection

    writer = Writer(connect_limited, lambda: False)
    try:
        with pytest.raises(StorageError, match="free space on the disk"):
            await asyncio.wrap_future(
                writer.submit(lambda c: c.execute("CREATE TABLE a AS SELECT zeroblob(100000)"))
            )
    finally:
        await asyncio.to_thread(writer.close)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_nobody_waits_for_ever_when_a_bug_ends_the_writer(path: Path) -> None:
    asked, answered = threading.Event(), threading.Event()

    def fail() -> sqlite3.Connection:
        asked.set()
        answered.wait(5)
        raise RuntimeError("a bug")

    writer = Writer(fail, lambda: False)
    first = asyncio.wrap_future(writer.submit(adding("first")))
    await asyncio.to_thread(asked.wait, 5)
    second = asyncio.wrap_future(writer.submit(adding("second")))
    answered.set()

    for write in (first, second):
        with pytest.raises(StorageError, match="the writer ended"):
            await write
    with pytest.raises(StorageError, match="the writer ended"):
        writer.submit(adding("third"))
    await asyncio.to_thread(writer.close)


async def test_a_cancelled_caller_takes_nothing_from_the_others(db: Database) -> None:
    entered, released = threading.Event(), threading.Event()

    def slow(c: sqlite3.Connection) -> None:
        users.ensure(c, "slow", NOW)
        entered.set()
        released.wait(5)

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(db.write(slow))
        await asyncio.to_thread(entered.wait, 5)
        waiting = tasks.create_task(db.write(adding("cancelled while waiting")))
        other = tasks.create_task(db.write(adding("other")))
        await asyncio.sleep(0)
        running.cancel()
        waiting.cancel()
        await asyncio.sleep(0)
        released.set()

    assert other.result() == "other"
    assert await names(db) == {"slow", "other"}


async def test_a_read_sees_one_unchanging_state(db: Database) -> None:
    counted, written = threading.Event(), threading.Event()

    def count_twice(c: sqlite3.Connection) -> tuple[int, int]:
        first = len(users.load(c))
        counted.set()
        written.wait(5)
        return first, len(users.load(c))

    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(db.read(count_twice))
        await asyncio.to_thread(counted.wait, 5)
        await db.write(adding("new"))
        written.set()

    assert reading.result() == (0, 0)
    assert await names(db) == {"new"}


async def test_a_read_cannot_change_anything(db: Database) -> None:
    with pytest.raises(StorageError, match="readonly"):
        await db.read(adding("sneaked in"))

    assert await names(db) == set()


async def test_what_is_queued_is_written_before_the_database_closes(path: Path) -> None:
    async with asyncio.TaskGroup() as tasks, Database.open(path) as db:
        for number in range(50):
            tasks.create_task(db.write(adding(f"user {number}")))
        await asyncio.sleep(0)

    async with Database.open(path) as db:
        assert len(await names(db)) == 50


async def test_a_closed_database_refuses_writes(path: Path) -> None:
    async with Database.open(path) as db:
        pass

    with pytest.raises(StorageError, match="closed"):
        await db.write(adding("late"))


async def test_a_commit_is_on_the_medium(db: Database) -> None:
    def settings(c: sqlite3.Connection) -> list[object]:
        return [
            c.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "journal_size_limit")
        ]

    # 2 is FULL: no test that kills a process can tell it from NORMAL, only a power cut can.
    assert await db.write(settings) == ["wal", 2, 1, 4 * 1024 * 1024]
