"""The grid operator's limit, as it is told from outside, and what of it holds."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gatewayd.clock import Clock
from gatewayd.errors import ConflictError, InvalidError, NotFoundError
from gatewayd.plan.grid.operator import (
    OperatorMemory,
    OperatorSettings,
    OperatorState,
    Signal,
    decide,
)

log = logging.getLogger(__name__)

_WAITS = (OperatorState.INIT, OperatorState.FAILSAFE)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the connection stands; `limit_w` is of what the home takes, None for no limit."""

    state: OperatorState
    limit_w: float | None

    @property
    def by(self) -> str:
        """Who limits, in words."""
        return "the grid operator's failsafe" if self.state in _WAITS else "the grid operator"


@dataclass(frozen=True, slots=True)
class OperatorGiven:
    """What was agreed on and heard at a moment (monotonic), and what the look before has left."""

    settings: OperatorSettings
    signal: Signal | None
    memory: OperatorMemory
    now_s: float


def standing(given: OperatorGiven) -> tuple[Standing, OperatorMemory]:
    """What holds, and what is passed on."""
    memory = replace(given.memory)
    limit_w = decide(given.settings, given.signal, memory, given.now_s)
    return Standing(memory.state, limit_w), memory


class GridOperator:
    """Hears the operator. `settings` None: no limit of one is expected, and none holds.

    `key` is where the config has them.
    """

    def __init__(
        self, settings: OperatorSettings | None, clock: Clock, key: str = "grid.operator"
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._key = key
        self._signal: Signal | None = None
        self._memory = OperatorMemory()

    def beat(self) -> None:
        """A sign of life: what was told before goes on. Raises as `check`."""
        self.check()
        self._beat()

    def limit(self, limit_w: float | None, duration_s: float | None) -> None:
        """A limit, or with None the end of one; a sign of life too. No duration: until the next.

        Raises as `check`.
        """
        self.check()
        self._limit(limit_w, duration_s)

    def wired(self, limit_w: float | None) -> None:
        """What his contacts say now: a limit only where they said otherwise, or nothing of late."""
        if self.settings is None:
            return
        before, timeout_s = self._signal, self.settings.heartbeat_timeout_s
        now_s = self._clock.monotonic()
        if before and before.limit_w == limit_w and now_s - before.heartbeat_s <= timeout_s:
            self._beat()
        else:
            self._limit(limit_w, None)

    @property
    def is_told(self) -> bool:
        """Whether he is expected, and by other ways than a relay."""
        return self.settings is not None and not self.settings.is_wired

    def check(self) -> None:
        """Raises NotFoundError where no operator is expected, ConflictError with a relay."""
        if self.settings is None:
            raise NotFoundError(f"No grid operator is expected: add {self._key} to the config")
        if self.settings.is_wired:
            raise ConflictError("The grid operator's limit is told by his relay alone")

    def _beat(self) -> None:
        now_s, before = self._clock.monotonic(), self._signal
        self._signal = replace(before, heartbeat_s=now_s) if before else Signal(now_s)

    def _limit(self, limit_w: float | None, duration_s: float | None) -> None:
        now_s = self._clock.monotonic()
        number = self._signal.number + 1 if self._signal else 1
        self._signal = Signal(now_s, limit_w, number, now_s, duration_s)

    def standing(self) -> Standing | None:
        """What holds now; None where no operator is expected."""
        given = self.given()
        if given is None:
            return None
        found, self._memory = standing(given)
        before, state = given.memory.state, found.state
        if state is OperatorState.FAILSAFE and before is not state:
            told = "%s: not heard of any more, so %g W hold"
            log.warning(told, self._key, found.limit_w)
        elif before in _WAITS and state not in _WAITS:
            log.info("%s: heard", self._key)
        return found

    def given(self) -> OperatorGiven | None:
        """What it comes of."""
        if self.settings is None:
            return None
        return OperatorGiven(self.settings, self._signal, self._memory, self._clock.monotonic())

    def until(self) -> datetime | None:
        """When the limit in force ends, the failsafe at the earliest; None where nobody knows."""
        now_s, memory, signal = self._clock.monotonic(), self._memory, self._signal
        end_s = None
        if self.settings and memory.state is OperatorState.FAILSAFE:
            end_s = memory.since_s + self.settings.failsafe_least_s
        elif memory.state is OperatorState.LIMITED and signal and signal.duration_s is not None:
            end_s = signal.limited_at_s + signal.duration_s
        if end_s is None or end_s <= now_s:
            return None
        return self._clock.now() + timedelta(seconds=end_s - now_s)


@dataclass(frozen=True, slots=True)
class GridOperators:
    """Who limits what is `taken` from the grid, and what is `fed` in: mostly the same."""

    taken: GridOperator
    fed: GridOperator

    @classmethod
    def of(
        cls, taken: OperatorSettings | None, fed: OperatorSettings | None, clock: Clock
    ) -> "GridOperators":
        """By what was agreed on with each."""
        return cls(GridOperator(taken, clock), GridOperator(fed, clock, "grid.export_operator"))

    def check(self) -> None:
        """Raises as `GridOperator.check` where neither can be told anything."""
        if not self.taken.is_told and not self.fed.is_told:
            (self.fed if self.taken.settings is None and self.fed.settings else self.taken).check()

    def tell(self, told: Mapping[str, float | None]) -> None:
        """`limit_w`, `export_limit_w`, each with `duration_s` if that is told too.

        Of what is not told it is a sign of life. Raises as `GridOperator.check`, and InvalidError
        for a duration of nothing; then nothing is heard at all.
        """
        self.check()
        both = {"limit_w": self.taken, "export_limit_w": self.fed}
        if told.get("duration_s") is not None and all(told.get(key) is None for key in both):
            raise InvalidError("a duration belongs to a limit: name that too, or leave it out")
        named = [operator for key, operator in both.items() if key in told]
        for operator in named:
            operator.check()
        alive = [one for one in both.values() if one not in named and one.is_told]
        for key, operator in both.items():
            if key in told:
                operator.limit(told[key], told.get("duration_s"))
        for operator in alive:
            operator.beat()

    def standing(self) -> tuple[Standing | None, Standing | None]:
        """How both stand; None where no operator is expected."""
        return self.taken.standing(), self.fed.standing()
