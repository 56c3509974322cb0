"""Commands to assets, from the asking to the proof. Nothing else writes to devices.

An action is in the journal before its first byte leaves, is confirmed only by a reading begun
after the write, and ends exactly once: the database refuses a second end, whoever comes first.
"""

import asyncio
import logging
from collections.abc import Collection
from contextlib import suppress
from uuid import uuid4

from gatewayd import __version__
from gatewayd.clock import Clock
from gatewayd.devices import journal
from gatewayd.devices.governance import Governance, Ungoverned
from gatewayd.devices.lane import Job, Lane
from gatewayd.devices.poller import Poller
from gatewayd.devices.stranded import why_stranded
from gatewayd.errors import NotFoundError, StorageError
from gatewayd.model.asset import Asset, AssetKind
from gatewayd.model.command import Action, ActionState, Command
from gatewayd.model.decision import Decision, Grounds, owner_in_words
from gatewayd.model.site import AssetState
from gatewayd.plan.asked import asked
from gatewayd.plan.attempts import is_already
from gatewayd.plan.given import (
    AskedGiven,
    Cause,
    DirectGiven,
    OverrideGiven,
    SmartGiven,
    UnscheduledGiven,
)
from gatewayd.plan.keeping import Kept
from gatewayd.plan.lease import Lease
from gatewayd.plan.steer import Before
from gatewayd.state import actions, assets, decisions, setpoints
from gatewayd.state.db import Database
from gatewayd.state.store import Store

log = logging.getLogger(__name__)

_CALL_S = 10.0
_TICK_S = 1.0
_REVIEW_S = 10.0
_STOPPING_S = 0.2
_PARTING_S = 5.0
_CANCELLED = Grounds("it was cancelled on request")


