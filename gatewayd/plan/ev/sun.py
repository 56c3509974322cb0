"""Charging from the sun: starting, following and stopping, each after its delay."""

import math

from gatewayd.model.decision import Grounds, Input
from gatewayd.plan.arbiter.claims import Setpoint
from gatewayd.plan.ev import hidden, phases
from gatewayd.plan.ev.words import AlwaysCharge, Ask, CarNow, ChargeSettings, EvMemory, HomeNow


def decide(
    settings: ChargeSettings, car: CarNow, home: HomeNow, memory: EvMemory, now_s: float
) -> Ask:
    """What the sun allows now."""
    surplus_w = hidden.surplus_w(settings, car, home, memory, now_s)
    used = _used_phases(settings, car, memory)
    # A car that does not use the phases it has gains nothing by fewer.
    if surplus_w is not None and home.is_settled and used >= (memory.phases or 0):
        phases.consider(settings, memory, surplus_w, now_s)
    if phases.is_switching(memory, settings, now_s):
        return _ask(0.0, memory, "switching phases", surplus_w)
    if surplus_w is None:
        return _without_measure(settings, memory, now_s)
    if not memory.is_on:
        return _wait(settings, home, memory, surplus_w, used, now_s)
    if memory.current_a == 0:
        return _start(settings, memory, surplus_w, now_s, "following the sun")
    return _go_on(settings, car, home, memory, surplus_w, used, now_s)


def is_always(settings: ChargeSettings, memory: EvMemory) -> bool:
    """Whether the least is charged without sun."""
    match settings.always_charge:
        case AlwaysCharge.ON:
            return True
        case AlwaysCharge.ONCE:
            return not memory.always_once_over
    return False


def _wait(
    settings: ChargeSettings,
    home: HomeNow,
    memory: EvMemory,
    surplus_w: float,
    used: int,
    now_s: float,
) -> Ask:
    if is_always(settings, memory):
        return _start(settings, memory, surplus_w, now_s, "the least is always charged")
    is_enough = surplus_w >= settings.begins_w(used)
    if not is_enough or not home.is_settled:
        memory.start_since_s = None
        return _ask(0.0, memory, f"the sun leaves {max(0.0, surplus_w):.0f} W", surplus_w)
    memory.start_since_s = now_s if memory.start_since_s is None else memory.start_since_s
    left_s = settings.delays.start_s - (now_s - memory.start_since_s)
    if left_s > 0:
        return _ask(0.0, memory, "the sun suffices, if it lasts", surplus_w)
    return _start(settings, memory, surplus_w, now_s, "the sun suffices")


def _start(
    settings: ChargeSettings, memory: EvMemory, surplus_w: float, now_s: float, reason: str
) -> Ask:
    memory.is_on, memory.start_since_s, memory.stop_since_s = True, None, None
    memory.current_a, memory.changed_at_s = settings.min_a, now_s
    return _ask(settings.min_a, memory, reason, surplus_w)


def _go_on(
    settings: ChargeSettings,
    car: CarNow,
    home: HomeNow,
    memory: EvMemory,
    surplus_w: float,
    used: int,
    now_s: float,
) -> Ask:
    if not home.is_settled:
        return _ask(memory.current_a, memory, "following the sun", surplus_w)
    least_w = settings.watts(used, settings.min_a)
    is_too_little = surplus_w + home.lent_w < least_w - settings.delays.stop_at_grid_w
    if not is_too_little or is_always(settings, memory):
        memory.stop_since_s = None
    elif memory.stop_since_s is None:
        memory.stop_since_s = now_s
    elif now_s - memory.stop_since_s >= settings.delays.stop_s:
        memory.is_on, memory.stop_since_s, memory.changed_at_s = False, None, now_s
        return _ask(0.0, memory, "the sun no longer suffices", surplus_w)
    # What a car takes that wants nothing is known once it wants something.
    is_idle = car.power_w is not None and car.power_w < least_w / 2
    affordable_a = 0.0 if is_idle else surplus_w / settings.watts(used, 1.0)
    _follow(settings, memory, affordable_a, now_s)
    reason = "following the sun" if not is_too_little else "the least, until the sun comes back"
    return _ask(memory.current_a, memory, reason, surplus_w)


def _follow(settings: ChargeSettings, memory: EvMemory, affordable_a: float, now_s: float) -> None:
    """Whole amperes, and not more often than cars like it."""
    wanted_a = min(settings.max_a, max(settings.min_a, float(math.floor(affordable_a + 1e-6))))
    is_due = now_s - memory.changed_at_s >= settings.delays.change_s
    if wanted_a != memory.current_a and is_due:
        memory.current_a, memory.changed_at_s = wanted_a, now_s


def _without_measure(settings: ChargeSettings, memory: EvMemory, now_s: float) -> Ask:
    """Unknown is no sun: a running charge goes down to the least, and ends after its delay."""
    if memory.is_on and not is_always(settings, memory):
        memory.stop_since_s = now_s if memory.stop_since_s is None else memory.stop_since_s
        if now_s - memory.stop_since_s >= settings.delays.stop_s:
            memory.is_on = False
    memory.current_a = settings.min_a if memory.is_on or is_always(settings, memory) else 0.0
    memory.is_on = memory.current_a > 0
    return _ask(memory.current_a, memory, "nobody knows what the sun leaves", None)


def _used_phases(settings: ChargeSettings, car: CarNow, memory: EvMemory) -> int:
    """Those the car draws on, once it draws; else those it may."""
    may = memory.phases or settings.phases[-1]
    return car.used_phases if memory.is_on and car.used_phases else may


def _ask(current_a: float, memory: EvMemory, reason: str, surplus_w: float | None) -> Ask:
    memory.is_by_sun = True
    if current_a == 0:
        memory.current_a = 0.0
    inputs = (Input("surplus_w", surplus_w),)
    return Ask(Setpoint(current_a, memory.phases), Grounds(reason, inputs))
