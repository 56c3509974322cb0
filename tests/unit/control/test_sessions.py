"""A restart ends no session."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from gatewayd.control.governor import sessions
from gatewayd.control.governor.look import Memory
from gatewayd.model.ready_by import ReadyBy
from gatewayd.plan.ev.ready import ReadyMemory, When, decide
from gatewayd.plan.ev.session import SessionMemory
from gatewayd.plan.ev.words import CarNow, EvMemory
from gatewayd.state import meta
from gatewayd.state.db import Database

DEADLINE = datetime(2026, 6, 22, 7, tzinfo=UTC)
DAILY = {"work": ReadyBy(weekdays=frozenset(range(7)), minute=7 * 60, soc_pct=80.0)}
CAR = CarNow(is_plugged=True, power_w=3_700.0, soc_pct=50.0, capacity_wh=60_000.0)


def look(memory: ReadyMemory, minutes: int) -> datetime:
    when = When(DEADLINE + timedelta(minutes=minutes), UTC)
    found = decide(DAILY, CAR, 11_000.0, when, memory, 60.0 * minutes)
    assert found is not None
    return found.deadline_at


async def test_a_missed_deadline_and_what_was_drawn_are_known_after_a_restart(
    tmp_path: Path,
) -> None:
    memory, after = Memory(cars={"box": EvMemory(plugged_at_s=5.0)}), Memory()
    memory.ready["box"] = ReadyMemory(powers_w={"": 3_750.0}, phases={"": 1})
    memory.sessions["box"] = SessionMemory(drawn_wh=2_345.0, from_wh=77.0)
    look(memory.ready["box"], -60)
    async with Database.open(tmp_path / "gatewayd.db") as db:
        kept = await sessions.keep(db, memory, sessions.Sessions())
        # What changes at each look is not written at each.
        look(memory.ready["box"], -55)
        memory.sessions["box"].drawn_wh += 100.0
        same = await sessions.keep(db, memory, kept)
        recalled = await sessions.recall(db, after)

    assert same == recalled == kept
    assert look(after.ready["box"], 10) == DEADLINE
    assert after.ready["box"].powers_w == {"": 3_700.0}
    assert after.sessions["box"] == SessionMemory(drawn_wh=2_000.0, from_wh=77.0)
    assert after.cars["box"].plugged_at_s is not None


async def test_what_cannot_be_read_is_begun_anew(tmp_path: Path) -> None:
    memory = Memory()
    async with Database.open(tmp_path / "gatewayd.db") as db:
        await db.write(lambda c: meta.keep_sessions(c, '{"~": "Other"}'))

        assert await sessions.recall(db, memory) == sessions.Sessions()
    assert memory == Memory()
