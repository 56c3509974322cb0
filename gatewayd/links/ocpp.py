"""The charge points that call this gateway.

Only those that a device names, or the config lists, may do more than wait for approval. The server
that they call is `ocpp_server`, which alone costs libraries and is there only when configured.
"""

from collections.abc import Mapping

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
        passwords: Mapping[str, str] | None = None,
        is_served: bool = False,
    ) -> None:
        self.is_served = is_served
        self._passwords = dict(passwords or {})
        self._db = db
        self._clock = clock
        self._admitted = set(listed)
        self._stations: dict[str, Station] = {}

    def claim(self, id: str, password: str | None = None) -> Station:
        """A charge point for a driver, whether or not it has called yet.

        `password`, where there is one, has to be given from its next call on. It stays admitted
        until the next start: while its driver waits for it, as after an outage, it is no stranger.
        """
        self._admitted.add(id)
        if password is not None:
            self._passwords[id] = password
        return self.station(id)

    def station(self, id: str) -> Station:
        """A charge point by its id."""
        if id not in self._stations:
            self._stations[id] = Station(id, self._db, self._clock)
        station = self._stations[id]
        station.is_admitted = id in self._admitted
        return station

    def password(self, id: str) -> str | None:
        """What a charge point has to give to be let in; None: nothing."""
        return self._passwords.get(id)

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
