"""Actions on assets whose setpoint is settled among many: what becomes of one that is a claim."""

from dataclasses import dataclass

from gatewayd.model.command import ActionState, Command, FailureReason, is_confirmed
from gatewayd.model.reading import Reading
from gatewayd.plan.attempts import Attempt, End, Step, Wait
from gatewayd.plan.preconditions import lost

# Beside what the device takes: what is given away is given only once it has been there for a while.
_ROOM_S = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What is done for an action.

    `command` is as much of it as may be done now, to be seen from the device; None where that is
    nothing: because it `is_settled`, as a limit is on what does not charge, or because of
    `binding`, or because it is too early to say.
    """

    command: Command | None = None
    binding: str | None = None
    is_settled: bool = False


def next_step(attempt: Attempt, answer: Answer, seen: Reading | None) -> Step:
    """What to do about the action; never a write. `seen` was begun after the action was made."""
    if seen is not None:
        gone = lost(attempt.action.command, seen)
        if gone:
            return End(ActionState.CANCELLED, FailureReason.FAILED_PRECONDITION, gone)
        if answer.is_settled or (answer.command and is_confirmed(answer.command, seen)):
            return End(ActionState.CONFIRMED)
    if answer.command is None and answer.binding is not None:
        return End(ActionState.FAILED, FailureReason.FAILED_PRECONDITION, answer.binding)
    if attempt.age_s >= attempt.timeout_s + _ROOM_S:
        why = answer.binding or "the device did not show the effect in time"
        return End(ActionState.FAILED, FailureReason.NO_RESPONSE, why)
    return Wait()
