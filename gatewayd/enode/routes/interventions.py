"""Interventions."""

from fastapi import Request, Response

from gatewayd.enode.answers import listed, ok
from gatewayd.enode.api import Api, Ask
from gatewayd.enode.interventions.catalogue import CATALOGUE
from gatewayd.enode.offers import offered
from gatewayd.enode.problems import issue
from gatewayd.enode.routes.parameters import InterventionId
from gatewayd.enode.routing import client_router
from gatewayd.enode.views.base import vendor as spelled
from gatewayd.enode.views.intervention import intervention
from gatewayd.errors import InvalidError, NotFoundError
from gatewayd.model.asset import AssetKind

router = client_router()


@router.get("/interventions")
async def list_interventions(ask: Ask) -> Response:
    """All interventions, or those that may help a vendor's or a kind's assets."""
    query = ask.query_params
    kinds = _kinds(query.get("vendorType")) & await _kinds_of_vendor(ask.api, query.get("vendor"))
    language = query.get("language")
    return listed([intervention(known, language) for known in CATALOGUE if known.kinds & kinds])


@router.get("/interventions/{interventionId}")
async def get_intervention(intervention_id: InterventionId, request: Request) -> Response:
    """One intervention, in the asked language or English."""
    _kinds(request.query_params.get("vendorType"))
    for known in CATALOGUE:
        if known.id == intervention_id:
            return ok(intervention(known, request.query_params.get("language")))
    raise NotFoundError(f"Could not find intervention with ID {intervention_id}")


def _kinds(vendor_type: str | None) -> frozenset[AssetKind]:
    if vendor_type is None:
        return frozenset(AssetKind)
    if vendor_type not in set(AssetKind):
        words = ", ".join(AssetKind)
        fault = issue("invalid_query", ["vendorType"], f"must be one of {words}")
        raise InvalidError("vendorType is not valid: see issues", issues=(fault,))
    return frozenset({AssetKind(vendor_type)})


async def _kinds_of_vendor(api: Api, name: str | None) -> frozenset[AssetKind]:
    """What a vendor makes, as far as the gateway has drivers or the home has assets."""
    if name is None:
        return frozenset(AssetKind)
    offers = await offered(api)
    return frozenset(k for offer in offers if spelled(offer.vendor) == name for k in offer.kinds)
