import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Mount

from gatewayd.control.governor.overview import Overview
from gatewayd.model.asset import AssetKind
from gatewayd.state.store import Store
from gatewayd.web.guard import is_ours
from gatewayd.web.page import create_pages
from tests.fakes.clock import FakeClock, settle
from tests.fakes.home import READINGS, every_asset


class Home:
    """A polled home and its clock."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = Store(self.clock, every_asset())
        for kind in AssetKind:
            self.store.put(kind.value, {kind.value: READINGS[kind]})


@pytest.fixture
def home() -> Home:
    return Home()


@asynccontextmanager
async def served(home: Home, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The pages below `/some/prefix/ui`, on a real server."""
    pages = Mount("/some/prefix/ui", create_pages(home.store, home.clock, **options))
    config = uvicorn.Config(
        Starlette(routes=[pages]), log_config=None, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with running(server, listener) as client:
            yield client


@asynccontextmanager
async def running(
    server: uvicorn.Server, listener: socket.socket
) -> AsyncIterator[httpx.AsyncClient]:
    base = f"http://127.0.0.1:{listener.getsockname()[1]}/some/prefix/ui/"
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve(sockets=[listener]))
        async with httpx.AsyncClient(base_url=base, timeout=10) as client:
            yield client
        server.should_exit = True


class Events:
    """What one viewer is sent, event by event."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self._lines = response.aiter_lines()

    async def next(self) -> str:
        """The next line that says something."""
        async with asyncio.timeout(10):
            async for line in self._lines:
                if line:
                    return line
        raise AssertionError("the stream has ended")

    async def news(self) -> dict[str, str]:
        line = await self.next()
        assert line.startswith("data: ")
        found: dict[str, str] = json.loads(line.removeprefix("data: "))
        return found


@asynccontextmanager
async def watching(client: httpx.AsyncClient) -> AsyncIterator[Events]:
    async with client.stream("GET", "events") as response:
        yield Events(response)


async def test_the_page_is_served_with_strict_headers(home: Home) -> None:
    async with served(home, name="Our home") as client:
        answer = await client.get("")

    assert answer.status_code == 200
    assert "Our home" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("page.css", "text/css"), ("live.js", "text/javascript"), ("icon.svg", "image/svg+xml")],
)
async def test_style_and_script_are_our_own(home: Home, name: str, kind: str) -> None:
    async with served(home) as client:
        answer = await client.get(f"static/{name}")

    assert answer.headers["content-type"].startswith(kind)
    assert "content-security-policy" in answer.headers


async def test_nothing_outside_the_static_folder_is_served(home: Home) -> None:
    async with served(home) as client:
        for path in ("static/../page.py", "static/%2e%2e/page.py", "static/templates/page.html"):
            assert (await client.get(path)).status_code == 404


async def test_the_pages_can_only_be_read(home: Home) -> None:
    async with served(home) as client:
        assert (await client.post("")).status_code == 405
        assert (await client.delete("events")).status_code == 405


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 400),
        ("evil.example:8480", 400),
        ("localhost.evil.example", 400),
        ("gatewayd.local:8480", 200),
        ("home.example.org", 200),
        ("192.168.1.20", 200),
    ],
)
async def test_only_our_own_names_are_answered(home: Home, host: str, status: int) -> None:
    async with served(home, allowed_hosts=["Home.example.org"]) as client:
        answer = await client.get("", headers={"Host": host})

    assert answer.status_code == status
    assert "content-security-policy" in answer.headers


async def test_what_control_knows_is_on_the_page(home: Home) -> None:
    overview = Overview(problems=("main: it is loose",))
    async with served(home, overview=lambda: overview) as client:
        assert "Main: it is loose" in (await client.get("")).text


async def test_two_host_headers_are_one_too_many(home: Home) -> None:
    async with served(home) as client:
        port = client.base_url.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"GET /some/prefix/ui/ HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n"
            b"Connection: close\r\n\r\n"
        )
        answer = await reader.read()
        writer.close()

    assert answer.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LOCALHOST:80", True),
        ("[::1]:8480", True),
        ("[fe80::1]", True),
        ("10.0.0.5:1", True),
        ("pi.local", True),
        ("local", False),
        (".local.evil", False),
        ("127.0.0.1.nip.io", False),
        ("", False),
        ("[", False),
        ("2130706433", False),
        ("0x7f.1", False),
    ],
)
def test_names_are_told_from_addresses(host: str, expected: bool) -> None:
    assert is_ours(host, frozenset()) is expected


@given(st.text(max_size=40))
def test_any_host_header_is_judged(host: str) -> None:
    assert is_ours(host, frozenset()) in (True, False)


async def test_a_viewer_gets_everything_first_and_then_what_changes(home: Home) -> None:
    async with served(home) as client, watching(client) as events:
        first = await events.news()
        home.store.lose("meter")
        await home.clock.advance(1.0)
        second = await events.news()

    assert {"picture", "cards", "headline", "status"} <= first.keys()
    assert second["status"] == "Demo Meter does not answer"
    assert "cards" not in second


async def test_a_busy_home_is_told_of_once_a_second(home: Home) -> None:
    async with served(home) as client, watching(client) as events:
        await events.news()
        for _ in range(50):
            home.store.put("meter", {"meter": READINGS[AssetKind.METER]})
            await settle()
        home.store.lose("battery")
        await home.clock.advance(1.0)

        assert "Battery does not answer" in (await events.news())["status"]


async def test_a_quiet_home_still_gives_a_sign_of_life(home: Home) -> None:
    async with served(home) as client, watching(client) as events:
        await events.news()
        await home.clock.advance(15.0)

        assert (await events.next()).startswith(":")


async def test_viewers_are_limited_and_those_who_leave_make_room(home: Home) -> None:
    async with served(home) as client:
        async with AsyncExitStack() as stack:
            viewers = [await stack.enter_async_context(watching(client)) for _ in range(32)]
            for events in viewers:
                await events.news()
            refused = await client.get("events")
        assert refused.status_code == 503
        assert refused.headers["retry-after"]

        async with asyncio.timeout(10):
            while (await status_of_a_new_viewer(client)) != 200:
                await asyncio.sleep(0.01)


async def status_of_a_new_viewer(client: httpx.AsyncClient) -> int:
    async with watching(client) as events:
        return events.status


async def test_a_store_is_watched_by_many_with_one_rendering(home: Home) -> None:
    async with served(home) as client, watching(client) as one, watching(client) as other:
        assert await one.news() == await other.news()
        home.store.lose("meter")
        await home.clock.advance(1.0)
        assert await one.news() == await other.news()
