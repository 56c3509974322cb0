"""The fuse guard's own loop: nothing else is in it, and nothing slow.

It looks every two seconds, and its grants go to the devices at once.
"""

import math
from collections.abc import Mapping
from typing import Protocol

from gatewayd.clock import Clock
from gatewayd.control.governor import gather
from gatewayd.control.governor.bench import Bench
from gatewayd.control.governor.commissioning import Commissioning
from gatewayd.control.governor.given import GuardGiven, snapshot
from gatewayd.control.governor.loads import Loads, batteries, guarded, loads
from gatewayd.control.governor.terms import Terms
from gatewayd.devices.device import ConfiguredDevice, Poll
from gatewayd.model.circuit import PHASE_NAMES, Load
from gatewayd.model.decision import Input
from gatewayd.model.site import AssetState
from gatewayd.plan.guard.commission import Fallback
from gatewayd.plan.guard.guard import decide
from gatewayd.plan.guard.standing import CircuitNow, standing
from gatewayd.plan.guard.wiring import Wiring
from gatewayd.plan.guard.words import LoadNow, Memory, MeterNow
from gatewayd.state.store import Store

PERIOD_S = 2.0
# Before everything has been heard of, a look would stop what is well.
_FIRST_S = 15.0


class Devices(Protocol):
    """Who is read, how often, and what came of it: the poller."""

    def devices(self) -> tuple[ConfiguredDevice, ...]: ...

    def latest(self, device_id: str) -> Poll | None: ...


class GuardLoop:
    """Keeps the bench's grants. Without circuits there is nothing to guard."""

    def __init__(self, *, bench: Bench, store: Store, devices: Devices, clock: Clock) -> None:
        self.commissioning = Commissioning()
        self._bench = bench
        self._store = store
        self._devices = devices
        self._clock = clock
        self._memory = Memory()
        self._loads = Loads()
        self._wiring = Wiring(bench.terms.circuits, {})
        self._has_begun = False

    @property
    def _terms(self) -> Terms:
        return self._bench.terms

    async def run(self) -> None:
        """Look until cancelled."""
        began_s = self._clock.monotonic()
        while True:
            if self._terms.circuits:
                self._look(began_s)
            await self._clock.sleep(PERIOD_S)

    def circuits(self) -> tuple[CircuitNow, ...]:
        """How the circuits stand, the house's own with what it may carry now."""
        if not self._terms.circuits or not self._has_begun:
            return ()
        now_s, lines = self._clock.monotonic(), self._memory.lines
        found = self._wiring.circuits.values()
        return tuple(standing(circuit, lines.get(circuit.id), now_s) for circuit in found)

    def _look(self, began_s: float) -> None:
        now_s, site = self._clock.monotonic(), self._store.site
        states = guarded(site, self._terms)
        wired = self._loads.wireable(loads(site, self._terms), self._terms.circuits)
        every_s = {device.id: device.every_s for device in self._devices.devices()}
        meters = gather.meters(site, self._terms, every_s)
        wanted = {id_: self._bench.wish(s.asset.id, now_s) for id_, s in states.items()}
        told = {
            id_: self._loads.now(states[id_], load, self._terms.wired(id_), wanted[id_])
            for id_, load in wired.items()
        }
        heard = {id_: now for id_, now in told.items() if now is not None}
        if not self._has_begun:
            self._has_begun = now_s - began_s >= _FIRST_S or self._is_all(wired, meters, heard)
        if not self._has_begun:
            return
        wiring = self._wired(wired)
        self.commissioning.look(wiring, self._fallbacks(states), every_s)
        before = snapshot(self._memory)
        grants = decide(wiring, now_s, meters, heard, self._memory)
        stored, were_paused = batteries(states, wired, wanted), self._loads.paused
        self._loads.look(wired, grants, stored)
        circuits, limit = self._terms.circuits, self._bench.limit
        assets = {id_: states[id_].asset.id for id_ in wired}
        given = GuardGiven(
            circuits, limit, wired, now_s, meters, heard, before, stored, were_paused, assets
        )
        self._bench.grant(grants, inputs_of(meters, now_s), given, self._loads.paused, assets)

    def _fallbacks(self, states: Mapping[str, AssetState]) -> dict[str, Fallback]:
        found = {}
        for device_id, state in states.items():
            poll = self._devices.latest(device_id)
            watchdog_s = poll.watchdogs.get(state.asset.role) if poll else None
            known = gather.fallback(state, watchdog_s)
            if known is not None:
                found[device_id] = known
        return found

    def _is_all(
        self,
        loads: Mapping[str, Load],
        meters: Mapping[str, MeterNow],
        heard: Mapping[str, LoadNow],
    ) -> bool:
        """Whether all that is configured has been heard of in this run."""
        metered = {c.id for c in self._terms.circuits.values() if c.meter_id is not None}
        wired = {id_ for id_, t in self._terms.chargers.items() if t.circuit and t.arming.writes}
        said = {id_ for id_, now in heard.items() if math.isfinite(now.at_s)}
        fresh = {id_ for id_, now in meters.items() if math.isfinite(now.at_s)}
        return metered <= fresh and loads.keys() <= said and wired <= loads.keys()

    def _wired(self, loads: Mapping[str, Load]) -> Wiring:
        circuits = self._bench.circuits()
        if loads != self._wiring.loads or circuits != self._wiring.circuits:
            self._wiring = Wiring(circuits, dict(loads))
        return self._wiring


def inputs_of(meters: Mapping[str, MeterNow], now_s: float) -> tuple[Input, ...]:
    """What the guard knew, for the record."""
    return tuple(
        Input(f"{circuit_id}.current_{phase}_a", round(current_a, 2), round(now_s - now.at_s, 1))
        for circuit_id, now in meters.items()
        for phase, current_a in zip(PHASE_NAMES, now.current_a, strict=True)
        if math.isfinite(now.at_s)
    )
