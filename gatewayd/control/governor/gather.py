"""From the picture to what the guard and the charging modes ask for. Missing is never 0."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence

from gatewayd.control.governor.terms import ChargerTerms, Terms
from gatewayd.model.asset import AssetKind, MeterUsage
from gatewayd.model.circuit import NOMINAL_V, PHASES, Circuit, Load
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    HvacReading,
    InverterReading,
    MeterReading,
    PowerDelivery,
)
from gatewayd.model.site import AssetState, Site
from gatewayd.plan.guard.commission import Fallback
from gatewayd.plan.guard.words import LoadNow, MeterNow
from gatewayd.plan.lease import is_fresh

_OFF = (PowerDelivery.STOPPED, PowerDelivery.UNPLUGGED)


def chargers(site: Site, terms: Terms) -> dict[str, AssetState]:
    """The governed chargers, by device."""
    found: dict[str, AssetState] = {}
    for state in site.of_kind(AssetKind.CHARGER):
        if terms.charger(state.asset):
            # Of several on one device the first is what hangs on its circuit.
            found.setdefault(state.asset.device_id, state)
    return found


def loads(site: Site, terms: Terms) -> dict[str, Load]:
    """The loads of the guard's wiring, by device: chargers that are told what it grants."""
    found = {}
    for device_id, state in chargers(site, terms).items():
        term = terms.wired(device_id)
        if term.circuit is not None and terms.writes(state.asset):
            max_a = term.plate_a(state.asset)
            least_a = min(max_a, max(6.0, state.asset.spec.min_current_a or 6.0))
            found[device_id] = Load(
                device_id, term.circuit, max_a, term.lines, least_a, priority=term.priority
            )
    return found


def load_now(state: AssetState, term: ChargerTerms, wish_a: float) -> LoadNow | None:
    """What a charger said last; None for one that never spoke."""
    if state.sample is None or not isinstance(state.sample.reading, ChargerReading):
        return None
    reading, at_s = state.sample.reading, state.sample.at_monotonic
    if not state.is_reachable:
        return LoadNow(wish_a, None, None, at_s)
    limit_a = 0.0 if reading.power_delivery in _OFF else reading.max_current_a
    drawn_a = _drawn_a(reading, term.lines)
    return LoadNow(wish_a, limit_a, drawn_a, at_s, reading.power_w if drawn_a is None else None)


def fallback(state: AssetState, watchdog_s: float | None) -> Fallback | None:
    """What a charger falls back to, as it says itself, else as its driver knows; None: unknown."""
    reading = state.sample.reading if state.sample else None
    if not isinstance(reading, ChargerReading):
        return None
    told_a, told_s = reading.failsafe_current_a, reading.failsafe_timeout_s
    current_a = state.asset.spec.safe_current_a if told_a is None else told_a
    timeout_s = watchdog_s if told_s is None else told_s
    return None if current_a is None or timeout_s is None else Fallback(current_a, timeout_s)


def safe_a(state: AssetState, term: ChargerTerms) -> float:
    """What a charger may be left at that nobody steers any more; 0 where nobody has declared it.

    A person, then the charger itself, for it falls back to that, then its driver.
    """
    reading = state.sample.reading if state.sample else None
    told_a = reading.failsafe_current_a if isinstance(reading, ChargerReading) else None
    declared = (term.safe_a, told_a, state.asset.spec.safe_current_a)
    return next((current_a for current_a in declared if current_a is not None), 0.0)


def _drawn_a(reading: ChargerReading, lines: tuple[int, ...] | None) -> tuple[float, ...] | None:
    if reading.power_delivery in _OFF:
        return (0.0,) * len(lines or PHASES)
    currents = (reading.current_a_a, reading.current_b_a, reading.current_c_a)
    own = currents[: len(lines)] if lines else currents
    known = tuple(current_a for current_a in own if current_a is not None)
    if len(known) == len(own):
        return known
    if lines is not None and len(lines) == 1 and reading.power_w is not None:
        return (reading.power_w / (reading.voltage_a_v or NOMINAL_V),)
    return None


