"""The journal: each change is whole, and tells only of what Enode has a word for."""

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gatewayd import __version__
from gatewayd.devices import journal
from gatewayd.devices.record import packed
from gatewayd.errors import ConflictError, NotFoundError
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import (
    Action,
    ActionState,
    Command,
    FailureReason,
    SetOperationMode,
    StartCharging,
    StopCharging,
)
from gatewayd.model.decision import Decision, Grounds
from gatewayd.model.power import Hold, SetBatteryPower
from gatewayd.model.reading import OperationMode
from gatewayd.plan.given import AskedGiven, CancelledGiven
from gatewayd.state import actions, decisions, givens, outbox
from gatewayd.state.db import Database
from tests.fakes.home import state
from tests.unit.state.conftest import NOW

PLAIN = Action("1", "ada", "attic", AssetKind.BATTERY, Hold(), "plan", NOW, NOW)
START = replace(PLAIN, asset_id="car", kind=AssetKind.VEHICLE, command=StartCharging())
LATER = NOW + timedelta(seconds=9)
WHY = Grounds("it is cheap now")
WHATEVER_THE_CLOCK_SAYS = pytest.mark.parametrize(
    ("asked_at", "ended_at"), [(LATER, LATER), (NOW - timedelta(days=1), NOW)]
)


@pytest.fixture
async def opened(db: Path) -> AsyncIterator[Database]:
    async with Database.open(db) as database:
        yield database


def given(action: Action) -> AskedGiven:
    return AskedGiven("1.0", state(action.kind), action.command, action.owner, WHY, 0.0)


async def begin(db: Database, action: Action) -> tuple[Action, list[Action]]:
    decision = Decision.on(WHY, action.created_at, action.asset_id, "plan", action.command)
    return await db.write(lambda c: journal.begin(c, action, decision, given(action)))


async def get(db: Database, action_id: str = "1") -> Action | None:
    return await db.read(lambda c: actions.get(c, action_id))


async def told(db: Database) -> list[tuple[str, object]]:
    rows = await db.read(lambda c: outbox.after(c, 0))
    assert all(row.event == "user:vendor-action:updated" for row in rows)
    return [(row.entity_id, row.body["updatedFields"]) for row in rows]


async def decided(db: Database) -> list[tuple[str | None, Command | None]]:
    """Of which action each decision is, and what it tells the asset."""

    def read(c: sqlite3.Connection) -> list[tuple[str | None, Command | None]]:
        seqs = [seq for seq, _ in decisions.times(c, ["car", "attic"])]
        found = decisions.by_id(c, seqs).values()
        return [(one.action.id if one.action else None, one.decision.command) for one in found]

    return await db.read(read)


async def test_an_action_is_begun_with_its_decision_and_what_that_was_made_from(
    opened: Database,
) -> None:
    assert await begin(opened, START) == (START, [])

    assert await get(opened) == START
    assert await decided(opened) == [("1", StartCharging())]
    assert await opened.read(lambda c: givens.get(c, 1)) == packed(given(START))
    assert await told(opened) == []


@WHATEVER_THE_CLOCK_SAYS
async def test_the_newer_action_of_an_asset_ends_the_pending_one(
    opened: Database, asked_at: datetime, ended_at: datetime
) -> None:
    other = replace(PLAIN, id="other")
    await begin(opened, START)
    await begin(opened, other)
    newer = replace(START, id="2", command=StopCharging(), created_at=asked_at)

    begun, replaced = await begin(opened, newer)

    ended = START.ended(
        ActionState.CANCELLED, ended_at, FailureReason.CONFLICT, "a newer action took over"
    )
    assert (begun, replaced) == (newer, [ended])
    assert await get(opened) == ended
    assert await opened.read(actions.pending) == [other, newer]
    assert await told(opened) == [("1", ["state", "updatedAt", "completedAt", "failureReason"])]


async def test_what_a_vehicle_is_told_already_is_not_begun_again(opened: Database) -> None:
    await begin(opened, START)

    assert await begin(opened, replace(START, id="2", created_at=LATER)) == (START, [])

    assert await get(opened, "2") is None
    assert await decided(opened) == [("1", StartCharging())]
    assert await told(opened) == []


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        (Hold(), []),
        (SetBatteryPower(-500), []),
        (
            SetOperationMode(OperationMode.SELF_RELIANCE),
            [("1", ["state", "updatedAt", "completedAt"])],
        ),
    ],
)
async def test_an_end_is_told_if_the_api_can_show_the_action(
    opened: Database, command: Command, fields: list[tuple[str, object]]
) -> None:
    action = replace(PLAIN, command=command)
    ended = action.ended(ActionState.CONFIRMED, NOW)
    await begin(opened, action)

    assert await opened.write(lambda c: journal.end(c, ended))

    assert await get(opened) == ended
    assert await told(opened) == fields


async def test_a_second_end_is_no_end_and_is_not_told(opened: Database) -> None:
    first, second = (START.ended(one, LATER) for one in (ActionState.CONFIRMED, ActionState.FAILED))
    await begin(opened, START)
    assert await opened.write(lambda c: journal.end(c, first))

    assert not await opened.write(lambda c: journal.end(c, second))

    assert await get(opened) == first
    assert len(await told(opened)) == 1


@WHATEVER_THE_CLOCK_SAYS
async def test_an_owner_ends_a_pending_action_and_that_is_a_decision(
    opened: Database, asked_at: datetime, ended_at: datetime
) -> None:
    await begin(opened, START)

    ended, decision = await opened.write(lambda c: journal.cancel(c, "1", WHY, asked_at))

    assert (
        ended
        == await get(opened)
        == START.ended(
            ActionState.CANCELLED,
            ended_at,
            FailureReason.REQUESTED_CANCELLATION,
            "cancelled by its owner",
        )
    )
    assert decision == Decision.on(WHY, ended_at, "car", "plan", None)
    assert await decided(opened) == [("1", StartCharging()), ("1", None)]
    kept = await opened.read(lambda c: givens.get(c, 2))
    assert kept == packed(CancelledGiven(__version__, START, WHY))
    assert await told(opened) == [("1", ["state", "updatedAt", "completedAt", "failureReason"])]


async def test_what_has_ended_is_not_cancelled(opened: Database) -> None:
    confirmed = START.ended(ActionState.CONFIRMED, NOW)
    await begin(opened, START)
    await opened.write(lambda c: journal.end(c, confirmed))

    with pytest.raises(ConflictError, match="1 has already ended"):
        await opened.write(lambda c: journal.cancel(c, "1", WHY, LATER))

    assert await get(opened) == confirmed
    assert await decided(opened) == [("1", StartCharging())]
    assert len(await told(opened)) == 1


async def test_an_unknown_action_is_not_cancelled(opened: Database) -> None:
    with pytest.raises(NotFoundError, match="ID nobody"):
        await opened.write(lambda c: journal.cancel(c, "nobody", WHY, NOW))
