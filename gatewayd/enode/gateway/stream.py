"""`GET /gateway/events`: what happens in the home, live, as Server-Sent Events."""

from collections import Counter
from collections.abc import AsyncIterator

from fastapi import Response
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from gatewayd.enode.api import Api, Ask
from gatewayd.enode.gateway.feed import Feed
from gatewayd.enode.routing import client_router
from gatewayd.errors import TooManyRequestsError

router = client_router()

_MOST = 32
_MOST_OF_ONE = 8
_LOOK_S = 1.0
_HEARTBEAT_S = 15.0
_RECHECK_S = 30.0
_COME_BACK_S = 30.0
# A proxy that collects what it passes on would hold the events back.
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Streams:
    """The open streams, by client."""

    def __init__(self, api: Api) -> None:
        self.feed = Feed(api)
        self._open: Counter[str] = Counter()

    def enter(self, client_id: str) -> None:
        """Take a place; raises TooManyRequestsError."""
        if self._open.total() >= _MOST or self._open[client_id] >= _MOST_OF_ONE:
            raise TooManyRequestsError(
                "too many event streams are open: close some", retry_after_s=_COME_BACK_S
            )
        self._open[client_id] += 1

    def leave(self, client_id: str) -> None:
        """Give a place back."""
        self._open[client_id] -= 1
        self._open += Counter()


class _EventStream(StreamingResponse):
    """Gives its place back however it ends."""

    def __init__(self, streams: Streams, client_id: str, content: AsyncIterator[str]) -> None:
        super().__init__(content, media_type="text/event-stream", headers=_HEADERS)
        self._streams = streams
        self._client_id = client_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.leave(self._client_id)


@router.get(
    "/gateway/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
    openapi_extra={
        "parameters": [{"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}}]
    },
)
async def get_gateway_events(ask: Ask) -> Response:
    """Events `site`, `device`, `asset`, `action` and `decision`: first what is, then what changes.

    With Last-Event-ID it goes on from there, where that is still known.
    """
    streams: Streams = ask.app.state.streams
    authorization = ask.headers.get("authorization")
    client_id = await ask.client_id()
    streams.enter(client_id)
    told = _told(ask.api, streams.feed, authorization, ask.headers.get("last-event-id"))
    return _EventStream(streams, client_id, told)


async def _told(
    api: Api, feed: Feed, authorization: str | None, event_id: str | None
) -> AsyncIterator[str]:
    """What one listener is sent, until it goes or its token ends."""
    clock = api.services.clock
    position = feed.position(event_id)
    told_at = checked_at = clock.monotonic()
    yield "retry: 3000\n\n"
    while True:
        await feed.look()
        position, text = await _next(feed, position)
        now_s = clock.monotonic()
        if text or now_s - told_at >= _HEARTBEAT_S:
            told_at = now_s
            yield text or ": nothing new\n\n"
        if now_s - checked_at >= _RECHECK_S:
            checked_at = now_s
            if await api.tokens.caller(authorization) is None:
                return
        await clock.sleep(_LOOK_S)


async def _next(feed: Feed, position: int | None) -> tuple[int, str]:
    """Where a listener stands next, and what leads there."""
    events = None if position is None else feed.after(position)
    if events is None:
        last = feed.last
        return last, feed.text(last, await feed.picture())
    text = "".join(feed.text(one.number, [one.news]) for one in events)
    return feed.last, text
