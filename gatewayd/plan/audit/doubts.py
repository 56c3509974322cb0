"""From what one reading lets suspect to what holds a device back: only what stays counts."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gatewayd.model.asset import AssetKind
from gatewayd.model.reading import BatteryReading, MeterReading, Reading
from gatewayd.plan.audit import mains, signs
from gatewayd.plan.audit.finding import Finding, Track, mean, numbers

# The rules whose findings hold back what relies on a meter or a battery; of the others people are
# told. What a charger says of itself is held against its meter by its steps.
_OF_READING = ("power", "phases")
_OF_TRACK = ("meter sign", "battery sign")
# Whose readings can take a rule's finding back.
HEARD_OF = {
    "power": AssetKind.METER,
    "phases": AssetKind.METER,
    "meter sign": AssetKind.METER,
    "battery sign": AssetKind.BATTERY,
}
# So many readings in a row, and so many looks back, have to agree; for the end of it too.
READINGS, _LOOKS = 15, 5
_EVERY_S, _LOOK_S, _GAP_S, _KEPT = 10.0, 60.0, 60.0, 180
# What is sampled and what is counted differ by some.
_SURE_W = 300.0
_NOON = 12


_Said = tuple[tuple[datetime, Reading], ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """The look from which on a rule's findings hold a device back, or do so no more.

    `said` is what it went by, oldest first; `run` are the looks before that found something, or
    below 0 nothing, one after the other.
    """

    rule: str
    where: str
    said: _Said
    run: int


@dataclass(slots=True)
class Doubts:
    """Of one asset: `held` is what holds it back, by rule; `turned` is what that comes of."""

    held: dict[str, Finding] = field(default_factory=dict)
    turned: dict[str, Turn] = field(default_factory=dict)
    _runs: dict[str, int] = field(default_factory=dict)
    _said: deque[tuple[datetime, Reading]] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _heard_s: float = float("-inf")
    _kept_s: float = float("-inf")
    _looked_s: float = float("-inf")

    @property
    def is_open(self) -> bool:
        """Whether there is something that has to be looked at for longer."""
        return any(run > 0 for rule, run in self._runs.items() if rule not in self.held)

    @property
    def grounds(self) -> tuple[Turn | Finding, ...]:
        """All that `held` comes of; a finding itself that was only recalled."""
        over = (turn for rule, turn in self.turned.items() if rule not in self.held)
        return (*(self.turned.get(rule, one) for rule, one in self.held.items()), *over)

    def recall(self, finding: Finding) -> None:
        """It was found before this run."""
        self.held[finding.rule] = finding
        self.turned.pop(finding.rule, None)

    def hear(self, where: str, reading: Reading, at: datetime, at_s: float) -> None:
        """Take in what the asset says; `at_s` is monotonic. What was heard already is no news."""
        if at_s <= self._heard_s:
            return
        is_gap, self._heard_s = at_s - self._heard_s > _GAP_S, at_s
        if not isinstance(reading, MeterReading | BatteryReading):
            return
        if isinstance(reading, MeterReading):
            self._note(_OF_READING, where, ((at, reading),))
        if is_gap:
            # In a silence counters go on, and power is not known.
            self._said.clear()
            self._looked_s = at_s
        if at_s - self._kept_s >= _EVERY_S:
            self._kept_s = at_s
            self._said.append((at, reading))
        if at_s - self._looked_s >= _LOOK_S:
            self._looked_s = at_s
            self._note(_OF_TRACK, where, tuple(self._said))

    def _note(self, rules: tuple[str, ...], where: str, said: _Said) -> None:
        found = _found(rules, where, said)
        for rule in rules:
            before = self._runs.get(rule, 0)
            run = self._runs[rule] = _counted(before, is_found=rule in found)
            if run >= _times(rule) and rule not in self.held:
                self.held[rule] = found[rule]
            elif run <= -_times(rule) and rule in self.held:
                del self.held[rule]
            else:
                continue
            self.turned[rule] = Turn(rule, where, said, before)


def held(turn: Turn) -> Finding | None:
    """What the device is held back for from then on."""
    rules = _OF_READING if turn.rule in _OF_READING else _OF_TRACK
    found = _found(rules, turn.where, turn.said).get(turn.rule)
    run = _counted(turn.run, is_found=found is not None)
    return found if run >= _times(turn.rule) else None


def _counted(run: int, *, is_found: bool) -> int:
    return max(run, 0) + 1 if is_found else min(run, 0) - 1


def _times(rule: str) -> int:
    return READINGS if rule in _OF_READING else _LOOKS


def _found(rules: tuple[str, ...], where: str, said: _Said) -> Mapping[str, Finding]:
    _, last = said[-1]
    if rules is not _OF_READING:
        found = _of_track(Track(where, said))
    else:
        found = mains.of_reading(where, last) if isinstance(last, MeterReading) else []
    return {one.rule: one for one in found}


def _of_track(track: Track) -> list[Finding]:
    power_w = mean(numbers(track, "power_w"))
    if power_w is None or abs(power_w) < _SURE_W:
        return []
    return signs.of_track(track, lambda _: _NOON)
