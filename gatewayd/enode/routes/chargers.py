"""Chargers."""

from fastapi import Response

from gatewayd.enode.api import Ask
from gatewayd.enode.bodies import payload
from gatewayd.enode.paging import Paging
from gatewayd.enode.routes import actions, assets
from gatewayd.enode.routes.parameters import ActionId, ChargerId, UserId
from gatewayd.enode.routing import client_router
from gatewayd.enode.views.charger import charger
from gatewayd.enode.wire.action import ChargingPayload, TargetMaxCurrent
from gatewayd.enode.wire.charger import ChargerUpdatePayload
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import SetMaxCurrent, StartCharging, StopCharging

router = client_router()


@router.get("/chargers")
async def list_chargers(ask: Ask, paging: Paging) -> Response:
    """Chargers of all users."""
    return await assets.many(ask.api, charger, AssetKind.CHARGER, paging)


@router.get("/users/{userId}/chargers")
async def list_user_chargers(ask: Ask, user_id: UserId, paging: Paging) -> Response:
    """One user's chargers; none for an unknown user."""
    return await assets.many(ask.api, charger, AssetKind.CHARGER, paging, user_id)


@router.get("/chargers/{chargerId}")
async def get_charger(ask: Ask, charger_id: ChargerId) -> Response:
    """One charger, as last heard of."""
    return await assets.one(ask.api, charger, ask.api.asset(AssetKind.CHARGER, charger_id))


@router.put("/chargers/{chargerId}")
async def update_charger(ask: Ask, charger_id: ChargerId) -> Response:
    """Attach a charger to one of its user's locations, or detach it."""
    asset = ask.api.asset(AssetKind.CHARGER, charger_id).asset
    place_id = (await payload(ask, ChargerUpdatePayload)).location_id
    await assets.attach(ask.api, asset, place_id)
    return await assets.one(ask.api, charger, ask.api.asset(AssetKind.CHARGER, charger_id))


@router.post("/chargers/{chargerId}/refresh-hint")
async def chargers_refresh_hint(ask: Ask, charger_id: ChargerId) -> Response:
    """Poll a charger soon."""
    return assets.hint(ask.api, ask.api.asset(AssetKind.CHARGER, charger_id))


@router.post("/chargers/{chargerId}/charging", responses={400: {}, 422: {}})
async def control_charger_charging(ask: Ask, charger_id: ChargerId) -> Response:
    """Start or stop charging."""
    state = ask.api.asset(AssetKind.CHARGER, charger_id)
    wanted = await payload(ask, ChargingPayload)
    command = StartCharging() if wanted.action == "START" else StopCharging()
    return await actions.start(ask.api, state, command)


@router.post("/chargers/{chargerId}/max-current", responses={400: {}})
async def post_set_charger_max_current(ask: Ask, charger_id: ChargerId) -> Response:
    """Limit the charging current; a schedule does not stand in the way."""
    state = ask.api.asset(AssetKind.CHARGER, charger_id)
    wanted = await payload(ask, TargetMaxCurrent)
    return await actions.start(ask.api, state, SetMaxCurrent(wanted.max_current))


@router.get("/chargers/actions/{actionId}")
async def get_chargers_action(ask: Ask, action_id: ActionId) -> Response:
    """A charger's action, ended or not."""
    return await actions.one(ask.api, AssetKind.CHARGER, action_id)


@router.post("/chargers/actions/{actionId}/cancel")
async def cancel_charger_action(ask: Ask, action_id: ActionId) -> Response:
    """Stop trying; what the charger already took stays."""
    return await actions.cancel(ask.api, AssetKind.CHARGER, action_id)
