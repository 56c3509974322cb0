"""Decisions on record: kept exactly, found by time, and never too many."""

from datetime import datetime, timedelta

import pytest

from gatewayd.model.command import Command, SetMaxCurrent, StopCharging
from gatewayd.model.decision import Decision, Input
from gatewayd.state import decisions
from gatewayd.state.db import Database
from tests.unit.state.conftest import NOW

MINUTE = timedelta(minutes=1)


STOP = StopCharging()


def decision(minute: int = 0, asset_id: str = "a", command: Command | None = STOP) -> Decision:
    return Decision(
        NOW + minute * MINUTE,
        asset_id,
        "fuse_guard",
        command,
        "phase a carries too much",
        (Input("current_a_a", 31.5, 0.4), Input("is_charging", value=True), Input("limit", "25 A")),
        ("16 A", "10 A"),
        "the main fuse",
    )


async def keep(db: Database, one: Decision) -> int:
    return await db.write(lambda c: decisions.record(c, one))


async def in_force(db: Database, minute: int) -> datetime | None:
    """When the decision in force at a minute was made."""
    found = await db.read(lambda c: decisions.in_force(c, "a", NOW + minute * MINUTE))
    return found.decision.at if found else None


@pytest.mark.parametrize("command", [SetMaxCurrent(10.0), None])
async def test_a_decision_is_read_back_as_it_was(db: Database, command: Command | None) -> None:
    made = decision(command=command)

    known = await keep(db, made)

    found = await db.read(lambda c: decisions.by_id(c, [known, known + 1]))
    assert found == {known: decisions.Decided(known, made, None)}
    assert await db.read(decisions.latest) == {"a": made}


async def test_the_decision_in_force_is_the_newest_until_then(db: Database) -> None:
    for minute in (1, 3):
        await keep(db, decision(minute))

    assert await in_force(db, 0) is None
    assert await in_force(db, 1) == NOW + MINUTE
    assert await in_force(db, 2) == NOW + MINUTE
    assert await in_force(db, 3) == NOW + 3 * MINUTE
    assert await db.read(lambda c: decisions.in_force(c, "b", NOW + 9 * MINUTE)) is None


async def test_a_time_has_a_beginning_that_counts_and_an_end_that_does_not(db: Database) -> None:
    for minute in range(4):
        await keep(db, decision(minute))
    await keep(db, decision(2, "b"))

    found = await db.read(lambda c: decisions.times(c, ["a"], NOW + MINUTE, NOW + 3 * MINUTE))

    assert [at for _, at in found] == [NOW + MINUTE, NOW + 2 * MINUTE]
    assert len(await db.read(lambda c: decisions.times(c, ["a", "b"]))) == 5


async def test_of_an_asset_that_has_too_many_the_oldest_go_and_that_is_told(
    db: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(decisions, "MAX_ROWS", 100)
    monkeypatch.setattr(decisions, "_LOOK_ROWS", 50)
    await keep(db, decision(0, "quiet"))
    await db.write(lambda c: [decisions.record(c, decision(minute)) for minute in range(250)])

    kept = await db.read(lambda c: decisions.times(c, ["a"]))

    assert len(kept) <= 100 + 50
    assert kept[-1][1] == NOW + 249 * MINUTE
    assert len(await db.read(lambda c: decisions.times(c, ["quiet"]))) == 1
    assert "a: its 54 oldest decisions are gone" in caplog.text


async def test_a_month_of_a_busy_asset_is_kept(db: Database) -> None:
    assert decisions.MAX_ROWS >= 30 * 2000


async def test_those_near_a_key_are_found_on_both_sides(db: Database) -> None:
    numbers = [await keep(db, decision(minute // 2, "ab"[minute % 2])) for minute in range(20)]
    key = ((NOW + 5 * MINUTE).isoformat(timespec="milliseconds")[:-6] + "Z", f"{numbers[10]:020d}")

    async def near(ids: str, **way: bool) -> list[int]:
        within = NOW, NOW + 9 * MINUTE
        found = await db.read(lambda c: decisions.near(c, [*ids], within, key, 3, **way))
        return [numbers.index(number) for number, _ in found]

    assert await near("ab") == [9, 8, 7, 10]
    assert await near("ab", is_newer=True) == [10, 11, 12, 13]
    assert await near("b") == [9, 7, 5, 11]
    assert await near("b", is_newer=True) == [9, 11, 13, 15]


async def test_what_is_older_than_a_month_is_forgotten(db: Database) -> None:
    await keep(db, decision(0))
    await keep(db, decision(1))

    await db.write(lambda c: decisions.purge(c, NOW + decisions.KEPT + MINUTE))

    assert [at for _, at in await db.read(lambda c: decisions.times(c, ["a"]))] == [NOW + MINUTE]
