"""kill -9 at random moments: what was acknowledged is there, and the file is sound.

A killed process leaves its written pages to the kernel, so this cannot see what a power cut would
lose: `synchronous` is only checked as a setting, in test_db.
"""

import asyncio
import random
import sqlite3
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

from gatewayd.state.db import Database
from tests.unit.state.conftest import adding, processes

KILLS = 30
WRITERS = 4


# Each life opens the file as the daemon does, which checks the whole of it after a kill.
def test_thirty_kills_lose_nothing_that_was_acknowledged(path: Path) -> None:
    dice = random.Random(20260621)
    acknowledged: set[str] = set()

    for life in range(KILLS):
        ours, theirs = processes.Pipe(duplex=False)
        process = processes.Process(target=write_for_ever, args=(path, life, theirs), daemon=True)
        process.start()
        theirs.close()
        acknowledged.add(ours.recv())
        process.join(dice.uniform(0, 0.03))
        process.kill()
        acknowledged.update(everything_in(ours))
        process.join()

    assert acknowledged <= users_in_sound(path)
    assert len(acknowledged) > 10 * KILLS
    assert list(path.parent.glob("*.broken.*")) == []


def write_for_ever(path: Path, life: int, acknowledge: Connection) -> None:
    asyncio.run(_write_for_ever(path, life, acknowledge))


async def _write_for_ever(path: Path, life: int, acknowledge: Connection) -> None:
    async def write(writer: int) -> None:
        for number in range(1_000_000):
            acknowledge.send(await db.write(adding(f"{life} {writer} {number}")))

    async with Database.open(path) as db, asyncio.TaskGroup() as tasks:
        for writer in range(WRITERS):
            tasks.create_task(write(writer))


def everything_in(pipe: Connection) -> list[str]:
    found = []
    try:
        while True:
            found.append(pipe.recv())
    except EOFError:
        return found


def users_in_sound(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        return {user_id for (user_id,) in connection.execute("SELECT id FROM users")}