def meters(site: Site, terms: Terms, every_s: Mapping[str, float]) -> dict[str, MeterNow]:
    """What each circuit's meter said last, by circuit; `every_s` is how often devices are read."""
    found = {}
    for circuit in terms.circuits.values():
        lines = terms.meter_lines.get(circuit.id, PHASES)
        now = meter_now(site, circuit, lines, every_s)
        if now is not None:
            found[circuit.id] = now
    return found


def meter_now(
    site: Site, circuit: Circuit, lines: tuple[int, ...], every_s: Mapping[str, float]
) -> MeterNow | None:
    """One circuit's meter; None while it has not said all there is to know.

    Of a device with several it is the grid's, else the first.
    """
    states = site.of_device(circuit.meter_id or "")
    for state in sorted(states, key=lambda one: one.asset.usage is not MeterUsage.GRID):
        sample = state.sample
        if sample is None or not isinstance(sample.reading, MeterReading):
            continue
        reading = sample.reading
        currents = [_line_a(reading, line) if line in lines else 0.0 for line in PHASES]
        if any(current_a is None for current_a in currents):
            return None
        a, b, c = (current_a or 0.0 for current_a in currents)
        period_s = every_s.get(state.asset.device_id, 2.0)
        return MeterNow((a, b, c), sample.at_monotonic, period_s, reading.power_w, reading)
    return None


def _line_a(reading: MeterReading, line: int) -> float | None:
    """Import +. Many meters give currents without a sign: the power has it."""
    current_a = (reading.current_a_a, reading.current_b_a, reading.current_c_a)[line]
    power_w = (reading.power_a_w, reading.power_b_w, reading.power_c_w)[line]
    voltage_v = (reading.voltage_a_v, reading.voltage_b_v, reading.voltage_c_v)[line]
    if current_a is None:
        return None if power_w is None else power_w / (voltage_v or NOMINAL_V)
    return current_a if power_w is None else math.copysign(current_a, power_w)


def grid_meters(site: Site) -> list[AssetState]:
    """What measures the grid, each a part of it."""
    return [s for s in site.of_kind(AssetKind.METER) if s.asset.usage is MeterUsage.GRID]


def grid_w(
    site: Site, counts: Callable[[AssetState], bool], doubted: Collection[str] = ()
) -> float | None:
    """What comes from the grid, import +; None unless all of it is known by meters that count.

    Nor by devices that the audit has something against.
    """
    powers = []
    for state in grid_meters(site):
        reading = state.sample.reading if state.sample and counts(state) else None
        is_doubted = state.asset.device_id in doubted
        if is_doubted or not isinstance(reading, MeterReading) or reading.power_w is None:
            return None
        powers.append(reading.power_w)
    return sum(powers) if powers else None


# What each device draws, less what it brings; None where that is not known.
Flows = Sequence[tuple[str, float | None]]


def flows_w(site: Site, now_s: float) -> Flows:
    """Of every asset, in watt, with its device."""
    return [(state.asset.device_id, _flow_w(state, now_s)) for state in site.assets.values()]


def beside_w(flows: Flows, device_id: str) -> float | None:
    """What all but one device draws, less what it brings; None while that is not known."""
    parts = [part_w for id_, part_w in flows if id_ != device_id]
    known = [part_w for part_w in parts if part_w is not None]
    return sum(known) if len(known) == len(parts) else None


def _flow_w(state: AssetState, now_s: float) -> float | None:
    reading = state.sample.reading if state.sample and is_fresh(state.sample, now_s) else None
    match state.asset.kind:
        case AssetKind.BATTERY:
            return reading.power_w if isinstance(reading, BatteryReading) else None
        case AssetKind.CHARGER:
            if not isinstance(reading, ChargerReading):
                return None
            return 0.0 if reading.power_delivery in _OFF else reading.power_w
        # An inverter sleeps at night, and most heat pumps do not say what they draw.
        case AssetKind.INVERTER:
            return -(reading.power_w or 0.0) if isinstance(reading, InverterReading) else 0.0
        case AssetKind.HVAC:
            return (reading.power_w or 0.0) if isinstance(reading, HvacReading) else 0.0
    return 0.0
