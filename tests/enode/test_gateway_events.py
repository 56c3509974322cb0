"""The live events of `/gateway/events`, on a real server."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gatewayd.enode.gateway.feed import Feed
from gatewayd.enode.gateway.stream import Streams
from gatewayd.model.asset import AssetKind
from gatewayd.server import HttpServer
from gatewayd.state import clients, consents
from tests.enode.home import USER, Home, say, silence, token

PATH = "/gateway/events"
SECOND = 1.0


@dataclass
class Served:
    """The home behind a real server; cancelling `task` is a stop of the daemon."""

    home: Home
    http: httpx.AsyncClient
    task: asyncio.Task[None]

    @property
    def streams(self) -> Streams:
        streams: Streams = self.home.app.state.streams
        return streams

    def open(self) -> int:
        """How many streams there are."""
        return self.streams._open.total()


class Listener:
    """An open stream, read event by event while the home's time passes."""

    def __init__(self, served: Served, response: httpx.Response) -> None:
        self._served = served
        self._chunks = response.aiter_text()
        self._text = ""
        self.last_id = ""
        self.comments = 0

    async def events(self, *wanted: str) -> list[tuple[str, Any]]:
        """The next events up to and including the first of the last wanted kind."""
        found: list[tuple[str, Any]] = []
        missing = list(wanted)
        while missing:
            name, body = await self.event()
            found.append((name, body))
            if name in missing:
                missing.remove(name)
        return found

    async def event(self) -> tuple[str, Any]:
        while True:
            block, found, rest = self._text.partition("\n\n")
            if not found:
                self._text += await self._more()
                continue
            self._text = rest
            fields = dict(line.split(": ", 1) for line in block.splitlines() if line[0] != ":")
            self.comments += block.startswith(":")
            self.last_id = fields.get("id", self.last_id)
            if "event" in fields:
                return fields["event"], json.loads(fields["data"])

    async def ended(self) -> None:
        """Read until there is no more."""
        with suppress(StopAsyncIteration, httpx.TransportError):
            while True:
                await self.event()

    async def _more(self) -> str:
        reading = asyncio.ensure_future(anext(self._chunks))
        while not reading.done():
            await asyncio.wait([reading], timeout=0.01)
            await self._served.home.clock.advance(SECOND / 4)
        return await reading


@pytest_asyncio.fixture
async def served(a_home: Home) -> AsyncIterator[Served]:
    server = HttpServer(a_home.app, "127.0.0.1", 0)
    headers = {"Authorization": a_home.http.headers["Authorization"]}
    async with (
        asyncio.TaskGroup() as group,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{server.port}",
            headers=headers,
            timeout=30,
            limits=httpx.Limits(max_connections=None),
        ) as http,
    ):
        task = group.create_task(server.run())
        yield Served(a_home, http, task)
        task.cancel()
    server.close()


