"""One look at an asset that is steered: what is to be written to it now, if anything.

Whatever was written is believed only when the device reports it; that it is no longer in force,
only once something else was written. What is reported differently
after it was reported once comes from somebody else, or from a restart of the device: the first
time it is put right, the second time it is left alone for a while, and only what safety forbids
is still taken away.
"""

import math
from dataclasses import dataclass, field
from typing import TypeGuard

from gatewayd.model.asset import Asset, Capability
from gatewayd.model.climate import PermanentHold
from gatewayd.model.command import Command, SetMaxCurrent, StopCharging, is_near_current, required
from gatewayd.model.power import (
    Hold,
    HoldCharge,
    SetBatteryPower,
    SetExportLimit,
    SetPhases,
    SetProductionLimit,
    SetSgReady,
)
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    HvacReading,
    InverterReading,
    Reading,
    SgReady,
    VehicleReading,
)
from gatewayd.plan.arbiter.claims import Setpoint, Wish
from gatewayd.plan.in_force import InForce, begun, is_owed, taken
from gatewayd.plan.steer import MIN_CHARGE_A, Before, next_command, restoring

# Two foreign writes within the first mean hands off for the second.
DEVIATIONS_WITHIN_S = 600.0
YIELD_S = 1800.0
# A write that is not seen to work is repeated after so long; after the first few, ever later.
AGAIN_S = 10.0
_AGAIN_LONGEST_S = 640.0
# What a device has refused is not tried again for so long, where there is another way.
_REFUSED_S = 600.0
_SAME_A = 0.5


@dataclass(frozen=True, slots=True)
class Kept:
    """What is to be kept, until `valid_until_s` (monotonic).

    `most_a` is what safety allows a charger, None for anything; unless it `may_yield`, another
    writer is not given way to, save that nothing is raised against him. `only_lowers`: what would
    give it more is not written at all.
    """

    wish: Wish
    owner: str
    valid_until_s: float
    may_yield: bool = True
    most_a: float | None = None
    only_lowers: bool = False


@dataclass(slots=True)
class KeepMemory:
    """What one look passes on to the next.

    `is_reached`: the device has reported the present wish. `tries` are the writes of `told` since
    it last did what it was told; the last of them was at `told_at_s`. `in_force` is what was told
    since it was touched, `is_inherited`: an earlier run has touched it.
    """

    wish: Wish | None = None
    is_reached: bool = False
    deviated_at_s: float = -math.inf
    yielded_until_s: float = -math.inf
    told: Command | None = None
    told_at_s: float = -math.inf
    tries: int = 0
    refused: dict[Command, float] = field(default_factory=dict)
    in_force: InForce = field(default_factory=dict)
    is_inherited: bool = False

    def forget(self) -> None:
        """Nothing that we told is in force any more."""
        self.in_force, self.is_inherited = {}, False


@dataclass(frozen=True, slots=True)
class Look:
    """What to write now. `has_yielded`: it has just been left to another writer."""

    command: Command | None = None
    has_yielded: bool = False


def look(kept: Kept, reading: Reading, asset: Asset, memory: KeepMemory, now_s: float) -> Look:
    """What to write. `reading` was begun after the last write; `memory` is brought forward."""
    is_left = _is_left(reading, asset, memory)
    if kept.wish != memory.wish:
        memory.wish, memory.is_reached = kept.wish, False
    if now_s < memory.yielded_until_s:
        return Look(_due(_forbidden(kept, reading, asset), reading, memory, now_s))
    command = next_command(kept.wish, reading, asset)
    if command is None:
        command, is_left = _owed(kept.wish, reading, asset, memory), False
    if command is None:
        # Another plug is another session.
        memory.is_reached = not (_is_car(reading) and reading.is_plugged_in is False)
        memory.told, memory.tries = None, 0
        return Look()
    if kept.only_lowers and not is_decrease(command, reading):
        return Look()
    if is_left:
        memory.is_reached = False
        if now_s - memory.deviated_at_s <= DEVIATIONS_WITHIN_S:
            memory.yielded_until_s = now_s + YIELD_S
            memory.forget()
            forbidden = _forbidden(kept, reading, asset)
            return Look(_due(forbidden, reading, memory, now_s), has_yielded=True)
        memory.deviated_at_s = now_s
    return Look(_due(_allowed(command, reading, asset, memory, now_s), reading, memory, now_s))


def give_back(
    was: Before,
    reading: Reading,
    asset: Asset,
    memory: KeepMemory,
    now_s: float,
    most_a: float | None = None,
) -> tuple[bool, Command | None]:
    """Whether the device is as it was, a charger with at most `most_a`; and what to write now."""
    memory.wish, memory.is_reached = None, False
    command = restoring(was, reading, most_a)
    if command is None:
        command = _owed_of(was, reading, asset, memory)
    if command is None:
        return True, None
    if isinstance(command, SetPhases) and _is_charging(reading):
        # No contactor switches under load.
        can_stop = Capability.STOP_CHARGING in asset.capabilities
        command = StopCharging() if can_stop else None
    return False, _due(command, reading, memory, now_s)


def parting(was: Before, reading: Reading, asset: Asset, memory: KeepMemory) -> tuple[Command, ...]:
    """All that has to be told to have the device as it was, in this order, by what it said last."""
    found = (
        restoring(Before((command,)), reading) or _owed(command, reading, asset, memory)
        for command in was.commands
    )
    return tuple(command for command in found if command is not None)


