"""The newest events of the home, numbered, for all who listen.

Nothing runs while nobody listens: whoever does looks for what is new, once for all. A listener
that was away, or slow, goes on from the last events as long as these are kept, else from the
picture of now; nothing is queued for it.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from gatewayd.enode.api import Api
from gatewayd.enode.gateway.changes import News, Seen, look, news

_KEPT = 512
_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Numbered:
    """An event that is kept."""

    number: int
    news: News


class Feed:
    """Events since the first listener came. Numbers are of this run of the gateway alone."""

    def __init__(self, api: Api, kept: int = _KEPT) -> None:
        self._api = api
        self._run = uuid4().hex[:8]
        self._events: deque[Numbered] = deque(maxlen=kept)
        self._last = 0
        self._seen = Seen()
        self._looked_at = float("-inf")

    @property
    def last(self) -> int:
        """The number of the newest event."""
        return self._last

    async def look(self) -> None:
        """Take in what is new, unless somebody just did."""
        places = await self._api.places.all()
        # From here on nothing is awaited, so that no two listeners take in the same.
        now_s = self._api.services.clock.monotonic()
        if now_s - self._looked_at < _LOOK_S:
            return
        self._looked_at = now_s
        before, self._seen = self._seen, look(self._api)
        for one in news(self._api, places, before, self._seen):
            self._last += 1
            self._events.append(Numbered(self._last, one))

    async def picture(self) -> list[News]:
        """All that there is now, as if it were new."""
        places = await self._api.places.all()
        return list(news(self._api, places, Seen(), self._seen))

    def after(self, number: int) -> list[Numbered] | None:
        """The events after one; None when some of them are no longer kept."""
        if number > self._last:
            return None
        if number < self._last and (not self._events or self._events[0].number > number + 1):
            return None
        return [one for one in self._events if one.number > number]

    def position(self, event_id: str | None) -> int | None:
        """The number of an event that a listener had last; None for one of another run."""
        run, _, number = (event_id or "").partition("-")
        is_ours = run == self._run and number.isascii() and number.isdigit() and len(number) < 16
        return int(number) if is_ours else None

    def text(self, number: int, events: Sequence[News]) -> str:
        """Events that lead to a number together: who has had but some of them stands before it."""
        texts = [f"event: {one.event}\ndata: {one.text}\n\n" for one in events]
        return "".join([*texts[:-1], *(f"id: {self._run}-{number}\n{text}" for text in texts[-1:])])
