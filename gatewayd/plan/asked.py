"""What becomes of commands that are asked for or ended, and of assets that others steer too."""

from dataclasses import replace
from datetime import datetime

from gatewayd.errors import InvalidError
from gatewayd.model.asset import Asset
from gatewayd.model.command import Command, SetMaxCurrent, SetOperationMode
from gatewayd.model.decision import Decision, Grounds
from gatewayd.plan import keeping
from gatewayd.plan.given import AskedGiven, CancelledGiven, YieldedGiven
from gatewayd.plan.heard import heard
from gatewayd.plan.holds import settable
from gatewayd.plan.keeping import Look
from gatewayd.plan.preconditions import refusal

YIELDED = Grounds(
    "something else steers it too: hands off for half an hour",
    candidates=("go on", "hands off"),
    binding="another writer",
)


def overruled(asset: Asset, command: Command, controller: str | None) -> str | None:
    """Why nobody may give this command directly, in words for the caller; None when one may.

    A current limit and a battery's mode never are a schedule's or a plan's.
    """
    if controller is None or isinstance(command, SetMaxCurrent | SetOperationMode):
        return None
    return f"{asset.display_name} is controlled by {controller}"


def asked(given: AskedGiven, at: datetime) -> tuple[Command, Decision]:
    """The command as it can be carried out, and its record with what the asset says now.

    Raises InvalidError.
    """
    state, asset = given.state, given.state.asset
    why_not = refusal(state, given.command)
    if why_not is not None:
        raise InvalidError(why_not)
    inputs = given.grounds.inputs + heard(state, given.now_s)
    command = settable(asset.spec.thermostat, given.command)
    why = replace(given.grounds, inputs=inputs)
    return command, Decision.on(why, at, asset.id, given.owner, command)


def cancelled(given: CancelledGiven, at: datetime) -> Decision:
    """That what was asked for is taken back."""
    action = given.action
    return Decision.on(given.grounds, at, action.asset_id, action.owner, None)


def kept(given: YieldedGiven, at: datetime) -> tuple[Look, Decision | None]:
    """What is to be written, and the decision to give way, if it is one.

    The memory in `given` is brought forward.
    """
    asset = given.state.asset
    found = keeping.look(given.kept, given.reading, asset, given.memory, given.now_s)
    if not found.has_yielded:
        return found, None
    why = replace(YIELDED, inputs=heard(given.state, given.now_s))
    return found, Decision.on(why, at, asset.id, given.kept.owner, None)
