"""The guard's loads, from the picture: chargers, batteries and heat pumps on a circuit."""

import logging
from collections.abc import Mapping
from dataclasses import replace

from gatewayd.control.governor import gather
from gatewayd.control.governor.pausing import BatteryNow, as_command, paused
from gatewayd.control.governor.terms import ChargerTerms, Terms
from gatewayd.errors import InvalidError
from gatewayd.model.asset import Asset, AssetKind
from gatewayd.model.circuit import Circuit, Load
from gatewayd.model.command import SetMaxCurrent
from gatewayd.model.reading import BatteryReading, HvacReading
from gatewayd.model.site import AssetState, Site
from gatewayd.plan.arbiter.claims import Setpoint, Wish
from gatewayd.plan.guard import heating, storage
from gatewayd.plan.guard.wiring import check_load
from gatewayd.plan.guard.words import Grant, LoadNow

log = logging.getLogger(__name__)

# Of several on one device the first is what hangs on its circuit.
_KINDS = (AssetKind.CHARGER, AssetKind.BATTERY, AssetKind.HVAC)
# Of two with the same priority heat comes before cars, and cars before batteries.
_ORDER = {AssetKind.HVAC: 1, AssetKind.CHARGER: 0, AssetKind.BATTERY: -1}


def guarded(site: Site, terms: Terms) -> dict[str, AssetState]:
    """The assets that are told what the guard grants, by device."""
    found: dict[str, AssetState] = {}
    for kind in _KINDS:
        for state in site.of_kind(kind):
            if terms.guards(state.asset):
                found.setdefault(state.asset.device_id, state)
    return found


def loads(site: Site, terms: Terms) -> dict[str, Load]:
    """The loads of the guard's wiring, by device."""
    chargers = gather.loads(site, terms)
    found = {}
    for device_id, state in guarded(site, terms).items():
        load = chargers.get(device_id) or _load(state.asset, terms.wired(device_id))
        order = _ORDER[state.asset.kind]
        found[device_id] = replace(load, priority=len(_ORDER) * load.priority + order)
    return found


def _load(asset: Asset, term: ChargerTerms) -> Load:
    max_a = term.plate_a(asset)
    # A battery can be lowered to nothing; a heat pump runs or does not.
    least_a = 0.0 if asset.kind is AssetKind.BATTERY else max_a
    step_a = 1.0 if asset.kind is AssetKind.BATTERY else max_a
    return Load(
        asset.device_id, term.circuit or "", max_a, term.lines, least_a, step_a, term.priority
    )


class Loads:
    """What the loads say. Remembers what paused batteries drew when they were left to themselves.

    `paused` are the devices whose batteries must not charge now.
    """

    def __init__(self) -> None:
        self.paused: frozenset[str] = frozenset()
        self._drew_a: dict[str, float] = {}
        self._told: set[str] = set()

    def wireable(
        self, loads: Mapping[str, Load], circuits: Mapping[str, Circuit]
    ) -> dict[str, Load]:
        """Without those that cannot be wired, which the log has once: they are granted nothing."""
        found = {}
        for device_id, load in loads.items():
            try:
                check_load(load, circuits)
            except InvalidError as error:
                if device_id not in self._told:
                    self._told.add(device_id)
                    log.warning("fuse guard: it is granted nothing: %s", error)
            else:
                found[device_id] = load
        return found

    def now(
        self, state: AssetState, load: Load, term: ChargerTerms, wanted: Wish | None
    ) -> LoadNow | None:
        """What one said last, and what is wanted of it but for the guard; None: it never spoke."""
        sample = state.sample
        if sample is None:
            return None
        wish_a = self._wish_a(load, wanted)
        if isinstance(sample.reading, BatteryReading | HvacReading) and not state.is_reachable:
            return LoadNow(wish_a, None, None, sample.at_monotonic)
        match sample.reading:
            case BatteryReading() as reading:
                return storage.now(load, reading, wish_a, sample.at_monotonic)
            case HvacReading() as reading:
                return heating.now(load, state.asset, reading, sample.at_monotonic)
        current_a = wanted.current_a if isinstance(wanted, Setpoint | SetMaxCurrent) else 0.0
        return gather.load_now(state, term, current_a)

    def look(
        self,
        loads: Mapping[str, Load],
        grants: Mapping[str, Grant],
        batteries: Mapping[str, BatteryNow],
    ) -> None:
        """Find out who has to pause, all by device."""
        before, self.paused = self.paused, paused(loads, grants, batteries, self.paused)
        for device_id, now in batteries.items():
            power_w = storage.said_w(now.reading.power_w)
            if device_id not in before and power_w is not None and not now.is_forced:
                drew_a = storage.whole_a(power_w, loads[device_id].lines)
                self._drew_a[device_id] = max(0.0, drew_a)

    def _wish_a(self, load: Load, wanted: Wish | None) -> float:
        if load.id in self.paused:
            return min(load.max_a, self._drew_a.get(load.id, load.max_a))
        return storage.wish_a(as_command(wanted), load.lines, load.max_a)


def batteries(
    states: Mapping[str, AssetState],
    loads: Mapping[str, Load],
    wanted: Mapping[str, Wish | None],
) -> dict[str, BatteryNow]:
    """The batteries among the loads that have spoken, all by device."""
    found = {}
    for device_id in loads:
        sample = states[device_id].sample
        if sample is not None and isinstance(sample.reading, BatteryReading):
            found[device_id] = BatteryNow(sample.reading, wanted.get(device_id))
    return found
