"""When to charge on one phase and when on three, and how to get from one to the other.

The car is stopped, then the contactor switches, then the car may go on; never twice within what
chargers forbid (KEBA: 300 s), and only so often a session.
"""

from gatewayd.plan.ev.words import CarNow, ChargeSettings, EvMemory

# For so long a charger may take to say that it has switched; it is read once a minute at worst.
_READ_BACK_S = 180.0
# One that did not is not asked again for so long.
_FAILED_S = 1800.0


def begin(settings: ChargeSettings, car: CarNow, memory: EvMemory) -> None:
    """What the charger is at, as far as is known; what it is being switched to stands."""
    if car.phases is not None:
        memory.read_phases = car.phases
    if memory.switching_to is None and memory.read_phases in settings.phases:
        memory.phases = memory.read_phases
    if memory.phases not in settings.phases:
        memory.phases = settings.phases[-1]


def is_switching(memory: EvMemory, settings: ChargeSettings, now_s: float) -> bool:
    """Whether the car has to wait for a switch: before it is told, until it is seen, and after."""
    if memory.switching_to is None:
        return False
    pause_s, waited_s = settings.delays.phase_pause_s, now_s - memory.switched_at_s
    if waited_s < pause_s:
        return True
    memory.phases = memory.switching_to
    if memory.read_phases != memory.phases:
        if waited_s < pause_s + _READ_BACK_S:
            return True
        memory.phases, memory.switched_at_s = memory.read_phases, now_s + _FAILED_S
    else:
        memory.phases_since_s = now_s if memory.phases_since_s is None else memory.phases_since_s
        if now_s - memory.phases_since_s < pause_s:
            return True
    memory.switching_to = memory.phases_since_s = None
    return False


def cancel(memory: EvMemory) -> None:
    """No switch is waited for any more."""
    memory.switching_to = memory.phases_since_s = None


def consider(
    settings: ChargeSettings,
    memory: EvMemory,
    power_w: float,
    now_s: float,
    *,
    at_once: bool = False,
) -> None:
    """Begin a switch where the power has called for it long enough.

    A car at rest has to be able to begin with it. How often phases may switch is for the sun: what
    is wanted `at_once` neither waits nor counts.
    """
    if memory.switching_to is not None:
        return
    target, delays = _target(settings, memory, power_w), settings.delays
    is_vain = not memory.is_on and power_w < settings.begins_w(target)
    if target == memory.phases or is_vain:
        memory.phases_since_s = None
        return
    if memory.phases_since_s is None:
        memory.phases_since_s = now_s
    wait_s = delays.stop_s if memory.is_on and target == 1 else delays.start_s
    is_early = now_s - memory.phases_since_s < (0.0 if at_once and target == 3 else wait_s)
    # So that a cloudy morning does not use up the switches of a day.
    longer = 1 if at_once or target == 1 else 1 + memory.switches
    if is_early or now_s - memory.switched_at_s < delays.phase_switch_s * longer:
        return
    # The last switch of a budget is kept for going down: on three phases the sun may not suffice.
    if not at_once and memory.switches >= delays.phase_switches - (target == 3):
        return
    memory.switching_to, memory.switched_at_s = target, now_s
    memory.switches += not at_once
    memory.phases_since_s = None


def _target(settings: ChargeSettings, memory: EvMemory, power_w: float) -> int:
    phases = memory.phases or settings.phases[-1]
    if len(settings.phases) == 1:
        return settings.phases[0]
    three_w = settings.watts(3, settings.min_a)
    if phases == 3:
        return 1 if power_w < three_w else 3
    # Between the most on one phase and the least on three, one phase is what there is.
    return 3 if power_w >= max(three_w, settings.watts(1, settings.max_a)) else 1
