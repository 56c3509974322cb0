"""`GET /gateway/openapi.json`: what `/gateway/` answers, apart from the contract's own document."""

import asyncio
from functools import cache
from typing import Any

from fastapi import Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, APIRouter
from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from pydantic.json_schema import models_json_schema
from pydantic_core import to_json

from gatewayd import __version__
from gatewayd.enode.gateway import grid, modes, plans, routes, shadow, stream, wire
from gatewayd.enode.gateway.taken import SCHEMA
from gatewayd.enode.openapi.spelling import spelled
from gatewayd.enode.routing import ClientRoute
from gatewayd.enode.wire.problem import Problem

router = APIRouter(redirect_slashes=False)

_SECURITY = "ClientAccessToken"
_FLOWS = {"clientCredentials": {"tokenUrl": "/oauth2/token", "scopes": {}}}
# FastAPI's own answer to faults; ours are problems.
_NEVER_ANSWERED = ("HTTPValidationError", "ValidationError")
# The handlers read these by themselves, and leave out of a problem what it has not.
_READ: tuple[type[BaseModel], ...] = (
    wire.ModeChoice,
    wire.PlanGiven,
    wire.GridLimitGiven,
    Problem,
)

_ROUTERS = (
    routes.public,
    routes.router,
    modes.router,
    plans.router,
    grid.router,
    shadow.router,
    stream.router,
)

Json = dict[str, Any]


@router.get("/gateway/openapi.json")
async def gateway_openapi() -> Response:
    """This description."""
    # In a thread: making it takes longer than a device may wait.
    return Response(await asyncio.to_thread(_text), media_type="application/json")


@cache
def _text() -> bytes:
    return to_json(document())


def document() -> Json:
    """The OpenAPI 3.1 document."""
    found = [route for one in _ROUTERS for route in one.routes if isinstance(route, APIRoute)]
    made = get_openapi(title="gatewayd", version=__version__, routes=found)
    for route in found:
        for method in route.methods or ():
            _complete(route, made["paths"][route.path_format][method.lower()])
    schemas = made["components"]["schemas"]
    for name in _NEVER_ANSWERED:
        schemas.pop(name, None)
    _, read = models_json_schema([(one, "validation") for one in _READ], ref_template=SCHEMA)
    schemas |= read["$defs"]
    scheme = {"type": "oauth2", "flows": _FLOWS}
    made["components"]["securitySchemes"] = {_SECURITY: scheme}
    told: Json = spelled(made)
    return told


def _complete(route: APIRoute, operation: Json) -> None:
    operation["operationId"] = to_camel(route.name)
    operation["security"] = [{_SECURITY: []}] if isinstance(route, ClientRoute) else []
    operation["responses"].pop("422", None)
    problem = {"schema": {"$ref": SCHEMA.format(model=Problem.__name__)}}
    operation["responses"]["default"] = {
        "description": "A problem",
        "content": {"application/problem+json": problem},
    }