@asynccontextmanager
async def listening(served: Served, last_id: str | None = None) -> AsyncIterator[Listener]:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    async with served.http.stream("GET", PATH, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Listener(served, response)


async def start(home: Home) -> None:
    charger = home.asset(AssetKind.CHARGER)
    path = f"/chargers/{charger.id}/charging"
    assert (await home.http.post(path, json={"action": "START"})).status_code == 200


async def test_a_listener_first_gets_all_that_is(served: Served) -> None:
    async with listening(served) as listener:
        events = await listener.events("site", "device", "device", *["asset"] * 4)

    site = events[0][1]
    assert (site["solarPower"], site["gridPower"]) == (4.321, -0.82)
    assert [body["id"] for name, body in events if name == "device"] == ["hybrid", "wallbox"]
    shown = [body for name, body in events if name == "asset"]
    assert {body["kind"] for body in shown} == {"battery", "inverter", "meter", "charger"}
    assert all(body["asset"]["id"] == body["assetId"] for body in shown)


async def test_then_what_changes(served: Served) -> None:
    async with listening(served) as listener:
        await listener.events(*["asset"] * 4)
        await start(served.home)
        events = await listener.events("action", "decision")
        while not any(body.get("state") == "CONFIRMED" for _, body in events):
            events.append(await listener.event())
        silence(served.home.devices["wallbox"])
        lost = await listener.events("device")

    [decision] = [body for name, body in events if name == "decision"]
    assert decision["command"]["words"] == "start charging"
    shown = [body["asset"] for name, body in events if name == "asset"]
    assert shown[-1]["chargeState"]["isCharging"] is True
    assert lost[-1][1]["lastError"] == "no answer"


async def test_a_listener_goes_on_from_where_it_was(served: Served) -> None:
    async with listening(served) as listener:
        await listener.events(*["asset"] * 4)
    say(served.home.devices["hybrid"], "meter", power_w=500.0)
    await served.home.poll()

    async with listening(served, listener.last_id) as again:
        events = await again.events("site", "asset")

    assert [name for name, _ in events] == ["site", "asset"]
    assert events[1][1]["asset"]["energyState"]["power"] == 0.5


async def test_an_older_client_listens_too(served: Served) -> None:
    served.http.headers["Enode-Version"] = "2023-03-01"

    async with listening(served) as listener:
        assert (await listener.event())[0] == "site"


@pytest.mark.parametrize("last_id", ["nonsense", "00000000-3", "-1", "x" * 400])
async def test_an_id_that_is_not_known_starts_anew(served: Served, last_id: str) -> None:
    async with listening(served, last_id) as listener:
        assert len(await listener.events("site", *["asset"] * 4)) >= 5


async def test_who_fell_behind_starts_anew(a_home: Home) -> None:
    feed = Feed(a_home.app.state.api, kept=4)
    await feed.look()
    position = feed.last
    for power in range(5):
        say(a_home.devices["hybrid"], "meter", power_w=float(power))
        await a_home.poll()
        await feed.look()

    assert feed.after(position) is None
    assert feed.after(feed.last) == []
    assert len(feed.after(feed.last - 4) or []) == 4
    assert feed.after(feed.last + 1) is None


async def test_a_reader_of_half_the_picture_gets_it_again(a_home: Home) -> None:
    feed = Feed(a_home.app.state.api)
    await feed.look()

    text = feed.text(feed.last, await feed.picture())

    assert text.count("id: ") == 1
    assert "id: " in text.split("\n\n")[-2]


async def test_nothing_new_is_a_heartbeat(served: Served) -> None:
    async with listening(served) as listener:
        await listener.events(*["asset"] * 4)
        for _ in range(40):
            await served.home.clock.advance(SECOND)
        say(served.home.devices["hybrid"], "meter", power_w=500.0)
        await listener.events("asset")

    assert listener.comments >= 2


async def test_what_a_user_has_withdrawn_is_no_longer_told(served: Served) -> None:
    async with listening(served) as listener:
        await listener.events(*["asset"] * 4)
        now = served.home.clock.now()
        changed = await served.home.db.write(lambda c: consents.withdraw(c, USER, now))
        served.home.store.adopt(changed)
        events = await listener.events("asset")

    assert events[-1][1]["asset"]["isReachable"] is False


async def test_a_stream_ends_with_its_client(served: Served) -> None:
    async with listening(served) as listener:
        await listener.events("site")
        client_id = served.home.client.id
        await served.home.db.write(lambda c: clients.remove(c, client_id))
        await listener.ended()

    assert served.open() == 0


async def test_a_stop_ends_the_streams(served: Served) -> None:
    async with listening(served) as listener:
        await listener.events("site")
        served.task.cancel()
        await listener.ended()


async def test_a_client_has_eight_streams_and_gets_a_place_back(served: Served) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(8):
            await stack.enter_async_context(listening(served))
        refused = await served.http.get(PATH)

        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "30"
    await emptied(served)
    async with listening(served) as listener:
        await listener.events("site")


async def test_a_storm_of_streams_leaves_the_api_answering(served: Served) -> None:
    tokens = [await another_token(served, f"tab {number}") for number in range(10)]
    statuses = []
    async with AsyncExitStack() as stack:
        for number in range(200):
            headers = {"Authorization": f"Bearer {tokens[number % 10]}"}
            opened = served.http.stream("GET", PATH, headers=headers)
            statuses.append((await stack.enter_async_context(opened)).status_code)

        assert statuses.count(200) == 32 == served.open()
        assert statuses.count(429) == 168
        assert (await served.http.get("/gateway/devices")).status_code == 200
        assert (await served.http.get("/health/ready")).status_code == 204
    await emptied(served)


async def another_token(served: Served, name: str) -> str:
    now = served.home.clock.now()
    made = await served.home.db.write(lambda c: clients.add(c, name, now))
    return await token(served.home.http, made)


async def emptied(served: Served) -> None:
    """Wait until the server has noticed that nobody listens."""
    while served.open():
        await asyncio.sleep(0.01)
        await served.home.clock.advance(SECOND)
