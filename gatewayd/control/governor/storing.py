"""What the modes and rules of batteries want of them."""

from collections.abc import Iterator

from gatewayd.control.governor import gather
from gatewayd.control.governor.look import Look, Memory
from gatewayd.control.governor.terms import BatteryTerms
from gatewayd.model.reading import BatteryReading, ChargerReading
from gatewayd.model.site import AssetState
from gatewayd.plan.arbiter.claims import Claim, Rank
from gatewayd.plan.battery import modes
from gatewayd.plan.battery.modes import BatteryMemory, BatterySeen
from gatewayd.plan.ev.words import ChargeMode
from gatewayd.plan.lease import is_fresh


def claims(look: Look, state: AssetState, terms: BatteryTerms, memory: Memory) -> Iterator[Claim]:
    """What is claimed of one battery."""
    reading = state.sample.reading if state.sample else None
    is_heard = isinstance(reading, BatteryReading) and is_fresh(state.sample, look.now_s)
    soc_pct = reading.soc_pct if is_heard and isinstance(reading, BatteryReading) else None
    own = memory.batteries.setdefault(state.asset.device_id, BatteryMemory())
    seen = BatterySeen(soc_pct, _fast(look), look.price)
    ask = modes.decide(terms.settings, seen, state.asset.capabilities, own)
    if ask is not None:
        owner = f"mode {terms.settings.mode}"
        yield look.claim(state, Rank.PLAN, owner, ask.grounds, ask.command)
        # Rules of the home hold for whoever asks, but for the grid.
        why = ask.bounds_grounds
        if why is not None:
            yield look.claim(state, Rank.LOCAL_OFF, "battery rules", why, bounds=ask.bounds)


def _fast(look: Look) -> frozenset[str]:
    """The chargers that charge whatever the sun gives."""
    found = set()
    for device_id, state in gather.chargers(look.site, look.terms).items():
        charging = look.terms.wired(device_id).charging
        reading = state.sample.reading if state.sample else None
        is_solar = charging is not None and charging.mode is ChargeMode.SOLAR
        if not is_solar and isinstance(reading, ChargerReading) and reading.is_charging:
            found.add(device_id)
    return frozenset(found)
