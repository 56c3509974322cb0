"""The Enode API as one ASGI application."""

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from gatewayd.enode import problems
from gatewayd.enode.api import Api
from gatewayd.enode.dispatch import Dispatch
from gatewayd.enode.gateway import document as gateway_document
from gatewayd.enode.gateway import grid, modes, plans, shadow, stream
from gatewayd.enode.gateway import routes as gateway
from gatewayd.enode.openapi import document
from gatewayd.enode.routes import ROUTERS, legacy_firehose, legacy_production
from gatewayd.enode.services import Services
from gatewayd.enode.versions.middleware import OlderVersions
from gatewayd.enode.versions.step import Moved
from gatewayd.errors import RequestError, StorageError

# Before the others: a literal path comes before one with a parameter.
_GATEWAY = (
    gateway.public,
    gateway.router,
    modes.router,
    plans.router,
    grid.router,
    shadow.router,
    stream.router,
    gateway_document.router,
)
_ALL = (legacy_firehose.router, legacy_production.router, *ROUTERS)


def create_app(services: Services) -> FastAPI:
    """The API over the given rooms.

    What lies below a request is the server's: the size of headers, the number of connections, and
    how long a client may take. Bodies are limited here.
    """
    app = FastAPI(
        title="gatewayd",
        openapi_url=None,
        redirect_slashes=False,
        # Not included as routers: FastAPI would analyse and match each of them anew.
        routes=[
            Dispatch(
                route for router in (*_ALL, document.router, *_GATEWAY) for route in router.routes
            )
        ],
        exception_handlers={
            HTTPException: _no_operation,
            RequestError: _wrong_request,
            StorageError: _no_storage,
            Exception: _bug,
        },
    )
    app.state.api = Api.over(services)
    app.state.streams = stream.Streams(app.state.api)
    app.add_middleware(OlderVersions, api=app.state.api, newest=_operations())
    return app


def _operations() -> list[Moved]:
    """Where the operations are."""
    return [
        Moved(method, route.path_format, route.name)
        for router in _ALL
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    ]


def _methods(path: str) -> set[str]:
    """What can be done with a path."""
    return {
        method
        for router in (*ROUTERS, *_GATEWAY)
        for route in router.routes
        if isinstance(route, APIRoute) and route.path_regex.fullmatch(path)
        for method in route.methods or ()
    }


async def _no_operation(request: Request, _error: Exception) -> Response:
    """No operation has this path, or none has this method."""
    allowed = _methods(request.url.path)
    if allowed:
        return problems.plain(
            405,
            "Method Not Allowed",
            f"this path has no {request.method}",
            {"Allow": ", ".join(sorted(allowed))},
        )
    return problems.plain(404, "Not Found", "no operation has this path")


async def _wrong_request(_request: Request, error: Exception) -> Response:
    """For the few routes beside the operations, which answer for themselves."""
    if not isinstance(error, RequestError):
        raise error
    return problems.answer(error)


async def _no_storage(request: Request, error: Exception) -> Response:
    return problems.no_storage(request.scope, error)


async def _bug(_request: Request, _error: Exception) -> Response:
    """Nobody's fault but ours; the server logs the error, which is raised again after this."""
    return problems.plain(500, "Internal Server Error", "the gateway failed: see its log")
