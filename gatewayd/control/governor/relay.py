"""Hears the grid operator by contacts that he closes."""

import logging
from collections.abc import Callable

from gatewayd.clock import Clock
from gatewayd.control.governor.operator import GridOperator
from gatewayd.devices.device import Poll
from gatewayd.model.reading import ContactsReading
from gatewayd.plan.grid.relay import RelaySettings, told

log = logging.getLogger(__name__)

_TICK_S = 1.0


class Relay:
    """Tells the operator's limit as often as its contacts are read; silence is his absence.

    `settings` are those of now, None where he tells it otherwise; `latest` is a device's last poll.
    """

    def __init__(
        self,
        settings: Callable[[], RelaySettings | None],
        operator: GridOperator,
        latest: Callable[[str], Poll | None],
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._operator = operator
        self._latest = latest
        self._clock = clock
        self._number = 0
        self._strange: ContactsReading | None = None

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            settings = self._settings()
            if settings is not None:
                self._look(settings)
            await self._clock.sleep(_TICK_S)

    def _look(self, settings: RelaySettings) -> None:
        poll = self._latest(settings.device_id)
        if poll is None or poll.number == self._number:
            return
        self._number = poll.number
        readings = (one for one in poll.readings.values() if isinstance(one, ContactsReading))
        contacts = next(readings, ContactsReading())
        found = told(settings, contacts.closed)
        if found is not None:
            self._operator.wired(found.limit_w)
        elif contacts != self._strange:
            words = ", ".join(map(str, contacts.closed)) or "nothing"
            log.warning("grid operator: %s says %s, no state of it", settings.device_id, words)
        self._strange = contacts if found is None else None
