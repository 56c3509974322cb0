"""What the sun leaves for each charger and heater, from the picture.

Devices count for as long as they are taken to be there, however seldom they are read; after a
change of charging nothing is judged before all of them have been read again.
"""

import math
from collections.abc import Iterator
from functools import partial

from gatewayd.control.governor import gather
from gatewayd.control.governor.cars import AtCharger, car_now
from gatewayd.control.governor.look import Look, Memory
from gatewayd.control.governor.wants import Wants
from gatewayd.model.asset import AssetKind
from gatewayd.model.circuit import NOMINAL_V
from gatewayd.model.reading import BatteryReading, ChargerReading, InverterReading
from gatewayd.model.site import AssetState
from gatewayd.plan.ev.sun import is_always
from gatewayd.plan.ev.surplus import BatteryNow, Drawing, lent_w, surpluses
from gatewayd.plan.ev.words import ChargeSettings, EvMemory, HomeNow

# Three readings of what is read once a minute.
_HEARD_S = 200.0
# So long a change takes to be felt, and for so long at most it is waited for.
_EFFECT_S = 5.0
_LATEST_S = 150.0
# For so long a car may take to draw what it is offered; then it is for others.
_PROMISED_S = 90.0
_AT_LIMIT_W = 100.0


def in_turn(look: Look, memory: Memory) -> list[AssetState]:
    """The governed chargers, who is served first before the others."""
    found = gather.chargers(look.site, look.terms)
    drawing = (_drawing(look, state, memory) for state in found.values())
    return [found[one.id] for one in sorted(drawing, key=lambda one: one.turn)]


def surplus_w(look: Look, memory: Memory, device_id: str) -> float | None:
    """What the sun leaves for one charger or heater; None where nobody knows."""
    chargers = gather.chargers(look.site, look.terms).values()
    drawing = [_drawing(look, state, memory) for state in chargers]
    # What a heat pump draws is the home's own; it is told of what is left beside.
    drawing += [
        Drawing(state.asset.device_id, look.terms.wired(state.asset.device_id).priority, 0.0)
        for state in look.site.of_kind(AssetKind.HVAC)
        if look.terms.heater(state.asset)
    ]
    found = surpluses(grid_w(look), _batteries(look), drawing, look.terms.rule)
    return found[device_id]


def home_now(look: Look, memory: Memory, device_id: str) -> HomeNow:
    """What there is of sun for one charger."""
    return HomeNow(
        surplus_w(look, memory, device_id),
        is_throttled=is_throttled(look, grid_w(look)),
        lent_w=lent_w(_batteries(look), look.terms.rule),
        is_settled=_is_settled(look, memory),
    )


def is_throttled(look: Look, grid_w: float | None) -> bool:
    """Whether an inverter is held back, so that there may be more sun than is seen."""
    for state in look.site.of_kind(AssetKind.INVERTER):
        reading = state.sample.reading if state.sample and state.is_reachable else None
        if isinstance(reading, InverterReading) and _is_held(reading, grid_w):
            return True
    return False


def _is_held(reading: InverterReading, grid_w: float | None) -> bool:
    """Where it makes nothing there is no sun, however little it may."""
    power_w, rated_w = reading.power_w, reading.rated_w or math.inf
    if power_w is None or power_w <= 0.0:
        return False
    limit_w, export_w = reading.limit_w, reading.export_limit_w
    if limit_w is not None and limit_w < rated_w:
        return power_w >= limit_w - min(_AT_LIMIT_W, limit_w / 2.0)
    if export_w is None or grid_w is None or export_w >= rated_w:
        return False
    return power_w >= _AT_LIMIT_W and -grid_w >= export_w - _AT_LIMIT_W


def is_heard(look: Look, state: AssetState) -> bool:
    """Whether what it said last still counts, however seldom it is read."""
    sample = state.sample if state.is_reachable else None
    return sample is not None and look.now_s - sample.at_monotonic <= _HEARD_S


def grid_w(look: Look) -> float | None:
    """What comes from the grid, by meters that can all be relied on."""
    return gather.grid_w(look.site, partial(is_heard, look), look.terms.withheld)


def _batteries(look: Look) -> list[BatteryNow | None]:
    """What each battery does; None of one that does not say."""
    return [_battery(look, state) for state in look.site.of_kind(AssetKind.BATTERY)]


def _battery(look: Look, state: AssetState) -> BatteryNow | None:
    reading = state.sample.reading if state.sample and is_heard(look, state) else None
    if not isinstance(reading, BatteryReading) or reading.power_w is None:
        return None
    return BatteryNow(reading.power_w, reading.soc_pct)


def _is_settled(look: Look, memory: Memory) -> bool:
    changes = (own.changed_at_s for own in memory.cars.values() if own.is_by_sun)
    changed_s = max(changes, default=-math.inf)
    if look.now_s - changed_s >= _LATEST_S:
        return True
    return all(at_s >= changed_s + _EFFECT_S for at_s in _read_s(look, memory))


def _read_s(look: Look, memory: Memory) -> Iterator[float]:
    chargers = gather.chargers(look.site, look.terms).items()
    by_sun = [s for id_, s in chargers if (own := memory.cars.get(id_)) and own.is_by_sun]
    for state in (*gather.grid_meters(look.site), *look.site.of_kind(AssetKind.BATTERY), *by_sun):
        if state.sample is not None and is_heard(look, state):
            yield state.sample.at_monotonic


def _drawing(look: Look, state: AssetState, memory: Memory) -> Drawing:
    device_id = state.asset.device_id
    term, own = look.terms.wired(device_id), memory.cars.get(device_id)
    is_asked = bool(look.wants.get(state.asset.id, Wants()).charging)
    is_by_sun = own is not None and own.is_by_sun and not is_asked
    if own is None or term.charging is None or not is_by_sun:
        return Drawing(device_id, term.priority, drawn_w(look, state), firm_w=math.inf)
    used = car_now(state, AtCharger()).used_phases or own.phases or 1
    least_w = term.charging.watts(used, term.charging.min_a)
    return Drawing(
        device_id,
        term.priority,
        drawn_w(look, state),
        _promised_w(term.charging, own, used, look.now_s),
        firm_w=least_w if is_always(term.charging, own) else 0.0,
        least_w=least_w,
        is_on=own.is_on,
    )


def _promised_w(settings: ChargeSettings, own: EvMemory, used: int, now_s: float) -> float:
    since_s = now_s if own.spare_since_s is None else own.spare_since_s
    if not own.is_on or now_s - since_s > _PROMISED_S:
        return 0.0
    return settings.watts(used, max(own.current_a, settings.min_a))


def drawn_w(look: Look, state: AssetState) -> float:
    """What a charger draws; where it does not measure it, what it allows."""
    reading = state.sample.reading if state.sample and is_heard(look, state) else None
    if not isinstance(reading, ChargerReading):
        return 0.0
    if reading.power_w is not None or not reading.is_charging:
        return reading.power_w or 0.0
    return NOMINAL_V * (reading.max_current_a or 0.0) * (reading.phases or 3)
