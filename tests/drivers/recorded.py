"""What devices that are not Modbus say, with what must come of it: a file of tests/fixtures/lan.

captured: false
options: {...}                      beside host and port
answers: {/path?x=1: {...}}         of a device that speaks HTTP, or
telegram: [...]                     the lines of a P1 telegram, or
sml: EMH                            a name of tests/fakes/meter_talk.py, or the file itself in hex
identity: {vendor: ..., model: ...}
expect: {meter: {power_w: -1.5}}    every field that is not None
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from ruamel.yaml import YAML

from gatewayd.devices.registry import Registry
from gatewayd.links.pool import Links
from gatewayd.sdk.driver import Driver
from tests.fakes import meter_talk

FOLDER = Path(__file__).parents[1] / "fixtures" / "lan"
REGISTRY = Registry()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Recording:
    """One file. The driver is its stem up to the first dash."""

    path: Path

    @cached_property
    def content(self) -> dict[str, Any]:
        found: dict[str, Any] = YAML(typ="safe", pure=True).load(self.path)
        return found

    @property
    def driver(self) -> str:
        return self.path.stem.partition("-")[0]

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.content.get("options", {}))

    @property
    def frame(self) -> bytes | None:
        """What a device that talks by itself says again and again."""
        if "telegram" in self.content:
            return meter_talk.telegram(self.content["telegram"])
        said = str(self.content.get("sml", ""))
        return (
            getattr(meter_talk, said) if hasattr(meter_talk, said) else bytes.fromhex(said) or None
        )

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """What a device that is asked answers."""
        found = self.content["answers"].get(request.path_qs)
        return web.Response(status=404) if found is None else web.json_response(found)


def recordings() -> list[Recording]:
    """All of them, by name."""
    return [Recording(path) for path in sorted(FOLDER.glob("*.yaml"))]


@asynccontextmanager
async def opened(driver: str, options: dict[str, Any]) -> AsyncIterator[Driver]:
    info = REGISTRY.info(driver)
    async with info.open(info.options.model_validate(options), Links()) as running:
        yield running


@asynccontextmanager
async def answering(driver: str, handler: Handler, **options: object) -> AsyncIterator[Driver]:
    """The driver of a device that answers HTTP like this."""
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", handler)
    async with TestServer(app) as server:
        place = {"host": "127.0.0.1", "port": server.port, "timeout_s": 2.0}
        async with opened(driver, place | options) as running:
            yield running


@asynccontextmanager
async def talking(driver: str, frame: bytes, **options: object) -> AsyncIterator[Driver]:
    """The driver of a device that says this, again and again."""

    listeners: set[asyncio.StreamWriter] = set()

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listeners.add(writer)
        while not writer.is_closing():
            writer.write(frame)
            await asyncio.sleep(0.02)
        listeners.remove(writer)

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        place = {"host": "127.0.0.1", "port": server.sockets[0].getsockname()[1]}
        async with opened(driver, place | options) as running:
            yield running
        for writer in listeners:
            writer.transport.abort()
        while listeners:
            await asyncio.sleep(0.01)


@asynccontextmanager
async def played(recording: Recording) -> AsyncIterator[Driver]:
    """The driver at work on what was recorded."""
    frame = recording.frame
    if frame is None:
        playing = answering(recording.driver, recording.answer, **recording.options)
    else:
        playing = talking(recording.driver, frame, **recording.options)
    async with playing as driver:
        yield driver
