"""The grid operator's limits (§ 14a EnWG by relay or EEBus LPC, CSIP), and what holds without them.

Whoever limits also says every minute or so that he is there. When that stops, the failsafe limit
holds for its least duration; it ends with a new limit, or when the signs of life have gone on for
a while without one. Before the first sign of life the failsafe limit holds too. Times are
monotonic seconds.
"""

import math
from dataclasses import dataclass
from enum import StrEnum


class OperatorState(StrEnum):
    """How the connection stands."""

    INIT = "init"
    FREE = "free"
    LIMITED = "limited"
    FAILSAFE = "failsafe"


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """What was agreed on. `failsafe_w` is the limit that holds when nobody is heard of.

    One that `is_wired` is heard by his relay's contacts alone.
    """

    failsafe_w: float
    heartbeat_timeout_s: float = 120.0
    failsafe_least_s: float = 7200.0
    recover_s: float = 120.0
    is_wired: bool = False


@dataclass(frozen=True, slots=True)
class Signal:
    """What was heard last. `limit_w` None is no limit; `number` counts the limits given.

    A signal that is wired as a relay has a heartbeat as long as the relay can be read.
    """

    heartbeat_s: float
    limit_w: float | None = None
    number: int = 0
    limited_at_s: float = -math.inf
    duration_s: float | None = None

    def limit_at(self, now_s: float) -> float | None:
        """The limit in force, if it has not run out."""
        if self.duration_s is not None and now_s >= self.limited_at_s + self.duration_s:
            return None
        return self.limit_w


@dataclass(slots=True)
class OperatorMemory:
    """What one look passes on to the next."""

    state: OperatorState = OperatorState.INIT
    since_s: float = -math.inf
    heard_since_s: float | None = None
    number: int = 0


def decide(
    settings: OperatorSettings, signal: Signal | None, memory: OperatorMemory, now_s: float
) -> float | None:
    """The limit that holds now, in watt; None for none. `memory` is brought forward."""
    is_heard = signal is not None and (
        0 <= now_s - signal.heartbeat_s <= settings.heartbeat_timeout_s
    )
    if signal is None or not is_heard:
        memory.heard_since_s = None
        if memory.state not in (OperatorState.INIT, OperatorState.FAILSAFE):
            memory.number = signal.number if signal else 0
            _enter(memory, OperatorState.FAILSAFE, now_s)
        return settings.failsafe_w
    if memory.heard_since_s is None:
        memory.heard_since_s = now_s
    if memory.state in (OperatorState.INIT, OperatorState.FAILSAFE) and not _is_over(
        settings, signal, memory, now_s
    ):
        return settings.failsafe_w
    limit_w = signal.limit_at(now_s)
    _enter(memory, OperatorState.FREE if limit_w is None else OperatorState.LIMITED, now_s)
    memory.number = signal.number
    return limit_w


def _is_over(
    settings: OperatorSettings, signal: Signal, memory: OperatorMemory, now_s: float
) -> bool:
    """Whether the failsafe has ended."""
    if signal.number > memory.number:
        return True
    heard_s = now_s - memory.heard_since_s if memory.heard_since_s is not None else 0.0
    is_long_enough = (
        memory.state is OperatorState.INIT or now_s - memory.since_s >= settings.failsafe_least_s
    )
    return is_long_enough and heard_s >= settings.recover_s


def _enter(memory: OperatorMemory, state: OperatorState, now_s: float) -> None:
    if memory.state is not state:
        memory.state, memory.since_s = state, now_s
