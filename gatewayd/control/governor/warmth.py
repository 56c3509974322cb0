"""What is asked of a heat pump, from the picture."""

from gatewayd.control.governor.terms import HeatTerms
from gatewayd.model.command import Command
from gatewayd.model.reading import HvacReading, SgReady
from gatewayd.model.site import AssetState
from gatewayd.plan.heat import boost
from gatewayd.plan.heat.boost import BoostMemory, HeatAsk, HeatSeen
from gatewayd.plan.heat.levels import is_blocked, told


def ask(
    state: AssetState, terms: HeatTerms, seen: HeatSeen, memory: BoostMemory, now_s: float
) -> tuple[Command | None, HeatAsk] | None:
    """What to tell it, and why; None to leave it alone, and while it is silent.

    With no command it is told nothing, and why that is.
    """
    reading = state.sample.reading if state.sample and state.is_reachable else None
    if not isinstance(reading, HvacReading):
        return None
    found = boost.decide(terms.settings, terms.boost, seen, memory, now_s)
    if found is None or found.level is SgReady.NORMAL:
        # What blocks it is not what people want it to be.
        if not is_blocked(state.asset, reading):
            memory.heat_setpoint_c = reading.heat_setpoint_c
        return None if found is None else (None, found)
    wanted_c = None
    if terms.boost is not None and memory.heat_setpoint_c is not None:
        wanted_c = memory.heat_setpoint_c + terms.boost.raise_c
    command = told(found.level, state.asset, reading, wanted_c)
    return None if command is None else (command, found)


def is_running(state: AssetState) -> bool | None:
    """Whether its compressor runs, as far as it says."""
    reading = state.sample.reading if state.sample and state.is_reachable else None
    return reading.is_active if isinstance(reading, HvacReading) else None
