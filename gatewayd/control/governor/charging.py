"""What is wanted of chargers but for the guard: modes, plans, actions, or nothing at all."""

from collections.abc import Iterator
from dataclasses import replace

from gatewayd.control.governor import cars, planning, surplus
from gatewayd.control.governor.look import Look, Memory
from gatewayd.control.governor.planning import IDLE_A
from gatewayd.control.governor.terms import ChargerTerms
from gatewayd.control.governor.wants import Wants
from gatewayd.model.asset import Capability
from gatewayd.model.command import SetMaxCurrent
from gatewayd.model.decision import Grounds, owner_in_words
from gatewayd.model.reading import ChargerReading, PowerDelivery
from gatewayd.model.site import AssetState
from gatewayd.plan.arbiter.claims import Bounds, Claim, Rank, Setpoint, Wish
from gatewayd.plan.ev import machine
from gatewayd.plan.ev.session import SessionMemory, known
from gatewayd.plan.ev.words import ChargeMode, ChargeSettings, EvMemory

# Where others are guarded and a charger is on no circuit, nobody knows what it would do to a fuse.
_UNGUARDED = Grounds("it is on no circuit", binding="no circuit")
_AS_IT_LIKES = Grounds("it does as it likes")
_IDLE = Grounds(f"while nobody charges it is left at {IDLE_A:g} A, which a start does no harm with")


def claims(look: Look, state: AssetState, memory: Memory) -> Iterator[Claim]:
    """What is claimed of one charger, after those that come before it have been asked."""
    if state.sample is None:
        # What it does before anybody has heard of it is not changed.
        return
    device_id = state.asset.device_id
    term = look.terms.wired(device_id)
    found = look.wants.get(state.asset.id, Wants())
    alone = _left_alone(look, state, memory, found)
    is_idle = isinstance(alone, SetMaxCurrent) and alone.current_a <= IDLE_A
    yield look.claim(state, Rank.DEFAULT, "default", _IDLE if is_idle else _AS_IT_LIKES, alone)
    if look.terms.circuits and not look.terms.is_placed(device_id):
        yield look.claim(state, Rank.SAFETY, "guard", _UNGUARDED, bounds=Bounds(most=IDLE_A))
    if term.charging is not None:
        settings = _as_wanted(term.charging, found)
        yield from _by_mode(look, state, settings, memory)
    most_a = _most_a(term, state, look, found)
    for rank, (is_start, owner) in found.charging.items():
        wish = Setpoint(most_a if is_start else 0.0)
        grounds = Grounds(f"{owner_in_words(owner)} asked to {'start' if is_start else 'stop'}")
        yield look.claim(state, rank, owner, grounds, wish)


def _by_mode(
    look: Look, state: AssetState, settings: ChargeSettings, memory: Memory
) -> Iterator[Claim]:
    at = cars.at_charger(state, look.site, look.terms.cars)
    memory.parked[state.asset.device_id] = at.terms.id if at.terms else None
    settings = at.terms.of(settings) if at.terms else settings
    session = memory.sessions.setdefault(state.asset.device_id, SessionMemory())
    settings = switchable(settings, state)
    car = known(cars.car_now(state, at), session, look.now_s)
    own = memory.cars.setdefault(state.asset.device_id, EvMemory())
    left_w = planning.left_w(look, state, memory)
    home = replace(surplus.home_now(look, memory, state.asset.device_id), left_w=left_w)
    plan = planning.planned(look, state, settings, car, left_w, memory)
    if plan is not None:
        home = replace(home, wanted=plan.is_due, grounds=plan.grounds)
    ask = machine.decide(settings, car, home, own, look.now_s)
    if ask.setpoint is not None:
        # Who is on the spot and says off means it, whoever else asks.
        is_off = settings.mode is ChargeMode.OFF and ask.setpoint.current_a == 0
        rank = Rank.LOCAL_OFF if is_off else Rank.PLAN
        yield look.claim(state, rank, f"mode {settings.mode}", ask.grounds, ask.setpoint)


def switchable(settings: ChargeSettings, state: AssetState) -> ChargeSettings:
    """Without a choice of phases where the charger cannot be told, or does not say what it is at.

    Then it is what it says, else the most, which needs the most sun.
    """
    reading = state.sample.reading if state.sample else None
    told = reading.phases if isinstance(reading, ChargerReading) else None
    can = Capability.SET_PHASES in state.asset.capabilities
    if len(settings.phases) == 1 or (can and told is not None):
        return settings
    return replace(settings, phases=(told,) if told in settings.phases else settings.phases[-1:])


def _left_alone(look: Look, state: AssetState, memory: Memory, found: Wants) -> Wish:
    """Nothing is started that was not charging before it was told to stop."""
    asset_id = state.asset.id
    term = look.terms.wired(state.asset.device_id)
    reading = state.sample.reading if state.sample and state.is_reachable else None
    if isinstance(reading, ChargerReading):
        if reading.power_delivery is PowerDelivery.UNPLUGGED:
            memory.is_on[asset_id] = False
        elif reading.power_delivery is not PowerDelivery.STOPPED:
            memory.is_on[asset_id] = True
        elif asset_id not in look.off:
            memory.is_on[asset_id] = False
    most_a = _most_a(term, state, look, found)
    if memory.is_on.get(asset_id, False):
        return Setpoint(most_a)
    return SetMaxCurrent(min(most_a, IDLE_A) if term.circuit else most_a)


def _most_a(term: ChargerTerms, state: AssetState, look: Look, found: Wants) -> float:
    """What a charger is given that is on: what was asked for, else its mode's, else as it was."""
    plate_a = term.plate_a(state.asset)
    if found.current_a is not None:
        return min(plate_a, found.current_a)
    if term.charging is not None:
        return min(plate_a, term.charging.max_a)
    return min(plate_a, look.limits_a.get(state.asset.id, plate_a))


def _as_wanted(settings: ChargeSettings, found: Wants) -> ChargeSettings:
    if found.current_a is None:
        return settings
    return replace(settings, max_a=found.current_a, min_a=min(settings.min_a, found.current_a))
