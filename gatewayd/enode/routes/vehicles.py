"""Vehicles."""

from fastapi import Response

from gatewayd.enode.api import Api, Ask
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
async def get_vehicles(ask: Ask, paging: Paging) -> Response:
    """Vehicles of all users."""
    return await assets.many(ask.api, _view(ask.api), AssetKind.VEHICLE, paging)


@router.get("/users/{userId}/vehicles")
async def list_user_vehicles(ask: Ask, user_id: UserId, paging: Paging) -> Response:
    """One user's vehicles; none for an unknown user."""
    return await assets.many(ask.api, _view(ask.api), AssetKind.VEHICLE, paging, user_id)


@router.get("/vehicles/{vehicleId}")
async def get_vehicle(ask: Ask, vehicle_id: VehicleId) -> Response:
    """One vehicle, as last heard of."""
    return await assets.one(ask.api, _view(ask.api), ask.api.asset(AssetKind.VEHICLE, vehicle_id))


@router.post("/vehicles/{vehicleId}/refresh-hint")
async def vehicles_refresh_hint(ask: Ask, vehicle_id: VehicleId) -> Response:
    """Poll a vehicle soon."""
    return assets.hint(ask.api, ask.api.asset(AssetKind.VEHICLE, vehicle_id))


@router.post("/vehicles/{vehicleId}/charging", responses={400: {}, 422: {}})
async def post_vehicles_vehicleid_charging(ask: Ask, vehicle_id: VehicleId) -> Response:
    """Start or stop charging; an action that does so already is used again."""
    state = ask.api.asset(AssetKind.VEHICLE, vehicle_id)
    wanted = await payload(ask, ChargingPayload)
    command = StartCharging() if wanted.action == "START" else StopCharging()
    return await actions.start(ask.api, state, command)


@router.post("/vehicles/{vehicleId}/max-current", responses={400: {}})
async def post_vehicles_vehicleid_max_current(ask: Ask, vehicle_id: VehicleId) -> Response:
    """Limit the charging current; neither schedule nor plan stands in the way."""
    state = ask.api.asset(AssetKind.VEHICLE, vehicle_id)
    wanted = await payload(ask, TargetMaxCurrent)
    return await actions.start(ask.api, state, SetMaxCurrent(wanted.max_current))


@router.get("/vehicles/actions/{actionId}")
async def get_vehicles_action(ask: Ask, action_id: ActionId) -> Response:
    """A vehicle's action, ended or not."""
    return await actions.one(ask.api, AssetKind.VEHICLE, action_id)


@router.post("/vehicles/actions/{actionId}/cancel")
async def cancel_vehicle_action(ask: Ask, action_id: ActionId) -> Response:
    """Stop trying; what the vehicle already took stays."""
    return await actions.cancel(ask.api, AssetKind.VEHICLE, action_id)


def _view(api: Api) -> assets.View:
    def view(state: AssetState, place: Location | None) -> Vehicle:
        return vehicle(state, place, api.services.controllers.policy(state.asset.id))

    return view
