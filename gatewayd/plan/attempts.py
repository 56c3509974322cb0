"""What to do next about an action that has not ended.

Pure: the lane asks at every occasion, and does what it is told. An action is confirmed by a
reading only, and only by one that was begun after the write.
"""

import math
from dataclasses import dataclass
from datetime import datetime

from gatewayd.model.asset import Role
from gatewayd.model.climate import FollowSchedule, PermanentHold
from gatewayd.model.command import (
    Action,
    ActionState,
    Command,
    FailureReason,
    SetMaxCurrent,
    SetOperationMode,
    is_confirmed,
    is_near_current,
)
from gatewayd.model.power import PowerCommand, is_said
from gatewayd.model.reading import ChargerReading, Reading, VehicleReading
from gatewayd.plan.preconditions import lost

TIMEOUT_MAX_S = 1800.0
_GAPS_S = (5.0, 10.0, 15.0, 30.0, 60.0)
# How long an action that expired while the gateway was down may still be found fulfilled.
_LOOK_S = 30.0
_SAME_A = 0.05


@dataclass(frozen=True, slots=True)
class Attempt:
    """How far an action has come.

    `age_s` counts from its creation and is infinite when that cannot be known; `run_s` from when
    this run of the gateway took it up; `idle_s` since the last write ended. `is_written`: the
    device may have it, from this run or an earlier one; only then can a reading be its effect.
    `is_inherited`: found in the journal at start. `must_look`: nothing may be written before a
    reading has come.
    `may_skip`: no earlier command can still be on its way to the device, so that an asset that
    is as wanted needs no write.
    """

    action: Action
    timeout_s: float
    age_s: float
    run_s: float
    idle_s: float = math.inf
    sends: int = 0
    is_written: bool = False
    is_inherited: bool = False
    must_look: bool = False
    may_skip: bool = False
    last_words: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before more is known."""


@dataclass(frozen=True, slots=True)
class Send:
    """Write the command."""


@dataclass(frozen=True, slots=True)
class End:
    """Give the action its terminal state."""

    state: ActionState
    reason: FailureReason | None = None
    detail: str = ""


Step = Wait | Send | End


def next_step(attempt: Attempt, seen: Reading | None) -> Step:
    """What to do. `seen` was begun after the last write, or after the action was taken up."""
    if seen is not None:
        ending = _seen(attempt, seen)
        if ending:
            return ending
    if attempt.age_s >= attempt.timeout_s:
        return _expired(attempt, seen)
    if attempt.must_look and attempt.sends == 0 and seen is None:
        return Wait()
    return Send() if attempt.idle_s >= gap_s(attempt.sends) else Wait()


def gap_s(sends: int) -> float:
    """The wait after so many writes, for writes at 0, 5, 15, 30, 60 seconds, then every 60."""
    return _GAPS_S[min(sends, len(_GAPS_S)) - 1] if sends else 0.0


def timeout_s(role: Role) -> float:
    """How long an action may take."""
    return min(role.confirm_timeout_s, TIMEOUT_MAX_S)


def age_s(created_at: datetime, now: datetime, floor: datetime | None, uptime_s: float) -> float:
    """The age of an action found in the journal; infinite where the clock cannot tell.

    `floor` is the latest time this gateway ever saw, `uptime_s` the age of the machine's boot. A
    Pi without a battery clock boots in the past: an action from before the boot may be days old,
    whatever the clock says.
    """
    age = (now - created_at).total_seconds()
    is_clock_behind = age < 0 or (floor is not None and now < floor)
    return math.inf if is_clock_behind or age > uptime_s else age


def is_already(command: Command, reading: Reading) -> bool:
    """Whether a write would change nothing. Stricter than the confirmation of a write."""
    match command, reading:
        case SetMaxCurrent(current_a=wanted), ChargerReading() | VehicleReading():
            return is_near_current(reading.max_current_a, wanted, _SAME_A)
    # A battery that happens to rest has not been told to.
    if isinstance(command, PowerCommand):
        return is_said(command, reading)
    return is_confirmed(command, reading)


def _seen(attempt: Attempt, seen: Reading) -> End | None:
    command = attempt.action.command
    gone = lost(command, seen)
    if gone:
        return End(ActionState.CANCELLED, FailureReason.FAILED_PRECONDITION, gone)
    if attempt.is_written:
        return End(ActionState.CONFIRMED) if is_confirmed(command, seen) else None
    if attempt.may_skip and is_already(command, seen):
        return _unnecessary(command)
    return None


def _unnecessary(command: Command) -> End:
    # These actions have no failure reason: asking for what is so simply comes true.
    if isinstance(command, SetOperationMode | PermanentHold | FollowSchedule | PowerCommand):
        return End(ActionState.CONFIRMED)
    detail = "the asset was as wanted before anything was sent"
    return End(ActionState.CANCELLED, FailureReason.UNNECESSARY, detail)


def _expired(attempt: Attempt, seen: Reading | None) -> Step:
    if attempt.is_inherited and attempt.is_written and seen is None and attempt.run_s < _LOOK_S:
        return Wait()
    return End(ActionState.FAILED, FailureReason.NO_RESPONSE, _why(attempt, seen))


def _why(attempt: Attempt, seen: Reading | None) -> str:
    if attempt.is_inherited and attempt.sends == 0:
        return "its time had passed when the gateway was back"
    if attempt.last_words:
        return attempt.last_words
    if seen is None:
        return "the device could not be reached"
    return f"the device did not show the effect within {attempt.timeout_s:g} s"
