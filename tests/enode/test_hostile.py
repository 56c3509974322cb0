"""What no honest client sends, over a real socket: refused, never a failure, never a wound."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatewayd.model.asset import AssetKind
from gatewayd.server import HttpServer
from tests.enode.home import USER, Home

JSON = {"content-type": "application/json"}
LONG = "x" * 15_000
PATHS = [
    "/batteries/%2e%2e/users",
    "/batteries/../users",
    "/batteries/..%2Fusers",
    "/chargers/%2F",
    "/chargers/%00",
    "/chargers/%ED%A0%80",
    "/chargers/%FF%FE",
    "/chargers/%",
    "/chargers/%zz",
    "/chargers/%0d%0aX:%20y",
    f"/chargers/{LONG}",
    f"/locations/{LONG}",
    f"/tariffs/{LONG}",
    f"/users/{LONG}",
    f"/users/{LONG}/vendors",
    f"/flex/vehicle-policies/{LONG}",
    "//batteries",
    "/;/batteries",
    "http://elsewhere.example/batteries",
    "*",
    "/" * 5000,
]
QUERIES = [
    "/batteries?pageSize=1&pageSize=x",
    "/batteries?pageSize=" + "9" * 5000,
    "/batteries?pageSize=%D9%A3",
    "/batteries?after=%00",
    "/batteries?after=%ED%A0%80",
    "/batteries?after=a&after=b",
    "/batteries?after=MjAyNi0wNi0yMVQxMDowMDowMC4wMDBafA==",
    "/batteries?before=OTk5OS05OS05OVQ5OTo5OTo5OS45OTlafMKA",
    "/batteries?" + "a=1&" * 3000,
    "/batteries?%FF=%FE",
    "/interventions?language=%00&vendorType=vehicle&vendor=%F0%9F%9A%97",
    "/users/anna/statistics/charging?type=charger&startDate=0001-01-01T00:00:00%2B14:00",
    "/users/anna/statistics/charging?type=charger&startDate=9999-12-31T23:59:59-14:00",
    "/users/anna/statistics/charging?type=charger&startDate=2026-06-21T00:00:00Z&utcOffset=1e308",
    "/users/anna/statistics/charging?type=charger&startDate=2026-06-21T00:00:00Z&utcOffset=nan",
    "/users/anna/statistics/charging/sessions?type=charger&startDate=" + "9" * 400,
    "/inverters/{inverter}/statistics?year=2026&month=2&day=30",
    "/inverters/{inverter}/statistics?year=" + "9" * 5000 + "&month=1",
    "/inverters/{inverter}/statistics?year=2026&month=%D9%A3",
    "/flex/shape?startAt=0001-01-01T00:00:00Z&endAt=9999-12-31T23:59:59Z",
    "/flex/shape?startAt=9999-12-31T23:59:59-14:00",
]
HEADERS = [
    "Accept: \xff/\x00",
    "Accept: " + "a/b;q=0.1," * 500,
    "Accept-Language: " + "x-" * 2000,
    "Enode-Version: \xff",
    "Enode-Version: 2025-10-01\r\nEnode-Version: 2023-03-01",
    "Enode-Version: 2023-03-01\r\nEnode-User-Id: \xff/../%00",
    "Enode-Version: 2023-03-01\r\nEnode-User-Id:",
    "Expect: 100-continue",
    "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13",
    "X-Forwarded-For: " + "1," * 1000,
    "Host: a\r\nHost: b",
    "Cookie: " + "a=b;" * 1000,
    "Range: bytes=0-1",
    "Transfer-Encoding: gzip",
    "Content-Length: 3\r\nContent-Length: 4",
    "Content-Length: -1",
    "Content-Length: 99999999999999999999999",
]
METHODS = ["HEAD", "OPTIONS", "TRACE", "CONNECT", "PATCH", "PROPFIND", "get", "G\x00T", "QUERY"]
TYPES = [
    "application/json; charset=utf-16",
    "application/json; charset=\x7f",
    "application/json;;;",
    "application/json, text/plain",
    "multipart/form-data",
    "multipart/form-data; boundary=" + "x" * 5000,
    "\xff",
]
CHUNKS = [
    b"ffffffffffffffffff\r\nx\r\n",
    b"-1\r\nx\r\n",
    b"2;a=b\r\n{}\r\n0\r\n\r\n",
    b"2\r\n{}\r\n0\r\nAuthorization: Bearer x\r\n\r\n",
    b"2\r\n{}}\r\n",
    # The last one ends early.
    b"x",
]


@asynccontextmanager
async def serving(home: Home) -> AsyncIterator[int]:
    """The port of the daemon's own server over the home's API."""
    server = HttpServer(home.app, "127.0.0.1", 0)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(server.run())
        yield server.port
        task.cancel()


def requests(home: Home) -> Iterator[bytes]:
    """Every request, as bytes."""
    inverter = home.asset(AssetKind.INVERTER).id
    charger = f"/chargers/{home.asset(AssetKind.CHARGER).id}/max-current"
    bearer = f"Authorization: {home.http.headers['authorization']}\r\nConnection: close\r\n"

    def head(method: str, path: str, more: str = "Host: gateway") -> bytes:
        return f"{method} {path} HTTP/1.1\r\n{bearer}{more}\r\n\r\n".encode("latin-1")

    for path in (*PATHS, *QUERIES):
        for method in ("GET", "PUT", "DELETE"):
            yield head(method, path.replace("{inverter}", inverter))
    for more in HEADERS:
        yield head("GET", "/batteries", more)
    for method in METHODS:
        yield head(method, "/batteries")
    for content_type in TYPES:
        more = f"Host: gateway\r\nContent-Type: {content_type}\r\nContent-Length: 2"
        yield head("POST", charger, more) + b"{}"
    for chunk in CHUNKS:
        more = "Host: gateway\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked"
        yield head("POST", charger, more) + chunk


async def test_no_request_makes_the_gateway_fail(
    a_home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(a_home) as port:
        for request in requests(a_home):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            if request.endswith(CHUNKS[-1]):
                writer.write_eof()
            async with asyncio.timeout(20):
                answer = await reader.read()
            writer.close()
            # Without an answer the connection was dropped.
            assert not answer or answer.split(maxsplit=2)[1] < b"500", request[:300]

    assert a_home.devices["wallbox"].writes == []
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("version", ["2025-10-01", "2023-03-01"])
async def test_what_is_nested_deeply_is_refused(a_home: Home, version: str) -> None:
    # Older versions have problems of another form.
    a_home.http.event_hooks = {}
    charger_id = a_home.asset(AssetKind.CHARGER).id
    headers = JSON | {"enode-version": version}
    paths = [f"/chargers/{charger_id}/max-current", f"/users/{USER}/schedules"]
    if version < "2023-08-01":
        headers, paths[1] = headers | {"enode-user-id": USER}, "/schedules"

    for depth in (60, 150, 400, 900, 990, 100_000):
        lists = "[" * depth + "]" * depth
        objects = '{"a":' * depth + "1" + "}" * depth
        for path in paths:
            for body in (lists, objects, f'{{"rules": {lists}}}', f'{{"targetType": {objects}}}'):
                answer = await a_home.http.post(path, content=body, headers=headers)
                assert answer.status_code == 400, (path, depth, body[:20])


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(raw=st.binary(max_size=60))
async def test_no_bytes_make_the_gateway_fail(a_home: Home, raw: bytes) -> None:
    header = b"Basic " + raw if len(raw) % 2 else b"Bearer " + raw
    charger_id = a_home.asset(AssetKind.CHARGER).id
    for path in ("/oauth2/token", f"/chargers/{charger_id}/max-current"):
        for more in ([], [(b"authorization", header)]):
            request = a_home.http.build_request("POST", path, content=raw, headers=JSON)
            request.headers.raw[:] = [*request.headers.raw, *more]
            assert (await a_home.http.send(request)).status_code < 500
