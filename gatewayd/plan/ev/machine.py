"""One look at one charger, by its mode."""

import math

from gatewayd.model.decision import Grounds, Input
from gatewayd.plan.arbiter.claims import Setpoint
from gatewayd.plan.ev import phases, sun
from gatewayd.plan.ev.words import Ask, CarNow, ChargeMode, ChargeSettings, EvMemory, HomeNow

# The modes that keep a plan.
PLANNED = (ChargeMode.PLAN, ChargeMode.SOLAR)

# For so long a charger may say nothing, or that it does not know.
_UNSURE_S = 120.0
_DRAWING_W = 500.0
# A car that draws less than this of what it is offered leaves something.
_TAKEN = 0.85


def decide(
    settings: ChargeSettings, car: CarNow, home: HomeNow, memory: EvMemory, now_s: float
) -> Ask:
    """What the charger is to do; `memory` is brought forward.

    No car comes first, then off, a car below its least, a plan that is due, a car that has what it
    may have, and then the mode.
    """
    _note_plug(settings, car, memory, now_s)
    if car.is_plugged is None and _was_there(memory, now_s):
        return _as_before(settings, home, memory)
    if car.is_plugged is not True:
        return _rest(memory, "no car is there" if car.is_plugged is False else "is a car there?")
    phases.begin(settings, car, memory)
    _note_taken(settings, car, memory, now_s)
    if settings.mode is ChargeMode.OFF:
        return _rest(memory, "charging is off")
    below = _below_least(settings, car)
    if below is not None:
        return _full(settings, home, memory, below, now_s)
    if settings.mode in PLANNED and home.wanted:
        return _full(settings, home, memory, home.grounds, now_s)
    enough = _enough(settings, car)
    if enough is not None:
        return _rest(memory, enough)
    return _by_mode(settings, car, home, memory, now_s)


def _by_mode(
    settings: ChargeSettings, car: CarNow, home: HomeNow, memory: EvMemory, now_s: float
) -> Ask:
    if settings.mode is ChargeMode.NOW:
        return _full(settings, home, memory, Grounds("charging now"), now_s)
    if settings.mode is ChargeMode.SCHEDULE:
        return Ask(None, Grounds("schedules ask for themselves"))
    is_plan = settings.mode is ChargeMode.PLAN
    if is_plan and home.wanted is None:
        return Ask(None, home.grounds)
    if _is_welcome(settings, memory, now_s):
        memory.current_a = settings.min_a
        return Ask(Setpoint(settings.min_a, memory.phases), Grounds("finding out which car it is"))
    if is_plan:
        return _rest(memory, home.grounds)
    return sun.decide(settings, car, home, memory, now_s)


def _full(
    settings: ChargeSettings, home: HomeNow, memory: EvMemory, grounds: Grounds, now_s: float
) -> Ask:
    most_w = min(settings.watts(settings.phases[-1], settings.max_a), home.left_w)
    memory.is_by_sun = False
    phases.consider(settings, memory, most_w, now_s, at_once=True)
    if phases.is_switching(memory, settings, now_s):
        memory.current_a = 0.0
        return Ask(Setpoint(0.0, memory.phases), Grounds("switching phases"))
    memory.is_on, memory.current_a = True, settings.max_a
    return Ask(Setpoint(settings.max_a, memory.phases), grounds)


def _rest(memory: EvMemory, grounds: Grounds | str) -> Ask:
    memory.is_on, memory.is_by_sun, memory.current_a = False, False, 0.0
    phases.cancel(memory)
    memory.start_since_s = memory.stop_since_s = None
    return Ask(Setpoint(0.0), Grounds(grounds) if isinstance(grounds, str) else grounds)


def _as_before(settings: ChargeSettings, home: HomeNow, memory: EvMemory) -> Ask:
    """Of a charger that says nothing for a moment nothing else is wanted."""
    unsure = Grounds("the charger does not say whether a car is there")
    is_free = settings.mode is ChargeMode.PLAN and home.wanted is None
    if is_free or settings.mode is ChargeMode.SCHEDULE:
        return Ask(None, unsure)
    current_a = 0.0 if settings.mode is ChargeMode.OFF else memory.current_a
    return Ask(Setpoint(current_a, memory.phases), unsure)


def _was_there(memory: EvMemory, now_s: float) -> bool:
    is_recent = memory.told_at_s is not None and now_s - memory.told_at_s < _UNSURE_S
    return is_recent and memory.plugged_at_s is not None


def _note_plug(settings: ChargeSettings, car: CarNow, memory: EvMemory, now_s: float) -> None:
    if car.is_plugged is True and memory.told_at_s is None:
        _find(settings, car, memory)
    if car.is_plugged is not None:
        memory.told_at_s = now_s
    if car.is_plugged is True and memory.plugged_at_s is None:
        memory.plugged_at_s = now_s
    elif car.is_plugged is False and memory.plugged_at_s is not None:
        memory.plugged_at_s, memory.switches = None, 0
        memory.always_once_over = True


def _note_taken(settings: ChargeSettings, car: CarNow, memory: EvMemory, now_s: float) -> None:
    used = car.used_phases or memory.phases or settings.phases[-1]
    offered_w = settings.watts(used, memory.current_a)
    if car.power_w is None or car.power_w >= _TAKEN * offered_w:
        memory.spare_since_s = None
    elif memory.spare_since_s is None:
        memory.spare_since_s = now_s


def _find(settings: ChargeSettings, car: CarNow, memory: EvMemory) -> None:
    """A car that was there before anybody looked: it is known, and goes on with what it draws."""
    memory.plugged_at_s = -math.inf
    drawn_w = car.power_w or 0.0
    if drawn_w >= _DRAWING_W:
        drawn_a = drawn_w / settings.watts(car.used_phases or settings.phases[-1], 1.0)
        least_a, most_a = settings.min_a, settings.max_a
        memory.is_on, memory.current_a = True, min(most_a, max(least_a, float(round(drawn_a))))


def _is_welcome(settings: ChargeSettings, memory: EvMemory, now_s: float) -> bool:
    since_s = memory.plugged_at_s
    return since_s is not None and now_s - since_s < settings.welcome_s


def _below_least(settings: ChargeSettings, car: CarNow) -> Grounds | None:
    least, soc = settings.min_soc_pct, car.soc_pct
    if least is None or soc is None or soc >= least:
        return None
    return Grounds(f"the car is below its least of {least:g} %", (Input("soc_pct", soc),))


def _enough(settings: ChargeSettings, car: CarNow) -> str | None:
    most, soc = settings.limit_soc_pct, car.soc_pct
    if most is not None and soc is not None and soc >= most:
        return f"the car has its {most:g} %"
    most_wh, wh = settings.limit_energy_wh, car.session_wh
    if most_wh is not None and wh is not None and wh >= most_wh:
        return f"the session has its {most_wh / 1000:g} kWh"
    return None
