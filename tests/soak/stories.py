"""What is wanted of a box, one thing after the other, and what must have come of it.

A setpoint holds what is wanted, or what the box had before anybody touched it; an action has one
end, told of once.
"""

import random
from dataclasses import dataclass, field, replace

from gatewayd.model.asset import AssetKind, Capability, Identity, Role
from gatewayd.model.command import (
    ActionState,
    Command,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
    is_confirmed,
)
from gatewayd.model.power import Hold
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    OperationMode,
    PowerDelivery,
    Reading,
)
from gatewayd.plan.arbiter.claims import Setpoint, Wish
from gatewayd.plan.keeping import Kept
from gatewayd.state import actions, setpoints
from tests.fakes.clock import FakeClock
from tests.fakes.driver import ScriptedBox, charger_box, obeyed
from tests.fakes.gateway import Gateway

_ADOPT_S = 30.0
_ENDED_S = 75
_MADE = "SELECT id FROM actions"
_MODES = (Capability.SELF_RELIANCE, Capability.IMPORT_FOCUS, Capability.EXPORT_FOCUS)
_CELL = Identity(
    "Acme", "Cell", {"battery": Role(AssetKind.BATTERY, frozenset({*_MODES, Capability.HOLD}))}, "B"
)
_CURRENTS: list[Wish | None] = [Setpoint(0.0), Setpoint(6.0), Setpoint(10.0), Setpoint(16.0), None]
_FORCED: list[Wish | None] = [
    SetOperationMode(OperationMode.IMPORT_FOCUS),
    SetOperationMode(OperationMode.EXPORT_FOCUS),
    Hold(),
    None,
]
_ASKED: list[Command] = [SetMaxCurrent(8.0), SetMaxCurrent(13.0), StartCharging()]


class HastyClock(FakeClock):
    """Time can be skipped: whoever sleeps meanwhile oversleeps."""

    def skip(self, seconds: float) -> None:
        """Let time pass at once."""
        self._elapsed_s += seconds


@dataclass(eq=False)
class Witness(ScriptedBox):
    """A box that notes each write that changes nothing, and each that comes twice unread."""

    doubles: list[Command] = field(default_factory=list)

    def take(self, role: str, command: Command) -> None:
        """A command arrives."""
        if obeyed(self.readings[role], command) == self.readings[role]:
            self.doubles.append(command)
        super().take(role, command)


@dataclass
class Found:
    """Where commands were cut, and what was wrong then."""

    points: int = 0
    doubles: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unrestored: list[str] = field(default_factory=list)

    def add(self, other: "Found") -> None:
        """Take another's in."""
        self.points += other.points
        self.doubles += other.doubles
        self.wrong += other.wrong
        self.unrestored += other.unrestored


@dataclass(frozen=True)
class Steered:
    """Setpoints one after the other, and one after the kill; then all is given back."""

    identity: Identity
    start: Reading
    wants: tuple[Wish | None, ...]
    after: Wish | None

    async def tell(self, home: Gateway) -> None:
        """Want one thing after the other."""
        for want in self.wants:
            _want(home, want)
            await pass_time(home, 4)

    async def tell_again(self, home: Gateway) -> None:
        """What is wanted after the first kill."""
        _want(home, self.after)
        await pass_time(home, 4)

    async def judge(self, home: Gateway, box: Witness) -> Found:
        """Let the last run come to the end."""
        [role] = box.readings
        await pass_time(home, 3)
        _want(home, self.after)
        home.clock.skip(_ADOPT_S)  # type: ignore[attr-defined]
        await pass_time(home, 8)
        held = _wrong(box.readings[role], self.after, self.start)
        _want(home, None)
        await pass_time(home, 8)
        left = [f"not forgotten: {one}" for one in await home.db.read(setpoints.touched)]
        return Found(wrong=held, unrestored=left + _wrong(box.readings[role], None, self.start))


@dataclass(frozen=True)
class Asked:
    """Actions one after the other, each of which changes something."""

    identity: Identity
    start: Reading
    commands: tuple[Command, ...]

    async def tell(self, home: Gateway) -> None:
        """Ask for one after the other."""
        for command in self.commands:
            await home.commander.submit(home.asset("box").id, command, "api")
            await pass_time(home, 3)

    async def tell_again(self, home: Gateway) -> None:
        """After a kill nothing new is asked for."""
        await pass_time(home, 3)

    async def judge(self, home: Gateway, box: Witness) -> Found:
        """Let the last run come to the end."""
        await pass_time(home, 3)
        for _ in range(_ENDED_S):
            if not await home.pending():
                break
            await pass_time(home, 1)
        told = sorted(row.entity_id for row in await home.events())
        made = sorted(await home.db.read(lambda c: [row[0] for row in c.execute(_MADE)]))
        wrong = [] if told == made else [f"{len(made)} actions, {len(told)} ends told"]
        latest = await home.db.read(actions.latest)
        for action in latest.values():
            is_done = is_confirmed(action.command, box.readings["charger"])
            if not is_done or action.state is not ActionState.CONFIRMED:
                wrong.append(f"{action.command} is {action.state}, done: {is_done}")
            if action.sent_at is None and action.command in box.writes:
                wrong.append(f"{action.command} was written and is not marked as sent")
        if not set(box.writes) <= set(self.commands):
            wrong.append(f"nobody asked for it: {box.writes}")
        return Found(wrong=wrong)


Story = Steered | Asked


def told(seed: int) -> Story:
    """A story for each seed: of setpoints of a charger or a battery, or of actions."""
    dice = random.Random(seed)
    charger = charger_box().identity
    start = ChargerReading(
        dice.choice([PowerDelivery.STOPPED, PowerDelivery.CHARGING]),
        max_current_a=dice.choice([6.0, 16.0, 32.0]),
    )
    kind = seed % 4
    if kind == 0:
        stopped = replace(start, power_delivery=PowerDelivery.STOPPED)
        return Asked(charger, stopped, tuple(dice.sample(_ASKED, k=2)))
    if kind == 1:
        battery = BatteryReading(
            operation_mode=OperationMode.SELF_RELIANCE, is_held=False, is_charge_held=False
        )
        wants = tuple(dice.choices(_FORCED, k=3))
        return Steered(_CELL, battery, wants, dice.choice(_FORCED))
    return Steered(charger, start, tuple(dice.choices(_CURRENTS, k=3)), dice.choice(_CURRENTS))


async def pass_time(home: Gateway, seconds: float) -> None:
    """In steps of a second."""
    await home.pass_time(seconds, step_s=1.0)


def _want(home: Gateway, want: Wish | None) -> None:
    [state] = home.store.site.of_device("box")
    if want is None:
        home.commander.release(state.asset.id)
    else:
        home.commander.steer(state.asset.id, Kept(want, "soak", home.clock.monotonic() + 1e6))


def _wrong(found: Reading, want: Wish | None, start: Reading) -> list[str]:
    wanted = start
    for command in _commands(want):
        wanted = obeyed(wanted, command)
    if want == Setpoint(0.0) and isinstance(found, ChargerReading):
        # Stopped, whatever the limit.
        found = replace(found, max_current_a=getattr(start, "max_current_a", None))
    return [] if found == wanted else [f"{found} instead of {wanted}"]


def _commands(want: Wish | None) -> tuple[Command, ...]:
    match want:
        case None:
            return ()
        case Setpoint(current_a=0.0):
            return (StopCharging(),)
        case Setpoint(current_a=current_a):
            return SetMaxCurrent(current_a), StartCharging()
    return (want,)
