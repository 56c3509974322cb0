"""`/gateway/plans`: by when the cars of chargers are to be ready, and whether they will be."""

from typing import Annotated, Literal

from fastapi import Path, Response

from gatewayd.control.governor.choice import Planned
from gatewayd.enode.answers import nothing, ok
from gatewayd.enode.api import Api, Ask
from gatewayd.enode.bodies import payload
from gatewayd.enode.gateway import home, wire
from gatewayd.enode.gateway.taken import takes
from gatewayd.enode.routing import client_router
from gatewayd.errors import InvalidError, NotFoundError
from gatewayd.model.hour_minute import format_hour_minute, parse_hour_minute
from gatewayd.model.ready_by import ReadyBy
from gatewayd.plan.ev.ready import Ready

router = client_router()

AssetId = Annotated[str, Path(alias="assetId")]
Name = Annotated[str, Path()]
_WEEK: tuple[Literal[0, 1, 2, 3, 4, 5, 6], ...] = (0, 1, 2, 3, 4, 5, 6)


@router.get("/gateway/plans", responses={200: {"model": wire.Listed[wire.Plan]}})
async def list_gateway_plans(ask: Ask) -> Response:
    """Every plan of every charger."""
    return ok(wire.Listed(data=_plans(ask.api)))


@router.get("/gateway/plans/{assetId}/{name}", responses={200: {"model": wire.Plan}})
async def get_gateway_plan(ask: Ask, asset_id: AssetId, name: Name) -> Response:
    """One plan, and what comes of it."""
    return ok(_plan(ask.api, asset_id, name))


@router.put(
    "/gateway/plans/{assetId}/{name}",
    responses={200: {"model": wire.Plan}},
    openapi_extra=takes(wire.PlanGiven),
)
async def put_gateway_plan(ask: Ask, asset_id: AssetId, name: Name) -> Response:
    """Give a charger a plan, instead of one of this name. It outlives a restart."""
    home.asset(ask.api, asset_id)
    given = await payload(ask, wire.PlanGiven)
    plan = _ready_by(given)
    if plan.at and plan.at <= ask.api.services.clock.now():
        raise InvalidError("`at` is over: name an instant to come")
    await ask.api.services.modes.plan(asset_id, name, plan)
    return ok(_plan(ask.api, asset_id, name))


@router.delete("/gateway/plans/{assetId}/{name}", status_code=204)
async def delete_gateway_plan(ask: Ask, asset_id: AssetId, name: Name) -> Response:
    """Take a plan away, also one of the config's."""
    _plan(ask.api, asset_id, name)
    await ask.api.services.modes.plan(asset_id, name, None)
    return nothing()


def _plans(api: Api) -> list[wire.Plan]:
    found, known = api.services.modes.plans(), home.assets(api)
    return [
        _shown(asset.id, name, one)
        for asset in known
        for name, one in found.get(asset.id, {}).items()
    ]


def _plan(api: Api, asset_id: str, name: str) -> wire.Plan:
    for plan in _plans(api):
        if (plan.asset_id, plan.name) == (asset_id, name):
            return plan
    raise NotFoundError(f"Could not find a plan {name} of an asset with ID {asset_id}")


def _ready_by(given: wire.PlanGiven) -> ReadyBy:
    if bool(given.weekdays) == (given.time is None):
        raise InvalidError("weekdays and time belong together")
    if (given.soc_pct is None) == (given.energy_wh is None):
        raise InvalidError("a plan needs either socPct or energyWh")
    try:
        return ReadyBy(
            at=given.at,
            weekdays=frozenset(given.weekdays),
            minute=parse_hour_minute(given.time or "00:00"),
            soc_pct=given.soc_pct,
            energy_wh=given.energy_wh,
            is_continuous=given.is_continuous,
        )
    except ValueError as error:
        raise InvalidError(f"a plan {error}") from error


def _shown(asset_id: str, name: str, one: Planned) -> wire.Plan:
    plan = one.plan
    return wire.Plan(
        asset_id=asset_id,
        name=name,
        at=plan.at,
        weekdays=[day for day in _WEEK if day in plan.weekdays],
        time=None if plan.at else format_hour_minute(plan.minute),
        soc_pct=plan.soc_pct,
        energy_wh=plan.energy_wh,
        is_continuous=plan.is_continuous,
        deadline_at=one.ready.deadline_at if one.ready else one.deadline_at,
        status=_status(one.ready) if one.ready else None,
    )


def _status(ready: Ready) -> wire.PlanStatus:
    return wire.PlanStatus(
        is_charging=ready.is_due,
        start_at=ready.start_at,
        ready_at=ready.ready_at,
        is_late=ready.is_late,
        need_wh=round(ready.need_wh),
        reason=ready.grounds.reason,
    )
