"""The governor: gathers what everybody wants of each asset, and puts what comes of it on record."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from gatewayd.clock import Clock
from gatewayd.control.governor import gather, sessions
from gatewayd.control.governor.auditor import Auditor
from gatewayd.control.governor.bench import Bench
from gatewayd.control.governor.choices import Choices
from gatewayd.control.governor.claims import claims
from gatewayd.control.governor.exporting import installed_w
from gatewayd.control.governor.given import ClaimsGiven, snapshot
from gatewayd.control.governor.limit import LimitGiven, lasting_w
from gatewayd.control.governor.look import Look, Memory
from gatewayd.control.governor.operator import GridOperators
from gatewayd.control.governor.quarter import QuarterMeter, grid_meters, starts
from gatewayd.control.governor.terms import Terms
from gatewayd.control.governor.wants import Wants, wants
from gatewayd.control.replay.record import keep
from gatewayd.devices.commander import Commander
from gatewayd.errors import StorageError
from gatewayd.model.command import SetMaxCurrent
from gatewayd.model.decision import Decision
from gatewayd.model.reading import ChargerReading, PowerDelivery
from gatewayd.model.remembered import Remembered
from gatewayd.model.site import AssetState
from gatewayd.plan.arbiter.narrow import is_off
from gatewayd.plan.ev.ready import When
from gatewayd.plan.keeping import Kept
from gatewayd.plan.prices import Prices, price_at
from gatewayd.state import actions, decisions, meta
from gatewayd.state.db import Database
from gatewayd.state.store import Store

log = logging.getLogger(__name__)

PERIOD_S = 5.0
_TICK_S = 1.0


class Governor:
    """Claims every five seconds, and at once when somebody asks for something or plugs in.

    `prices` are those of the home, None where nobody knows any. `choices` are the users'.
    """

    def __init__(
        self,
        *,
        bench: Bench,
        store: Store,
        db: Database,
        commander: Commander,
        clock: Clock,
    ) -> None:
        self.prices: Callable[[], Prices | None] = lambda: None
        self.auditor = Auditor(store, db, clock)
        grid = bench.terms.grid
        self.operators = GridOperators.of(grid.operator, grid.export_operator, clock)
        self.operator = self.operators.taken
        self._bench = bench
        self._store = store
        self._db = db
        self._commander = commander
        self._clock = clock
        self._memory = Memory()
        self.choices = Choices(bench.terms, store, db, clock, self._memory, commander.resume)
        self._floor: datetime | None = None
        self._sessions = sessions.Sessions()
        self._quarter = QuarterMeter()
        self._wants: dict[str, Wants] = {}
        self._seen: object = None
        self._looked_s = float("-inf")
        self._is_reported = False
        self._withheld = Remembered(_withheld)

    async def run(self) -> None:
        """Govern until cancelled."""
        await self._commander.resumed.wait()
        self._floor = await self._db.read(meta.latest_time)
        await self.choices.load()
        self._sessions = await sessions.recall(self._db, self._memory)
        await self._recall_quarters()
        await self.auditor.begin()
        await self._audit()
        self._bench.recall(await self._db.read(decisions.unended))
        self._bench.begin(self._steer)
        while True:
            await self._audit()
            await self._turn()
            await self._clock.sleep(_TICK_S)

    async def end(self) -> None:
        """Put on record that nothing is settled any more."""
        try:
            for noted in self._bench.take_decisions():
                self._store.decided(noted.decision)
                await self._db.write(partial(keep, noted=noted))
        except StorageError as error:
            self._report(error)

    async def _recall_quarters(self) -> None:
        """A month's peak, and what the running quarter has taken, outlive a restart."""
        if self.choices.terms.grid.capacity is not None:
            at = self._clock.now().astimezone(self.choices.terms.zone)
            meters = grid_meters(self._store.site)
            self._quarter.restore(await self._db.read(lambda c: starts(c, meters, at)), at)

    async def _audit(self) -> None:
        await self.auditor.look(self.choices.terms)
        self._bench.terms = self._withheld(self.choices.applied(), self.auditor.withheld)

    def adopt(self, terms: Terms) -> None:
        """Govern by other terms from now on."""
        self.choices.terms, self._seen = terms, None
        self.operator.settings = terms.grid.operator
        self.operators.fed.settings = terms.grid.export_operator

    async def _turn(self) -> None:
        now_s, circumstances = self._clock.monotonic(), self._circumstances()
        try:
            await self.choices.end_sessions()
            if circumstances != self._seen:
                await self._read_wants()
                self._seen, self._looked_s = circumstances, float("-inf")
            if now_s - self._looked_s >= PERIOD_S:
                self._looked_s = now_s
                self._look(now_s)
            await self._record()
        except StorageError as error:
            # What is known goes on being claimed; what cannot be recorded is not.
            self._look(now_s)
            self._report(error)
        else:
            self._is_reported = False

    def _look(self, now_s: float) -> None:
        bench, now, prices = self._bench, self._clock.now(), self.prices()
        is_time_trusted = self._floor is None or now >= self._floor
        bench.limit = limit = self._limit(now)
        look = Look(
            self._store.site,
            bench.terms,
            now_s,
            dict(self._wants),
            self._limits_a(),
            frozenset(id_ for id_, ruling in bench.rulings.items() if is_off(ruling.wish)),
            price_at(prices, now) if prices else None,
            When(now, bench.terms.zone, prices) if is_time_trusted else None,
            is_limited=(told := self.operator.standing()) is not None and told.limit_w is not None,
            import_w=lasting_w(limit),
            installed_w=installed_w(self._governed(), self._commander.before),
            fed=self.operators.fed.given(),
        )
        given = ClaimsGiven(look, snapshot(self._memory))
        bench.claim(claims(look, self._memory), given)

    def _limit(self, now: datetime) -> LimitGiven:
        capacity, paid = self.choices.terms.grid.capacity, None
        if capacity is not None:
            at = now.astimezone(self.choices.terms.zone)
            paid = capacity, self._quarter.now(self._store.site, at)
        return LimitGiven(paid, self.operator.given(), self._drawn_w())

    def _drawn_w(self) -> dict[str, float]:
        circuits = self._bench.terms.circuits.values()
        roots = [one for one in circuits if one.parent is None]
        if len(roots) < 2:
            return {}
        found = gather.meters(self._store.site, self._bench.terms, {})
        return {
            root.id: now.power_w
            for root in roots
            if (now := found.get(root.id)) is not None and now.power_w is not None
        }

    def _steer(self, asset_id: str, kept: Kept | None) -> None:
        if kept is None:
            self._commander.release(asset_id)
        else:
            self._commander.steer(asset_id, kept)

    def _governed(self) -> list[AssetState]:
        terms = self._bench.terms
        return [state for state in self._store.site.assets.values() if terms.governs(state.asset)]

    def _circumstances(self) -> object:
        """What is decided on at once when it changes."""
        return self.operators.standing(), [
            (
                state.asset.id,
                state.action and (state.action.id, state.action.state),
                _delivery(state),
                self.choices.of(state.asset.id),
            )
            for state in self._governed()
        ]

    async def _read_wants(self) -> None:
        for state in self._governed():
            asset_id, now = state.asset.id, self._clock.now()
            since = self.choices.of(asset_id).since
            found = await self._db.read(partial(actions.since, asset_id=asset_id, at=since))
            self._wants[asset_id] = wants(found)
            if found and _delivery(state) is PowerDelivery.UNPLUGGED:
                await self.choices.forget_wants(asset_id, now)
                self._wants[asset_id] = Wants()

    async def _record(self) -> None:
        taken = self._bench.take_decisions()
        for noted in taken:
            self._store.decided(noted.decision)
        self._show()
        self._sessions = await sessions.keep(self._db, self._memory, self._sessions)
        for noted in taken:
            await self._db.write(partial(keep, noted=noted))

    def _show(self) -> None:
        """Why each asset does what it does now: numbers move on where nothing is put on record."""
        for state in self._governed():
            now = self._bench.say(state)
            if now is not None and _is_other(state.decision, now):
                self._store.decided(now)

    def _limits_a(self) -> dict[str, float]:
        """What each charger was limited to before it was steered."""
        found: dict[str, float] = {}
        for state in self._governed():
            reading = state.sample.reading if state.sample else None
            before = self._commander.before(state.asset.id)
            if before is not None:
                known = [c.current_a for c in before.commands if isinstance(c, SetMaxCurrent)]
                if known:
                    found[state.asset.id] = max(known)
            elif isinstance(reading, ChargerReading) and reading.max_current_a:
                found[state.asset.id] = reading.max_current_a
        return found

    def _report(self, error: StorageError) -> None:
        if not self._is_reported:
            log.error("what is decided cannot be put on record: %s", error)
        self._is_reported = True


def _withheld(terms: Terms, withheld: Mapping[str, str]) -> Terms:
    return replace(terms, withheld=withheld)


def _is_other(shown: Decision | None, now: Decision) -> bool:
    """Whether another thing is to be shown; what is done in truth comes before the shadow."""
    if shown is None or (now.is_shadow and not shown.is_shadow):
        return shown is None
    return replace(now, at=shown.at, inputs=(), candidates=()) != replace(
        shown, inputs=(), candidates=()
    )


def _delivery(state: AssetState) -> PowerDelivery | None:
    reading = state.sample.reading if state.sample and state.is_reachable else None
    return reading.power_delivery if isinstance(reading, ChargerReading) else None
