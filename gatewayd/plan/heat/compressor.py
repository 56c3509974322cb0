"""When a heat pump may change: least times on and off, starts an hour, the four SG-Ready levels.

Frost and legionella protection stay with the device: only a blocking level or a lower setpoint is
ever asked of it, never off. Times are monotonic seconds.
"""

from collections import deque
from dataclasses import dataclass, field

from gatewayd.model.reading import SgReady

_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class HeatSettings:
    """What the compressor bears. SG-Ready blocks for two hours at most, so says its rule."""

    least_on_s: float = 900.0
    least_off_s: float = 900.0
    starts_per_hour: int = 3
    longest_blocked_s: float = 7200.0
    least_level_s: float = 600.0


@dataclass(slots=True)
class HeatMemory:
    """What the compressor did of late, and the level it was told."""

    is_on: bool | None = None
    changed_at_s: float = float("-inf")
    starts: deque[float] = field(default_factory=deque)
    level: SgReady = SgReady.NORMAL
    level_since_s: float = float("-inf")
    blocked_until_rested_s: float = float("-inf")


def note(memory: HeatMemory, now_s: float, *, is_on: bool | None) -> None:
    """What the device reports of its compressor; None leaves it as it was."""
    if is_on is not None and is_on != memory.is_on:
        if is_on and memory.is_on is not None:
            memory.starts.append(now_s)
        memory.is_on, memory.changed_at_s = is_on, now_s
    while memory.starts and memory.starts[0] <= now_s - _HOUR_S:
        memory.starts.popleft()


def note_blocked(memory: HeatMemory, now_s: float) -> None:
    """It was blocked by somebody who does not ask what it bears."""
    if memory.level is not SgReady.BLOCKED:
        memory.level, memory.level_since_s = SgReady.BLOCKED, now_s


def level(
    settings: HeatSettings, wanted: SgReady, memory: HeatMemory, now_s: float
) -> tuple[SgReady, str | None]:
    """The level to tell now, and why it is not the wanted one."""
    reason = _refusal(settings, wanted, memory, now_s)
    given = memory.level if reason else wanted
    if given is SgReady.BLOCKED and _is_blocked_too_long(settings, memory, now_s):
        given, reason = SgReady.NORMAL, "it was blocked for as long as it may be"
        memory.blocked_until_rested_s = now_s + settings.least_on_s
    if given is not memory.level:
        memory.level, memory.level_since_s = given, now_s
    return given, reason


def _refusal(
    settings: HeatSettings, wanted: SgReady, memory: HeatMemory, now_s: float
) -> str | None:
    if wanted is memory.level:
        return None
    if wanted is SgReady.BLOCKED and now_s < memory.blocked_until_rested_s:
        return "it was blocked just now"
    if now_s - memory.level_since_s < settings.least_level_s:
        return "it was changed just now"
    since_s = now_s - memory.changed_at_s
    if wanted < SgReady.NORMAL and memory.is_on and since_s < settings.least_on_s:
        return "the compressor has only just started"
    if wanted > SgReady.NORMAL and memory.is_on is False:
        if since_s < settings.least_off_s:
            return "the compressor has only just stopped"
        if len(memory.starts) >= settings.starts_per_hour:
            return "the compressor has started often enough this hour"
    return None


def _is_blocked_too_long(settings: HeatSettings, memory: HeatMemory, now_s: float) -> bool:
    is_blocked = memory.level is SgReady.BLOCKED
    return is_blocked and now_s - memory.level_since_s >= settings.longest_blocked_s
