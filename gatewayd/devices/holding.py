"""An asset kept at a setpoint for as long as somebody means it, and given back afterwards.

Nothing is written that the device reports already, and nothing twice before it was read in between.
"""

import logging
import math
from dataclasses import replace

from gatewayd import __version__
from gatewayd.clock import Clock
from gatewayd.devices.as_it_was import AsItWas
from gatewayd.devices.governance import Governance
from gatewayd.devices.leaving import Leaving
from gatewayd.devices.poller import Poller
from gatewayd.devices.registers_before import RegistersBefore
from gatewayd.devices.telling import Telling
from gatewayd.model.asset import Asset, AssetKind
from gatewayd.model.command import Command
from gatewayd.model.reading import Reading
from gatewayd.model.site import AssetState
from gatewayd.plan import asked, keeping
from gatewayd.plan.given import YieldedGiven
from gatewayd.plan.keeping import KeepMemory, Kept
from gatewayd.plan.steer import Before
from gatewayd.state.db import Database
from gatewayd.state.store import Store

log = logging.getLogger(__name__)

# After a restart whoever steered gets so long to say so again.
ADOPT_S = 30.0


class Holding:
    """What one lane keeps its asset at. Only the lane calls `turn`."""

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
        self._asset_id = asset_id
        self._store = store
        self._clock = clock
        self._memory = memory = KeepMemory()
        registers = RegistersBefore(poller, call_s)
        self._was = AsItWas(asset_id, db=db, clock=clock, registers=registers)
        self._telling = Telling(memory, poller=poller, clock=clock, call_s=call_s)
        self._leaving = Leaving(
            memory, self._was, self._telling, clock=clock, governance=governance
        )
        self._kept: Kept | None = None
        self._is_known = False
        self._is_yielded = False
        self._waits_until_s = clock.monotonic() + ADOPT_S

    @property
    def is_active(self) -> bool:
        """Whether there is something to keep or to give back."""
        return self._kept is not None or self.is_left or self._is_yielded

    @property
    def is_left(self) -> bool:
        """Whether it is to be as it was, and is not known to be."""
        return self._leaving.is_due

    def renews(self, asset: Asset) -> bool:
        """Whether what it was told last may be kept going.

        What a charger has is for the fuse guard to say; what nobody ever steered goes on as it is.
        """
        kept = self._kept
        if asset.kind in (AssetKind.CHARGER, AssetKind.VEHICLE):
            return True
        if kept is None:
            return self._was.before is None and not self._leaving.has_begun
        is_anothers = self._is_yielded and kept.may_yield
        return not is_anothers and self._clock.monotonic() < kept.valid_until_s

    @property
    def before(self) -> Before | None:
        """How the device was before; None for one that is untouched."""
        return self._was.before

    def hold(self, kept: Kept) -> None:
        """Keep it at this from now on."""
        self._kept = kept
        self._leaving.is_at_rest = self._leaving.is_parting = False

    def release(self) -> None:
        """Have the device as it was."""
        self._kept, self._waits_until_s = None, self._clock.monotonic()

    def part(self) -> None:
        """Have the device as it was, at once: it may be the last chance."""
        self.release()
        self._leaving.is_parting = True

    def resume(self) -> None:
        """A person has chosen anew: nobody is given way to any more."""
        if self._is_yielded:
            self._memory.yielded_until_s = self._memory.deviated_at_s = -math.inf
            # So that it is stored again, without its yield, before the next write.
            self._was.is_stored = False
            # What was kept before is not what was chosen: whoever decides says it anew.
            self._kept, self._waits_until_s = None, self._clock.monotonic() + ADOPT_S

    def told(self) -> None:
        """An action has told the asset something, which may be kept going."""
        self._leaving.has_begun = False
        self._telling.written()

    async def turn(self) -> None:
        """Do what is due. Raises StorageError where that could not be remembered first."""
        if not self._is_known:
            await self._recall()
        while await self._step():
            pass
        self._show_yield()

    async def _recall(self) -> None:
        until, now = await self._was.recall(), self._clock.now()
        is_over = until is None or until <= now
        self._memory.is_inherited = self._was.before is not None and is_over
        if until is not None:
            # A clock that was set meanwhile makes it neither longer nor eternal.
            left_s = min(keeping.YIELD_S, (until - now).total_seconds())
            self._memory.yielded_until_s = self._clock.monotonic() + left_s
        self._is_known = True

    def _show_yield(self) -> None:
        self._is_yielded = self._clock.monotonic() < self._memory.yielded_until_s
        self._store.yielded(self._asset_id, is_yielded=self._is_yielded)

    async def _step(self) -> bool:
        """Whether there may be more to do at once."""
        now_s, kept = self._clock.monotonic(), self._kept
        if kept is not None and now_s >= kept.valid_until_s:
            log.warning("%s: nobody steers it any more: it is given back", self._asset_id)
            self.release()
            kept = None
        state = self._store.site.assets.get(self._asset_id)
        if state is None:
            return False
        if not state.asset.is_writable:
            await self._leaving.look_on(state.asset)
            return False
        await self._leaving.part(state.asset)
        reading = self._telling.seen(state.asset)
        if reading is None:
            return False
        if kept is not None:
            return await self._keep(kept, reading, state)
        if now_s >= self._waits_until_s:
            await self._leaving.give_back(reading, state.asset)
        return False

    async def _keep(self, kept: Kept, reading: Reading, state: AssetState) -> bool:
        asset, memory, now_s = state.asset, self._memory, self._clock.monotonic()
        before = replace(memory, refused=dict(memory.refused))
        given = YieldedGiven(__version__, state, kept, reading, memory, now_s)
        found, decision = asked.kept(given, self._clock.now())
        if decision is not None:
            log.warning("%s: %s (%s)", self._asset_id, decision.reason, found.command)
            self._store.decided(decision)
            await self._was.give_way(decision, replace(given, memory=before))
            return True
        if found.command is None:
            await self._was.adopt(kept, reading, asset)
            return False
        return await self._tell(found.command, kept, reading, asset)

    async def _tell(self, command: Command, kept: Kept, reading: Reading, asset: Asset) -> bool:
        is_decrease = keeping.is_decrease(command, reading)
        has_more = await self._was.registers.look(asset, command, may_skip=is_decrease)
        if has_more is None:
            self._telling.look_again(asset)
            return False
        is_new = has_more or not self._was.is_stored
        if is_new and await self._was.touch(kept.owner, reading, asset, is_decrease=is_decrease):
            # Meanwhile something may have changed.
            return True
        await self._telling.tell(command, reading, asset)
        return False
