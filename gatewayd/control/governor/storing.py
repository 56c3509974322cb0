"""What the modes and rules of batteries want of them."""

import math
from collections.abc import Iterator

from gatewayd.control.governor import surplus
from gatewayd.control.governor.look import Look, Memory
from gatewayd.control.governor.terms import BatteryTerms
from gatewayd.control.governor.wants import Wants
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import SetOperationMode, required
from gatewayd.model.decision import Grounds
from gatewayd.model.reading import BatteryReading, ChargerReading, OperationMode
from gatewayd.model.site import AssetState
from gatewayd.plan.arbiter.claims import Claim, Rank
from gatewayd.plan.battery import modes
from gatewayd.plan.battery.modes import BatteryMemory, BatterySeen
from gatewayd.plan.ev.sun import is_always
from gatewayd.plan.ev.words import ChargeMode
from gatewayd.plan.guard import storage

# After the sun did not suffice.
_LASTS_S = 300.0
_LIMITED = Grounds("the grid operator limits what is taken")


def claims(look: Look, state: AssetState, terms: BatteryTerms, memory: Memory) -> Iterator[Claim]:
    """What is claimed of one battery, after the chargers have been asked."""
    own = memory.batteries.setdefault(state.asset.device_id, BatteryMemory())
    seen = _seen(look, state, memory, own.fast_at_s)
    ask = modes.decide(terms.settings, seen, state.asset.capabilities, own)
    owner = f"mode {terms.settings.mode}"
    if ask.command is not None:
        yield look.claim(state, Rank.PLAN, owner, ask.grounds, ask.command)
    yield from _limited(look, state)
    # Rules of the home hold for whoever asks, but for the grid.
    why = ask.bounds_grounds
    if why is not None:
        yield look.claim(state, Rank.LOCAL_OFF, "battery rules", why, bounds=ask.bounds)


def _limited(look: Look, state: AssetState) -> Iterator[Claim]:
    """One that the guard cannot lower is left to itself while the grid operator limits the home."""
    alone = SetOperationMode(OperationMode.SELF_RELIANCE)
    can = state.asset.capabilities
    if look.is_limited and storage.pause(None, can) is None and required(alone) in can:
        yield look.claim(state, Rank.GRID, "grid", _LIMITED, alone)


def _seen(
    look: Look, state: AssetState, memory: Memory, fast_at_s: dict[str, float]
) -> BatterySeen:
    reading = state.sample.reading if state.sample and surplus.is_heard(look, state) else None
    fast = frozenset(
        one.asset.device_id
        for one in look.site.of_kind(AssetKind.CHARGER)
        if _is_fast(look, one, memory, fast_at_s)
    )
    if not isinstance(reading, BatteryReading):
        return BatterySeen(fast_chargers=fast, price=look.price)
    grid_w, power_w = surplus.grid_w(look), reading.power_w
    spare_w = power_w - grid_w if power_w is not None and grid_w is not None else 0.0
    return BatterySeen(reading.soc_pct, fast, look.price, spare_w)


def _is_fast(look: Look, state: AssetState, memory: Memory, fast_at_s: dict[str, float]) -> bool:
    """Whether it charges whatever the sun gives: one that is not told to follow it may."""
    reading = state.sample.reading if state.sample else None
    if not isinstance(reading, ChargerReading) or not reading.is_charging:
        return False
    device_id = state.asset.device_id
    term, own = look.terms.charger(state.asset), memory.cars.get(device_id)
    if term is None or term.charging is None or not look.terms.writes(state.asset):
        return True
    is_asked = bool(look.wants.get(state.asset.id, Wants()).charging)
    if term.charging.mode is not ChargeMode.SOLAR or own is None or is_asked or not own.is_by_sun:
        return True
    if not is_always(term.charging, own):
        return False
    left_w = surplus.surplus_w(look, memory, device_id)
    if left_w is None or left_w < (reading.power_w or 0.0):
        fast_at_s[device_id] = look.now_s
    # The sun has to suffice for a while: no battery is told anew with each cloud.
    return look.now_s - fast_at_s.get(device_id, -math.inf) < _LASTS_S
