"""What users have chosen: modes, numbers and plans, over what the config says."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from sqlite3 import Connection

from gatewayd.clock import Clock
from gatewayd.control.governor.applied import Applied, applied
from gatewayd.control.governor.choice import NO_NUMBERS, Mode, Number, Planned
from gatewayd.control.governor.look import Memory
from gatewayd.control.governor.terms import Terms
from gatewayd.errors import InvalidError
from gatewayd.model.ready_by import ReadyBy
from gatewayd.model.remembered import Remembered
from gatewayd.plan.ev.ready import next_deadline
from gatewayd.plan.ev.words import AlwaysCharge
from gatewayd.state import modes
from gatewayd.state.db import Database
from gatewayd.state.modes import Chosen
from gatewayd.state.store import Store

PLANS_MAX = 20

_NAME = re.compile(r"[a-z0-9_]{1,32}")


class Choices:
    """See `Modes`. `terms` are the config's; `memory` is what the last look left.

    `resume` is told of each asset for which a user has chosen.
    """

    def __init__(
        self,
        terms: Terms,
        store: Store,
        db: Database,
        clock: Clock,
        memory: Memory,
        resume: Callable[[str], object],
    ) -> None:
        self.terms = terms
        self._store = store
        self._db = db
        self._clock = clock
        self._memory = memory
        self._resume = resume
        self._chosen: Mapping[str, Chosen] = {}
        self._applied = Remembered(applied)
        # What is kept is written whole: of two choices at once the later has to see the earlier.
        self._turn = asyncio.Lock()

    async def load(self) -> None:
        """Know what is on the disk."""
        self._chosen = await self._db.read(modes.load)

    def of(self, asset_id: str) -> Chosen:
        """What was chosen of an asset."""
        return self._chosen.get(asset_id, Chosen())

    def applied(self) -> Terms:
        """The terms with all that users have chosen."""
        return self._now().terms

    def modes(self) -> Mapping[str, Mode]:
        return self._now().modes

    async def choose(
        self, asset_id: str, mode: str, numbers: Mapping[str, float | None] = NO_NUMBERS
    ) -> None:
        known = self.modes().get(asset_id)
        if known is None:
            raise InvalidError("this asset has no mode: give it one in the config first")
        if mode not in known.offered:
            raise InvalidError(f"mode must be one of {', '.join(known.offered)}")
        async with self._turn:
            kept, now = self._kept(asset_id, numbers), self._clock.now()

            def write(c: Connection) -> None:
                modes.choose(c, asset_id, mode, now)
                modes.put_numbers(c, asset_id, kept)

            await self._db.write(write)
            self._keep(asset_id, replace(self.of(asset_id), mode=mode, since=now, numbers=kept))
        self._resume(asset_id)

    async def charge_always(self, asset_id: str, always: AlwaysCharge) -> None:
        if asset_id not in self._now().charging:
            raise InvalidError("this asset does not charge by a mode: give it one in the config")
        await self._db.write(lambda c: modes.put_always(c, asset_id, always))
        self._keep(asset_id, replace(self.of(asset_id), always_charge=always))

    async def end_sessions(self) -> None:
        """What was to be once is over where a car has left since. Raises StorageError."""
        for asset_id, charging in self._now().charging.items():
            device_id = self._store.site.assets[asset_id].asset.device_id
            own = self._memory.cars.get(device_id)
            if own is None or not own.always_once_over:
                continue
            if charging.always_charge is AlwaysCharge.ONCE:
                await self.charge_always(asset_id, AlwaysCharge.OFF)
            own.always_once_over = False

    async def forget_wants(self, asset_id: str, at: datetime) -> None:
        """The car has left: what was asked for it is over. Raises StorageError."""
        await self._db.write(lambda c: modes.forget_wants(c, asset_id, at))
        self._keep(asset_id, replace(self.of(asset_id), since=at))

    def numbers(self) -> Mapping[str, Mapping[str, Number]]:
        return self._now().numbers

    async def set(self, asset_id: str, numbers: Mapping[str, float | None]) -> None:
        async with self._turn:
            kept = self._kept(asset_id, numbers)
            await self._db.write(lambda c: modes.put_numbers(c, asset_id, kept))
            self._keep(asset_id, replace(self.of(asset_id), numbers=kept))
        self._resume(asset_id)

    def plans(self) -> dict[str, dict[str, Planned]]:
        now, assets = self._clock.now(), self._store.site.assets
        return {
            asset_id: {
                name: self._planned(assets[asset_id].asset.device_id, name, plan, now)
                for name, plan in charging.plans.items()
            }
            for asset_id, charging in self._now().charging.items()
        }

    def _planned(self, device_id: str, name: str, plan: ReadyBy, now: datetime) -> Planned:
        ready = self._memory.planned.get(device_id)
        is_own = ready is not None and ready.plan_id == name
        return Planned(plan, next_deadline(plan, now, self.terms.zone), ready if is_own else None)

    async def plan(self, asset_id: str, name: str, plan: ReadyBy | None) -> None:
        async with self._turn:
            await self._plan(asset_id, name, plan)
        self._resume(asset_id)

    async def _plan(self, asset_id: str, name: str, plan: ReadyBy | None) -> None:
        known = self.plans().get(asset_id)
        if known is None:
            raise InvalidError("this asset has no plans: give it a mode in the config first")
        if not _NAME.fullmatch(name):
            raise InvalidError("a plan's name is 1 to 32 of a to z, 0 to 9 and _")
        if plan is not None and len(known.keys() | {name}) > PLANS_MAX:
            raise InvalidError(f"there are {PLANS_MAX} plans already: delete one first")
        merged = {**self.of(asset_id).plans, name: plan}
        of_config = self._of_config(asset_id)
        kept = {key: one for key, one in merged.items() if one or key in of_config}
        await self._db.write(lambda c: modes.put_plans(c, asset_id, kept))
        self._keep(asset_id, replace(self.of(asset_id), plans=kept))
        device_id = self._store.site.assets[asset_id].asset.device_id
        ready = self._memory.planned.get(device_id)
        if ready and ready.plan_id == name:
            # Of the plan that it was. The next look tells what comes of this one.
            self._memory.planned[device_id] = None

    def _kept(self, asset_id: str, numbers: Mapping[str, float | None]) -> dict[str, float]:
        """All of an asset's numbers with these. InvalidError."""
        known = self.numbers().get(asset_id, {})
        for name, value in numbers.items():
            _check(name, value, known)
        merged = {**self.of(asset_id).numbers, **numbers}
        return {name: value for name, value in merged.items() if value is not None}

    def _now(self) -> Applied:
        parked = dict(self._memory.parked)
        return self._applied(self.terms, self._store.site.roster, self._chosen, parked)

    def _keep(self, asset_id: str, chosen: Chosen) -> None:
        # Never changed in place: what was made of it is remembered by it.
        self._chosen = {**self._chosen, asset_id: chosen}

    def _of_config(self, asset_id: str) -> Mapping[str, ReadyBy]:
        state = self._store.site.assets[asset_id]
        charging = self.terms.wired(state.asset.device_id).charging
        return charging.plans if charging else {}


def _check(name: str, value: float | None, known: Mapping[str, Number]) -> None:
    """Written so that NaN, which compares false with everything, is refused."""
    number = known.get(name)
    if number is None:
        told = f"only {', '.join(known)}" if known else "give it a mode in the config first"
        raise InvalidError(f"this asset has no {name[:40]!r} to set: {told}")
    if value is not None and not number.least <= value <= number.most:
        raise InvalidError(f"{name} must be from {number.least:g} to {number.most:g}")
