"""The charge points that call this gateway.

Only those that a device names, or the config lists, may do more than wait for approval. The server
that they call is `ocpp_server`, which alone costs libraries and is there only when configured.
"""

from gatewayd.clock import Clock, SystemClock
from gatewayd.links.ocpp_station import Station
from gatewayd.state.db import Database

# Strangers that may be connected at a time.
_STRANGERS_MAX = 16
_CLOCK = SystemClock()


class ChargePoints:
    """All of them. Without a database nothing is remembered, and no session can begin."""

    def __init__(
        self,
        db: Database | None = None,
        clock: Clock = _CLOCK,
        *,
        listed: frozenset[str] = frozenset(),
        is_served: bool = False,
    ) -> None:
        self.is_served = is_served
        self._db = db
        self._clock = clock
        self._admitted = set(listed)
        self._stations: dict[str, Station] = {}

    def claim(self, id: str) -> Station:
        """A charge point for a driver, whether or not it has called yet.

        It stays admitted until the next start: while its driver waits for it, as after an outage,
        it must not be taken for a stranger.
        """
        self._admitted.add(id)
        return self.station(id)

    def station(self, id: str) -> Station:
        """A charge point by its id."""
        if id not in self._stations:
            self._stations[id] = Station(id, self._db, self._clock)
        station = self._stations[id]
        station.is_admitted = id in self._admitted
        return station

    def has_room(self, id: str) -> bool:
        """Whether one may connect: strangers find few places."""
        is_known = id in self._admitted or id in self._stations
        return is_known or len(self.waiting) < _STRANGERS_MAX

    def forget(self, station: Station) -> None:
        """A connection ended: of strangers nothing is kept in memory."""
        if station.line is None and not station.is_admitted:
            self._stations.pop(station.id, None)

    @property
    def waiting(self) -> tuple[Station, ...]:
        """Those connected that wait for approval."""
        return tuple(one for one in self._stations.values() if not one.is_admitted)
