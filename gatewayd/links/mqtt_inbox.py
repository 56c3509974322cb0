"""What arrived over MQTT and was not read yet."""

import asyncio
import logging
from collections import Counter, deque
from typing import Any, Protocol, TypeVar

log = logging.getLogger(__name__)

MAX_PAYLOAD = 64 * 1024

# Below this many waiting messages nothing is replaced, so that ordinary bursts arrive whole.
_FEW = 32
_MANY = 256


class Arrived(Protocol):
    """What the inbox needs to know of a message."""

    payload: bytes

    @property
    def topic(self) -> Any: ...  # noqa: ANN401 (the library's topic class, which is its own string)


M = TypeVar("M", bound=Arrived)


class Inbox(asyncio.Queue[M]):
    """In a flood it keeps the newest of each topic; it never grows without end.

    The library's own queues either grow for ever or drop what they have acknowledged, one log
    line each. Here the first loss of a flood is logged, and their number when it is over.
    """

    def _init(self, maxsize: int) -> None:  # noqa: ARG002
        self._queue: deque[M] = deque()
        self._topics: Counter[str] = Counter()
        self._lost = 0

    def _put(self, item: M) -> None:
        if len(item.payload) > MAX_PAYLOAD:
            self._lose(item, "is longer than 64 KiB")
        elif len(self._queue) >= _FEW and self._topics[str(item.topic)]:
            self._replace(item)
        elif len(self._queue) >= _MANY:
            self._lose(item, "does not fit any more")
        else:
            self._append(item)

    def _get(self) -> M:
        item = self._queue.popleft()
        self._uncount(item)
        if self._lost and not self._queue:
            log.warning("%d messages were not carried out", self._lost)
            self._lost = 0
        return item

    def _append(self, item: M) -> None:
        self._queue.append(item)
        self._topics[str(item.topic)] += 1

    def _replace(self, item: M) -> None:
        older = next(other for other in self._queue if str(other.topic) == str(item.topic))
        self._queue.remove(older)
        self._uncount(older)
        self._append(item)
        self._lose(older, "is replaced by a newer one")

    def _uncount(self, item: M) -> None:
        topic = str(item.topic)
        self._topics[topic] -= 1
        if not self._topics[topic]:
            del self._topics[topic]

    def _lose(self, item: M, why: str) -> None:
        level = logging.DEBUG if self._lost else logging.WARNING
        log.log(level, "a message on %s %s", item.topic, why)
        self._lost += 1
