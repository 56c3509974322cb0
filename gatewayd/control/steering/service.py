"""What decides over assets by itself: schedules, smart charging, and the override of both.

It looks at every change of the picture, at every instant for which something is planned, and after
every wish of a user. A look ends in statuses and their events, committed together, and then in
commands; whatever ends the process in between, the next look comes to the same.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from gatewayd.clock import Clock
from gatewayd.control.steering import flex as flex_turns
from gatewayd.control.steering import schedules as schedule_turns
from gatewayd.control.steering import smart_charging as smart_turns
from gatewayd.control.steering.decision import Glances, Order, Outcome
from gatewayd.control.steering.known import Known, Market, read
from gatewayd.devices.commander import Commander
from gatewayd.errors import RequestError, StorageError
from gatewayd.model.command_words import in_words
from gatewayd.model.decision import Grounds
from gatewayd.model.location import Location
from gatewayd.model.smart_charging import SmartChargingPolicy
from gatewayd.model.tariff import CURRENCY, PriceSlot
from gatewayd.plan.given import SmartGiven, UnscheduledGiven
from gatewayd.plan.prices import Prices
from gatewayd.state import flex, meta, schedules, smart_charging
from gatewayd.state.db import Database
from gatewayd.state.store import Store

log = logging.getLogger(__name__)

T = TypeVar("T")

_TICK_S = 1.0
_READ_AGAIN_S = 30.0
# A decision may make another one due; more than these in a row are left to the next look.
_ROUNDS = 8
_WITHDRAWN = Grounds("whoever asked for it has nothing to say any more")


def _no_market(_place: Location) -> Sequence[PriceSlot]:
    return ()


class Steering:
    """One look at a time; `known` is what the last one left.

    `currency` is what tariffs are in. Nothing is told to a device before `run`, nor while the
    clock shows a time that has long passed.
    """

    def __init__(
        self,
        *,
        db: Database,
        store: Store,
        commander: Commander,
        clock: Clock,
        currency: str = CURRENCY,
        market: Market = _no_market,
    ) -> None:
        self.known = Known()
        self._db = db
        self._store = store
        self._commander = commander
        self._clock = clock
        self._currency = currency
        self._market = market
        self._lock = asyncio.Lock()
        self._woken = asyncio.Event()
        self._glances = Glances()
        self._floor: datetime | None = None
        self._is_armed = False
        self._is_stale = False
        self._is_reported = False

    async def load(self) -> None:
        """Know what is on the disk, so that `known` can be asked."""
        self._floor = await self._db.read(meta.latest_time)
        await self.read()

    async def run(self) -> None:
        """Decide until cancelled."""
        # Before that, an action of an earlier run may be under way that nobody shows.
        await self._commander.resumed.wait()
        self._is_armed = True
        self._glances.forget()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow(), name="steering: follow the picture")
            group.create_task(self._tick(), name="steering: watch the clock")
            while True:
                await self._woken.wait()
                self._woken.clear()
                async with self._lock:
                    await self._look_or_report()

    def controlling(self, asset_id: str) -> str | None:
        """What controls an asset now, in words for the caller; None when nothing does."""
        smart = self.known.smart.get(asset_id)
        if smart and smart.charging.state.is_executing:
            return "a smart charging plan"
        for schedule in self.known.schedules.values():
            status = self.known.statuses.get(schedule.id)
            if schedule.target_id == asset_id and status and status.state.is_active:
                return f"schedule {schedule.id}"
        return None

    def policy(self, vehicle_id: str) -> SmartChargingPolicy:
        """A vehicle's smart charging policy; the default for one that has none."""
        return self.known.policies.get(vehicle_id, SmartChargingPolicy())

    def prices(self, location_id: str | None) -> Prices | None:
        """What energy costs at a location; None where nobody knows."""
        return self.known.prices.get(location_id or "")

    async def look(self) -> None:
        """Decide now, on all that others have written too. Raises StorageError."""
        async with self._lock:
            await self.read()
            await self._look()

    async def change(self, write: Callable[[sqlite3.Connection], T]) -> T:
        """Write a wish of a user, and decide on it at once; returns what `write` does.

        What `write` raises is raised, and then nothing is written.
        """
        async with self._lock:
            return await self.commit(write)

    @property
    def deciding(self) -> asyncio.Lock:
        """Held while something is decided: for whoever reads `known` and then commits."""
        return self._lock

    async def commit(self, write: Callable[[sqlite3.Connection], T]) -> T:
        """As `change`, for whoever holds `deciding`."""
        written = await self._db.write(write)
        # It is on the disk: what cannot be decided on it now is at a later look.
        self._is_stale = True
        await self._look_or_report()
        return written

    async def read(self) -> None:
        """Know what is on the disk now, for whoever holds `deciding`."""
        before, currency, market = self.known, self._currency, self._market
        self.known = await self._db.read(lambda c: read(c, currency, market))
        self.known.keep_looks(before)
        self._is_stale = False

    async def _look(self) -> None:
        try:
            for _ in range(_ROUNDS):
                decision = self._decide()
                await self._write(decision)
                if not await self._tell(decision) and not decision.is_change:
                    return
        except StorageError:
            # What was decided did not happen: the next look begins with what is on the disk.
            self._is_stale = True
            self._glances.forget()
            raise

    def _decide(self) -> Outcome:
        now, site, known = self._clock.now(), self._store.site, self.known
        decision = Outcome()
        smart_turns.end_overrides(known, site, now, decision)
        flex_turns.end_overrides(known, site, now, decision)
        known.overrides |= decision.overrides
        known.agreements |= decision.flex
        smart_turns.decide(known, site, now, self._glances, decision)
        schedule_turns.decide(known, site, now, self._glances, decision)
        flex_turns.decide(known, site, now, self._glances, decision)
        return decision

    async def _write(self, decision: Outcome) -> None:
        """Commit what changed, with its events, and then know it."""
        known = self.known
        if decision.is_change:
            now = self._clock.now()
            await self._db.write(lambda c: _put(c, known, decision, now))
        known.statuses |= decision.statuses
        known.smart |= decision.looked | decision.smart

    async def _tell(self, decision: Outcome) -> bool:
        """Send what is to be sent; whether anything was."""
        if not self._is_armed or not self._is_time_trusted():
            return False
        told = [await self._cancel(*withdrawn) for withdrawn in decision.withdrawn.items()]
        told += [await self._submit(order) for order in decision.orders]
        return any(told)

    async def _submit(self, order: Order) -> bool:
        try:
            await self._commander.submit(
                order.asset_id, order.command, order.owner, order.grounds, order.given
            )
        except RequestError as error:
            log.debug("%s: %s is refused: %s", order.asset_id, order.command, error)
            return False
        log.info("%s: %s, %s", order.asset_id, in_words(order.command), order.grounds.reason)
        return True

    async def _cancel(self, action_id: str, given: SmartGiven | UnscheduledGiven) -> bool:
        try:
            await self._commander.cancel(action_id, _WITHDRAWN, given)
        except RequestError:
            # It has ended in this very moment, as it should.
            return False
        return True

    def _is_time_trusted(self) -> bool:
        """A clock without a battery starts in the past, where no schedule holds."""
        return self._floor is None or self._clock.now() >= self._floor

    async def _follow(self) -> None:
        async for _ in self._store.watch():
            self._woken.set()

    async def _tick(self) -> None:
        """Time passes for schedules too, and others may have changed what is on the disk."""
        read_at = self._clock.monotonic()
        while True:
            await self._clock.sleep(_TICK_S)
            if self._clock.monotonic() - read_at >= _READ_AGAIN_S:
                read_at = self._clock.monotonic()
                self._is_stale = True
            self._woken.set()

    async def _look_or_report(self) -> None:
        """Decide on what is on the disk, for whoever holds `deciding`."""
        try:
            if self._is_stale:
                await self.read()
            await self._look()
        except StorageError as error:
            if not self._is_reported:
                log.error("nothing is decided, because it cannot be stored: %s", error)
            self._is_reported = True
        else:
            self._is_reported = False


def _put(c: sqlite3.Connection, known: Known, decision: Outcome, now: datetime) -> None:
    for override in decision.overrides.values():
        smart_charging.end_override(c, override)
    for agreement in decision.flex.values():
        flex.change(c, agreement)
    for vehicle_id, after in decision.smart.items():
        smart_charging.put_status(c, known.smart[vehicle_id], after, now)
    for schedule_id, status in decision.statuses.items():
        before = known.statuses.get(schedule_id)
        schedules.put_status(c, known.schedules[schedule_id], before, status, now)
