"""The commander's changes of the database: each one whole, with the events that tell of it."""

import sqlite3
from datetime import datetime

from gatewayd import __version__
from gatewayd.devices.record import packed
from gatewayd.errors import ConflictError, NotFoundError
from gatewayd.model.command import Action, ActionState, FailureReason, is_repeated
from gatewayd.model.decision import Decision, Grounds
from gatewayd.model.power import PowerCommand
from gatewayd.plan.asked import cancelled
from gatewayd.plan.given import AskedGiven, CancelledGiven, SmartGiven, UnscheduledGiven
from gatewayd.state import actions, decisions, outbox

_EVENT = "user:vendor-action:updated"
_ALWAYS = ("state", "updatedAt", "completedAt")


def begin(
    c: sqlite3.Connection, action: Action, decision: Decision, given: AskedGiven
) -> tuple[Action, list[Action]]:
    """Write a new action as INTENT, with the decision that it comes of and what that was made from.

    Returns it and the pending ones of its asset, which it has ended; or the pending one that does
    the same already and is used again.
    """
    pending = actions.pending(c, action.asset_id)
    for older in pending:
        if is_repeated(action.kind, older.command, action.command):
            return older, []
    replaced = [
        older.ended(
            ActionState.CANCELLED,
            max(action.created_at, older.created_at),
            FailureReason.CONFLICT,
            "a newer action took over",
        )
        for older in pending
    ]
    for ended in replaced:
        end(c, ended)
    actions.insert(c, action)
    decisions.record(c, decision, action.id, packed(given))
    return action, replaced


def end(c: sqlite3.Connection, ended: Action) -> bool:
    """Write an action's terminal state and its event; False when it had one already."""
    if not actions.update(c, ended):
        return False
    if isinstance(ended.command, PowerCommand):
        # Enode has no word for it, so nobody is told.
        return True
    fields = [*_ALWAYS, "failureReason"] if ended.failure_reason else list(_ALWAYS)
    body = {"actionId": ended.id, "updatedFields": fields}
    outbox.append(c, _EVENT, ended.id, ended.user_id, body, ended.updated_at)
    return True


def cancel(
    c: sqlite3.Connection,
    action_id: str,
    grounds: Grounds,
    now: datetime,
    cause: SmartGiven | UnscheduledGiven | None = None,
) -> tuple[Action, Decision]:
    """End a PENDING action at its owner's wish. Raises NotFoundError and ConflictError."""
    action = actions.get(c, action_id)
    if action is None:
        raise NotFoundError(f"Could not find action with ID {action_id}")
    ended = action.ended(
        ActionState.CANCELLED,
        max(now, action.created_at),
        FailureReason.REQUESTED_CANCELLATION,
        "cancelled by its owner",
    )
    if not end(c, ended):
        raise ConflictError(f"Action {action_id} has already ended")
    given = CancelledGiven(__version__, action, grounds, cause)
    decision = cancelled(given, ended.updated_at)
    decisions.record(c, decision, action_id, packed(given))
    return ended, decision
