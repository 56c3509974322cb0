"""What each inverter may produce so that no more than the cap is fed in.

It is for those that cannot be told a limit of export. Powers are at their AC side, which is what a
limit acts on: a hybrid's with its battery, below 0 while that charges from elsewhere. Limits go
down at once and up by what was lost meanwhile: much of it is given back at once, a little after a
while, so that a kettle does not wear out a register.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# As a part of what it is made for: how much a look raises an inverter at most; how much one that
# has less sun than it may use can brighten up before the next; what is no difference.
_RAISE, _BRIGHTENS, _BAND = 0.1, 0.02, 0.01
_STEP_W, _BAND_LEAST_W, _HELD_W = 50.0, 50.0, 50.0
# The band may be lost for so long.
_PATIENCE_S = 30.0
# A reading that is older than the last change says nothing of it, but is not waited for longer.
_WAIT_S = 15.0


@dataclass(frozen=True, slots=True)
class Producer:
    """An inverter: its AC power, None while it does not say, and what it may produce at most.

    `limit_w` is what it reports to be limited to.
    """

    id: str
    power_w: float | None
    most_w: float
    limit_w: float | None = None


@dataclass(frozen=True, slots=True)
class GridSeen:
    """What comes from the grid, None for unknown, and what may be fed in.

    `at_s` is when the oldest was read of all that is known here and of producers (monotonic).
    """

    grid_w: float | None
    cap_w: float
    at_s: float


@dataclass(slots=True)
class CurtailMemory:
    """What each was told, when that was changed; and since then what was lost and the least room.

    `lost_ws` is in watt-seconds.
    """

    limits_w: dict[str, float] = field(default_factory=dict)
    told_at_s: float = -math.inf
    looked_at_s: float = -math.inf
    lost_ws: float = 0.0
    least_w: float = math.inf


@dataclass(frozen=True, slots=True)
class _Held:
    """A producer whose power is known, with what it was told."""

    id: str
    power_w: float
    most_w: float
    told_w: float

    @property
    def is_at_limit(self) -> bool:
        """Whether it could give more."""
        near_w = max(_HELD_W, _BRIGHTENS * self.most_w)
        return self.told_w < self.most_w and self.power_w >= self.told_w - near_w

    @property
    def needs_w(self) -> float:
        """With which it loses nothing before the next look."""
        if self.is_at_limit:
            return min(self.power_w, self.told_w)
        return min(self.told_w, self.power_w + _BRIGHTENS * self.most_w)


def production_limits(
    seen: GridSeen, producers: Sequence[Producer], memory: CurtailMemory, now_s: float
) -> dict[str, float]:
    """By id, in watt; `memory` is brought forward.

    While nobody knows what the home takes, the cap alone is shared, which is safe whatever it
    takes. Who does not say what it gives stays at what it was told.
    """
    before = {one.id: _told_w(one, memory) for one in producers}
    limits_w = dict(before)
    if seen.grid_w is None:
        limits_w = _by_size(seen.cap_w, producers)
    elif seen.at_s > memory.told_at_s or now_s - memory.told_at_s > _WAIT_S:
        held = [
            _Held(one.id, max(0.0, one.power_w), one.most_w, before[one.id])
            for one in producers
            if one.power_w is not None
        ]
        given_w = sum(one.power_w for one in producers if one.power_w is not None)
        limits_w |= _settled(max(0.0, given_w + seen.grid_w + seen.cap_w), held, memory, now_s)
    if limits_w != before or not memory.limits_w.keys() >= limits_w.keys():
        memory.told_at_s = now_s
        memory.lost_ws, memory.least_w = 0.0, math.inf
    memory.limits_w, memory.looked_at_s = limits_w, now_s
    return limits_w


def _told_w(one: Producer, memory: CurtailMemory) -> float:
    said_w = one.most_w if one.limit_w is None else one.limit_w
    return min(one.most_w, memory.limits_w.get(one.id, said_w))


def _by_size(cap_w: float, producers: Sequence[Producer]) -> dict[str, float]:
    most_w = sum(one.most_w for one in producers)
    share = min(1.0, cap_w / most_w) if most_w > 0 else 0.0
    return {one.id: _stepped(share * one.most_w) for one in producers}


def _settled(
    total_w: float, held: Sequence[_Held], memory: CurtailMemory, now_s: float
) -> Mapping[str, float]:
    """What is changed so that all together may produce `total_w`."""
    told_w = sum(one.told_w for one in held)
    band_w = max(_BAND_LEAST_W, _BAND * sum(one.most_w for one in held))
    aim_w = max(0.0, total_w - band_w)
    if told_w > total_w:
        return _lowered(aim_w, held)
    used_w = sum(one.power_w for one in held) if _is_any_held(held) else told_w
    lost_w = aim_w - used_w
    if lost_w <= band_w:
        memory.lost_ws, memory.least_w = 0.0, math.inf
        return {}
    memory.lost_ws += lost_w * min(_WAIT_S, now_s - memory.looked_at_s)
    memory.least_w = min(memory.least_w, aim_w)
    if memory.lost_ws < band_w * _PATIENCE_S:
        return {}
    return _raised(memory.least_w, held)


def _is_any_held(held: Sequence[_Held]) -> bool:
    return any(one.is_at_limit for one in held)


def _lowered(total_w: float, held: Sequence[_Held]) -> dict[str, float]:
    """What nobody uses goes first, then each gives way by what it gives."""
    given_w = sum(one.power_w for one in held)
    if given_w >= total_w:
        share = total_w / given_w if given_w > 0 else 0.0
        return {one.id: _stepped(min(one.told_w, share * one.power_w)) for one in held}
    return _shared(total_w, held, {one.id: one.told_w for one in held})


def _raised(total_w: float, held: Sequence[_Held]) -> dict[str, float]:
    """Those that could give more get what the others do not use."""
    most_w = {}
    for one in held:
        faster_w = max(one.told_w, one.power_w) + _RAISE * one.most_w
        can = one.is_at_limit or not _is_any_held(held)
        most_w[one.id] = min(one.most_w, faster_w) if can else one.needs_w
    return _shared(total_w, held, most_w)


def _shared(total_w: float, held: Sequence[_Held], most_w: Mapping[str, float]) -> dict[str, float]:
    """To each what it needs, and what is left by how much more it may have."""
    needed_w = sum(one.needs_w for one in held)
    scale = min(1.0, total_w / needed_w) if needed_w > 0 else 1.0
    more_w = {one.id: max(0.0, most_w[one.id] - scale * one.needs_w) for one in held}
    wanted_w = sum(more_w.values())
    left_w = max(0.0, total_w - scale * needed_w)
    share = min(1.0, left_w / wanted_w) if wanted_w > 0 else 0.0
    limits_w = {one.id: scale * one.needs_w + share * more_w[one.id] for one in held}
    return {
        one.id: one.most_w if limits_w[one.id] >= one.most_w else _stepped(limits_w[one.id])
        for one in held
    }


def _stepped(limit_w: float) -> float:
    return limit_w // _STEP_W * _STEP_W
