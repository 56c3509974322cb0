"""What is wanted of a heat pump: the sun that is left over warms the house."""

from dataclasses import dataclass, field

from gatewayd.model.decision import Grounds, Input
from gatewayd.model.reading import SgReady
from gatewayd.plan.heat import compressor
from gatewayd.plan.heat.compressor import HeatMemory, HeatSettings


@dataclass(frozen=True, slots=True)
class BoostSettings:
    """Told `level`, or set warmer by `raise_c`, once so much sun is left for so long."""

    above_w: float = 1500.0
    for_s: float = 300.0
    raise_c: float = 2.0
    level: SgReady = SgReady.RECOMMENDED


@dataclass(frozen=True, slots=True)
class HeatSeen:
    """`surplus_w` is what nobody else wants of the sun, below 0 what comes from the grid instead.

    `is_on`: the compressor runs. `is_blocked`: it was just blocked for the fuse's sake.
    `is_limited`: the grid operator wants little to be drawn.
    """

    surplus_w: float | None = None
    is_on: bool | None = None
    is_blocked: bool = False
    is_limited: bool = False


@dataclass(slots=True)
class BoostMemory:
    """What one look passes on to the next. `since_s`: since when it should be otherwise."""

    compressor: HeatMemory = field(default_factory=HeatMemory)
    is_boosted: bool = False
    since_s: float | None = None
    heat_setpoint_c: float | None = None


@dataclass(frozen=True, slots=True)
class HeatAsk:
    """A level other than NORMAL, and why; `is_operators`: the grid operator is why.

    NORMAL where its compressor does not bear another now, which is why it is left alone.
    """

    level: SgReady
    grounds: Grounds
    is_operators: bool = False


def decide(
    settings: HeatSettings,
    boost: BoostSettings | None,
    seen: HeatSeen,
    memory: BoostMemory,
    now_s: float,
) -> HeatAsk | None:
    """What is asked of it, as its compressor bears it; None to leave it alone."""
    own = memory.compressor
    compressor.note(own, now_s, is_on=seen.is_on)
    if seen.is_blocked:
        compressor.note_blocked(own, now_s)
    wanted, reason = _wanted(boost, seen, memory, now_s)
    level, refusal = compressor.level(settings, wanted, own, now_s)
    if level is SgReady.NORMAL and (refusal is None or wanted is SgReady.NORMAL):
        return None
    is_operators = wanted is SgReady.BLOCKED and level <= SgReady.NORMAL
    inputs = (Input("surplus_w", seen.surplus_w),)
    return HeatAsk(level, Grounds(refusal or reason, inputs, binding=refusal), is_operators)


def _wanted(
    boost: BoostSettings | None, seen: HeatSeen, memory: BoostMemory, now_s: float
) -> tuple[SgReady, str]:
    if boost is not None:
        _follow(boost, seen.surplus_w, memory, now_s)
    if seen.is_limited:
        return SgReady.BLOCKED, "the grid operator limits what is drawn"
    if boost is not None and memory.is_boosted:
        return boost.level, "the sun suffices to warm the house"
    return SgReady.NORMAL, "nobody wants anything of it"


def _follow(
    boost: BoostSettings, surplus_w: float | None, memory: BoostMemory, now_s: float
) -> None:
    """On above the threshold; off once the grid gives, or nobody knows."""
    least_w = 0.0 if memory.is_boosted else boost.above_w
    suffices = surplus_w is not None and surplus_w >= least_w
    if suffices is memory.is_boosted:
        memory.since_s = None
        return
    if memory.since_s is None:
        memory.since_s = now_s
    if now_s - memory.since_s >= boost.for_s:
        memory.is_boosted, memory.since_s = suffices, None
