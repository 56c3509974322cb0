"""What everybody but the guard wants of each asset now: modes, rules, actions, the connection."""

from collections.abc import Iterator

from gatewayd.control.governor import charging, exporting, storing, surplus, warmth
from gatewayd.control.governor.look import Look, Memory
from gatewayd.control.governor.terms import HeatTerms
from gatewayd.control.governor.wants import Wants
from gatewayd.model.asset import AssetKind
from gatewayd.model.decision import Grounds, owner_in_words
from gatewayd.model.site import AssetState
from gatewayd.plan.arbiter.claims import Claim, Rank
from gatewayd.plan.heat.boost import BoostMemory, HeatSeen
from gatewayd.plan.heat.levels import is_apart


def claims(look: Look, memory: Memory) -> Iterator[Claim]:
    """All of them; of two that are equally strong the later is heard."""
    for state in surplus.in_turn(look, memory):
        yield from charging.claims(look, state, memory)
    for state in look.site.of_kind(AssetKind.BATTERY):
        terms = look.terms.battery(state.asset)
        if terms is not None:
            yield from storing.claims(look, state, terms, memory)
        yield from _asked(look, state)
    for state in look.site.of_kind(AssetKind.HVAC):
        heater = look.terms.heater(state.asset)
        if heater is not None:
            yield from _heater(look, state, heater, memory)
            yield from _asked(look, state)
    yield from exporting.claims(look, memory)


def _heater(look: Look, state: AssetState, terms: HeatTerms, memory: Memory) -> Iterator[Claim]:
    own = memory.heaters.setdefault(state.asset.device_id, BoostMemory())
    seen = HeatSeen(
        surplus.surplus_w(look, memory, state.asset.device_id),
        warmth.is_running(state),
        is_blocked=state.asset.id in look.off,
        is_limited=terms.is_blocked_by_operator and look.is_limited,
    )
    found = warmth.ask(state, terms, seen, own, look.now_s)
    if found is not None:
        command, ask = found
        rank, owner = (Rank.GRID, "grid") if ask.is_operators else (Rank.PLAN, "heating")
        yield look.claim(state, rank, owner, ask.grounds, command)


def _asked(look: Look, state: AssetState) -> Iterator[Claim]:
    """The modes and setpoints that people and programs have asked for."""
    for rank, (command, owner) in look.wants.get(state.asset.id, Wants()).modes.items():
        if not is_apart(command, state.asset):
            asked = Grounds(f"{owner_in_words(owner)} asked for it")
            yield look.claim(state, rank, owner, asked, command)
