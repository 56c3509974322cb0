"""An asset kept at a setpoint for as long as somebody means it, and given back afterwards.

How the device was before is in the database before the first byte leaves, and until the device
reports that it is so again. Nothing is written that it reports already, and nothing twice before
it was read in between.
"""

import logging
import math
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from gatewayd import __version__
from gatewayd.clock import Clock
from gatewayd.devices.governance import Governance
from gatewayd.devices.poller import Poller
from gatewayd.devices.record import packed
from gatewayd.devices.registers_before import RegistersBefore
from gatewayd.errors import DeviceError, RefusedError, StorageError, UnsupportedError
from gatewayd.model.asset import Asset, AssetKind
from gatewayd.model.command import Command
from gatewayd.model.command_words import in_words
from gatewayd.model.decision import Decision
from gatewayd.model.reading import Reading
from gatewayd.model.site import AssetState
from gatewayd.plan import asked, in_force, keeping
from gatewayd.plan.given import YieldedGiven
from gatewayd.plan.keeping import KeepMemory, Kept
from gatewayd.plan.steer import Before, completed, restoring
from gatewayd.sdk.driver import Driver
from gatewayd.state import decisions, setpoints
from gatewayd.state.db import Database
from gatewayd.state.store import Store

log = logging.getLogger(__name__)

# After a restart whoever steered gets so long to say so again.
ADOPT_S = 30.0
# After so many writes without effect a device is told of.
_DISOBEDIENT = 3


Tell = Callable[[Driver, Asset, Command], Awaitable[None]]


