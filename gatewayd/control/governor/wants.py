"""What people and programs have asked an asset for by actions, as far as it still counts.

An action counts until a newer one of the same kind and rank, until the car is unplugged, and until
its user chooses another mode. One that has failed for want of room goes on counting; one that the
device did not answer, and one that was cancelled, do not.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from gatewayd.model.climate import FollowSchedule, PermanentHold
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
from gatewayd.plan.arbiter.claims import Rank

_RANKS = {
    "schedule": Rank.SCHEDULE,
    "smart_charging": Rank.PLAN,
    "flex": Rank.PLAN,
}


@dataclass(slots=True)
class Wants:
    """The newest of each: charging by rank, with who asked; a current limit; a mode or setpoint."""

    charging: dict[Rank, tuple[bool, str]] = field(default_factory=dict)
    current_a: float | None = None
    modes: dict[Rank, tuple[Command, str]] = field(default_factory=dict)


def rank_of(owner: str) -> Rank:
    """Whoever is no schedule and no plan speaks for a user."""
    return _RANKS.get(owner, Rank.USER)


def wants(actions: Iterable[Action]) -> Wants:
    """What the actions of one asset, oldest first, come to."""
    found = Wants()
    for action in actions:
        if not _counts(action):
            continue
        rank = rank_of(action.owner)
        match action.command:
            case StartCharging() | StopCharging() as command:
                found.charging[rank] = isinstance(command, StartCharging), action.owner
            case SetMaxCurrent(current_a=current_a):
                found.current_a = current_a
            case SetOperationMode() | PermanentHold() | FollowSchedule() as command:
                found.modes[rank] = command, action.owner
    return found


def _counts(action: Action) -> bool:
    if action.state is ActionState.CANCELLED:
        # There was nothing to do for it, and so it stays.
        return action.failure_reason is FailureReason.UNNECESSARY
    if action.state is ActionState.FAILED:
        return action.failure_reason is FailureReason.FAILED_PRECONDITION
    return True
