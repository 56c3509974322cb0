"""When to charge on one phase and when on three, and how to get from one to the other.

The car is stopped, then the contactor switches, then the car may go on; never twice within what
chargers forbid (KEBA: 300 s), and only so often a session.
"""

from gatewayd.plan.ev.words import CarNow, ChargeSettings, EvMemory


def begin(settings: ChargeSettings, car: CarNow, memory: EvMemory) -> None:
    """What the charger is at, as far as is known."""
    if car.phases in settings.phases:
        memory.phases = car.phases
    if memory.phases is None:
        memory.phases = settings.phases[-1]


def is_switching(memory: EvMemory, settings: ChargeSettings, now_s: float) -> bool:
    """Whether the car has to wait for a switch; afterwards the switch is done."""
    if memory.switching_to is None:
        return False
    waited_s = now_s - memory.switched_at_s
    if waited_s >= settings.delays.phase_pause_s:
        memory.phases = memory.switching_to
    if waited_s < 2 * settings.delays.phase_pause_s:
        return True
    memory.switching_to = None
    return False


def consider(settings: ChargeSettings, memory: EvMemory, power_w: float, now_s: float) -> None:
    """Begin a switch where the power has called for it long enough."""
    target = _target(settings, memory, power_w)
    if target == memory.phases:
        memory.phases_since_s = None
        return
    if memory.phases_since_s is None:
        memory.phases_since_s = now_s
    delays = settings.delays
    wait_s = delays.start_s if target == 3 else delays.stop_s
    if memory.is_on and now_s - memory.phases_since_s < wait_s:
        return
    if now_s - memory.switched_at_s < delays.phase_switch_s:
        return
    # The last switch of a budget is kept for going down: on three phases the sun may not suffice.
    if memory.switches >= delays.phase_switches - (target == 3):
        return
    memory.switching_to, memory.switched_at_s = target, now_s
    memory.switches += 1
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
