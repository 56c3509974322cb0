"""Asking for commands and telling how they ended."""

from contextlib import suppress

from gatewayd.errors import ConflictError
from gatewayd.model.command import Action, ActionState, FailureReason
from tests.fakes.gateway import Gateway


def ended(action: Action) -> tuple[ActionState, FailureReason | None]:
    assert (action.completed_at is None) == (action.state is ActionState.PENDING)
    return action.state, action.failure_reason


async def ask(home: Gateway, command: object, device_id: str = "keba") -> Action:
    return await home.commander.submit(home.asset(device_id).id, command, "api")  # type: ignore[arg-type]


async def cancel_or_not(home: Gateway, action: Action) -> None:
    with suppress(ConflictError):
        await home.commander.cancel(action.id)
