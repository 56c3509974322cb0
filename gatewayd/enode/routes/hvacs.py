"""Heat pumps, heaters and air conditioners."""

from fastapi import Response
from pydantic import TypeAdapter

from gatewayd.enode.api import Ask
from gatewayd.enode.bodies import parsed, payload
from gatewayd.enode.paging import Paging
from gatewayd.enode.routes import actions, assets
from gatewayd.enode.routes.parameters import ActionId, HvacId, UserId
from gatewayd.enode.routing import client_router
from gatewayd.enode.views.hold import permanent_hold
from gatewayd.enode.views.hvac import hvac
from gatewayd.enode.wire.hold import AnyHold
from gatewayd.enode.wire.hvac import HvacUpdatePayload
from gatewayd.model.asset import AssetKind
from gatewayd.model.climate import FollowSchedule

router = client_router()

_HOLD: TypeAdapter[AnyHold] = TypeAdapter(AnyHold)


@router.get("/hvacs")
async def list_hvacs(ask: Ask, paging: Paging) -> Response:
    """Heaters and coolers of all users."""
    return await assets.many(ask.api, hvac, AssetKind.HVAC, paging)


@router.get("/users/{userId}/hvacs")
async def list_user_hvacs(ask: Ask, user_id: UserId, paging: Paging) -> Response:
    """One user's heaters and coolers; none for an unknown user."""
    return await assets.many(ask.api, hvac, AssetKind.HVAC, paging, user_id)


@router.get("/hvacs/{hvacId}")
async def get_hvac(ask: Ask, hvac_id: HvacId) -> Response:
    """One heater or cooler, as last heard of."""
    return await assets.one(ask.api, hvac, ask.api.asset(AssetKind.HVAC, hvac_id))


@router.put("/hvacs/{hvacId}")
async def update_hvac(ask: Ask, hvac_id: HvacId) -> Response:
    """Attach a heater or cooler to one of its user's locations, or detach it."""
    asset = ask.api.asset(AssetKind.HVAC, hvac_id).asset
    place_id = (await payload(ask, HvacUpdatePayload)).location_id
    await assets.attach(ask.api, asset, place_id)
    return await assets.one(ask.api, hvac, ask.api.asset(AssetKind.HVAC, hvac_id))


@router.post("/hvacs/{hvacId}/refresh-hint")
async def hvacs_refresh_hint(ask: Ask, hvac_id: HvacId) -> Response:
    """Poll a heater or cooler soon."""
    return assets.hint(ask.api, ask.api.asset(AssetKind.HVAC, hvac_id))


@router.post("/hvacs/{hvacId}/permanent-hold", responses={400: {}, 422: {}})
async def post_set_hvac_permanent_hold(ask: Ask, hvac_id: HvacId) -> Response:
    """Hold a mode and its setpoints until told otherwise."""
    state = ask.api.asset(AssetKind.HVAC, hvac_id)
    wanted = await parsed(ask, _HOLD.validate_json)
    return await actions.start(ask.api, state, permanent_hold(wanted))


@router.post("/hvacs/{hvacId}/follow-schedule", responses={400: {}, 422: {}})
async def post_set_hvac_follow_schedule(ask: Ask, hvac_id: HvacId) -> Response:
    """Let the device follow its own schedule."""
    return await actions.start(ask.api, ask.api.asset(AssetKind.HVAC, hvac_id), FollowSchedule())


@router.get("/hvacs/actions/{actionId}")
async def get_hvacs_action(ask: Ask, action_id: ActionId) -> Response:
    """A heater's or cooler's action, ended or not."""
    return await actions.one(ask.api, AssetKind.HVAC, action_id)


@router.post("/hvacs/actions/{actionId}/cancel")
async def cancel_hvac_action(ask: Ask, action_id: ActionId) -> Response:
    """Stop trying; what the device already took stays."""
    return await actions.cancel(ask.api, AssetKind.HVAC, action_id)
