"""One charge point: what it has told, and the line to it while there is one.

Charge points call us, when and as often as they like. What they tell is kept here, so that a driver
can be asked for it at any time; who is not admitted is heard, and told to wait.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol

from gatewayd.clock import Clock
from gatewayd.errors import RefusedError, StorageError, UnreachableError
from gatewayd.links.ocpp_connector import Connector, Transaction
from gatewayd.links.ocpp_dialect import Boot, Dialect, Order, Setting, stamp
from gatewayd.links.ocpp_meter import MeterRules, measured
from gatewayd.links.ocpp_payload import Payload
from gatewayd.links.ocpp_v16 import V16
from gatewayd.links.ocpp_v201 import V201
from gatewayd.state import ocpp
from gatewayd.state.db import Database
from gatewayd.state.ocpp import ChargePointRow, SteeringRow, TransactionRow

log = logging.getLogger(__name__)

HEARTBEAT_S = 30
# So many heartbeats may stay out, whatever the socket believes.
_SILENT_S = 3 * HEARTBEAT_S
# How soon one that waits for approval asks again.
_PENDING_S = 30
# The card we show when we start a session ourselves.
OUR_TAG = "gatewayd"
# A message so much older than the others was kept while there was no connection.
_OLD_S = 120.0
# From then on a charge point whose messages are all old is one whose clock is wrong.
_KNOWN_S = 60.0
_CONNECTORS_MAX = 16
_DIALECTS: Mapping[str, type[V16] | type[V201]] = {"1.6": V16, "2.0.1": V201}


class Line(Protocol):
    """An open connection. `call` raises UnreachableError, RefusedError and UnsupportedError."""

    version: str
    address: str

    async def call(self, order: Order) -> Payload: ...

    def hang_up(self) -> None: ...


class Station:
    """`visit` grows with each arrival and each boot: what it was told before may be lost.

    `rules`, `keys`, `tags` and `our_tag` are its driver's: how to take its meter, names of settings
    that differ, the cards it may charge for (None: any), and the one we show ourselves.
    """

    def __init__(self, id: str, db: Database | None, clock: Clock) -> None:
        self.id = id
        self.boot: Boot | None = None
        self.introduced = asyncio.Event()
        self.visit = 0
        self.rules = MeterRules({})
        self.keys: Mapping[Setting, str] = {}
        self.tags: frozenset[str] | None = None
        self.our_tag = OUR_TAG
        self.is_admitted = False
        self.dialect: Dialect = V16(self)
        self._db = db
        self._clock = clock
        self._line: Line | None = None
        self._heard_s = self._arrived_s = clock.monotonic()
        self._lag_s = float("inf")
        self._connectors: dict[int, Connector] = {}
        self._steering: dict[int, SteeringRow] = {}
        self._ended: deque[int | str] = deque(maxlen=64)
        self._is_recalled = False

    @property
    def line(self) -> Line | None:
        """The connection, while there is one."""
        return self._line

    @property
    def clock(self) -> Clock:
        """The time that all ages here are told by."""
        return self._clock

    @property
    def silent_s(self) -> float:
        """How long it has told nothing at all."""
        return self._clock.monotonic() - self._heard_s

    def check(self) -> None:
        """Raises UnreachableError when it is not connected, or silent for too long."""
        if self._line is None:
            raise UnreachableError(f"charge point {self.id} is not connected")
        if self.silent_s > _SILENT_S:
            raise UnreachableError(f"charge point {self.id} has been silent for {_SILENT_S:g} s")

    async def arrived(self, line: Line) -> None:
        """A new connection; an older one is over, whatever its socket believes."""
        if self._line is not None:
            self._line.hang_up()
        self._line = line
        self.dialect = _DIALECTS[line.version](self)
        self.visit += 1
        self._heard_s = self._arrived_s = self._clock.monotonic()
        self._lag_s = float("inf")
        await self._see()
        if self.is_admitted:
            await self.recall()

    def left(self, line: Line) -> None:
        """A connection is over."""
        if self._line is line:
            self._line = None

    async def recall(self) -> None:
        """Know again what was known before a restart."""
        if self._is_recalled or self._db is None:
            return
        self._is_recalled = True
        id = self.id
        seen, running, self._steering = await self._db.read(
            lambda c: (
                ocpp.charge_point(c, id),
                ocpp.open_transactions(c, id),
                ocpp.steering(c, id),
            )
        )
        if seen is not None and self.boot is None and seen.vendor is not None:
            self.boot = Boot(seen.vendor, seen.model, seen.serial, seen.firmware)
        for row in running:
            self._began(row.connector, Transaction(row.id, row.id_tag, row.meter_wh, row.began_at))

    async def call(self, order: Order) -> Payload:
        """Ask it something. Raises DeviceErrors."""
        if self._line is None:
            raise UnreachableError(f"charge point {self.id} is not connected")
        answer = await self._line.call(order)
        self._heard_s = self._clock.monotonic()
        return answer

    async def hear(self, action: str, payload: Payload) -> dict[str, Any] | None:
        """Take what it tells; the answer, None for what is not understood.

        Raises RefusedError for what one that waits for approval may not tell.
        """
        self._heard_s = self._clock.monotonic()
        if action == "BootNotification":
            return await self._boot(payload)
        if action == "Heartbeat":
            return {"currentTime": stamp(self._clock.now())}
        if not self.is_admitted:
            if action == "StatusNotification":
                return {}
            raise RefusedError(f"charge point {self.id} waits for approval")
        return await self.dialect.hear(action, payload)

    async def _boot(self, payload: Payload) -> dict[str, Any]:
        self.boot = self.dialect.boot(payload)
        self.introduced.set()
        self.visit += 1
        await self._see()
        return {
            "status": "Accepted" if self.is_admitted else "Pending",
            "currentTime": stamp(self._clock.now()),
            "interval": HEARTBEAT_S if self.is_admitted else _PENDING_S,
        }

    async def _see(self) -> None:
        line, told = self._line, self.boot or Boot()
        if line is None or self._db is None:
            return
        row = ChargePointRow(
            self.id,
            line.version,
            line.address,
            self.is_admitted,
            self._clock.now(),
            told.vendor,
            told.model,
            told.serial,
            told.firmware,
        )
        # A full disk must not keep a charge point out.
        with suppress(StorageError):
            await self._db.write(lambda c: ocpp.see(c, row))

    def connector(self, number: int) -> Connector:
        """What one of its connectors has told, from 1. Nobody has more than a few."""
        if number not in self._connectors and len(self._connectors) >= _CONNECTORS_MAX:
            return Connector()
        return self._connectors.setdefault(number, Connector())

    def accepts(self, tag: str | None) -> bool:
        """Whether a card may charge; nobody's may not where cards are listed."""
        return self.tags is None or tag == self.our_tag or tag in self.tags

    def metered(
        self, number: int, samples: Iterable[Payload], at: datetime | None, *, is_old: bool = False
    ) -> None:
        """Values of the meter at a time by the charge point's clock."""
        values = self.measured(samples)
        if not (is_old or self._is_replay(at)):
            self.connector(number).told_values(values, self._clock.monotonic())

    def measured(self, samples: Iterable[Payload]) -> dict[str, float]:
        """What samples say, by this charge point's rules."""
        return measured(samples, self.rules)

    def _is_replay(self, at: datetime | None) -> bool:
        """Whether a value was measured long ago.

        The charge point's clock may be wrong, so an age only counts against the youngest message
        of this connection, as soon as there has been time for one.
        """
        if at is None:
            return False
        lag_s = (self._clock.now() - at).total_seconds()
        self._lag_s = min(self._lag_s, lag_s)
        is_known = self._clock.monotonic() - self._arrived_s >= _KNOWN_S
        return lag_s - (max(0.0, self._lag_s) if is_known else 0.0) > _OLD_S

    async def begin(
        self, number: int, tag: str | None, meter_wh: float | None, at: datetime | None
    ) -> int:
        """A session began; its id, stored before it is told. Raises StorageError."""
        if self._db is None:
            raise StorageError("there is no database for transactions")
        row, now = TransactionRow(0, number, tag, meter_wh, at), self._clock.now()
        id = await self._db.write(lambda c: ocpp.begin(c, self.id, row, now))
        self.connector(number).transaction = None
        self._began(number, Transaction(id, tag, meter_wh, at))
        return id

    def began(
        self, number: int, id: int | str, tag: str | None = None, meter_wh: float | None = None
    ) -> None:
        """A session whose id the charge point knows already."""
        self._began(number, Transaction(id, tag, meter_wh))

    def _began(self, number: int, transaction: Transaction) -> None:
        tag = transaction.id_tag
        self.connector(number).began(transaction, None if tag == self.our_tag else tag)

    async def end(self, id: int | str, meter_wh: float | None) -> None:
        """A session ended, perhaps one of which we never heard. Raises StorageError."""
        if self._db is not None and isinstance(id, int):
            await self._db.write(lambda c: ocpp.end(c, self.id, id))
        self._ended.append(id)
        for connector in self._connectors.values():
            connector.ended(id, meter_wh)

    def has_ended(self, id: int | str) -> bool:
        """Whether a session is over: a late word of it does not begin it again."""
        return id in self._ended

    def place(self, id: int | str) -> int | None:
        """The connector of a running session."""
        for number, connector in self._connectors.items():
            if connector.transaction is not None and connector.transaction.id == id:
                return number
        return None

    def steering(self, number: int) -> SteeringRow:
        """What a connector was last told."""
        return self._steering.get(number, SteeringRow())

    async def steer(self, number: int, row: SteeringRow) -> None:
        """Remember what a connector is about to be told. Raises StorageError."""
        if row != self.steering(number):
            if self._db is not None:
                await self._db.write(lambda c: ocpp.steer(c, self.id, number, row))
            self._steering[number] = row
