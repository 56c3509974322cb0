"""What is known of cars and their sessions, kept over a restart."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType

from gatewayd.control.governor.look import Memory
from gatewayd.errors import StorageError
from gatewayd.plan.ev.ready import Goal, ReadyMemory
from gatewayd.plan.ev.session import SessionMemory
from gatewayd.plan.ev.words import EvMemory
from gatewayd.plan.smart.window import ChargingNeed
from gatewayd.state import meta
from gatewayd.state.db import Database
from gatewayd.state.exact import Exact

# Written when it has changed by so much, and not at each look.
_STEP_WH = 1000.0
_STEP_W = 100.0
_NOTHING = ChargingNeed(timedelta(0), 1.0)


@dataclass(frozen=True, slots=True)
class Session:
    """Of one charger; see the memories that it is of."""

    is_plugged: bool = False
    goal: Goal | None = None
    powers_w: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    phases: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    from_wh: float | None = None
    drawn_wh: float = 0.0


@dataclass(frozen=True, slots=True)
class Sessions:
    """By device."""

    by_device: Mapping[str, Session] = field(default_factory=lambda: MappingProxyType({}))


_EXACT = Exact((Sessions,))


async def recall(db: Database, memory: Memory) -> Sessions:
    """Go on from what was kept last; from nothing where that cannot be read."""
    text = await db.read(meta.sessions)
    try:
        found = _EXACT.value(text, "[]") if text else None
    except StorageError:
        found = None
    kept = found if isinstance(found, Sessions) else Sessions()
    for device_id, one in kept.by_device.items():
        _restore(device_id, one, memory)
    return kept


async def keep(db: Database, memory: Memory, before: Sessions) -> Sessions:
    """Keep what has changed since `before`. Raises StorageError."""
    now = Sessions({device_id: _session(device_id, memory) for device_id in memory.cars})
    if now != before:
        text, _ = _EXACT.texts(now)
        await db.write(lambda c: meta.keep_sessions(c, text))
    return now


def _restore(device_id: str, one: Session, memory: Memory) -> None:
    since_s = float("-inf") if one.is_plugged else None
    memory.cars[device_id] = EvMemory(plugged_at_s=since_s)
    memory.ready[device_id] = ReadyMemory(
        goal=one.goal, powers_w=dict(one.powers_w), phases=dict(one.phases)
    )
    memory.sessions[device_id] = SessionMemory(drawn_wh=one.drawn_wh, from_wh=one.from_wh)


def _session(device_id: str, memory: Memory) -> Session:
    ready = memory.ready.get(device_id, ReadyMemory())
    session = memory.sessions.get(device_id, SessionMemory())
    return Session(
        memory.cars[device_id].plugged_at_s is not None,
        replace(ready.goal, need=_NOTHING) if ready.goal else None,
        {car: power_w // _STEP_W * _STEP_W for car, power_w in ready.powers_w.items()},
        dict(ready.phases),
        session.from_wh,
        session.drawn_wh // _STEP_WH * _STEP_WH,
    )
