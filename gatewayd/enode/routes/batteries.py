"""Batteries."""

from fastapi import Response

from gatewayd.enode.api import Ask
from gatewayd.enode.bodies import payload
from gatewayd.enode.paging import Paging
from gatewayd.enode.routes import actions, assets
from gatewayd.enode.routes.parameters import ActionId, BatteryId, UserId
from gatewayd.enode.routing import client_router
from gatewayd.enode.views.battery import battery
from gatewayd.enode.wire.action import OperationModePayload
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import SetOperationMode

router = client_router()


@router.get("/batteries")
async def list_batteries(ask: Ask, paging: Paging) -> Response:
    """Batteries of all users."""
    return await assets.many(ask.api, battery, AssetKind.BATTERY, paging)


@router.get("/users/{userId}/batteries")
async def list_user_batteries(ask: Ask, user_id: UserId, paging: Paging) -> Response:
    """One user's batteries; none for an unknown user."""
    return await assets.many(ask.api, battery, AssetKind.BATTERY, paging, user_id)


@router.get("/batteries/{batteryId}")
async def get_battery(ask: Ask, battery_id: BatteryId) -> Response:
    """One battery, as last heard of."""
    return await assets.one(ask.api, battery, ask.api.asset(AssetKind.BATTERY, battery_id))


@router.post("/batteries/{batteryId}/refresh-hint")
async def batteries_refresh_hint(ask: Ask, battery_id: BatteryId) -> Response:
    """Poll a battery soon."""
    return assets.hint(ask.api, ask.api.asset(AssetKind.BATTERY, battery_id))


@router.post("/batteries/{batteryId}/operation-mode", responses={400: {}})
async def post_user_set_operation_mode(ask: Ask, battery_id: BatteryId) -> Response:
    """Give a battery a mode."""
    state = ask.api.asset(AssetKind.BATTERY, battery_id)
    wanted = await payload(ask, OperationModePayload)
    return await actions.start(ask.api, state, SetOperationMode(wanted.operation_mode))


@router.get("/batteries/actions/{actionId}")
async def get_batteries_action(ask: Ask, action_id: ActionId) -> Response:
    """A battery's action, ended or not."""
    return await actions.one(ask.api, AssetKind.BATTERY, action_id)


@router.post("/batteries/actions/{actionId}/cancel")
async def cancel_battery_action(ask: Ask, action_id: ActionId) -> Response:
    """Stop trying; what the battery already took stays."""
    return await actions.cancel(ask.api, AssetKind.BATTERY, action_id)
