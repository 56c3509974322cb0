"""Service health: public. Only who holds a token learns which vendors the home itself has."""

import asyncio
from collections.abc import Collection

from fastapi import Response

from gatewayd.enode.answers import listed, nothing
from gatewayd.enode.api import Api, Ask
from gatewayd.enode.offers import offered
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
async def get_health_ready(ask: Ask) -> Response:
    """204 while the gateway can work, else 503; a device that is away does not count."""
    return nothing() if await is_ready(ask.api) else Response(status_code=503)


async def is_ready(api: Api) -> bool:
    """Whether the database answers, and keeps what it is told."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await api.services.db.read(clients.load)
    except (StorageError, TimeoutError):
        return False
    return api.services.db.is_lasting and not api.services.db.is_damaged


@router.get("/health/vehicles")
async def get_health_vehicle_vendors(ask: Ask) -> Response:
    """Vendors of vehicles."""
    return await _vendors(ask, AssetKind.VEHICLE)


@router.get("/health/chargers")
async def get_health_charger_vendors(ask: Ask) -> Response:
    """Vendors of chargers."""
    return await _vendors(ask, AssetKind.CHARGER)


@router.get("/health/hvacs")
async def get_health_hvac_vendors(ask: Ask) -> Response:
    """Vendors of heat pumps, heaters and air conditioners."""
    return await _vendors(ask, AssetKind.HVAC)


@router.get("/health/inverters")
async def get_health_inverter_vendors(ask: Ask) -> Response:
    """Vendors of inverters."""
    return await _vendors(ask, AssetKind.INVERTER)


@router.get("/health/batteries")
async def get_health_battery_vendors(ask: Ask) -> Response:
    """Vendors of batteries."""
    return await _vendors(ask, AssetKind.BATTERY)


@router.get("/health/meters")
async def get_health_meter_vendors(ask: Ask) -> Response:
    """Vendors of meters."""
    return await _vendors(ask, AssetKind.METER)


@router.get("/integrations")
async def get_integrations(ask: Ask) -> Response:
    """Vendors of the kinds named in `assetTypes`, or of all."""
    kinds = _kinds(ask.query_params.get("assetTypes"))
    offers = await _offers(ask, kinds)
    return listed([view.integration(offer, kinds) for offer in offers])


async def _vendors(ask: Ask, kind: AssetKind) -> Response:
    return listed([view.health(offer) for offer in await _offers(ask, {kind})])


async def _offers(ask: Ask, kinds: Collection[AssetKind]) -> list[Offer]:
    """The vendors with at least one of the kinds."""
    found = await offered(ask.api, with_home=await ask.caller() is not None)
    return [offer for offer in found if offer.kinds & set(kinds)]


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
