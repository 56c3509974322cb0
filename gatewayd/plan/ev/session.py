"""What is known of a session beyond what charger and car tell of it."""

from dataclasses import dataclass, replace

from gatewayd.plan.ev.ready import CAPACITY_WH, EFFICIENCY
from gatewayd.plan.ev.words import CarNow

# A level is taken for old once the car should have told of so much more.
_LAG_PCT = 3.0
# That a car is full it tells itself.
_MOST_PCT = 99.0
# Of a longer silence nobody knows what was drawn in it.
_GAP_S = 60.0


@dataclass(slots=True)
class SessionMemory:
    """Of one charger's session. `drawn_wh` is what its power came to, look by look.

    `from_wh` is what the charger's counter said when it began; `soc_at_wh` is what the session had
    when the car's level became `soc_pct`.
    """

    drawn_wh: float = 0.0
    seen_s: float | None = None
    from_wh: float | None = None
    soc_pct: float | None = None
    soc_at_wh: float = 0.0


def known(car: CarNow, memory: SessionMemory, now_s: float) -> CarNow:
    """The car with the energy of its session and its level, as well as they are known.

    A session's own counter goes before the charger's counter, and that before its power. A level
    that the car does not renew grows with what is drawn.
    """
    if car.is_plugged is None:
        return car
    if not car.is_plugged:
        memory.drawn_wh, memory.seen_s, memory.from_wh, memory.soc_pct = 0.0, None, None, None
        return car
    session_wh = _session_wh(car, memory, now_s)
    return replace(car, session_wh=session_wh, soc_pct=_soc_pct(car, session_wh, memory))


def _session_wh(car: CarNow, memory: SessionMemory, now_s: float) -> float | None:
    gap_s = min(_GAP_S, now_s - (now_s if memory.seen_s is None else memory.seen_s))
    memory.drawn_wh += max(0.0, car.power_w or 0.0) * gap_s / 3600.0
    memory.seen_s = now_s
    if car.session_wh is not None:
        return car.session_wh
    if car.counter_wh is not None:
        if memory.from_wh is None or car.counter_wh < memory.from_wh:
            memory.from_wh = car.counter_wh - memory.drawn_wh
        return car.counter_wh - memory.from_wh
    return None if car.power_w is None and not memory.drawn_wh else memory.drawn_wh


def _soc_pct(car: CarNow, session_wh: float | None, memory: SessionMemory) -> float | None:
    told, drawn_wh = car.soc_pct, session_wh or 0.0
    if told is None:
        return None
    if told != memory.soc_pct or drawn_wh < memory.soc_at_wh:
        memory.soc_pct, memory.soc_at_wh = told, drawn_wh
    whole_wh = (car.capacity_wh or CAPACITY_WH) / EFFICIENCY
    gained = 100.0 * (drawn_wh - memory.soc_at_wh) / whole_wh
    return max(told, min(_MOST_PCT, told + gained)) if gained > _LAG_PCT else told
