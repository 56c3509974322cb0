"""From what one reading lets suspect to what holds a device back: only what stays counts."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from gatewayd.model.reading import BatteryReading, MeterReading, Reading
from gatewayd.plan.audit import mains, signs
from gatewayd.plan.audit.finding import Finding, Track, mean, numbers

# The rules whose findings hold back what relies on a meter or a battery; of the others people are
# told. What a charger says of itself is held against its meter by its steps.
_OF_READING = ("power", "phases")
_OF_TRACK = ("meter sign", "battery sign")
# So many readings in a row, and so many looks back, have to agree; for the end of it too.
READINGS, _LOOKS = 15, 5
_EVERY_S, _LOOK_S, _GAP_S, _KEPT = 10.0, 60.0, 60.0, 180
# What is sampled and what is counted differ by some.
_SURE_W = 300.0
_NOON = 12


@dataclass(slots=True)
class Doubts:
    """Of one asset: `held` is what holds it back, by rule."""

    held: dict[str, Finding] = field(default_factory=dict)
    _runs: dict[str, int] = field(default_factory=dict)
    _said: deque[tuple[datetime, Reading]] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _heard_s: float = float("-inf")
    _kept_s: float = float("-inf")
    _looked_s: float = float("-inf")

    @property
    def is_open(self) -> bool:
        """Whether there is something that has to be looked at for longer."""
        return any(run > 0 for rule, run in self._runs.items() if rule not in self.held)

    def hear(self, where: str, reading: Reading, at: datetime, at_s: float) -> None:
        """Take in what the asset says; `at_s` is monotonic. What was heard already is no news."""
        if at_s <= self._heard_s:
            return
        is_gap, self._heard_s = at_s - self._heard_s > _GAP_S, at_s
        if not isinstance(reading, MeterReading | BatteryReading):
            return
        if isinstance(reading, MeterReading):
            self._note(mains.of_reading(where, reading), _OF_READING, READINGS)
        if is_gap:
            # In a silence counters go on, and power is not known.
            self._said.clear()
            self._looked_s = at_s
        if at_s - self._kept_s >= _EVERY_S:
            self._kept_s = at_s
            self._said.append((at, reading))
        if at_s - self._looked_s >= _LOOK_S:
            self._looked_s = at_s
            self._note(_of_track(Track(where, [*self._said])), _OF_TRACK, _LOOKS)

    def _note(self, found: Iterable[Finding], rules: Iterable[str], times: int) -> None:
        by_rule = {one.rule: one for one in found}
        for rule in rules:
            run = self._runs.get(rule, 0)
            run = self._runs[rule] = max(run, 0) + 1 if rule in by_rule else min(run, 0) - 1
            if run >= times:
                self.held.setdefault(rule, by_rule[rule])
            elif run <= -times:
                self.held.pop(rule, None)


def _of_track(track: Track) -> list[Finding]:
    power_w = mean(numbers(track, "power_w"))
    if power_w is None or abs(power_w) < _SURE_W:
        return []
    return signs.of_track(track, lambda _: _NOON)
