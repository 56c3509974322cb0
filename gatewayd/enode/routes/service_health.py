"""Service health: public, and without a word about the home."""

import asyncio
from collections.abc import Collection

from fastapi import Request, Response

from gatewayd.enode.answers import listed, nothing
from gatewayd.enode.api import Api, Given
from gatewayd.enode.problems import issue
from gatewayd.enode.routing import public_router
from gatewayd.enode.services import Offer
from gatewayd.enode.views import vendor as view
from gatewayd.errors import InvalidError, StorageError
from gatewayd.model.asset import AssetKind
from gatewayd.state import clients

router = public_router()

_PATIENCE_S = 2.0


@router.get("/health/ready")
async def get_health_ready(api: Given) -> Response:
    """204 while the gateway can work, else 503; a device that is away does not count."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await api.services.db.read(clients.load)
    except (StorageError, TimeoutError):
        return Response(status_code=503)
    return nothing()


@router.get("/health/vehicles")
async def get_health_vehicle_vendors(api: Given) -> Response:
    """Vendors of vehicles."""
    return _vendors(api, AssetKind.VEHICLE)


@router.get("/health/chargers")
async def get_health_charger_vendors(api: Given) -> Response:
    """Vendors of chargers."""
    return _vendors(api, AssetKind.CHARGER)


@router.get("/health/hvacs")
async def get_health_hvac_vendors(api: Given) -> Response:
    """Vendors of heat pumps, heaters and air conditioners."""
    return _vendors(api, AssetKind.HVAC)


@router.get("/health/inverters")
async def get_health_inverter_vendors(api: Given) -> Response:
    """Vendors of inverters."""
    return _vendors(api, AssetKind.INVERTER)


@router.get("/health/batteries")
async def get_health_battery_vendors(api: Given) -> Response:
    """Vendors of batteries."""
    return _vendors(api, AssetKind.BATTERY)


@router.get("/health/meters")
async def get_health_meter_vendors(api: Given) -> Response:
    """Vendors of meters."""
    return _vendors(api, AssetKind.METER)


@router.get("/integrations")
async def get_integrations(api: Given, request: Request) -> Response:
    """Vendors of the kinds named in `assetTypes`, or of all."""
    kinds = _kinds(request.query_params.get("assetTypes"))
    return listed([view.integration(offer, kinds) for offer in _offers(api, kinds)])


def _vendors(api: Api, kind: AssetKind) -> Response:
    return listed([view.health(offer) for offer in _offers(api, {kind})])


def _offers(api: Api, kinds: Collection[AssetKind]) -> list[Offer]:
    """The vendors with at least one of the kinds."""
    present = [state.asset for state in api.services.store.site.assets.values()]
    offers = view.offered(api.services.settings.offers, present)
    return [offer for offer in offers if offer.kinds & set(kinds)]


def _kinds(text: str | None) -> set[AssetKind]:
    """The kinds of a comma-separated list; all of them without one."""
    if text is None:
        return set(AssetKind)
    try:
        return {AssetKind(word.strip()) for word in text.split(",")}
    except ValueError as error:
        words = ", ".join(AssetKind)
        fault = issue("invalid_query", ["assetTypes"], f"must be a list of {words}")
        raise InvalidError("assetTypes is not valid: see issues", issues=(fault,)) from error