class Commander:
    """Has one lane per asset, so that a slow device delays only itself.

    `resumed` is set once the picture shows the newest action of each asset, also of earlier runs.
    """

    def __init__(
        self,
        *,
        db: Database,
        store: Store,
        poller: Poller,
        clock: Clock,
        call_s: float = _CALL_S,
        governance: Governance | None = None,
    ) -> None:
        self.resumed = asyncio.Event()
        self._governance = governance or Ungoverned()
        self._db = db
        self._store = store
        self._poller = poller
        self._clock = clock
        self._call_s = call_s
        self._lanes: dict[str, Lane] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._parting: Collection[str] = ()
        self._steered: dict[str, Asset] = {}
        poller.parting = self._part

    async def submit(
        self,
        asset_id: str,
        command: Command,
        owner: str,
        grounds: Grounds | None = None,
        cause: Cause | None = None,
    ) -> Action:
        """Journal a new action, PENDING, with its grounds, and return before anything is sent.

        What the asset says now is added to the grounds' inputs; without grounds the owner just
        asks. `cause` is what whoever asks has decided from. An older PENDING action of the asset
        is cancelled, or returned where it does the same and may be used again. A setpoint between
        two of the device's becomes the nearer.
        Raises NotFoundError and InvalidError, and then nothing is stored.
        """
        state = self._store.site.assets.get(asset_id)
        if state is None:
            raise NotFoundError(f"Could not find asset with ID {asset_id}")
        why = grounds or Grounds(f"{owner_in_words(owner)} asked for it")
        born_at = self._clock.monotonic()
        given = AskedGiven(__version__, state, command, owner, why, born_at, cause)
        settled, decision = asked(given, self._clock.now())
        action = _action(state, settled, decision)
        begun, replaced = await self._db.write(lambda c: journal.begin(c, action, decision, given))
        if begun.id != action.id:
            return begun
        for shown in [*replaced, action]:
            self._store.acted(shown)
        self._store.decided(decision)
        self._lane(asset_id).offer(self._job(action, born_at, state, replaced))
        if isinstance(cause, DirectGiven | OverrideGiven):
            self.resume(asset_id)
        return action

    async def cancel(
        self,
        action_id: str,
        grounds: Grounds = _CANCELLED,
        cause: SmartGiven | UnscheduledGiven | None = None,
    ) -> Action:
        """End a PENDING action; what the device already took may still take effect.

        Raises NotFoundError, and ConflictError for an action that has ended.
        """
        now = self._clock.now()
        ended, decision = await self._db.write(
            lambda c: journal.cancel(c, action_id, grounds, now, cause)
        )
        self._store.acted(ended)
        self._store.decided(decision)
        self._lane(ended.asset_id).look()
        return ended

    async def get(self, action_id: str) -> Action | None:
        """An action as the journal has it."""
        return await self._db.read(lambda c: actions.get(c, action_id))

    def renew(self, asset_id: str, lease: Lease, period_s: float) -> None:
        """Feed the asset's watchdog, if that is due before the next chance in `period_s`.

        Only for whoever just saw a fresh sample: there is no timer behind this.
        """
        self._lane(asset_id).feed(lease, period_s)

    def steer(self, asset_id: str, kept: Kept) -> None:
        """Have the asset kept at this; say so again before it runs out, or it is given back.

        What the device reports already is not written. No action and no event comes of it.
        """
        state = self._store.site.assets.get(asset_id)
        if state is None or state.asset.device_id not in self._parting:
            self._lane(asset_id).hold(kept)

    def release(self, asset_id: str) -> None:
        """Have the asset as it was before it was steered."""
        if asset_id in self._lanes:
            self._lanes[asset_id].hold(None)

    def resume(self, asset_id: str) -> None:
        """A person has chosen anew for an asset: nobody is given way to any more."""
        if asset_id in self._lanes:
            self._lanes[asset_id].resume()

    async def give_back(self, within_s: float, of: Collection[str] | None = None) -> None:
        """Have all as it was, but for chargers, and wait until it is so; not for longer than this.

        A charger keeps what it was given: it would draw more, or stop in the middle of a night.
        `of` are the devices that are meant, None for all.
        """
        known = {id: state.asset for id, state in self._store.site.assets.items()}
        lanes = [
            lane
            for id, lane in self._lanes.items()
            # What can be told nothing is not waited for.
            if id in known and known[id].is_writable and known[id].kind is not AssetKind.CHARGER
            if of is None or known[id].device_id in of
        ]
        for lane in lanes:
            lane.part()
        until_s = self._clock.monotonic() + within_s
        while any(lane.holding.is_left for lane in lanes) and self._clock.monotonic() < until_s:
            await self._clock.sleep(_STOPPING_S)
        for lane in lanes:
            if lane.holding.is_left:
                log.warning("%s: is not known to be as it was", lane.asset_id)

    async def _part(self, device_ids: Collection[str]) -> None:
        """Give back what can be told nothing afterwards; meanwhile nobody steers it."""
        self._parting = device_ids
        for asset_id, state in self._store.site.assets.items():
            if state.asset.device_id in device_ids:
                self._steered[asset_id] = state.asset
        try:
            await self.give_back(_PARTING_S, device_ids)
        finally:
            self._parting = ()

    def stranded(self) -> tuple[str, ...]:
        """What is not as it was and can be told nothing, with what to do, in words for a person."""
        found = []
        for asset_id, lane in self._lanes.items():
            state = self._store.site.assets.get(asset_id)
            asset = state.asset if state else self._steered.get(asset_id)
            if asset is not None and lane.holding.before is not None:
                found.append(why_stranded(asset, self._poller.options(asset.device_id)))
        return tuple(filter(None, found))

    def before(self, asset_id: str) -> Before | None:
        """How a steered asset was before; None for one that is untouched."""
        lane = self._lanes.get(asset_id)
        return lane.holding.before if lane else None

    async def run(self) -> None:
        """Take up what the journal holds, and carry out what comes, until cancelled."""
        # Before that, an asset might look removed that is only not shown yet.
        await self._poller.pictured.wait()
        await self._recall()
        self.resumed.set()
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                for asset_id in self._lanes:
                    self._start(asset_id)
                group.create_task(self._follow(), name="commander: follow the picture")
                group.create_task(self._review(), name="commander: review the journal")
                await self._tick()
            finally:
                self._group = None

    async def _recall(self) -> None:
        """Show what an earlier run left, where nothing newer has come meanwhile."""
        acted, decided, steered = await self._db.read(
            lambda c: (actions.latest(c), decisions.latest(c), setpoints.touched(c))
        )
        known = await self._db.read(assets.load)
        self._steered = {asset.id: asset for asset in known if asset.id in steered}
        for asset in self._steered.values():
            if why := why_stranded(asset, self._poller.options(asset.device_id)):
                log.warning("%s", why)
        for asset_id in steered:
            self._lane(asset_id)
        for state in self._store.site.assets.values():
            asset_id = state.asset.id
            if state.action is None and asset_id in acted:
                self._store.acted(acted[asset_id])
            if state.decision is None and asset_id in decided:
                self._store.decided(decided[asset_id])

    def _job(
        self, action: Action, born_at: float, state: AssetState, replaced: list[Action]
    ) -> Job:
        may_skip = not replaced and _has_settled(state.action)
        is_so = state.sample is not None and is_already(action.command, state.sample.reading)
        return Job(
            action,
            born_at=born_at,
            began_at=born_at,
            since=self._poller.mark(),
            must_look=may_skip and is_so,
            may_skip=may_skip,
        )

    def _lane(self, asset_id: str) -> Lane:
        if asset_id not in self._lanes:
            self._lanes[asset_id] = Lane(
                asset_id,
                db=self._db,
                store=self._store,
                poller=self._poller,
                clock=self._clock,
                call_s=self._call_s,
                governance=self._governance,
            )
            self._start(asset_id)
        return self._lanes[asset_id]

    def _start(self, asset_id: str) -> None:
        if self._group is not None:
            self._tasks[asset_id] = self._group.create_task(
                self._lanes[asset_id].run(), name=f"lane {asset_id}"
            )

    async def _follow(self) -> None:
        async for _ in self._store.watch():
            self._wake()

    async def _review(self) -> None:
        """Have nothing PENDING that no lane knows of.

        At first that is what an earlier run left; later, what a caller who was cancelled in the
        middle of `submit` may have journalled.
        """
        while True:
            with suppress(StorageError):
                for action in await self._db.read(actions.pending):
                    self._lane(action.asset_id).look()
            await self._clock.sleep(_REVIEW_S)

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(_TICK_S)
            for asset_id, task in self._tasks.items():
                if task.done():
                    # A library may leak the cancellation of an inner task of its own.
                    log.error("%s: its lane was ended by its driver; starting again", asset_id)
                    self._start(asset_id)
            self._wake()

    def _wake(self) -> None:
        for lane in self._lanes.values():
            lane.wake()


def _action(state: AssetState, command: Command, decision: Decision) -> Action:
    asset = state.asset
    return Action(
        id=str(uuid4()),
        user_id=asset.user_id,
        asset_id=asset.id,
        kind=asset.kind,
        command=command,
        owner=decision.owner,
        created_at=decision.at,
        updated_at=decision.at,
    )


def _has_settled(action: Action | None) -> bool:
    """Whether no write of an earlier action can still take effect."""
    if action is None or action.state is ActionState.CONFIRMED:
        return True
    return action.state is not ActionState.PENDING and action.sent_at is None
