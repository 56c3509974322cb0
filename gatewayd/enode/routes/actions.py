"""What the operations on all kinds of actions have in common."""

from fastapi import Response

from gatewayd.control.direct import check_direct
from gatewayd.enode import missing
from gatewayd.enode.answers import ok
from gatewayd.enode.api import Api
from gatewayd.enode.views import action as view
from gatewayd.enode.views import scopes
from gatewayd.errors import ConflictError, InvalidError
from gatewayd.model.asset import Asset, AssetKind, Consent
from gatewayd.model.command import Action, Command
from gatewayd.model.power import PowerCommand
from gatewayd.model.site import AssetState

_OWNER = "api"


async def start(api: Api, state: AssetState, command: Command) -> Response:
    """Tell an asset something; the answer is the PENDING action."""
    asset = state.asset
    given = check_direct(asset, command, api.services.controllers)
    check_control(asset)
    action = await api.services.commander.submit(asset.id, command, _OWNER, cause=given)
    return ok(view.action(action))


def check_control(asset: Asset) -> None:
    """Raise InvalidError for an asset that clients may not tell anything."""
    if asset.consent is not Consent.GRANTED:
        raise InvalidError(f"{asset.display_name} has to be linked again first")
    if asset.capabilities and not scopes.may_control(asset):
        raise InvalidError(f"the user has not granted {scopes.CONTROL[asset.kind]}")


async def one(api: Api, kind: AssetKind, action_id: str) -> Response:
    """One action of a kind of asset."""
    return ok(view.action(await _found(api, kind, action_id)))


async def cancel(api: Api, kind: AssetKind, action_id: str) -> Response:
    """End an action that is still PENDING; one that has ended is shown with 409."""
    await _found(api, kind, action_id)
    try:
        return ok(view.action(await api.services.commander.cancel(action_id)))
    except ConflictError:
        return ok(view.action(await _found(api, kind, action_id)), 409)


async def _found(api: Api, kind: AssetKind, action_id: str) -> Action:
    found = await api.services.commander.get(action_id)
    is_ours = found is not None and isinstance(found.command, PowerCommand)
    if found is None or found.kind is not kind or is_ours:
        raise missing.action(action_id)
    return found
