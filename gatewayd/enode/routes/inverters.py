"""Inverters."""

from fastapi import Response

from gatewayd.enode.api import Ask
from gatewayd.enode.paging import Paging
from gatewayd.enode.routes import assets
from gatewayd.enode.routes.parameters import InverterId, UserId
from gatewayd.enode.routing import client_router
from gatewayd.enode.views.inverter import inverter
from gatewayd.model.asset import AssetKind

router = client_router()


@router.get("/inverters")
async def list_inverters(ask: Ask, paging: Paging) -> Response:
    """Inverters of all users."""
    return await assets.many(ask.api, inverter, AssetKind.INVERTER, paging)


@router.get("/users/{userId}/inverters")
async def list_user_inverters(ask: Ask, user_id: UserId, paging: Paging) -> Response:
    """One user's inverters; none for an unknown user."""
    return await assets.many(ask.api, inverter, AssetKind.INVERTER, paging, user_id)


@router.get("/inverters/{inverterId}")
async def get_inverter(ask: Ask, inverter_id: InverterId) -> Response:
    """One inverter, as last heard of."""
    return await assets.one(ask.api, inverter, ask.api.asset(AssetKind.INVERTER, inverter_id))


@router.post("/inverters/{inverterId}/refresh-hint")
async def inverters_refresh_hint(ask: Ask, inverter_id: InverterId) -> Response:
    """Poll an inverter soon."""
    return assets.hint(ask.api, ask.api.asset(AssetKind.INVERTER, inverter_id))
