"""The local pages: `/` shows the home, `/events` keeps it up to date."""

import json
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from gatewayd.clock import Clock
from gatewayd.control.governor.overview import Overview
from gatewayd.state.store import Store
from gatewayd.web.guard import Guard
from gatewayd.web.render import Fragments, Links, Renderer

_STATIC = Path(__file__).parent / "static"
_NOT_STORED = {"Cache-Control": "no-store"}
# A proxy that collects what it passes on would hold the events back.
_STREAMED = {**_NOT_STORED, "X-Accel-Buffering": "no"}

_LOOK_S = 1.0
_HEARTBEAT_S = 15.0
_VIEWERS_MAX = 32


def create_pages(
    store: Store,
    clock: Clock,
    *,
    name: str = "Home",
    allowed_hosts: Iterable[str] = (),
    links: Links = tuple,
    overview: Callable[[], Overview] = Overview,
) -> Starlette:
    """The pages as an application, to be mounted anywhere: all its addresses are relative.

    It answers to addresses, `localhost`, `*.local` and `allowed_hosts`; `name` is its title.
    `links` gives the devices and how they are doing, `overview` what control knows.
    """
    pages = _Pages(Renderer(store, clock, name, links, overview), clock)
    return Starlette(
        routes=[
            Route("/", pages.home),
            Route("/events", pages.events),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        middleware=[Middleware(Guard, allowed_hosts=tuple(allowed_hosts))],
    )


class _Pages:
    """All viewers share one renderer; each has only the memory of what it was sent last."""

    def __init__(self, renderer: Renderer, clock: Clock) -> None:
        self._renderer = renderer
        self._clock = clock
        self._viewers = 0

    async def home(self, _: Request) -> Response:
        return HTMLResponse(self._renderer.page(), headers=_NOT_STORED)

    async def events(self, _: Request) -> Response:
        if self._viewers >= _VIEWERS_MAX:
            headers = {**_NOT_STORED, "Retry-After": "30"}
            return PlainTextResponse("too many pages are open\n", 503, headers=headers)
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers=_STREAMED)

    async def _stream(self) -> AsyncIterator[str]:
        """Fragments at most once a second, and a sign of life when there is nothing to tell."""
        self._viewers += 1
        seen, sent, told_at = None, Fragments(), self._clock.monotonic()
        try:
            while True:
                if self._renderer.is_news(seen):
                    seen, before = self._renderer.sight(), sent
                    sent = self._renderer.fragments()
                    told_at = self._clock.monotonic()
                    yield f"data: {json.dumps(sent.since(before))}\n\n"
                elif self._clock.monotonic() - told_at >= _HEARTBEAT_S:
                    told_at = self._clock.monotonic()
                    yield ": nothing new\n\n"
                await self._clock.sleep(_LOOK_S)
        finally:
            self._viewers -= 1
