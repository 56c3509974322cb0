"""The journal: exact, and terminal states are absorbing."""

import sqlite3
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from gatewayd.errors import StorageError
from gatewayd.model.asset import AssetKind, Role
from gatewayd.model.climate import (
    Bounds,
    FollowSchedule,
    HvacCategory,
    HvacMode,
    PermanentHold,
    Thermostat,
)
from gatewayd.model.command import (
    Action,
    ActionState,
    Command,
    FailureReason,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
)
from gatewayd.model.power import (
    Hold,
    HoldCharge,
    SetBatteryPower,
    SetExportLimit,
    SetPhases,
    SetProductionLimit,
    SetReserve,
    SetSgReady,
)
from gatewayd.model.reading import OperationMode, SgReady
from gatewayd.state import actions, outbox
from gatewayd.state.codec import role_of, role_text
from gatewayd.state.db import Database
from tests.unit.state.conftest import NOW

LATER = NOW + timedelta(seconds=1.5)
ENDS = [state for state in ActionState if state is not ActionState.PENDING]


def action(action_id: str = "1", asset_id: str = "wallbox", **fields: object) -> Action:
    plain = Action(action_id, "ada", asset_id, AssetKind.CHARGER, StartCharging(), "api", NOW, NOW)
    return replace(plain, **fields)  # type: ignore[arg-type]


async def insert(db: Database, *new: Action) -> None:
    for each in new:
        await db.write(partial(actions.insert, action=each))


async def update(db: Database, changed: Action) -> bool:
    return await db.write(lambda c: actions.update(c, changed))


async def get(db: Database, action_id: str = "1") -> Action | None:
    return await db.read(lambda c: actions.get(c, action_id))


@pytest.mark.parametrize(
    "command",
    [
        StartCharging(),
        StopCharging(),
        SetMaxCurrent(13.7),
        SetMaxCurrent(16),
        *(SetOperationMode(mode) for mode in OperationMode),
        FollowSchedule(),
        Hold(),
        HoldCharge(),
        SetBatteryPower(-1500.5),
        SetReserve(20),
        SetProductionLimit(None),
        SetProductionLimit(3000.0),
        SetExportLimit(0),
        SetPhases(1),
        SetSgReady(SgReady.RECOMMENDED),
        PermanentHold(HvacMode.OFF),
        PermanentHold(HvacMode.HEAT, heat_setpoint_c=21),
        PermanentHold(HvacMode.AUTO, heat_setpoint_c=20.5, cool_setpoint_c=24.5),
    ],
)
async def test_every_command_comes_back_exactly(path: Path, command: Command) -> None:
    async with Database.open(path) as db:
        await insert(db, action(command=command))
    async with Database.open(path) as db:
        assert await get(db) == action(command=command)


@pytest.mark.parametrize(
    "ended",
    [
        action().ended(ActionState.CONFIRMED, LATER),
        replace(action(), sent_at=LATER).ended(
            ActionState.FAILED, LATER, FailureReason.NO_RESPONSE, "no answer for 60 s"
        ),
        action().ended(ActionState.CANCELLED, LATER, FailureReason.REQUESTED_CANCELLATION),
    ],
)
async def test_every_field_of_an_ended_action_comes_back(db: Database, ended: Action) -> None:
    await insert(db, action())

    assert await update(db, ended)

    assert await get(db) == ended


async def test_the_sent_mark_leaves_the_action_pending(db: Database) -> None:
    await insert(db, action())

    assert await update(db, action(sent_at=LATER, updated_at=LATER))

    assert await get(db) == action(sent_at=LATER, updated_at=LATER)
    assert await db.read(actions.pending) == [action(sent_at=LATER, updated_at=LATER)]


@pytest.mark.parametrize("first", ENDS)
@pytest.mark.parametrize("second", list(ActionState))
async def test_a_terminal_state_is_never_left(
    db: Database, first: ActionState, second: ActionState
) -> None:
    ended = action().ended(first, NOW)
    await insert(db, action())
    await update(db, ended)

    changed = action() if second is ActionState.PENDING else action().ended(second, LATER)
    assert not await update(db, changed)

    assert await get(db) == ended


async def test_an_unknown_action_is_not_updated(db: Database) -> None:
    assert not await update(db, action("nobody"))
    assert await get(db, "nobody") is None


