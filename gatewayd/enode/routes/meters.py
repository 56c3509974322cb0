"""Meters."""

from fastapi import Response

from gatewayd.enode.api import Ask
from gatewayd.enode.paging import Paging
from gatewayd.enode.routes import assets
from gatewayd.enode.routes.parameters import MeterId, UserId
from gatewayd.enode.routing import client_router
from gatewayd.enode.views.meter import meter
from gatewayd.model.asset import AssetKind

router = client_router()


@router.get("/meters")
async def list_meters(ask: Ask, paging: Paging) -> Response:
    """Meters of all users."""
    return await assets.many(ask.api, meter, AssetKind.METER, paging)


@router.get("/users/{userId}/meters")
async def list_user_meters(ask: Ask, user_id: UserId, paging: Paging) -> Response:
    """One user's meters; none for an unknown user."""
    return await assets.many(ask.api, meter, AssetKind.METER, paging, user_id)


@router.get("/meters/{meterId}")
async def get_meter(ask: Ask, meter_id: MeterId) -> Response:
    """One meter, as last heard of."""
    return await assets.one(ask.api, meter, ask.api.asset(AssetKind.METER, meter_id))


@router.post("/meters/{meterId}/refresh-hint")
async def meters_refresh_hint(ask: Ask, meter_id: MeterId) -> Response:
    """Poll a meter soon."""
    return assets.hint(ask.api, ask.api.asset(AssetKind.METER, meter_id))
