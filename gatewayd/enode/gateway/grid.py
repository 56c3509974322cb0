"""`/gateway/grid/limit`: what the grid operator allows the home to take, and to feed in."""

from fastapi import Response

from gatewayd.enode.answers import ok
from gatewayd.enode.api import Api, Ask
from gatewayd.enode.bodies import payload
from gatewayd.enode.gateway import wire
from gatewayd.enode.gateway.taken import takes
from gatewayd.enode.routing import client_router
from gatewayd.errors import NotFoundError

router = client_router()


@router.get("/gateway/grid/limit", responses={200: {"model": wire.GridLimit}})
async def get_gateway_grid_limit(ask: Ask) -> Response:
    """The limit that holds now, and why."""
    return _shown(ask.api)


@router.put(
    "/gateway/grid/limit",
    responses={200: {"model": wire.GridLimit}},
    openapi_extra=takes(wire.GridLimitGiven),
)
async def put_gateway_grid_limit(ask: Ask) -> Response:
    """Tell a limit, the end of one, or only that the operator is there."""
    operators = ask.api.services.operator
    operators.check()
    given = await payload(ask, wire.GridLimitGiven)
    operators.tell(given.model_dump(include=given.model_fields_set))
    return _shown(ask.api)


def _shown(api: Api) -> Response:
    taken, fed = api.services.operator.standing()
    if taken is None and fed is None:
        raise NotFoundError("No grid operator is expected: add grid.operator to the config")
    return ok(
        wire.GridLimit(
            state=taken.state if taken else None,
            limit_w=taken.limit_w if taken else None,
            export_state=fed.state if fed else None,
            export_limit_w=fed.limit_w if fed else None,
        )
    )
