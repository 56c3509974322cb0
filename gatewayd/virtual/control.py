"""The home's remote control over HTTP, for people, demos and tests. Loopback only.

GET /state tells everything; each POST gives one order and answers with the state. An order that
cannot be followed is refused with 400 and `{"error": ..., "problems": [{where, what, do}]}`, and
then nothing has been changed.
"""

import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import uvicorn
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gatewayd.errors import ConfigError, InvalidError, RequestError
from gatewayd.virtual.groups import plain_group
from gatewayd.virtual.home import VirtualHome
from gatewayd.virtual.orders import CarOrder, ClockOrder, CloudOrder, FaultOrder, LoadOrder, Order
from gatewayd.virtual.picture import picture
from gatewayd.virtual.uvicorn_task import TaskServer

HOST = "127.0.0.1"
_MOST_BYTES = 10_000
_ORDERS: Mapping[str, type[Order]] = {
    "/car": CarOrder,
    "/cloud": CloudOrder,
    "/load": LoadOrder,
    "/clock": ClockOrder,
    "/fault": FaultOrder,
}


def create_control(home: VirtualHome) -> Starlette:
    """The HTTP application that shows and steers this home."""

    async def state(_: Request) -> Response:
        return JSONResponse(picture(home))

    async def order(request: Request) -> Response:
        kind = _ORDERS[request.url.path]
        try:
            await _parse(kind, await _body(request)).apply(home)
        except ValidationError as error:
            return _refused(request, kind, [_problem(e) for e in error.errors()])
        except RequestError as error:
            return _refused(request, kind, [("", error.detail)])
        return JSONResponse(picture(home))

    routes = [Route("/state", state, methods=["GET"])]
    routes += [Route(path, order, methods=["POST"]) for path in _ORDERS]
    return Starlette(routes=routes, exception_handlers={HTTPException: _no_such_place})


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise InvalidError(f"the body is longer than {_MOST_BYTES} bytes")
    return body


def _parse(kind: type[Order], body: bytes) -> Order:
    order = kind.model_validate_json(body)
    if not order.model_fields_set:
        raise InvalidError("the body asks for nothing")
    return order


def _problem(error: Mapping[str, object]) -> tuple[str, str]:
    where = error["loc"]
    what = str(error["msg"])
    path = ".".join(str(part) for part in where) if isinstance(where, tuple) else ""
    return path, what[:1].lower() + what[1:]


def _refused(request: Request, kind: type[Order], problems: list[tuple[str, str]]) -> Response:
    path = request.url.path
    advice = f"send for example {kind.example}"
    told = [f"{where}: {what}" if where else what for where, what in problems]
    return JSONResponse(
        {
            "error": f"POST {path}: {'; '.join(told)}; {advice}",
            "problems": [
                {"where": f"{path} {where}".strip(), "what": what, "do": advice}
                for where, what in problems
            ],
        },
        status_code=400,
    )


async def _no_such_place(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    offers = ["GET /state", *(f"POST {path}" for path in _ORDERS)]
    what = f"{request.method} {request.url.path} is not offered; there are {', '.join(offers)}"
    return JSONResponse({"error": what}, status_code=status)


@asynccontextmanager
async def serve_control(home: VirtualHome, port: int) -> AsyncIterator[str]:
    """Serve the remote control on a port of the loopback (0: any); gives its URL."""
    try:
        listener = socket.create_server((HOST, port))
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        problem = f"cannot listen on {HOST}:{port}: {why}; choose another port"
        raise ConfigError([problem]) from error
    config = uvicorn.Config(
        create_control(home),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = TaskServer(config)
    with listener:
        async with plain_group() as group:
            group.create_task(server.serve(sockets=[listener]))
            await server.listening.wait()
            yield f"http://{HOST}:{listener.getsockname()[1]}"
            server.should_exit = True
