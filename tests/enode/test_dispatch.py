"""Requests find their operation by the first part of their path."""

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from gatewayd.enode.dispatch import Dispatch


async def _asked(method: str, path: str) -> tuple[int, str]:
    def says(path: str, method: str = "GET") -> Route:
        return Route(path, lambda _: PlainTextResponse(f"{method} {path}"), methods=[method])

    routes = [says("/a/own"), says("/a/{id}", "PUT"), says("/a/{id}"), says("/b")]
    app = FastAPI(openapi_url=None, redirect_slashes=False, routes=[Dispatch(routes)])
    async with AsyncClient(transport=ASGITransport(app), base_url="http://home") as http:
        answer = await http.request(method, path)
    return answer.status_code, answer.text if answer.is_success else ""


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("GET", "/a/own", (200, "GET /a/own")),
        ("GET", "/a/1", (200, "GET /a/{id}")),
        ("PUT", "/a/1", (200, "PUT /a/{id}")),
        ("GET", "/b", (200, "GET /b")),
        ("DELETE", "/a/own", (405, "")),
        ("GET", "/a", (404, "")),
        ("GET", "/a/1/2", (404, "")),
        ("GET", "/", (404, "")),
        ("GET", "//a/own", (404, "")),
        ("GET", "/c", (404, "")),
    ],
)
async def test_a_request_finds_the_first_route_that_takes_it(
    method: str, path: str, found: tuple[int, str]
) -> None:
    assert await _asked(method, path) == found


@pytest.mark.parametrize("path", ["/{id}", "/{id}/own"])
def test_a_route_without_a_literal_first_part_is_refused(path: str) -> None:
    with pytest.raises(TypeError, match="literal"):
        Dispatch([Route(path, lambda _: PlainTextResponse())])
    with pytest.raises(TypeError, match="literal"):
        Dispatch([Mount("/a", routes=[])])
