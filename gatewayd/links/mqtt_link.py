"""Staying connected to an MQTT broker."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from gatewayd.clock import Clock
from gatewayd.errors import UpstreamError
from gatewayd.links.mqtt import MisunderstoodError, MqttSession, connected
from gatewayd.links.mqtt_wire import Broker, Message, Version

log = logging.getLogger(__name__)

_PAUSE_MIN_S = 0.5
_PAUSE_MAX_S = 5.0
# A connection that lives shorter counts as one more failure.
_STEADY_S = 30.0
# Two clients with one id throw each other out for ever, without a word from the broker.
_SHORT_LIVES = 5


class MqttLink:
    """Stays connected to one broker. Its outages are logged once down and once up."""

    def __init__(self, broker: Broker, will: Message | None, clock: Clock) -> None:
        self._broker = broker
        self._will = will
        self._clock = clock
        self._version: Version = "5" if broker.version == "auto" else broker.version
        self._failures = 0
        self._short_lives = 0
        self._is_away = False

    async def run(self, session: Callable[[MqttSession], Awaitable[None]]) -> None:
        """Connect, run `session` until it ends with UpstreamError, pause, and so on."""
        while True:
            # In a task of its own, because a task group that fails while it is being cancelled
            # tells of the failure only: the stop would be lost. Here it is ours, not the group's.
            async with asyncio.TaskGroup() as group:
                attempt = group.create_task(self._attempt(session), name="mqtt connection")
            if attempt.result():
                await self._clock.sleep(attempt.result())

    async def _attempt(self, session: Callable[[MqttSession], Awaitable[None]]) -> float:
        """One connection, from greeting to end; the pause before the next, in seconds."""
        pause = 0.0
        try:
            await self._once(session)
        except* UpstreamError as errors:
            pause = self._failed(_first(errors))
        return pause

    async def _once(self, session: Callable[[MqttSession], Awaitable[None]]) -> None:
        async with connected(self._broker, self._will, self._version) as link:
            if self._is_away:
                log.info("broker %s is back", self._broker)
            self._is_away = False
            since = self._clock.monotonic()
            try:
                await session(link)
            finally:
                self._lived(self._clock.monotonic() - since)

    def _lived(self, seconds: float) -> None:
        if seconds >= _STEADY_S:
            self._failures = self._short_lives = 0
            return
        self._short_lives += 1
        if self._short_lives == _SHORT_LIVES:
            log.error(
                "broker %s ends every connection soon: does another client use the id %r too?",
                self._broker,
                self._broker.client_id,
            )

    def _failed(self, error: BaseException) -> float:
        """Note the failure; the pause before the next try, in seconds."""
        if isinstance(error, MisunderstoodError) and self._broker.version == "auto":
            self._version = "3.1.1" if self._version == "5" else "5"
            if self._version == "3.1.1":
                return 0.0
        level = logging.DEBUG if self._is_away else logging.WARNING
        log.log(level, "broker %s is away: %s", self._broker, str(error))
        self._is_away = True
        self._failures += 1
        return pause_s(self._failures)


def pause_s(failures: int) -> float:
    """How long to wait after so many failures in a row, in seconds."""
    # The exponent is capped because a broker can be away for weeks.
    return min(_PAUSE_MIN_S * 2.0 ** min(failures - 1, 8), _PAUSE_MAX_S)


def _first(errors: BaseExceptionGroup[UpstreamError]) -> BaseException:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
