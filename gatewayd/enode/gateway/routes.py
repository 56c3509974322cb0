"""`/gateway/`: devices and their links, decisions and their reasons."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Path, Query, Response

from gatewayd import __version__
from gatewayd.enode.answers import ok
from gatewayd.enode.api import Api, Ask
from gatewayd.enode.gateway import home, views, wire
from gatewayd.enode.openapi.queries import PAGING
from gatewayd.enode.paging import Paging, key_of, page
from gatewayd.enode.routes.service_health import is_ready
from gatewayd.enode.routes.statistics import Instant
from gatewayd.enode.routing import client_router, public_router
from gatewayd.enode.wire.base import Page
from gatewayd.errors import InvalidError, NotFoundError
from gatewayd.model.asset import Asset
from gatewayd.plan.local_words import local
from gatewayd.state import decisions
from gatewayd.state.decisions import Decided

router = client_router()
public = public_router()

_UNKNOWN = "Nothing on record in the last 30 days: the asset does as it likes."

_ASSET = Query(alias="asset", min_length=1, max_length=255)


@public.get(
    "/gateway/health",
    responses={
        200: {"model": wire.GatewayHealth},
        503: {"model": wire.GatewayHealth, "description": "It cannot work"},
    },
)
async def get_gateway_health(ask: Ask) -> Response:
    """200 while the gateway can work, else 503; devices are counted for who holds a token."""
    ready = await is_ready(ask.api)
    is_known = await ask.caller() is not None
    health = wire.GatewayHealth(
        is_ready=ready,
        version=__version__,
        devices=_counted(ask.api) if is_known else None,
        problems=list(ask.api.services.problems()) if is_known else None,
    )
    return ok(health, 200 if ready else 503)


@router.get("/gateway/devices", responses={200: {"model": wire.Listed[wire.Device]}})
async def list_gateway_devices(ask: Ask) -> Response:
    """Every device that is read, and how its link is."""
    return ok(wire.Listed(data=[home.device(ask.api, one) for one in home.devices(ask.api)]))


@router.get("/gateway/devices/{deviceId}", responses={200: {"model": wire.Device}})
async def get_gateway_device(
    ask: Ask, device_id: Annotated[str, Path(alias="deviceId")]
) -> Response:
    """One device, and how its link is."""
    for one in home.devices(ask.api):
        if one.id == device_id:
            return ok(home.device(ask.api, one))
    raise NotFoundError(f"Could not find device with ID {device_id}")


@router.get(
    "/gateway/decisions",
    responses={200: {"model": Page[wire.Decision]}},
    openapi_extra={"parameters": list(PAGING)},
)
async def list_gateway_decisions(
    ask: Ask,
    paging: Paging,
    asset_id: Annotated[str | None, _ASSET] = None,
    since: Annotated[Instant | None, Query(alias="from")] = None,
    until: Annotated[Instant | None, Query(alias="to")] = None,
) -> Response:
    """Why assets were told what they were told from a time to before another, newest first."""
    if since and until and since > until:
        raise InvalidError("from must not be after to")
    asked = [home.asset(ask.api, asset_id)] if asset_id else home.assets(ask.api)
    ids = [asset.id for asset in asked]
    key, most = paging.after or paging.before, paging.size + 1
    is_newer = paging.before is not None
    times = await ask.api.services.db.read(
        lambda c: decisions.near(c, ids, (since, until), key, most, is_newer=is_newer)
    )
    shown, cursors = page(times, lambda one: key_of(one[1], f"{one[0]:020d}"), paging)
    numbers = [number for number, _ in shown]
    found = await ask.api.services.db.read(lambda c: decisions.by_id(c, numbers))
    data = [_decision(found[number]) for number in numbers if number in found]
    return ok(Page(data=data, pagination=cursors))


@router.get("/gateway/explain", responses={200: {"model": wire.Explanation}})
async def explain_gateway_decision(
    ask: Ask, asset_id: Annotated[str, _ASSET], at: Instant | None = None
) -> Response:
    """The decision on an asset that was in force at a time, or is now, in plain words."""
    asset, now = home.asset(ask.api, asset_id), ask.api.services.clock.now()
    then = at or now
    found = await ask.api.services.db.read(lambda c: decisions.in_force(c, asset.id, then))
    if then >= now:
        found = _as_shown(ask.api, asset, found)
    return ok(
        wire.Explanation(
            asset_id=asset.id,
            at=then,
            text=await _text(ask.api, asset, found) if found else _UNKNOWN,
            decision=_decision(found) if found else None,
            controlled_by=ask.api.services.controllers.controlling(asset.id),
        )
    )


def _counted(api: Api) -> wire.DevicesHealth:
    found = [home.poller(api).health(one.id) for one in home.devices(api)]
    reachable = sum(1 for health in found if health and health.is_reachable)
    return wire.DevicesHealth(total=len(found), reachable=reachable)


def _decision(found: Decided) -> wire.Decision:
    return views.decision(found.decision, str(found.id), found.action)


def _as_shown(api: Api, asset: Asset, found: Decided | None) -> Decided | None:
    """What is so now: the newest on record, or with the words and numbers of now."""
    state = api.services.store.site.assets.get(asset.id)
    shown = state.decision if state else None
    if shown is None or (found is not None and found.decision.at >= shown.at):
        return found
    return Decided(found.id if found else 0, shown, None)


async def _text(api: Api, asset: Asset, found: Decided) -> str:
    place = await api.places.of(asset)
    at: datetime = found.decision.at
    when = local(at, ZoneInfo(place.timezone)) if place else f"{local(at, UTC)} UTC"
    return views.explained(found.decision, found.action, when)
