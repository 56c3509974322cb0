"""How a controller brings about what it wants: one action, and patience after a failure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from gatewayd.model.command import Action, ActionState, StartCharging, StopCharging

T = TypeVar("T")

RETRY = timedelta(minutes=15)
# A device that undoes at once what was confirmed is not told again every second.
SETTLE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class LatestAction(Generic[T]):
    """A target's newest action: what it is to bring about, and how it stands."""

    wanted: T
    state: ActionState
    created_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pursuit:
    """Where the way to a wanted value stands: send now, wait for the action under way, or rest.

    `retry_at` is when the rest is over; None unless resting.
    """

    reason: str
    is_due: bool = False
    retry_at: datetime | None = None


def latest_charging(action: Action | None) -> LatestAction[bool] | None:
    """A start or stop as an action towards charging or not; None for any other action."""
    if action is None or not isinstance(action.command, StartCharging | StopCharging):
        return None
    wanted = isinstance(action.command, StartCharging)
    return LatestAction(wanted, action.state, action.created_at, action.completed_at)


def pursue(wanted: T, latest: LatestAction[T] | None, now: datetime) -> Pursuit:
    """What to do about a value that is not yet reached."""
    if latest is None or latest.wanted != wanted:
        return Pursuit("about to tell the target", is_due=True)
    if latest.state is ActionState.PENDING:
        return Pursuit("an action is under way")
    ended_at = latest.ended_at or latest.created_at
    again_at = ended_at + (SETTLE if latest.state is ActionState.CONFIRMED else RETRY)
    # One that ended after now is of a clock since set back: no reason to rest.
    if ended_at <= now < again_at:
        return Pursuit(f"the last action came to {latest.state.value}", retry_at=again_at)
    return Pursuit("about to tell the target again", is_due=True)


def has_failed(latest: LatestAction[T] | None, wanted: T, since: datetime) -> bool:
    """Whether the newest action is one for this value, made since then, that came to nothing."""
    return (
        latest is not None
        and latest.wanted == wanted
        and latest.created_at >= since
        and latest.state in (ActionState.FAILED, ActionState.CANCELLED)
    )
