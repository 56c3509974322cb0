"""`/gateway/grid/limit`: what the grid operator allows the home to take."""

from fastapi import Response

from gatewayd.control.governor.operator import Standing
from gatewayd.enode.answers import ok
from gatewayd.enode.api import Api, Ask
from gatewayd.enode.bodies import payload
from gatewayd.enode.gateway import wire
from gatewayd.enode.routing import client_router
from gatewayd.errors import NotFoundError

router = client_router()


@router.get("/gateway/grid/limit", responses={200: {"model": wire.GridLimit}})
async def get_gateway_grid_limit(ask: Ask) -> Response:
    """The limit that holds now, and why."""
    return _shown(_standing(ask.api))


@router.put(
    "/gateway/grid/limit",
    responses={200: {"model": wire.GridLimit}},
    openapi_extra={
        "requestBody": {
            "content": {"application/json": {"schema": wire.GridLimitGiven.model_json_schema()}}
        }
    },
)
async def put_gateway_grid_limit(ask: Ask) -> Response:
    """Tell a limit, the end of one, or only that the operator is there."""
    operator = ask.api.services.operator
    operator.check()
    given = await payload(ask, wire.GridLimitGiven)
    if "limit_w" in given.model_fields_set:
        operator.limit(given.limit_w, given.duration_s)
    else:
        operator.beat()
    return _shown(_standing(ask.api))


def _standing(api: Api) -> Standing:
    told = api.services.operator.standing()
    if told is None:
        raise NotFoundError("No grid operator is expected: add grid.operator to the config")
    return told


def _shown(told: Standing) -> Response:
    return ok(wire.GridLimit(state=told.state, limit_w=told.limit_w))
