"""The outbox: in order, exactly once, never without bound."""

from pathlib import Path

import pytest

from gatewayd.state import outbox, users
from gatewayd.state.db import Database
from gatewayd.state.outbox import OutboxRow
from tests.unit.state.conftest import NOW

BODY = {"assetId": "1", "text": "å", "list": [1, 2.5, None]}


async def append(db: Database, entity_id: str = "1") -> int:
    return await db.write(
        lambda c: outbox.append(c, "user:meter:updated", entity_id, "ada", BODY, NOW)
    )


async def numbers(db: Database, seq: int = 0, limit: int = 100) -> list[int]:
    return [row.seq for row in await db.read(lambda c: outbox.after(c, seq, limit))]


async def test_an_event_comes_back_exactly(path: Path) -> None:
    async with Database.open(path) as db:
        seq = await append(db)
    async with Database.open(path) as db:
        rows = await db.read(lambda c: outbox.after(c, 0))

    assert rows == [OutboxRow(seq, "user:meter:updated", "1", "ada", BODY, NOW)]


async def test_events_are_fetched_in_order_and_in_pieces(db: Database) -> None:
    for _ in range(5):
        await append(db)

    assert await numbers(db) == [1, 2, 3, 4, 5]
    assert await numbers(db, seq=2, limit=2) == [3, 4]


async def test_a_dropped_number_is_never_used_again(path: Path) -> None:
    async with Database.open(path) as db:
        for _ in range(3):
            await append(db)
        assert await db.write(lambda c: outbox.drop(c, 3)) == 3
    async with Database.open(path) as db:
        assert await append(db) == 4
        assert await db.write(lambda c: outbox.drop(c, 3)) == 0


async def test_the_oldest_events_go_when_nobody_fetches(
    db: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outbox, "MAX_ROWS", 300)
    for _ in range(302):
        await append(db)

    assert await numbers(db, limit=1000) == list(range(5, 303))
    assert caplog.text.count("dropped the 4 oldest events") == 1


async def test_nothing_is_told_of_who_withdrew_the_authorisation_or_of_nobody(
    db: Database,
) -> None:
    await db.write(lambda c: users.ensure(c, "ada", NOW))
    await db.write(lambda c: users.deauthorise(c, "ada", NOW))
    silent = await append(db)
    await db.write(lambda c: users.authorise(c, "ada"))
    told = await append(db)
    nobodys = await db.write(lambda c: outbox.append(c, "event", "1", users.NOBODY, BODY, NOW))

    assert (silent, told, nobodys) == (0, 1, 0)
    assert await numbers(db) == [1]