def note_written(command: Command, memory: KeepMemory, now_s: float) -> None:
    """It is about to be written."""
    memory.tries = memory.tries + 1 if command == memory.told else 1
    memory.told, memory.told_at_s = command, now_s
    memory.in_force = begun(memory.in_force, command)


def note_taken(command: Command, memory: KeepMemory) -> None:
    """The device has taken it."""
    memory.in_force = taken(memory.in_force, command)


def is_decrease(command: Command, reading: Reading) -> bool:
    """Whether it takes something away from a load or an inverter."""
    match command, reading:
        case ((StopCharging() | HoldCharge() | SetSgReady(level=SgReady.BLOCKED)), _):
            return True
        case SetMaxCurrent(current_a=current_a), ChargerReading() | VehicleReading():
            return reading.max_current_a is None or current_a < reading.max_current_a
        case SetBatteryPower(power_w=power_w), BatteryReading():
            said_w = reading.power_w if reading.setpoint_w is None else reading.setpoint_w
            return said_w is None or power_w < said_w
        case PermanentHold(heat_setpoint_c=float() as lower_c), HvacReading():
            return reading.heat_setpoint_c is None or lower_c < reading.heat_setpoint_c
        case SetProductionLimit(limit_w=float() as limit_w), InverterReading():
            return reading.limit_w is None or limit_w < reading.limit_w
        case SetExportLimit(limit_w=float() as limit_w), InverterReading():
            return reading.export_limit_w is None or limit_w < reading.export_limit_w
    return False


def note_undelivered(command: Command, reading: Reading, memory: KeepMemory) -> None:
    """It surely did not arrive. What takes away is told again as soon as the device is read."""
    if is_decrease(command, reading):
        memory.told_at_s = -math.inf


def _is_left(reading: Reading, asset: Asset, memory: KeepMemory) -> bool:
    """Whether the device says something else than what it was at, by our wish."""
    if not memory.is_reached or memory.wish is None:
        return False
    command = next_command(memory.wish, reading, asset)
    return command is not None and _is_said(command, reading)


def _owed(wish: Wish, reading: Reading, asset: Asset, memory: KeepMemory) -> Command | None:
    """What is shown, but has to be told."""
    if isinstance(wish, Setpoint) or required(wish) not in asset.capabilities:
        return None
    told, is_inherited = memory.in_force, memory.is_inherited
    return wish if is_owed(wish, told, reading, asset, is_inherited=is_inherited) else None


def _owed_of(was: Before, reading: Reading, asset: Asset, memory: KeepMemory) -> Command | None:
    owed = (_owed(command, reading, asset, memory) for command in was.commands)
    return next((command for command in owed if command is not None), None)


def _due(
    command: Command | None, reading: Reading, memory: KeepMemory, now_s: float
) -> Command | None:
    if command is None or command != memory.told:
        return command
    patience_s = AGAIN_S
    if not is_decrease(command, reading):
        patience_s = min(_AGAIN_LONGEST_S, AGAIN_S * 2.0 ** min(memory.tries - 1, 10))
    return command if now_s - memory.told_at_s >= patience_s else None


def _allowed(
    command: Command, reading: Reading, asset: Asset, memory: KeepMemory, now_s: float
) -> Command | None:
    """The command, or what is left where the device refused it: less is good, more is stopped."""
    refused_at_s = memory.refused.get(command)
    if refused_at_s is None or now_s - refused_at_s >= _REFUSED_S:
        memory.refused.pop(command, None)
        return command
    if not isinstance(command, SetMaxCurrent) or not _is_car(reading):
        return None
    known_a = reading.max_current_a
    if known_a is not None and known_a <= command.current_a + _SAME_A:
        return next_command(Setpoint(known_a), reading, asset)
    return next_command(Setpoint(0.0), reading, asset)


def _forbidden(kept: Kept, reading: Reading, asset: Asset) -> Command | None:
    """What has to be taken away from whoever else steers."""
    if not _is_car(reading):
        command = None if kept.may_yield else next_command(kept.wish, reading, asset)
        is_limit = isinstance(command, SetProductionLimit | SetExportLimit)
        return command if command and (not is_limit or is_decrease(command, reading)) else None
    most_a = math.inf if kept.most_a is None else kept.most_a
    if not kept.may_yield and isinstance(kept.wish, Setpoint):
        most_a = min(most_a, kept.wish.current_a)
    if math.isinf(most_a) or _is_within(most_a, reading):
        return None
    command = next_command(Setpoint(most_a), reading, asset)
    return command if command and is_decrease(command, reading) else None


def _is_within(most_a: float, reading: ChargerReading | VehicleReading) -> bool:
    if most_a < MIN_CHARGE_A:
        return False
    known_a = reading.max_current_a
    return known_a is not None and (known_a <= most_a or is_near_current(known_a, most_a, _SAME_A))


def _is_said(command: Command, reading: Reading) -> bool:
    """Whether the device says what it was told. What it only does may change by itself."""
    match command, reading:
        case SetBatteryPower(), BatteryReading(setpoint_w=said):
            return said is not None
        case Hold(), BatteryReading(is_held=held):
            return held is not None
        case HoldCharge(), BatteryReading(is_charge_held=held):
            return held is not None
        case SetSgReady(), HvacReading(sg_ready=level):
            return level is not None
    return True


def _is_charging(reading: Reading) -> bool:
    return _is_car(reading) and reading.is_charging is True


def _is_car(reading: Reading) -> TypeGuard[ChargerReading | VehicleReading]:
    return isinstance(reading, ChargerReading | VehicleReading)