async def _apply(driver: Driver, asset: Asset, command: Command) -> None:
    await driver.apply(asset.role, command)


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
        self._db = db
        self._store = store
        self._poller = poller
        self._clock = clock
        self._call_s = call_s
        self._governance = governance
        self._memory = KeepMemory()
        self._kept: Kept | None = None
        self._was: Before | None = None
        self._registers = RegistersBefore(poller, call_s)
        self._is_known = False
        self._is_stored = False
        self._is_at_rest = False
        self._is_yielded = False
        self._is_given_back = False
        self._is_parting = False
        self._since = 0
        self._waits_until_s = clock.monotonic() + ADOPT_S

    @property
    def is_active(self) -> bool:
        """Whether there is something to keep or to give back."""
        return self._kept is not None or self.is_left or self._is_yielded

    @property
    def is_left(self) -> bool:
        """Whether it is to be as it was, and is not known to be."""
        return self._was is not None and not self._is_at_rest

    def renews(self, asset: Asset) -> bool:
        """Whether what it was told last may be kept going.

        What a charger has is for the fuse guard to say; what nobody ever steered goes on as it is.
        """
        kept = self._kept
        if asset.kind in (AssetKind.CHARGER, AssetKind.VEHICLE):
            return True
        if kept is None:
            return self._was is None and not self._is_given_back
        is_anothers = self._is_yielded and kept.may_yield
        return not is_anothers and self._clock.monotonic() < kept.valid_until_s

    @property
    def before(self) -> Before | None:
        """How the device was before; None for one that is untouched."""
        return self._was

    def hold(self, kept: Kept) -> None:
        """Keep it at this from now on."""
        self._kept, self._is_at_rest, self._is_parting = kept, False, False

    def release(self) -> None:
        """Have the device as it was."""
        self._kept, self._waits_until_s = None, self._clock.monotonic()

    def part(self) -> None:
        """Have the device as it was, at once: it may be the last chance."""
        self.release()
        self._is_parting = True

    def resume(self) -> None:
        """A person has chosen anew: nobody is given way to any more."""
        if self._is_yielded:
            self._memory.yielded_until_s = self._memory.deviated_at_s = -math.inf
            # So that it is stored again, without its yield, before the next write.
            self._is_stored = False

    def told(self) -> None:
        """An action has told the asset something, which may be kept going."""
        self._is_given_back = False
        self.written()

    def written(self) -> None:
        """Something else was written to the asset: what was read before does not count."""
        self._since = self._poller.mark()

    async def turn(self) -> None:
        """Do what is due. Raises StorageError where that could not be remembered first."""
        if not self._is_known:
            await self._recall()
        while await self._step():
            pass
        self._show_yield()

    async def _recall(self) -> None:
        asset_id = self._asset_id
        found, held, until = await self._db.read(
            lambda c: (
                setpoints.get(c, asset_id),
                setpoints.held(c, asset_id),
                setpoints.yielded_until(c, asset_id),
            )
        )
        if self._was is None and found is not None:
            self._was, self._is_stored = Before(found), True
            self._registers.recall(held)
            self._memory.is_inherited = until is None or until <= self._clock.now()
        if until is not None:
            # A clock that was set meanwhile makes it neither longer nor eternal.
            left_s = min(keeping.YIELD_S, (until - self._clock.now()).total_seconds())
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
            await self._look_on(state.asset)
            return False
        if self._is_parting and self._was is not None:
            await self._part(self._was, state.asset)
        reading = self._seen(state.asset)
        if reading is None:
            return False
        if kept is not None:
            return await self._keep(kept, reading, state)
        if self._was is not None and not self._is_at_rest and now_s >= self._waits_until_s:
            return await self._give_back(self._was, reading, state.asset)
        return False

    def _seen(self, asset: Asset) -> Reading | None:
        """What the device said, if it was asked after the last write and can be told something."""
        poll = self._poller.latest(asset.device_id)
        return self._said(asset) if poll and poll.number > self._since else None

    def _said(self, asset: Asset) -> Reading | None:
        """What the device said last, if it can be told something."""
        poll = self._poller.latest(asset.device_id)
        if poll is None or self._poller.driver(asset.device_id) is None:
            return None
        return poll.readings.get(asset.role)

    async def _keep(self, kept: Kept, reading: Reading, state: AssetState) -> bool:
        asset, memory, now_s = state.asset, self._memory, self._clock.monotonic()
        before = replace(memory, refused=dict(memory.refused))
        given = YieldedGiven(__version__, state, kept, reading, memory, now_s)
        found, decision = asked.kept(given, self._clock.now())
        if decision is not None:
            log.warning("%s: %s (%s)", self._asset_id, decision.reason, found.command)
            await self._yield(decision, replace(given, memory=before))
            return True
        if found.command is None:
            await self._adopt(kept, reading, asset)
            return False
        may_skip = keeping.is_decrease(found.command, reading)
        has_more = await self._registers.look(asset, found.command, may_skip=may_skip)
        if has_more is None:
            self._await_poll(asset)
            return False
        is_new = has_more or not self._is_stored
        if is_new and await self._touch(kept, reading, asset, found.command):
            # Meanwhile something may have changed.
            return True
        await self._write(found.command, reading, asset)
        return False

    async def _adopt(self, kept: Kept, reading: Reading, asset: Asset) -> None:
        """What is found forced as it is wanted may be what a lost database knew of."""
        was = in_force.adopted(kept.wish, reading, asset)
        if self._was is not None or was is None:
            return
        now, asset_id = self._clock.now(), self._asset_id
        await self._db.write(lambda c: setpoints.put(c, asset_id, kept.owner, was.commands, now))
        self._was, self._is_stored = was, self._db.is_lasting
        self._registers.recall(None)

    async def _touch(self, kept: Kept, reading: Reading, asset: Asset, command: Command) -> bool:
        """Store how the device was before; whether it is stored."""
        if not self._db.is_lasting:
            if not keeping.is_decrease(command, reading):
                raise StorageError("in memory only: after a kill nobody could give it back")
            self._was = self._was or self._registers.before(reading, asset)
            return False
        self._was = was = self._was or self._registers.before(reading, asset)
        now, asset_id, held = self._clock.now(), self._asset_id, self._registers.words
        try:
            await self._db.write(
                lambda c: setpoints.put(c, asset_id, kept.owner, was.commands, now, held=held)
            )
        except StorageError:
            # A disk that takes nothing must not keep a fuse from being saved.
            if not keeping.is_decrease(command, reading):
                raise
            return False
        self._is_stored = True
        return True

    async def _yield(self, decision: Decision, given: YieldedGiven) -> None:
        """What the other writer wants is what is given back from now on."""
        was, asset_id = self._registers.before(given.reading, given.state.asset), self._asset_id
        until = decision.at + timedelta(seconds=keeping.YIELD_S)
        self._was = was
        self._store.decided(decision)
        await self._registers.revise(given.state.asset)
        held = self._registers.words

        def record(c: sqlite3.Connection) -> None:
            setpoints.put(c, asset_id, decision.owner, was.commands, decision.at, until, held=held)
            decisions.record(c, decision, given=packed(given))

        await self._db.write(record)

    async def _look_on(self, asset: Asset) -> None:
        """It can be told nothing: it is as it was once it shows that somebody has seen to it."""
        was, reading, able = self._was, self._seen(asset), replace(asset, is_writable=True)
        if was is None or reading is None:
            return
        if not keeping.parting(completed(was, able), reading, able, self._memory):
            await self._forget()

    async def _forget(self) -> None:
        await self._db.write(lambda c: setpoints.remove(c, self._asset_id))
        self._was, self._is_stored = None, False
        self._registers.recall({})
        self._memory.forget()

    async def _part(self, was: Before, asset: Asset) -> None:
        reading = self._said(asset)
        if reading is None:
            return
        self._is_parting = False
        for command in keeping.parting(completed(was, asset), reading, asset, self._memory):
            await self._write(command, reading, asset, self._registers.give_back)

    async def _give_back(self, was: Before, reading: Reading, asset: Asset) -> bool:
        most_a, now_s = self._governance.safe_a(self._asset_id), self._clock.monotonic()
        # What an older release has stored may lack a battery's mode.
        was = Before(
            tuple(c for c in completed(was, asset).commands if not self._registers.is_as_before(c))
        )
        is_back, command = keeping.give_back(was, reading, asset, self._memory, now_s, most_a)
        if command is not None:
            self._is_given_back = True
            await self._write(command, reading, asset, self._registers.give_back)
        elif is_back and restoring(was, reading) is None:
            if not await self._registers.are_back(asset):
                self._await_poll(asset)
                return False
            await self._forget()
        elif is_back:
            # Held lower than it was by what is safe: that is remembered for whoever comes.
            self._is_at_rest = True
        return False

    async def _write(
        self, command: Command, reading: Reading, asset: Asset, tell: Tell = _apply
    ) -> None:
        driver = self._poller.driver(asset.device_id)
        if driver is None:
            return
        memory = self._memory
        keeping.note_written(command, memory, self._clock.monotonic())
        if memory.tries == _DISOBEDIENT:
            log.warning("%s: does not show: %s", self._asset_id, in_words(command))
        try:
            async with self._poller.guard(asset.device_id, self._call_s):
                self._poller.wrote(asset.device_id)
                await tell(driver, asset, command)
        except (RefusedError, UnsupportedError) as error:
            log.warning("%s: %s is refused: %s", self._asset_id, in_words(command), error)
            memory.refused[command] = self._clock.monotonic()
        except DeviceError as error:
            log.debug("%s: %s was not written: %s", self._asset_id, in_words(command), error)
            keeping.note_undelivered(command, reading, memory)
        else:
            keeping.note_taken(command, memory)
        finally:
            self._await_poll(asset)

    def _await_poll(self, asset: Asset) -> None:
        """A read that is under way began before the write was over: it proves nothing."""
        self._since = self._poller.mark()
        self._poller.poke(asset.device_id)
