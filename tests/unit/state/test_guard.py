"""One daemon per database, visitors beside it."""

import asyncio
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from gatewayd.errors import StorageError
from gatewayd.state import users
from gatewayd.state.db import Database
from gatewayd.state.engine.guard import guard
from tests.unit.state.conftest import adding, processes


def hold(path: Path, ready: Connection) -> None:
    async def own() -> None:
        async with Database.open(path) as db:
            await db.write(adding("daemon"))
            ready.send("ready")
            await asyncio.Event().wait()

    asyncio.run(own())


async def test_a_second_daemon_is_refused_and_a_visitor_is_not(path: Path) -> None:
    ours, theirs = processes.Pipe(duplex=False)
    daemon = processes.Process(target=hold, args=(path, theirs), daemon=True)
    daemon.start()
    assert ours.recv() == "ready"

    with pytest.raises(StorageError, match="in use by another gatewayd"):
        async with Database.open(path):
            pass
    async with Database.visit(path) as visitor:
        await visitor.write(adding("visitor"))
    daemon.kill()
    daemon.join()

    async with Database.open(path) as db:
        assert {user.id for user in await db.read(users.load)} == {"daemon", "visitor"}


async def test_a_visitor_waits_for_the_owners_transaction(path: Path) -> None:
    async with Database.open(path) as db, Database.visit(path) as visitor:
        async with asyncio.TaskGroup() as tasks:
            for number in range(20):
                for each in (db, visitor):
                    tasks.create_task(each.write(adding(f"{number} {id(each)}")))

        assert len(await db.read(users.load)) == 40


async def test_a_visitor_may_come_first(path: Path) -> None:
    async with Database.visit(path) as visitor:
        await visitor.write(adding("early"))
        async with Database.open(path) as db:
            assert [user.id for user in await db.read(users.load)] == ["early"]


def test_only_a_clean_stop_is_seen_as_one(path: Path) -> None:
    with guard(path) as first:
        first.begin()
    with guard(path) as second:
        assert second.was_unclean
        second.begin()
        second.end()
    with guard(path) as third:
        assert not third.was_unclean


async def test_a_folder_that_is_missing_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="check the folder"):
        async with Database.open(tmp_path / "missing" / "gateway.db"):
            pass
