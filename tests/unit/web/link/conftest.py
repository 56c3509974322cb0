"""A home with the pages of link sessions, and a browser."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio

from gatewayd.devices.linking.catalogue import Catalogue
from gatewayd.devices.linking.linker import Linker
from gatewayd.devices.linking.probe import Probe
from gatewayd.devices.linking.roster import Roster
from gatewayd.devices.registry import Registry
from gatewayd.links.pool import Links
from gatewayd.web.link.page import create_link_pages
from tests.enode.home import Home, home
from tests.fakes.modbus_server import ModbusServer, image

# A charger whose serial number is in register 10 and whose car waits for a start.
MAP = """
vendor: Acme
models: [Wall]
source: invented
bus: {unit: 1, min_gap_s: 0, poll_s: 2}
identity: {serial: {holding: 10, type: u16}}
assets:
  charger:
    power_delivery: {holding: 11, type: u16, enum: {1: UNPLUGGED, 2: "PLUGGED_IN:STOPPED"}}
    power_w: {holding: 12, type: u16}
    max_current_a: {holding: 13, type: u16}
    commands:
      start_charging: [{holding: 20, type: u16, value: 1}]
      stop_charging: [{holding: 20, type: u16, value: 0}]
"""
REGISTERS = {10: 77, 11: 2, 12: 0, 13: 16}
SCOPES = ["charger:read:data", "charger:control:charging"]


@dataclass
class Browser:
    """One browser: its cookies, and the page it shows."""

    http: httpx.AsyncClient
    url: str = ""
    status: int = 0
    html: str = ""
    headers: httpx.Headers = field(default_factory=httpx.Headers)

    async def open(self, url: str) -> None:
        """Show a page."""
        self.url = url
        self._took(await self.http.get(url))

    async def press(self, do: str, headers: dict[str, str] | None = None, **fields: Any) -> None:
        """Press a button of the page's form."""
        key = re.search(r'name="key" value="(\w+)"', self.html)
        data = {"do": do, "key": key[1] if key else "", **fields}
        self._took(await self.http.post(self.url, data=data, headers=headers))
        if self.status == 303 and self.headers["location"].startswith("/"):
            await self.open(self.url)

    @property
    def text(self) -> str:
        """What is read on the page."""
        return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.html)))

    def _took(self, response: httpx.Response) -> None:
        self.status, self.html, self.headers = response.status_code, response.text, response.headers


@dataclass
class LinkHome:
    """The home, its link pages, and a device in the network that nobody has linked."""

    home: Home
    linker: Linker
    roster: Roster
    box: ModbusServer
    registers: dict[int, int]
    stack: AsyncExitStack

    async def session(self, user_id: str = "ben", **changes: Any) -> str:
        """The page of a new session."""
        body = {"scopes": SCOPES, "language": "en-US", "redirectUri": "app://linked"} | changes
        made = await self.home.http.post(f"/users/{user_id}/link", json=body)
        assert made.status_code == 200, made.text
        return str(made.json()["linkUrl"])

    async def browser(self, **headers: str) -> Browser:
        """A browser without cookies."""
        http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.home.app),
            base_url="http://gateway.local",
            headers=headers,
        )
        return Browser(await self.stack.enter_async_context(http))

    async def opened(self, user_id: str = "ben", **changes: Any) -> Browser:
        """A browser that shows a new session."""
        browser = await self.browser()
        await browser.open(await self.session(user_id, **changes))
        return browser

    async def linked(self, user_id: str = "ben", **changes: Any) -> Browser:
        """A browser in which the new device was linked."""
        browser = await self.opened(user_id, **changes)
        await browser.press("driver", driver="acme_wall")
        await browser.press("connect", host="127.0.0.1", port=str(self.box.port))
        await browser.press("allow")
        await self.settle()
        return browser

    async def settle(self) -> None:
        """Let a new device be read once: it must not be taken away while it connects."""
        for _ in range(200):
            states = self.home.store.site.of_device("acme_wall")
            if all(state.is_reachable for state in states):
                return
            await asyncio.sleep(0.005)
            await self.home.clock.advance(1.0)

    async def chargers(self, user_id: str = "ben") -> Any:
        return (await self.home.http.get(f"/users/{user_id}/chargers")).json()["data"]


@asynccontextmanager
async def link_home(path: Path) -> AsyncIterator[LinkHome]:
    maps = path / "maps"
    maps.mkdir()
    (maps / "acme_wall.yaml").write_text(MAP)
    registers = dict(REGISTERS)
    async with AsyncExitStack() as stack:
        box = ModbusServer(image({1: {3: registers}}))
        await stack.enter_async_context(box.on_loopback())
        made = await stack.enter_async_context(home(path))
        registry = Registry([maps])
        roster = Roster(registry=registry, db=made.db, reconfigure=made.poller.reconfigure)
        await roster.configure(made.poller._devices, made.location.id)
        linker = Linker(
            db=made.db,
            store=made.store,
            clock=made.clock,
            catalogue=Catalogue(registry),
            roster=roster,
            probe=Probe(Links(), made.poller.guard, lambda: ["127.0.0.1", "127.0.0.2"]),
        )
        object.__setattr__(made.app.state.api.services, "devices_changed", roster.refresh)
        made.app.mount("/ui/link", create_link_pages(linker, allowed_hosts=["gateway"]))
        linking = LinkHome(made, linker, roster, box, registers, stack)
        yield linking
        await linking.settle()


@pytest_asyncio.fixture
async def linking(tmp_path: Path) -> AsyncIterator[LinkHome]:
    async with link_home(tmp_path) as made:
        yield made
