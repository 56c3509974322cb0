"""What decisions were made from: small on the disk, there as long as the decision, never wrong."""

import pytest

from gatewayd.errors import StorageError
from gatewayd.state import consents, decisions, givens
from gatewayd.state.db import Database
from gatewayd.state.givens import Given
from tests.unit.state.conftest import NOW
from tests.unit.state.test_decisions import MINUTE, decision

NOISE = " ".join(str(n * n) for n in range(500))


def given(number: int, standing: str = "[]") -> Given:
    return Given(f"{NOISE} {number}", standing)


async def keep(db: Database, number: int, standing: str = "[]") -> int:
    one = given(number, standing)
    return await db.write(lambda c: decisions.record(c, decision(number), given=one))


async def sizes(db: Database) -> list[int]:
    return await db.read(lambda c: [n for (n,) in c.execute("SELECT length(packed) FROM givens")])


async def test_it_is_read_back_as_it_was(db: Database) -> None:
    first, second = await keep(db, 0), await keep(db, 1, "[1]")
    bare = await db.write(lambda c: decisions.record(c, decision(2)))

    assert await db.read(lambda c: givens.get(c, first)) == given(0)
    assert await db.read(lambda c: givens.get(c, second)) == given(1, "[1]")
    assert await db.read(lambda c: givens.get(c, bare)) is None


async def test_what_looks_alike_is_hardly_written_again(db: Database) -> None:
    for number in range(3):
        await keep(db, number)

    assert max(await sizes(db)) < 50


async def test_it_goes_with_its_decision_and_what_stood_for_it_too(db: Database) -> None:
    await keep(db, 0)
    kept = await keep(db, 9, "[1]")

    await db.write(lambda c: decisions.purge(c, NOW + decisions.KEPT + MINUTE))

    assert len(await sizes(db)) == 1
    assert await db.read(lambda c: c.execute("SELECT count(*) FROM standing").fetchone()[0]) == 1
    assert await db.read(lambda c: givens.get(c, kept)) == given(9, "[1]")


async def test_nothing_of_it_is_left_when_a_user_is_erased(db: Database) -> None:
    known = await keep(db, 0)

    await db.write(lambda c: consents.erase(c, "ada", NOW))

    assert await db.read(lambda c: givens.get(c, known)) is None
    assert await db.read(lambda c: c.execute("SELECT count(*) FROM standing").fetchone()[0]) == 0


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE givens SET packed = x'00'",
        "UPDATE givens SET packed = CAST(substr(packed, 1, 9) || x'0000' AS BLOB)",
        "UPDATE standing SET sample = x'00'",
        "DELETE FROM standing",
    ],
)
async def test_damage_is_an_error(db: Database, sql: str) -> None:
    await keep(db, 0)
    known = await keep(db, 1)

    await db.write(lambda c: c.execute(sql))

    with pytest.raises(StorageError):
        await db.read(lambda c: givens.get(c, known))


async def test_a_damaged_sample_does_not_keep_a_decision_from_being_recorded(db: Database) -> None:
    await keep(db, 0)
    await db.write(lambda c: c.execute("UPDATE standing SET sample = x'00'"))

    known = await keep(db, 1)

    assert await db.read(lambda c: givens.get(c, known)) is None
    assert known in await db.read(lambda c: decisions.by_id(c, [known]))
