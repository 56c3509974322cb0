"""Everything that is written to one asset, one thing after the other.

The lane decides nothing: it gathers what is known, asks `plan.attempts`, and does that. Between
the decision and the driver's call nothing is awaited, so that no cancellation slips in between.
"""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from gatewayd.clock import Clock
from gatewayd.devices import journal
from gatewayd.devices.governance import Governance
from gatewayd.devices.holding import Holding
from gatewayd.devices.poller import Poller
from gatewayd.errors import DeviceError, RefusedError, StorageError, UnsupportedError
from gatewayd.model.asset import Asset
from gatewayd.model.command import Action, ActionState, FailureReason
from gatewayd.model.reading import Reading
from gatewayd.model.site import AssetState
from gatewayd.plan import attempts, governed
from gatewayd.plan.attempts import Attempt, End, Send, Step
from gatewayd.plan.keeping import Kept
from gatewayd.plan.lease import Lease, is_due
from gatewayd.plan.preconditions import can_be_told
from gatewayd.sdk.driver import Driver
from gatewayd.state import actions, meta
from gatewayd.state.db import Database
from gatewayd.state.store import Store

log = logging.getLogger(__name__)


@dataclass
class Job:
    """An action being carried out. Times are monotonic; `born_at` is minus infinity if unknown.

    Polls numbered above `since` were begun after the last write. `is_marked`: the journal says
    SENT for the next write. The other flags are `Attempt`'s.
    """

    action: Action
    born_at: float
    began_at: float
    since: int
    is_inherited: bool = False
    must_look: bool = False
    may_skip: bool = False
    sends: int = 0
    is_written: bool = False
    is_marked: bool = False
    wrote_at: float = -math.inf
    last_words: str = ""


