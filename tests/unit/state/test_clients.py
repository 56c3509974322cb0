"""Clients and tokens: secrets are shown once and never stored."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gatewayd.errors import NotFoundError
from gatewayd.state import clients
from gatewayd.state.clients import NewClient
from gatewayd.state.db import Database
from tests.unit.state.conftest import NOW

HOUR = timedelta(hours=1)


async def add(db: Database, name: str = "Home Assistant", now: datetime = NOW) -> NewClient:
    return await db.write(lambda c: clients.add(c, name, now))


async def verify(db: Database, client_id: str, secret: str) -> bool:
    return await db.read(lambda c: clients.verify(c, client_id, secret))


async def owner(db: Database, token: str, after: timedelta = timedelta(0)) -> str | None:
    return await db.read(lambda c: clients.check_token(c, token, NOW + after))


async def test_a_client_is_verified_by_its_own_secret_only(db: Database) -> None:
    one, other = await add(db, now=NOW + HOUR), await add(db, "evcc")

    assert await verify(db, one.id, one.secret)
    for wrong in ("", one.secret[:-1], one.secret + "x", other.secret, "ä" * 43):
        assert not await verify(db, one.id, wrong)
    assert [client.name for client in await db.read(clients.load)] == ["evcc", "Home Assistant"]


async def test_an_unknown_client_costs_the_same_work(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await add(db)
    work: list[int] = []
    scrypt = clients._scrypt

    def counted(secret: str, salt: bytes) -> bytes:
        work.append(len(salt))
        return scrypt(secret, salt)

    monkeypatch.setattr(clients, "_scrypt", counted)
    assert not await verify(db, client.id, "wrong")
    assert not await verify(db, "nobody", "wrong")

    assert work == [16, 16]


async def test_the_placeholder_of_an_unknown_client_opens_nothing(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "_scrypt", lambda secret, salt: bytes(64))

    assert not await verify(db, "nobody", "anything")


async def test_a_rotated_secret_ends_the_old_one_at_once(db: Database) -> None:
    old = await add(db)
    token = await db.write(lambda c: clients.issue_token(c, old.id, NOW))

    new = await db.write(lambda c: clients.rotate(c, old.id))

    assert (new.id, new.name) == (old.id, old.name)
    assert not await verify(db, old.id, old.secret)
    assert await verify(db, old.id, new.secret)
    assert await owner(db, token) == old.id


async def test_a_removed_client_and_its_tokens_are_gone(db: Database) -> None:
    client = await add(db)
    token = await db.write(lambda c: clients.issue_token(c, client.id, NOW))

    await db.write(lambda c: clients.remove(c, client.id))

    assert not await verify(db, client.id, client.secret)
    assert await owner(db, token) is None
    assert await db.read(clients.load) == []


async def test_a_token_belongs_to_its_client_until_it_expires(db: Database) -> None:
    client, other = await add(db), await add(db)
    token = await db.write(lambda c: clients.issue_token(c, client.id, NOW))
    await db.write(lambda c: clients.issue_token(c, other.id, NOW))

    assert len(token) == 43
    assert await owner(db, token) == client.id
    assert await owner(db, token, HOUR - timedelta(microseconds=1)) == client.id
    assert await owner(db, token, HOUR) is None
    for wrong in ("", token[:-1], token + "x", token[:8] + "x" * 35):
        assert await owner(db, wrong) is None


async def test_a_clock_set_back_does_not_lengthen_a_token(db: Database) -> None:
    client = await add(db)
    token = await db.write(lambda c: clients.issue_token(c, client.id, NOW))

    assert await owner(db, token, -HOUR) is None
    assert await owner(db, token, -timedelta(minutes=4)) == client.id


async def test_expired_tokens_are_purged(db: Database) -> None:
    client = await add(db)
    await db.write(lambda c: clients.issue_token(c, client.id, NOW, ttl_s=10))
    token = await db.write(lambda c: clients.issue_token(c, client.id, NOW))

    await db.write(lambda c: clients.issue_token(c, client.id, NOW + timedelta(seconds=10)))

    assert await db.read(lambda c: c.execute("SELECT count(*) FROM tokens").fetchone()[0]) == 2
    assert await db.write(lambda c: clients.purge(c, NOW + HOUR)) == 1
    assert await owner(db, token, HOUR) is None


async def test_unknown_clients_are_not_found(db: Database) -> None:
    for change in (
        lambda c: clients.rotate(c, "nobody"),
        lambda c: clients.remove(c, "nobody"),
        lambda c: clients.issue_token(c, "nobody", NOW),
    ):
        with pytest.raises(NotFoundError, match="nobody"):
            await db.write(change)


async def test_no_secret_or_token_is_ever_in_the_files_or_in_a_repr(path: Path) -> None:
    async with Database.open(path) as db:
        client = await add(db)
        token = await db.write(lambda c: clients.issue_token(c, client.id, NOW))
        rotated = await db.write(lambda c: clients.rotate(c, client.id))
        await verify(db, client.id, rotated.secret)
        await db.backup()
        running = everything_below(path.parent)
    canaries = [client.secret, rotated.secret, token]

    assert client.id.encode() in running
    assert client.id.encode() in everything_below(path.parent)
    for canary in canaries:
        assert canary.encode() not in running + everything_below(path.parent)
        assert canary not in repr([client, rotated])


def everything_below(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


async def test_a_client_keeps_the_version_it_is_pinned_to(db: Database) -> None:
    pinned = await db.write(lambda c: clients.add(c, "app", NOW, "2024-10-01"))
    loose = await db.write(lambda c: clients.add(c, "other", NOW))

    await db.write(lambda c: clients.pin(c, loose.id, "2024-01-01"))

    versions = {one.name: one.api_version for one in await db.read(clients.load)}
    assert versions == {"app": "2024-10-01", "other": "2024-01-01"}
    assert await db.read(lambda c: clients.version_of(c, pinned.id)) == "2024-10-01"
    assert await db.read(lambda c: clients.version_of(c, "nobody")) is None
    with pytest.raises(NotFoundError):
        await db.write(lambda c: clients.pin(c, "nobody", None))
