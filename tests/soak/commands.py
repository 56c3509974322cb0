"""The paths of commands, cut at any step; the box and the database file live on.

A step is whatever is awaited of the database or the box: all that a kill can tell apart. The box
must be told nothing that it had shown to do already, and what else must be is the stories'.
"""

import asyncio
import logging
import os
import random
import tempfile
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.fakes.clock import FakeClock
from tests.fakes.gateway import Gateway, gateway
from tests.soak.stories import Found, HastyClock, Story, Witness, pass_time, told

T = TypeVar("T")

_PROCESSES = os.cpu_count() or 1
# At so many steps of a story it is cut.
_CUTS = 12
# The first steps of a restart, of which one is a second cut.
_RESTART_STEPS = 12


class Crash(BaseException):
    """The process is killed here."""


@dataclass
class Fuse:
    """Kills at the `at`-th step it is asked about; None never."""

    at: int | None = None
    steps: int = 0

    async def __call__(self, _: str) -> None:
        self.steps += 1
        if self.steps == self.at:
            raise Crash

    @property
    def has_blown(self) -> bool:
        """Whether the step was reached."""
        return self.at is not None and self.steps >= self.at


async def steps_of(path: Path, story: Story) -> int:
    """How many steps there are to be cut at."""
    fuse = Fuse()
    await _live(path, HastyClock(), _box(story), fuse, story.tell)
    return fuse.steps


async def crash_once(path: Path, story: Story, at: int, again_at: int | None = None) -> Found:
    """Killed at one step, and perhaps at another of the restart; then what came of it."""
    clock, box = HastyClock(), _box(story)
    fuses = [Fuse(at), Fuse(again_at)]
    await _live(path, clock, box, fuses[0], story.tell)
    if again_at is not None:
        await _live(path, clock, box, fuses[1], story.tell_again)
    async with gateway(path, clock, {"box": box}) as home:
        found = await story.judge(home, box)
    found.points = sum(fuse.has_blown for fuse in fuses)
    found.doubles = [f"told twice: {command}" for command in box.doubles]
    return found


def _box(story: Story) -> Witness:
    [role] = story.identity.roles
    return Witness(story.identity, {role: story.start})


async def _live(
    path: Path,
    clock: FakeClock,
    box: Witness,
    fuse: Fuse,
    tell: Callable[[Gateway], Awaitable[None]],
) -> None:
    """One run of the daemon, to its end or to the fuse's."""

    async def idle(_: str) -> None:
        pass

    try:
        async with gateway(path, clock, {"box": box}) as home:
            await pass_time(home, 1)
            box.step = home.db.step = fuse
            await tell(home)
            box.step = home.db.step = idle
    except* Crash:
        pass
    box.step = idle


def crash(points: int, seed: int = 0) -> Found:
    """What is found at so many points that were reached, or a few more."""
    share = -(-points // _PROCESSES)
    total = Found()
    with ProcessPoolExecutor(_PROCESSES) as pool:
        for found in pool.map(_crashes, [share] * _PROCESSES, range(seed, seed + _PROCESSES)):
            total.add(found)
    return total


def _crashes(points: int, seed: int) -> Found:
    # What a device or a disk does is logged, and here they do it all the time.
    logging.disable(logging.CRITICAL)
    total = Found()
    with tempfile.TemporaryDirectory(prefix="gatewayd-crash-", dir=memory()) as folder:
        while total.points < points:
            total.add(asyncio.run(cut(Path(folder), seed)))
            seed += _PROCESSES
    return total


async def cut(folder: Path, seed: int, cuts: int = _CUTS) -> Found:
    """One story, cut here and there."""
    story, dice, total = told(seed), random.Random(seed), Found()
    path = folder / "home.db"
    steps = await _forgotten(path, steps_of(path, story))
    for at in dice.sample(range(1, steps + 1), min(steps, cuts)):
        again_at = dice.choice([None, dice.randint(1, _RESTART_STEPS)])
        total.add(await _forgotten(path, crash_once(path, story, at, again_at)))
    return total


async def _forgotten(path: Path, work: Awaitable[T]) -> T:
    try:
        return await work
    finally:
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()


def memory() -> str | None:
    """Where files are not on a disk."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
