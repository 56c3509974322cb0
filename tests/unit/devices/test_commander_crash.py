"""The command path is cut at every step it awaits; the box and the database file live on.

Whatever the step: after the restart there is one terminal state, told of once, and the box holds
either what it had or what was commanded; never a state that the journal calls otherwise.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gatewayd.model.command import Action, ActionState, Command, SetMaxCurrent
from gatewayd.model.reading import ChargerReading
from gatewayd.state import actions
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, charger_box
from tests.fakes.gateway import gateway

BEFORE_A, AFTER_A = 16.0, 10.0
COMMAND = SetMaxCurrent(AFTER_A)


class Crash(BaseException):
    """The process is killed here."""


@dataclass
class Fuse:
    """Kills at the `at`-th step it is asked about; counts them all."""

    at: int
    steps: int = 0

    async def __call__(self, _: str) -> None:
        self.steps += 1
        if self.steps == self.at:
            raise Crash


async def live(
    path: Path, clock: FakeClock, box: ScriptedBox, fuse: Fuse, *, submits: bool, seconds: float
) -> bool:
    """One run of the daemon; whether it lived to its end. The fuse counts from the asking on."""

    async def idle(_: str) -> None:
        pass

    box.step, lived = idle, False
    try:
        async with gateway(path, clock, {"keba": box}) as home:
            if submits:
                await home.pass_time(1)
            box.step = home.db.step = fuse
            if submits:
                await home.commander.submit(home.asset("keba").id, COMMAND, "api")
            await home.pass_time(seconds, step_s=0.5)
            box.step = home.db.step = idle
            lived = True
    except* Crash:
        box.step = idle
    return lived


async def verdict(path: Path, clock: FakeClock, box: ScriptedBox) -> Action | None:
    """Let a last run come to the end, then check what must hold after any crash."""
    async with gateway(path, clock, {"keba": box}) as home:
        for _ in range(75):
            await home.pass_time(1, step_s=1)
            if not await home.pending():
                break
        await home.pass_time(6, step_s=1)
        found = await home.db.read(actions.latest)
        told = [row.entity_id for row in await home.events()]
        assert await home.pending() == []
    reading = box.readings["charger"]
    assert isinstance(reading, ChargerReading)
    assert set(box.writes) <= {COMMAND}
    assert reading.max_current_a == (AFTER_A if box.writes else BEFORE_A)
    if not found:
        assert told == []
        assert box.writes == []
        return None
    [action] = found.values()
    assert told == [action.id]
    assert action.completed_at is not None
    if action.state is ActionState.CONFIRMED:
        assert reading.max_current_a == AFTER_A
    if action.sent_at is None:
        assert box.writes == []
    return action


async def steps_of_a_whole_run(path: Path) -> int:
    fuse = Fuse(at=-1)
    assert await live(path, FakeClock(), charger_box(), fuse, submits=True, seconds=1)
    return fuse.steps


async def crash_points(folder: Path) -> AsyncIterator[tuple[int, Path]]:
    folder.mkdir()
    for at in range(1, await steps_of_a_whole_run(folder / "whole.db") + 1):
        yield at, folder / f"{at}.db"


async def test_a_command_ends_once_wherever_the_daemon_is_killed(tmp_path: Path) -> None:
    ends = []
    async for at, path in crash_points(tmp_path / "one"):
        clock, box = FakeClock(), charger_box()
        await live(path, clock, box, Fuse(at), submits=True, seconds=1)
        action = await verdict(path, clock, box)
        ends.append(action.state if action else None)

    # Before the commit of the intent there is no action; after it, it comes true.
    assert len(ends) > 8
    assert set(ends) == {None, ActionState.CONFIRMED}


async def test_a_command_ends_once_when_the_restart_is_killed_too(tmp_path: Path) -> None:
    async for at, _ in crash_points(tmp_path / "two"):
        again, is_alive = 0, False
        while not is_alive:
            again += 1
            path, clock, box = tmp_path / f"{at}-{again}.db", FakeClock(), charger_box()
            await live(path, clock, box, Fuse(at), submits=True, seconds=1)
            is_alive = await live(path, clock, box, Fuse(again), submits=False, seconds=2)
            action = await verdict(path, clock, box)
            assert action is None or action.state is ActionState.CONFIRMED


async def test_a_command_is_not_executed_when_the_daemon_was_down_too_long(tmp_path: Path) -> None:
    async for at, path in crash_points(tmp_path / "late"):
        clock, box = FakeClock(), charger_box()
        await live(path, clock, box, Fuse(at), submits=True, seconds=1)
        written = list[Command](box.writes)
        await clock.advance(3600)
        action = await verdict(path, clock, box)

        assert box.writes == written
        if action is not None:
            came_true = ActionState.CONFIRMED if written else ActionState.FAILED
            assert action.state is came_true


@pytest.mark.parametrize("obeys", [True, False])
async def test_no_second_end_after_a_crash_in_the_middle_of_the_tries(
    tmp_path: Path, obeys: bool
) -> None:
    for at in range(20, 120, 20):
        path, clock, box = tmp_path / f"{at}.db", FakeClock(), charger_box()
        box.obeys = False
        await live(path, clock, box, Fuse(at), submits=True, seconds=70)
        box.obeys = obeys
        async with gateway(path, clock, {"keba": box}) as home:
            await home.pass_time(70, step_s=1)
            count = len(box.writes)
            await home.pass_time(70, step_s=5)
            assert len(box.writes) == count
            assert len(await home.events()) == 1
            assert await home.pending() == []
