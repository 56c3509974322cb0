"""Devices that tell of themselves over MQTT, on the broker that everything is mirrored to.

Of each topic the newest message is kept, with its arrival. What is told to a device is never
retained: it would be carried out again whenever the device or the broker starts.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gatewayd.clock import Clock, SystemClock
from gatewayd.errors import RefusedError, UnreachableError, UpstreamError
from gatewayd.links.mqtt_wire import Broker, Incoming, Message

if TYPE_CHECKING:
    from gatewayd.links.mqtt import MqttSession

log = logging.getLogger(__name__)

# Anybody on the broker can make topics and messages of any size.
_TOPICS_MAX = 256
_PAYLOAD_MAX = 16 * 1024


@dataclass(frozen=True, slots=True)
class Arrival:
    """The newest message of a topic; `at_s` is monotonic.

    One that the broker had kept says nothing about its age, but when it repeats what is known, it
    does not make that any younger.
    """

    payload: bytes
    at_s: float
    is_retained: bool


class TopicReader:
    """What was told on some topics. It has no method that publishes."""

    def __init__(self, source: "MqttSource", filters: Collection[str]) -> None:
        self.filters = frozenset(filters)
        self._source = source
        self._arrivals: dict[str, Arrival] = {}
        self._bell = asyncio.Event()

    def arrivals(self) -> Mapping[str, Arrival]:
        """The newest of every topic heard so far: for filters with wildcards."""
        return dict(self._arrivals)

    async def get(
        self, topic: str, *, max_age_s: float = float("inf"), timeout_s: float = 3.0
    ) -> bytes:
        """The newest message of a topic, or the next where that is too old.

        UnreachableError when there is none in time, or the broker is away.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while (found := self.newest(topic, max_age_s)) is None:
                    self._bell.clear()
                    await self._bell.wait()
                return found
        except TimeoutError as error:
            self._source.session()
            raise UnreachableError(f"nothing heard on {topic} in {timeout_s:g} s") from error

    def newest(self, topic: str, max_age_s: float = float("inf")) -> bytes | None:
        """The newest message of a topic, without waiting; None when there is none so young."""
        found = self._arrivals.get(topic)
        if found is None or not self._source.is_connected:
            return None
        return found.payload if self._source.now_s() - found.at_s <= max_age_s else None

    def hear(self, message: Incoming) -> None:
        """Take a message, if it is for us."""
        if not any(matches(pattern, message.topic) for pattern in self.filters):
            return
        known = self._arrivals.get(message.topic)
        if len(message.payload) > _PAYLOAD_MAX or (
            known is None and len(self._arrivals) >= _TOPICS_MAX
        ):
            log.debug("a message on %s is too much", message.topic)
            return
        if known is None or not message.is_retained or known.payload != message.payload:
            now_s = self._source.now_s()
            arrival = Arrival(message.payload, now_s, message.is_retained)
            self._arrivals[message.topic] = arrival
        self._bell.set()

    def disturb(self) -> None:
        """Something has changed for those who wait."""
        self._bell.set()


class TopicWriter(TopicReader):
    """Topics of a device that may be told something."""

    async def publish(self, topic: str, payload: str) -> None:
        """Tell the device. Returning means that the broker has it. UnreachableError."""
        try:
            await self._source.session().publish([Message(topic, payload, qos=1)])
        except UpstreamError as error:
            raise UnreachableError(f"mqtt broker: {error}") from error


class MqttSource:
    """One connection to the broker for all devices, made when the first of them is opened."""

    def __init__(self, broker: Broker | None = None, clock: Clock | None = None) -> None:
        self._broker = broker
        self._clock = clock or SystemClock()
        self._readers: set[TopicReader] = set()
        self._wanted = asyncio.Event()
        self._session: MqttSession | None = None

    async def run(self) -> None:
        """Stay connected while devices want it; never ends by itself."""
        broker = await self._wanted.wait() and self._broker
        if not broker:
            return
        # The library takes a while to load, and many homes need it for nothing.
        from gatewayd.links.mqtt_link import MqttLink

        ours = replace(broker, client_id=f"{broker.client_id}-devices")
        await MqttLink(ours, None, self._clock).run(self._listen)

    @asynccontextmanager
    async def topics(
        self, filters: Collection[str], *, read_only: bool
    ) -> AsyncIterator[TopicReader]:
        """What is told on these topics (`+` and `#` are wildcards); a TopicWriter unless
        `read_only`. RefusedError when no broker is configured.
        """
        if self._broker is None:
            raise RefusedError("there is no section mqtt in the config; add one with the broker")
        reader = (TopicReader if read_only else TopicWriter)(self, filters)
        self._readers.add(reader)
        self._wanted.set()
        try:
            # Asked for once more, a topic brings what the broker has kept of it.
            await self._subscribe(reader.filters)
            yield reader
        finally:
            self._readers.discard(reader)
            others = {name for other in self._readers for name in other.filters}
            await self._unsubscribe(reader.filters - others)

    @property
    def is_connected(self) -> bool:
        """Whether the broker is there."""
        return self._session is not None

    def session(self) -> "MqttSession":
        """The connection; UnreachableError while there is none."""
        if self._session is None:
            raise UnreachableError(f"mqtt broker {self._broker} is away")
        return self._session

    def now_s(self) -> float:
        """Monotonic seconds."""
        return self._clock.monotonic()

    async def _listen(self, session: "MqttSession") -> None:
        self._session = session
        try:
            for reader in self._readers:
                reader.disturb()
            await self._subscribe({name for reader in self._readers for name in reader.filters})
            async for message in session.incoming():
                for reader in tuple(self._readers):
                    reader.hear(message)
        finally:
            self._session = None

    async def _subscribe(self, filters: Iterable[str]) -> None:
        wanted = sorted(filters)
        if self._session is not None and wanted:
            # When the broker goes away now, the next session asks for all.
            with suppress(UpstreamError):
                await self._session.subscribe(wanted)

    async def _unsubscribe(self, filters: Iterable[str]) -> None:
        unwanted = sorted(filters)
        if self._session is not None and unwanted:
            with suppress(UpstreamError):
                await self._session.unsubscribe(unwanted)


def matches(pattern: str, topic: str) -> bool:
    """Whether a topic is one of a filter's: MQTT 5, section 4.7."""
    if topic.startswith("$") and pattern[:1] in ("+", "#"):
        return False
    wanted, levels = pattern.split("/"), topic.split("/")
    if wanted[-1] == "#":
        wanted = wanted[:-1]
        levels = levels[: len(wanted)]
    return len(wanted) == len(levels) and all(
        want in ("+", level) for want, level in zip(wanted, levels, strict=True)
    )
