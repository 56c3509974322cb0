"""Requests of callers that speak an older version of the API."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import quote

import httpx
from hypothesis import given, seed
from hypothesis import strategies as st

from gatewayd.enode.versions.chain import steps
from gatewayd.enode.versions.served import SERVED
from gatewayd.enode.versions.step import Moved
from tests.enode import contract
from tests.enode.home import USER
from tests.fuzz import anything
from tests.fuzz.cases import AnyCase, generating, id_of
from tests.fuzz.report import Report
from tests.fuzz.world import World

OLDER = SERVED[1:]
_NO_USERS = "2023-08-01"
_PARAMETER = re.compile(r"\{(\w+)\}")
_SMALL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ENDED = ("/webhooks/firehose/test", "/webhooks/firehose", "/statistics/production")
_CALLERS = st.sampled_from([USER, USER, USER, "", "a/b"])


def send_all(version: str, world: World, report: Report, count: int, start: int) -> None:
    """So many random requests to every place that the version, or the newest, has."""
    for method, template in _places(version):
        _send_some(version, (method, template), world, report, count, start)
    world.again()


def send(version: str, case: AnyCase, request: httpx.Request, world: World, report: Report) -> None:
    """A request of today where it would have been sent, as the version's own."""
    url, moved = request.url, _moved(version).get(_name(case))
    if moved and case.method == case.operation.method.upper():
        values = {name: quote(str(value), "") for name, value in case.path_parameters.items()}
        path = _PARAMETER.sub(lambda match: values[match[1]], moved.path)
        url = url.copy_with(raw_path=f"{path}?{url.query.decode()}".encode())
    headers = [*request.headers.raw, *httpx.Headers(_headers(version, USER)).raw]
    made = httpx.Request(request.method, url, headers=headers, content=request.content)
    response = world.send(made)
    report.add(f"{version} {case.operation.label}", response, _wrong(version, world, response))


def _send_some(
    version: str, place: tuple[str, str], world: World, report: Report, count: int, start: int
) -> None:
    method, template = place

    @seed(start)
    @generating(count)
    @given(body=anything.bodies(), query=anything.queries(), user=_CALLERS)
    def exchange(body: Any, query: dict[str, str], user: str) -> None:
        path = _PARAMETER.sub(lambda match: id_of(world.ids, template, match[1]) or "x", template)
        response = world.ask(
            method,
            path,
            params=query,
            json=anything.settled(body, world.ids),
            headers=_headers(version, user),
        )
        report.add(f"{version} {method} {template}", response, _wrong(version, world, response))

    exchange()


def _headers(version: str, user: str) -> dict[str, str]:
    named = {"enode-user-id": user} if version < _NO_USERS and user else {}
    return {"enode-version": version, **named}


def _wrong(version: str, world: World, response: httpx.Response) -> Iterator[tuple[str, str]]:
    if response.status_code >= 500:
        yield "5xx", world.bug or response.text
    elif response.headers.get("enode-version", version) != version:
        yield "version", f"it is answered as {response.headers['enode-version']}"


@cache
def _moved(version: str) -> dict[str, Moved]:
    """Where operations were in a version, by name."""
    return {one.operation: one for step in steps(version) for one in step.moved}


def _places(version: str) -> list[tuple[str, str]]:
    """Every path of the version, and those of the newest; what removes something comes last."""
    newest = [(method, path) for method, path, _ in contract.operations()]
    moved = [(one.method, one.path) for one in _moved(version).values()]
    ended = [(method, path) for path in _ENDED for method in ("PUT", "POST", "GET", "DELETE")]
    return sorted({*newest, *moved, *ended}, key=lambda place: (place[0] == "DELETE", place))


def _name(case: AnyCase) -> str:
    return _SMALL.sub("_", case.operation.definition.raw["operationId"]).lower()