async def test_an_asset_has_at_most_one_pending_action(db: Database) -> None:
    await insert(db, action("1"), action("other", "battery"))

    with pytest.raises(sqlite3.IntegrityError):
        await insert(db, action("2"))

    await update(db, action("1").ended(ActionState.CANCELLED, LATER, FailureReason.CONFLICT))
    await insert(db, action("2"))
    assert [each.id for each in await db.read(actions.pending)] == ["other", "2"]
    pending = await db.read(lambda c: actions.pending(c, "wallbox"))
    assert [each.id for each in pending] == ["2"]


async def test_a_new_action_the_end_of_the_old_and_the_event_are_one_change(db: Database) -> None:
    await insert(db, action("old"))

    def replace_old(c: sqlite3.Connection) -> None:
        old = action("old").ended(ActionState.CANCELLED, LATER, FailureReason.CONFLICT)
        assert actions.update(c, old)
        outbox.append(c, "user:vendor-action:updated", old.id, old.user_id, {}, LATER)
        actions.insert(c, action("new", command=SetMaxCurrent(6)))
        raise RuntimeError("killed here")

    with pytest.raises(RuntimeError):
        await db.write(replace_old)

    assert await db.read(actions.pending) == [action("old")]
    assert await db.read(lambda c: outbox.after(c, 0)) == []


async def test_the_latest_action_is_the_one_asked_for_last_whatever_the_clock_says(
    db: Database,
) -> None:
    first = action("1", created_at=LATER)
    last = action("2", created_at=NOW - timedelta(days=1))
    await insert(db, first)
    await update(db, first.ended(ActionState.CONFIRMED, LATER))
    await insert(db, last, action("3", "battery"))

    assert await db.read(actions.latest) == {"wallbox": last, "battery": action("3", "battery")}


async def test_the_newest_made_after_a_time_come_the_oldest_first(db: Database) -> None:
    made = [
        action(str(number), created_at=NOW + timedelta(seconds=number)).ended(
            ActionState.CONFIRMED, NOW + timedelta(minutes=1)
        )
        for number in range(4)
    ]
    await insert(db, *made, action("other", "battery", created_at=LATER))

    assert await db.read(lambda c: actions.since(c, "wallbox", NOW)) == made[1:]
    assert await db.read(lambda c: actions.since(c, "wallbox", None)) == made
    assert await db.read(lambda c: actions.since(c, "wallbox", NOW, limit=2)) == made[2:]


@pytest.mark.parametrize("text", ['{"type":"self_destruct"}', '{"type":"set_operation_mode"}'])
async def test_a_command_of_another_version_is_a_clear_error(db: Database, text: str) -> None:
    await insert(db, action())
    await db.write(lambda c: c.execute("UPDATE actions SET command = ?", [text]).rowcount)

    with pytest.raises(StorageError, match="action 1: this program has no command"):
        await get(db)


async def test_a_half_ended_action_is_refused(db: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        await insert(db, action(state=ActionState.CONFIRMED))
    with pytest.raises(sqlite3.IntegrityError):
        await insert(db, action(completed_at=NOW))


@pytest.mark.parametrize(
    "thermostat",
    [
        None,
        Thermostat(),
        Thermostat(frozenset(HvacMode), Bounds(5.5), Bounds(None, 30), Bounds(2, 9)),
        Thermostat(frozenset({HvacMode.COOL}), category=HvacCategory.COOLING),
    ],
)
def test_a_thermostat_comes_back_exactly(thermostat: Thermostat | None) -> None:
    role = Role(AssetKind.HVAC, thermostat=thermostat)

    assert role_of(role_text(role)) == role


async def test_what_is_a_year_old_goes_the_oldest_first(db: Database) -> None:
    now = NOW + actions.KEPT
    waits = replace(action("waits", "other"), created_at=NOW - timedelta(days=1))
    ended = replace(waits, state=ActionState.CONFIRMED, completed_at=NOW)
    for number in ("1", "2", "3"):
        await insert(db, replace(ended, id=number, asset_id="wallbox"))
    young = replace(ended, id="young", asset_id="wallbox", created_at=NOW)
    await insert(db, waits, young, action("newest"))
    await insert(db, replace(ended, id="last words", asset_id="third"))

    gone = [await db.write(lambda c: actions.purge(c, now, 2)) for _ in range(3)]

    assert gone == [2, 1, 0]
    kept = await db.read(lambda c: c.execute("SELECT id FROM actions ORDER BY seq").fetchall())
    assert [row["id"] for row in kept] == ["waits", "young", "newest", "last words"]
