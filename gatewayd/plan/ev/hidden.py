"""The sun that an inverter which is held back could give: found by trying, step by step."""

from gatewayd.plan.ev.words import CarNow, ChargeSettings, EvMemory, HomeNow

# So long a step is looked at: inverters follow slowly.
_STEP_S = 20.0
# What fails this soon after a start is the start.
_BEGUN_S = 90.0
# What more than this of a car's power comes from the grid or a battery, the sun does not give.
_SHORT_W = 100.0
# So long nothing more is tried; a start that fails costs most, so twice as long each time.
_REST_S = 600.0
_REST_LONGEST_S = 3600.0
# A car that takes less than this of what it is offered does not want more.
_TAKEN = 0.85


def surplus_w(
    settings: ChargeSettings, car: CarNow, home: HomeNow, memory: EvMemory, now_s: float
) -> float | None:
    """The surplus, with what is tried. A little lag of the inverter takes nothing from a car."""
    seen_w = home.surplus_w
    if seen_w is None:
        memory.probed_w = 0.0
        return None
    since_s = max(memory.probe_at_s, memory.changed_at_s)
    is_looking = now_s - since_s < _STEP_S or not home.is_settled
    is_short = seen_w < (car.power_w or 0.0) - _SHORT_W
    if memory.switching_to is None and not is_looking:
        if is_short and memory.probed_w and memory.is_on:
            _fail(settings, memory, now_s)
        memory.probed_w = 0.0
        if home.is_throttled and not is_short:
            memory.probed_w = _tried_w(settings, car, memory)
            memory.probe_at_s = now_s if memory.is_on else memory.probe_at_s
    tried_w = memory.probed_w
    if home.is_throttled and not is_short:
        tried_w = max(tried_w, settings.watts(_used(settings, car, memory), memory.current_a))
    return max(seen_w, tried_w) if tried_w else seen_w


def _tried_w(settings: ChargeSettings, car: CarNow, memory: EvMemory) -> float:
    """The least to begin with, then an ampere more, and in the end three phases."""
    if not memory.is_on:
        return settings.watts(settings.phases[0], settings.min_a)
    used = _used(settings, car, memory)
    if (car.power_w or 0.0) < _TAKEN * settings.watts(used, memory.current_a):
        return 0.0
    if memory.current_a > settings.min_a:
        memory.probe_rest_s = 0.0
    widest_w = settings.watts(settings.phases[-1], settings.min_a)
    step_w = settings.watts(used, min(settings.max_a, memory.current_a + 1.0))
    return max(step_w, widest_w) if memory.current_a >= settings.max_a else step_w


def _used(settings: ChargeSettings, car: CarNow, memory: EvMemory) -> int:
    return car.used_phases or memory.phases or settings.phases[-1]


def _fail(settings: ChargeSettings, memory: EvMemory, now_s: float) -> None:
    rest_s = _REST_S
    is_begun = now_s - memory.changed_at_s <= _BEGUN_S
    if is_begun and memory.current_a <= settings.min_a:
        # It was begun on trial, and is not kept going for what it costs.
        rest_s = min(_REST_LONGEST_S, max(_REST_S, 2.0 * memory.probe_rest_s))
        memory.probe_rest_s, memory.is_on, memory.changed_at_s = rest_s, False, now_s
    memory.probe_at_s = now_s + rest_s
