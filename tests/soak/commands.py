"""The path of setpoints, cut at any step: the box and the database file live on.

Whatever the step: after the restart the box holds either what is wanted of it or what it had
before anybody touched it, and it was told nothing that it had shown to do already.
"""

import asyncio
import logging
import os
import random
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from gatewayd.model.command import Command, SetMaxCurrent, StartCharging, StopCharging
from gatewayd.model.reading import ChargerReading, PowerDelivery, Reading
from gatewayd.plan.arbiter.claims import Setpoint
from gatewayd.plan.keeping import Kept
from gatewayd.state import setpoints
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, charger_box, obeyed
from tests.fakes.gateway import Gateway, gateway

_ADOPT_S = 30.0
_MOST_STEPS = 32
_PROCESSES = os.cpu_count() or 1


class Crash(BaseException):
    """The process is killed here."""


class HastyClock(FakeClock):
    """Time can be skipped: whoever sleeps meanwhile oversleeps."""

    def skip(self, seconds: float) -> None:
        """Let time pass at once."""
        self._elapsed_s += seconds


@dataclass
class Fuse:
    """Kills at the `at`-th step it is asked about."""

    at: int
    steps: int = 0

    async def __call__(self, _: str) -> None:
        self.steps += 1
        if self.steps == self.at:
            raise Crash


@dataclass(eq=False)
class Witness(ScriptedBox):
    """A box that notes each write that changes nothing, and each that comes twice unread."""

    doubles: list[Command] = field(default_factory=list)

    def take(self, role: str, command: Command) -> None:
        """A command arrives."""
        if obeyed(self.readings[role], command) == self.readings[role]:
            self.doubles.append(command)
        super().take(role, command)


@dataclass(frozen=True)
class Story:
    """What is wanted one after the other, at which step the process dies, and what is then."""

    start: ChargerReading
    wants: tuple[Setpoint | None, ...]
    at: int
    again_at: int | None
    after: Setpoint | None

    @classmethod
    def told(cls, seed: int) -> "Story":
        """One for each seed."""
        dice = random.Random(seed)
        wishes = [Setpoint(0.0), Setpoint(6.0), Setpoint(10.0), Setpoint(16.0), None]
        return cls(
            ChargerReading(
                dice.choice([PowerDelivery.STOPPED, PowerDelivery.CHARGING]),
                max_current_a=dice.choice([6.0, 16.0, 32.0]),
            ),
            tuple(dice.choices(wishes, k=3)),
            dice.randint(1, _MOST_STEPS),
            dice.choice([None, dice.randint(1, _MOST_STEPS)]),
            dice.choice(wishes),
        )


async def crash_once(path: Path, story: Story) -> list[str]:
    """What went wrong; nothing, if all is well."""
    clock, plain = HastyClock(), charger_box()
    box = Witness(plain.identity, {"charger": story.start})
    await _live(path, clock, box, Fuse(story.at), story.wants)
    if story.again_at is not None:
        await _live(path, clock, box, Fuse(story.again_at), (story.after,))
    async with gateway(path, clock, {"box": box}) as home:
        await _pass(home, 3)
        _want(home, story.after)
        clock.skip(_ADOPT_S)
        await _pass(home, 8)
        held = list(_wrong(box.readings["charger"], story.after, story.start))
        _want(home, None)
        await _pass(home, 8)
        left = await home.db.read(setpoints.touched)
    given_back = list(_wrong(box.readings["charger"], None, story.start))
    doubled = [f"told twice: {command}" for command in box.doubles]
    return [*held, *given_back, *doubled, *(f"not forgotten: {one}" for one in left)]


async def _live(
    path: Path, clock: FakeClock, box: Witness, fuse: Fuse, wants: tuple[Setpoint | None, ...]
) -> None:
    """One run of the daemon, to its end or to the fuse's."""

    async def idle(_: str) -> None:
        pass

    try:
        async with gateway(path, clock, {"box": box}) as home:
            await _pass(home, 1)
            box.step = home.db.step = fuse
            for want in wants:
                _want(home, want)
                await _pass(home, 4)
            box.step = home.db.step = idle
    except* Crash:
        pass
    box.step = idle


def _want(home: Gateway, want: Setpoint | None) -> None:
    [state] = home.store.site.of_device("box")
    if want is None:
        home.commander.release(state.asset.id)
    else:
        home.commander.steer(state.asset.id, Kept(want, "soak", home.clock.monotonic() + 1e6))


async def _pass(home: Gateway, seconds: float) -> None:
    await home.pass_time(seconds, step_s=1.0)


def _wrong(found: Reading, want: Setpoint | None, start: ChargerReading) -> list[str]:
    wanted: Reading = start
    if want is not None:
        commands: tuple[Command, ...] = (StopCharging(),)
        if want.current_a:
            commands = (SetMaxCurrent(want.current_a), StartCharging())
        for command in commands:
            wanted = obeyed(wanted, command)
        if not want.current_a and isinstance(found, ChargerReading):
            # Stopped, whatever the limit.
            found = replace(found, max_current_a=start.max_current_a)
    return [] if found == wanted else [f"{found} instead of {wanted}"]


def crash(points: int, seed: int = 0) -> tuple[int, int]:
    """So many crash points, and at how many of them something went wrong."""
    share = -(-points // _PROCESSES)
    parts = [range(seed + i, min(seed + points, i + seed + share)) for i in range(0, points, share)]
    with ProcessPoolExecutor(_PROCESSES) as pool:
        return points, sum(pool.map(_crashes, parts))


def _crashes(seeds: range) -> int:
    # What a device or a disk does is logged, and here they do it all the time.
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="gatewayd-crash-", dir=_memory()) as folder:
        return sum(bool(asyncio.run(_crash_in(Path(folder), seed))) for seed in seeds)


async def _crash_in(folder: Path, seed: int) -> list[str]:
    path = folder / "home.db"
    try:
        return await crash_once(path, Story.told(seed))
    finally:
        for file in folder.glob("home.db*"):
            file.unlink()


def _memory() -> str | None:
    """Where files are not on a disk."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
