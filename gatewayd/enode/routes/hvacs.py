"""Heat pumps, heaters and air conditioners."""

from fastapi import Request, Response
from pydantic import TypeAdapter

from gatewayd.enode.api import Given
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
async def list_hvacs(api: Given, paging: Paging) -> Response:
    """Heaters and coolers of all users."""
    return await assets.many(api, hvac, AssetKind.HVAC, paging)


@router.get("/users/{userId}/hvacs")
async def list_user_hvacs(api: Given, user_id: UserId, paging: Paging) -> Response:
    """One user's heaters and coolers; none for an unknown user."""
    return await assets.many(api, hvac, AssetKind.HVAC, paging, user_id)


@router.get("/hvacs/{hvacId}")
async def get_hvac(api: Given, hvac_id: HvacId) -> Response:
    """One heater or cooler, as last heard of."""
    return await assets.one(api, hvac, api.asset(AssetKind.HVAC, hvac_id))


@router.put("/hvacs/{hvacId}")
async def update_hvac(api: Given, hvac_id: HvacId, request: Request) -> Response:
    """Attach a heater or cooler to one of its user's locations, or detach it."""
    asset = api.asset(AssetKind.HVAC, hvac_id).asset
    place_id = (await payload(request, HvacUpdatePayload)).location_id
    await assets.attach(api, asset, place_id)
    return await assets.one(api, hvac, api.asset(AssetKind.HVAC, hvac_id))


@router.post("/hvacs/{hvacId}/refresh-hint")
async def hvacs_refresh_hint(api: Given, hvac_id: HvacId) -> Response:
    """Poll a heater or cooler soon."""
    return assets.hint(api, api.asset(AssetKind.HVAC, hvac_id))


@router.post("/hvacs/{hvacId}/permanent-hold", responses={400: {}, 422: {}})
async def post_set_hvac_permanent_hold(api: Given, hvac_id: HvacId, request: Request) -> Response:
    """Hold a mode and its setpoints until told otherwise."""
    state = api.asset(AssetKind.HVAC, hvac_id)
    wanted = await parsed(request, _HOLD.validate_json)
    return await actions.start(api, state, permanent_hold(wanted))


@router.post("/hvacs/{hvacId}/follow-schedule", responses={400: {}, 422: {}})
async def post_set_hvac_follow_schedule(api: Given, hvac_id: HvacId) -> Response:
    """Let the device follow its own schedule."""
    return await actions.start(api, api.asset(AssetKind.HVAC, hvac_id), FollowSchedule())


@router.get("/hvacs/actions/{actionId}")
async def get_hvacs_action(api: Given, action_id: ActionId) -> Response:
    """A heater's or cooler's action, ended or not."""
    return await actions.one(api, AssetKind.HVAC, action_id)


@router.post("/hvacs/actions/{actionId}/cancel")
async def cancel_hvac_action(api: Given, action_id: ActionId) -> Response:
    """Stop trying; what the device already took stays."""
    return await actions.cancel(api, AssetKind.HVAC, action_id)