class Lane:
    """The one writer of an asset. Lives from its first use to the end of the commander."""

    def __init__(
        self,
        asset_id: str,
        *,
        db: Database,
        store: Store,
        poller: Poller,
        clock: Clock,
        call_s: float,
        governance: Governance,
    ) -> None:
        self.holding = Holding(
            asset_id,
            db=db,
            store=store,
            poller=poller,
            clock=clock,
            call_s=call_s,
            governance=governance,
        )
        self._governance = governance
        self.asset_id = asset_id
        self._db = db
        self._store = store
        self._poller = poller
        self._clock = clock
        self._call_s = call_s
        self._wakes = asyncio.Event()
        self._is_stale = False
        self._offer: Job | None = None
        self._job: Job | None = None
        self._lease: Lease | None = None
        self._fed_at = -math.inf
        self._is_storage_reported = False

    def offer(self, job: Job) -> None:
        """Take a job whose action was written to the journal in this run."""
        self._offer = job
        self.look()

    def look(self) -> None:
        """Look into the journal again: an action came, or ended."""
        self._is_stale = True
        self._wakes.set()

    def wake(self) -> None:
        """Time has passed, or something was read."""
        if self._job is not None or self._is_stale or self.holding.is_active:
            self._wakes.set()

    def hold(self, kept: Kept | None) -> None:
        """Keep the asset at this from now on; None has it as it was."""
        if kept is None:
            self.holding.release()
        else:
            self.holding.hold(kept)
        self._wakes.set()

    def resume(self) -> None:
        """Give way to nobody any more: a person has chosen anew."""
        self.holding.resume()
        self._wakes.set()

    def part(self) -> None:
        """Have the asset as it was at once."""
        self.holding.part()
        self._wakes.set()

    def feed(self, lease: Lease, period_s: float) -> None:
        """Feed the device's watchdog once if it is time; `period_s` until the next chance."""
        if is_due(lease, self._clock.monotonic() - self._fed_at, period_s):
            self._lease = lease
            self._wakes.set()

    async def run(self) -> None:
        """Work until cancelled."""
        self.look()
        try:
            while True:
                await self._wakes.wait()
                self._wakes.clear()
                await self._turn()
        finally:
            # Whoever starts the lane again learns from the journal how far it had come.
            self._job, self._offer = None, None

    async def _turn(self) -> None:
        await self._feed()
        errors = [error for work in (self._work, self.holding.turn) if (error := await _try(work))]
        for error in errors:
            # Nothing leaves that is not in the journal first; the next turn tries again.
            self._report_storage(error)
            self._is_stale = True
        self._is_storage_reported = bool(errors)

    async def _work(self) -> None:
        while await self._step():
            pass

    async def _step(self) -> bool:
        """Do the next thing; False when there is nothing to do for now."""
        while self._is_stale:
            await self._take_up()
        job, state = self._job, self._state
        if job is None:
            return False
        step = self._decide(job, state)
        if isinstance(step, End):
            await self._end(job, step)
            return True
        driver = self._poller.driver(state.asset.device_id) if state else None
        if not isinstance(step, Send) or state is None or driver is None:
            return False
        if not job.is_marked:
            await self._mark_sent(job)
        else:
            await self._write(job, state.asset, driver)
        return True

    def _decide(self, job: Job, state: AssetState | None) -> Step:
        if state is None:
            return End(ActionState.CANCELLED, FailureReason.NOT_FOUND, "the asset was removed")
        if not can_be_told(state, job.action.command):
            detail = "the asset may no longer be told this"
            return End(ActionState.CANCELLED, FailureReason.FAILED_PRECONDITION, detail)
        now_s = self._clock.monotonic()
        attempt = Attempt(
            job.action,
            timeout_s=attempts.timeout_s(state.asset.spec),
            age_s=now_s - job.born_at,
            run_s=now_s - job.began_at,
            idle_s=now_s - job.wrote_at,
            sends=job.sends,
            is_written=job.is_written,
            is_inherited=job.is_inherited,
            must_look=job.must_look,
            may_skip=job.may_skip,
            last_words=job.last_words,
        )
        seen = self._seen(job, state.asset)
        answer = self._governance.answer(self.asset_id, job.action.command)
        if answer is not None:
            return governed.next_step(attempt, answer, seen)
        return attempts.next_step(attempt, seen)

    def _seen(self, job: Job, asset: Asset) -> Reading | None:
        poll = self._poller.latest(asset.device_id)
        if poll is None or poll.number <= job.since:
            return None
        return poll.readings.get(asset.role)

    async def _take_up(self) -> None:
        """Make the asset's PENDING action, if any, the job."""
        self._is_stale = False
        found, floor = await self._db.read(
            lambda c: (actions.pending(c, self.asset_id), meta.latest_time(c))
        )
        action = found[-1] if found else None
        if action is None:
            self._job = None
        elif self._job is None or self._job.action.id != action.id:
            is_offered = self._offer is not None and self._offer.action.id == action.id
            self._job = self._offer if is_offered else self._inherit(action, floor)
            if self._job is not None and self._job.must_look:
                self._poke()

    def _inherit(self, action: Action, floor: datetime | None) -> Job:
        """An action of an earlier run: nothing is written for it before the device was read."""
        now_s = self._clock.monotonic()
        age_s = attempts.age_s(action.created_at, self._clock.now(), floor, uptime_s=now_s)
        return Job(
            action,
            born_at=now_s - age_s,
            began_at=now_s,
            since=self._poller.mark(),
            is_inherited=True,
            must_look=True,
            is_written=action.sent_at is not None,
        )

    async def _mark_sent(self, job: Job) -> None:
        """Have the journal say SENT, before every write: it also tells of an end meanwhile."""
        sent = replace(job.action, sent_at=job.action.sent_at or self._clock.now())
        if await self._db.write(lambda c: actions.update(c, sent)):
            job.action, job.is_marked = sent, True
        else:
            self._is_stale = True

    async def _write(self, job: Job, asset: Asset, driver: Driver) -> None:
        job.sends, job.is_written, job.is_marked = job.sends + 1, True, False
        refusal: End | None = None
        try:
            async with self._poller.guard(asset.device_id, self._call_s):
                self._poller.wrote(asset.device_id)
                await driver.apply(asset.role, job.action.command)
        except (RefusedError, UnsupportedError) as error:
            refusal = End(ActionState.FAILED, FailureReason.NO_RESPONSE, str(error))
        except DeviceError as error:
            job.last_words = str(error)
        # A read that is under way began before the write was over: it proves nothing.
        job.since, job.wrote_at = self._poller.mark(), self._clock.monotonic()
        self.holding.told()
        self._poke()
        if refusal:
            await self._end(job, refusal)

    async def _end(self, job: Job, end: End) -> None:
        at = max(self._clock.now(), job.action.created_at)
        ended = job.action.ended(end.state, at, end.reason, end.detail)
        if await self._db.write(lambda c: journal.end(c, ended)):
            self._store.acted(ended)
            why = f" {end.reason}: {end.detail}" if end.reason else ""
            log.info("%s: %s %s%s", self.asset_id, ended.command, ended.state, why)
        self._is_stale = True

    async def _feed(self) -> None:
        lease, self._lease = self._lease, None
        state, now_s = self._state, self._clock.monotonic()
        if lease is None or state is None or now_s > lease.valid_until:
            return
        driver = self._poller.driver(state.asset.device_id)
        if driver is None or not state.asset.is_writable or not self.holding.renews(state.asset):
            return
        try:
            async with self._poller.guard(state.asset.device_id, self._call_s):
                self._poller.wrote(state.asset.device_id, is_renewal=True)
                await driver.renew(state.asset.role)
        except DeviceError as error:
            log.debug("%s: its watchdog was not fed: %s", self.asset_id, error)
        else:
            self._fed_at = now_s

    @property
    def _state(self) -> AssetState | None:
        return self._store.site.assets.get(self.asset_id)

    def _poke(self) -> None:
        if self._state is not None:
            self._poller.poke(self._state.asset.device_id)

    def _report_storage(self, error: StorageError) -> None:
        if not self._is_storage_reported:
            log.error("%s: the journal cannot be written: %s", self.asset_id, error)
        self._is_storage_reported = True


async def _try(work: Callable[[], Awaitable[None]]) -> StorageError | None:
    """A setpoint does not wait for an action that cannot be stored, nor the other way round."""
    try:
        await work()
    except StorageError as error:
        return error
    return None
