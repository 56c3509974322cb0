"""Vehicles."""

from fastapi import Request, Response

from gatewayd.enode.api import Api, Given
from gatewayd.enode.bodies import payload
from gatewayd.enode.paging import Paging
from gatewayd.enode.routes import actions, assets
from gatewayd.enode.routes.parameters import ActionId, UserId, VehicleId
from gatewayd.enode.routing import client_router
from gatewayd.enode.views.vehicle import vehicle
from gatewayd.enode.wire.action import ChargingPayload, TargetMaxCurrent
from gatewayd.enode.wire.vehicle import Vehicle
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import SetMaxCurrent, StartCharging, StopCharging
from gatewayd.model.location import Location
from gatewayd.model.site import AssetState

router = client_router()


@router.get("/vehicles")
async def get_vehicles(api: Given, paging: Paging) -> Response:
    """Vehicles of all users."""
    return await assets.many(api, _view(api), AssetKind.VEHICLE, paging)


@router.get("/users/{userId}/vehicles")
async def list_user_vehicles(api: Given, user_id: UserId, paging: Paging) -> Response:
    """One user's vehicles; none for an unknown user."""
    return await assets.many(api, _view(api), AssetKind.VEHICLE, paging, user_id)


@router.get("/vehicles/{vehicleId}")
async def get_vehicle(api: Given, vehicle_id: VehicleId) -> Response:
    """One vehicle, as last heard of."""
    return await assets.one(api, _view(api), api.asset(AssetKind.VEHICLE, vehicle_id))


@router.post("/vehicles/{vehicleId}/refresh-hint")
async def vehicles_refresh_hint(api: Given, vehicle_id: VehicleId) -> Response:
    """Poll a vehicle soon."""
    return assets.hint(api, api.asset(AssetKind.VEHICLE, vehicle_id))


@router.post("/vehicles/{vehicleId}/charging", responses={400: {}, 422: {}})
async def post_vehicles_vehicleid_charging(
    api: Given, vehicle_id: VehicleId, request: Request
) -> Response:
    """Start or stop charging; an action that does so already is used again."""
    state = api.asset(AssetKind.VEHICLE, vehicle_id)
    wanted = await payload(request, ChargingPayload)
    command = StartCharging() if wanted.action == "START" else StopCharging()
    return await actions.start(api, state, command)


@router.post("/vehicles/{vehicleId}/max-current", responses={400: {}})
async def post_vehicles_vehicleid_max_current(
    api: Given, vehicle_id: VehicleId, request: Request
) -> Response:
    """Limit the charging current; neither schedule nor plan stands in the way."""
    state = api.asset(AssetKind.VEHICLE, vehicle_id)
    wanted = await payload(request, TargetMaxCurrent)
    return await actions.start(api, state, SetMaxCurrent(wanted.max_current))


@router.get("/vehicles/actions/{actionId}")
async def get_vehicles_action(api: Given, action_id: ActionId) -> Response:
    """A vehicle's action, ended or not."""
    return await actions.one(api, AssetKind.VEHICLE, action_id)


@router.post("/vehicles/actions/{actionId}/cancel")
async def cancel_vehicle_action(api: Given, action_id: ActionId) -> Response:
    """Stop trying; what the vehicle already took stays."""
    return await actions.cancel(api, AssetKind.VEHICLE, action_id)


def _view(api: Api) -> assets.View:
    def view(state: AssetState, place: Location | None) -> Vehicle:
        return vehicle(state, place, api.services.controllers.policy(state.asset.id))

    return view
