"""What a device's memory has borne is counted on, whatever ends in between."""

from pathlib import Path

import pytest

from gatewayd.errors import StorageError, UnreachableError
from gatewayd.model.command import SetMaxCurrent
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox
from tests.fakes.gateway import Gateway, gateway

PLACE = "1501"


async def wear(home: Gateway, box: ScriptedBox, current_a: float = 10.0) -> None:
    async def note(step: str) -> None:
        if step == "apply":
            box.wear.note(PLACE)

    box.step = note
    await home.commander.submit(home.asset("keba").id, SetMaxCurrent(current_a), "test")
    await home.pass_time(2)


async def pass_by(_: str) -> None:
    pass


def count(box: ScriptedBox) -> int:
    return sum(one.writes for one in box.wear.worn())


@pytest.mark.parametrize("ends", ["the daemon", "the day", "the connection"])
async def test_a_days_writes_outlive_all_but_the_day(
    db: Path, clock: FakeClock, box: ScriptedBox, ends: str
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)
        await wear(home, box)
        if ends == "the connection":
            box.faults["read"] = UnreachableError("gone")
            await home.pass_time(60)
            del box.faults["read"]
            await home.pass_time(120)
    if ends != "the connection":
        await clock.advance(86401.0 if ends == "the day" else 3600.0)
        async with gateway(db, clock, {"keba": box}) as home:
            await home.pass_time(1)

    assert count(box) == (0 if ends == "the day" else 1)


async def test_a_write_is_counted_where_it_cannot_be_stored_and_stored_with_the_next(
    db: Path, clock: FakeClock, box: ScriptedBox
) -> None:
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)

        async def refuse(step: str) -> None:
            if step == "write" and box.wear.worn():
                home.db.step = pass_by
                raise StorageError("full")

        home.db.step = refuse
        await wear(home, box)
        assert count(box) == 1
        await wear(home, box, 12.0)
    async with gateway(db, clock, {"keba": box}) as home:
        await home.pass_time(1)

    assert count(box) == 2
