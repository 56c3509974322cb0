"""`GET /openapi.json`: the operations and events in OpenAPI, made from the routes and models."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from fastapi import Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, APIRouter
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import to_json
from pydantic_core.core_schema import WithDefaultSchema

from gatewayd import __version__
from gatewayd.enode.openapi.operations import OPERATIONS, Operation
from gatewayd.enode.openapi.spelling import spelled
from gatewayd.enode.routes import ROUTERS
from gatewayd.enode.routing import ClientRoute
from gatewayd.enode.wire.event import EVENTS
from gatewayd.enode.wire.problem import Problem

router = APIRouter(redirect_slashes=False)

_SCHEMA = "#/components/schemas/{model}"
_SECURITY = "ClientAccessToken"
_CAPITAL_AFTER_SMALL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# FastAPI's own answer to faults; ours are problems.
_NEVER_ANSWERED = {"HTTPValidationError", "ValidationError"}

Json = dict[str, Any]


@router.get("/openapi.json")
async def openapi() -> Response:
    """This description."""
    # In a thread: making it takes longer than a device may wait.
    return Response(await asyncio.to_thread(_text), media_type="application/json")


@cache
def _text() -> bytes:
    return to_json(document())


def document() -> Json:
    """The OpenAPI 3.1 document; operations without a line in OPERATIONS are not in it."""
    described = list(_described())
    routes = [route for route, _, _ in described]
    drawn = get_openapi(title="gatewayd", version=__version__, routes=routes)
    schemas, definitions = _schemas(described)
    paths: Json = {}
    for route, tag, operation in described:
        for method in route.methods or ():
            found = drawn["paths"][route.path_format][method.lower()]
            path = paths.setdefault(route.path_format, {})
            path[method.lower()] = _operation(route, tag, operation, schemas, found)
    drawn_schemas = drawn.get("components", {}).get("schemas", {})
    parameters = {name: drawn_schemas[name] for name in drawn_schemas.keys() - _NEVER_ANSWERED}
    told: Json = {
        "openapi": "3.1.0",
        "info": {
            "title": "gatewayd",
            "version": __version__,
            "description": "The energy devices of a home, as the Enode API shows them.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in OPERATIONS],
        "paths": paths,
        "webhooks": _webhooks(schemas),
        "components": {
            "schemas": parameters | definitions,
            "securitySchemes": {_SECURITY: _security()},
        },
    }
    return spelled(told)  # type: ignore[no-any-return]


def _described() -> Iterator[tuple[APIRoute, str, Operation]]:
    """The routes with their lines in OPERATIONS."""
    lines = {
        _CAPITAL_AFTER_SMALL.sub("_", operation.id).lower(): (tag, operation)
        for tag, operations in OPERATIONS.items()
        for operation in operations
    }
    for route in (route for router in ROUTERS for route in router.routes):
        if isinstance(route, APIRoute) and route.name in lines:
            yield route, *lines[route.name]


class _Schemas(GenerateJsonSchema):
    """Schemas without the defaults that stand for an absent key: a client would send those."""

    def default_schema(self, schema: WithDefaultSchema) -> Json:
        default = schema.get("default")
        if default is None or default == () or isinstance(default, BaseModel):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def _schemas(described: Sequence[tuple[APIRoute, str, Operation]]) -> tuple[Json, Json]:
    """The schema of each body and event by the name of its place, and what these refer to."""
    bodies = {
        f"{operation.id} {place}": body
        for _, _, operation in described
        for place, body in _bodies(operation).items()
        if body is not None
    }
    bodies |= EVENTS | {"problem": Problem}
    inputs = [(name, "validation", TypeAdapter[Any](body)) for name, body in bodies.items()]
    found, rest = TypeAdapter.json_schemas(
        inputs,  # type: ignore[arg-type]
        by_alias=True,
        ref_template=_SCHEMA,
        schema_generator=_Schemas,
    )
    return {name: schema for (name, _), schema in found.items()}, rest.get("$defs", {})


def _bodies(operation: Operation) -> Json:
    more = {str(status): body for status, body in operation.also.items()}
    return {"takes": operation.takes, "answers": operation.answers} | more


def _operation(route: APIRoute, tag: str, operation: Operation, schemas: Json, drawn: Json) -> Json:
    """One operation; the parameters of its path are as FastAPI drew them."""
    made = {
        "operationId": operation.id,
        "summary": (route.endpoint.__doc__ or "").partition("\n")[0],
        "tags": [tag],
        "security": [{_SECURITY: []}] if isinstance(route, ClientRoute) else [],
        "responses": _responses(route, operation, schemas),
    }
    in_path = [given for given in drawn.get("parameters", []) if given["in"] == "path"]
    if in_path or operation.query:
        made["parameters"] = [*in_path, *operation.query]
    if operation.takes is not None:
        body = _json(schemas[f"{operation.id} takes"])
        made["requestBody"] = {"required": True, "content": body}
    return made


def _responses(route: APIRoute, operation: Operation, schemas: Json) -> Json:
    problem = schemas["problem"]
    made: Json = {"204": {"description": "Done"}}
    if operation.answers is not None:
        content = _json(schemas[f"{operation.id} answers"])
        made = {"200": {"description": "Done", "content": content}}
    for status in route.responses:
        made[str(status)] = {"description": "A problem", "content": _json(problem)}
    for status in operation.also:
        content = _json(schemas[f"{operation.id} {status}"])
        made[str(status)] = {"description": "As things stand", "content": content}
    content = {"application/problem+json": {"schema": problem}}
    return made | {"default": {"description": "A problem", "content": content}}


def _webhooks(schemas: Json) -> Json:
    return {name: {"post": _event(name, schemas[name])} for name in EVENTS}


def _event(name: str, schema: Json) -> Json:
    return {
        "operationId": name,
        "summary": EVENTS[name].__doc__,
        "description": "One of the events in the JSON array that a delivery brings.",
        "security": [],
        "requestBody": {"required": True, "content": _json(schema)},
        "responses": {"200": {"description": "Taken; it is sent again unless the answer is 2xx"}},
    }


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _security() -> Json:
    flow = {"tokenUrl": "/oauth2/token", "scopes": {}}
    return {"type": "oauth2", "flows": {"clientCredentials": flow}}
