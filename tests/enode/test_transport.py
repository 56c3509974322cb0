"""The API behind a real server: what only shows on a socket."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn

from gatewayd.model.asset import AssetKind
from tests.enode.home import Home, insist, token

PROTOCOLS = ["h11", "httptools"]


@asynccontextmanager
async def served(home: Home, protocol: str) -> AsyncIterator[int]:
    """The API on a port of the loopback."""
    config = uvicorn.Config(
        home.app,
        port=0,
        http=protocol,
        loop="asyncio",
        lifespan="off",
        log_config=None,
        h11_max_incomplete_event_size=16 * 1024,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.005)
        yield server.servers[0].sockets[0].getsockname()[1]
        server.should_exit = True


@asynccontextmanager
async def client(home: Home, port: int) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a token of its own, got over the socket."""
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", event_hooks={"response": [insist]}
    ) as http:
        http.headers["Authorization"] = f"Bearer {await token(http, home.client)}"
        yield http


async def raw(port: int, request: bytes) -> bytes:
    """All that the server answers to these bytes before it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await writer.drain()
    try:
        async with asyncio.timeout(60):
            return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_session_over_one_connection(a_home: Home, protocol: str) -> None:
    charger_id = a_home.asset(AssetKind.CHARGER).id
    async with served(a_home, protocol) as port, client(a_home, port) as http:
        listed = (await http.get("/chargers")).json()["data"]
        asked = await http.post(f"/chargers/{charger_id}/charging", json={"action": "START"})
        ended = await a_home.ended(asked.json())
        hinted = await http.post(f"/chargers/{charger_id}/refresh-hint")
        missing = await http.get("/batteries/%2e%2e/users")

    assert [entry["id"] for entry in listed] == [charger_id]
    assert ended["state"] == "CONFIRMED"
    assert hinted.status_code == 204
    assert missing.status_code in (400, 404)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_body_that_is_too_long_is_refused_and_the_next_request_served(
    a_home: Home, protocol: str
) -> None:
    path = f"/chargers/{a_home.asset(AssetKind.CHARGER).id}/max-current"
    huge = b'{"maxCurrent":' + b" " * 3 * 1024 * 1024 + b"10}"

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(huge), 65536):
            yield huge[start : start + 65536]

    headers = {"content-type": "application/json"}
    async with served(a_home, protocol) as port, client(a_home, port) as http:
        whole = await http.post(path, content=huge, headers=headers)
        chunked = await http.post(path, content=chunks(), headers=headers)
        after = await http.get("/chargers")

    assert (whole.status_code, chunked.status_code, after.status_code) == (400, 400, 200)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_body_that_ends_early_does_no_harm(
    a_home: Home, protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = f"/chargers/{a_home.asset(AssetKind.CHARGER).id}/max-current"
    bearer = a_home.http.headers["authorization"]
    request = (
        f"POST {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: {bearer}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    async with served(a_home, protocol) as port, client(a_home, port) as http:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request.encode())
        await writer.drain()
        writer.close()
        assert (await http.get("/chargers")).status_code == 200

    assert a_home.devices["wallbox"].writes == []
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_what_is_no_http_is_refused(a_home: Home, protocol: str) -> None:
    async with served(a_home, protocol) as port, client(a_home, port) as http:
        for request in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"{}\r\n\r\n"):
            answer = await raw(port, request)
            assert answer == b"" or b" 400 " in answer.splitlines()[0]
        assert (await http.get("/health/ready")).status_code == 204


async def test_headers_beyond_the_limit_are_refused_by_the_server(a_home: Home) -> None:
    head = b"GET /health/ready HTTP/1.1\r\nHost: gateway\r\nX: "
    async with served(a_home, "h11") as port:
        assert b" 400 " in (await raw(port, head + b"x" * 40_000)).splitlines()[0]
