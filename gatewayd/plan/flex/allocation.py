"""Spreads the loads of vehicles over chunks, as far as their users' needs allow an intent.

What a user needs comes first: an intent moves consumption, it never adds or removes any. Among
the chunks before a deadline those of more pressure are filled first, and of equals the earlier.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from gatewayd.model.flex import FlexIntentKind, FlexIntentRule
from gatewayd.plan.flex.load import CHUNK, CHUNKS, Load

_WH_PER_KWH = 1000.0
# Below this an energy is a rounding error.
_LEAST_WH = 1e-6
_NO_LIMIT = float("inf")


@dataclass(slots=True)
class Share:
    """What one load takes in each chunk; `fixed_wh` of it is what must be taken at once."""

    load: Load
    fixed_wh: list[float]
    taken_wh: list[float]

    def before(self, chunks: int) -> float:
        """What is taken in the first chunks."""
        return sum(self.taken_wh[:chunks])

    def missing_wh(self, chunk: int) -> float:
        """What may still be put into a chunk: what is due after it, not placed and not owed."""
        owed = [0.0]
        missing = [0.0]
        for due in self.load.dues:
            left_wh = due.energy_wh - self.before(due.chunks)
            (missing if due.chunks > chunk else owed).append(left_wh)
        return max(missing) - max(owed)

    def free_wh(self, chunk: int) -> float:
        """What still fits into a chunk."""
        return self.load.chunk_wh - self.taken_wh[chunk]


class Allocation:
    """The shares of all loads under an intent; `unmet` tells in words what could not be had."""

    def __init__(
        self, loads: Sequence[Load], start: datetime, rules: Sequence[FlexIntentRule]
    ) -> None:
        self.shares = [_share(load) for load in loads]
        self.unmet: list[str] = []
        self._start = start
        self._pressure = [0.0] * CHUNKS
        self._least_wh = [0.0] * CHUNKS
        self._most_wh = [_NO_LIMIT] * CHUNKS
        for chunk, rule in self._placed(rules):
            self._heed(chunk, rule)
        self._fill_minimums()
        for share in self.shares:
            self._fill(share)
        for rule in rules:
            if rule.kind is FlexIntentKind.EPOCH:
                self._move(rule)
        self._tell_unmet()

    def total_wh(self, chunk: int) -> float:
        """What all loads take in a chunk."""
        return sum(share.taken_wh[chunk] for share in self.shares)

    def _placed(self, rules: Sequence[FlexIntentRule]) -> Iterator[tuple[int, FlexIntentRule]]:
        for rule in rules:
            chunk = (rule.at - self._start) // CHUNK
            if 0 <= chunk < CHUNKS:
                yield chunk, rule

    def _heed(self, chunk: int, rule: FlexIntentRule) -> None:
        energy_wh = rule.pressure * _WH_PER_KWH
        match rule.kind:
            case FlexIntentKind.CHUNK_PRESSURE:
                self._pressure[chunk] = rule.pressure
            case FlexIntentKind.CHUNK_MIN:
                self._least_wh[chunk] = energy_wh
            case FlexIntentKind.CHUNK_MAX:
                self._most_wh[chunk] = energy_wh
            case FlexIntentKind.CHUNK_TARGET:
                self._least_wh[chunk] = self._most_wh[chunk] = energy_wh

    def _fill_minimums(self) -> None:
        for chunk, least_wh in enumerate(self._least_wh):
            for share in self.shares:
                wanted_wh = min(least_wh - self.total_wh(chunk), share.missing_wh(chunk))
                _take(share, chunk, wanted_wh)

    def _fill(self, share: Share) -> None:
        """Place all that is due, within the limits and where need be beyond them."""
        for due in share.load.dues:
            best_first = sorted(
                range(due.chunks), key=lambda chunk: (-self._pressure[chunk], chunk)
            )
            for is_limited in (True, False):
                for chunk in best_first:
                    wanted_wh = due.energy_wh - share.before(due.chunks)
                    if is_limited:
                        wanted_wh = min(wanted_wh, self._most_wh[chunk] - self.total_wh(chunk))
                    _take(share, chunk, wanted_wh)

    def _move(self, rule: FlexIntentRule) -> None:
        """Carry out an EPOCH: from the chunks nearest to it, to the nearest on the other side."""
        edge = min(max(-((self._start - rule.at) // CHUNK), 0), CHUNKS)
        before, after = range(edge - 1, -1, -1), range(edge, CHUNKS)
        sources, goals = (before, after) if rule.pressure > 0 else (after, before)
        left_wh = abs(rule.pressure) * _WH_PER_KWH
        for share in self.shares:
            for source in sources:
                left_wh -= self._shift(share, source, goals, left_wh)
        if left_wh > _LEAST_WH:
            left_kwh = left_wh / _WH_PER_KWH
            self.unmet.append(f"{rule.at.isoformat()}: {left_kwh:.3f} kWh cannot be moved")

    def _shift(self, share: Share, source: int, goals: Iterable[int], wanted_wh: float) -> float:
        """Move energy of a load from one chunk to others; returns how much."""
        spare_wh = min(
            wanted_wh,
            share.taken_wh[source] - share.fixed_wh[source],
            self.total_wh(source) - self._least_wh[source],
        )
        left_wh = spare_wh
        for goal in goals:
            if left_wh <= _LEAST_WH:
                break
            room_wh = min(share.free_wh(goal), self._most_wh[goal] - self.total_wh(goal))
            if room_wh > _LEAST_WH:
                moved_wh = max(0.0, min(left_wh, room_wh, _slack_wh(share, source, goal)))
                share.taken_wh[source] -= moved_wh
                share.taken_wh[goal] += moved_wh
                left_wh -= moved_wh
        return max(0.0, spare_wh - left_wh)

    def _tell_unmet(self) -> None:
        for chunk in range(CHUNKS):
            total_wh = self.total_wh(chunk)
            at = (self._start + chunk * CHUNK).isoformat()
            if total_wh < self._least_wh[chunk] - _LEAST_WH:
                self.unmet.append(f"{at}: no more than {total_wh / _WH_PER_KWH:.3f} kWh can be had")
            if total_wh > self._most_wh[chunk] + _LEAST_WH:
                self.unmet.append(f"{at}: {total_wh / _WH_PER_KWH:.3f} kWh are needed by a user")


def _share(load: Load) -> Share:
    """What must be taken at once, from the first chunk on."""
    fixed_wh = []
    left_wh = load.must_wh
    for _ in range(CHUNKS):
        fixed_wh.append(min(left_wh, load.chunk_wh))
        left_wh -= fixed_wh[-1]
    return Share(load, fixed_wh, list(fixed_wh))


def _take(share: Share, chunk: int, wanted_wh: float) -> None:
    energy_wh = min(wanted_wh, share.free_wh(chunk))
    if energy_wh > 0:
        share.taken_wh[chunk] += energy_wh


def _slack_wh(share: Share, source: int, goal: int) -> float:
    """How much may go from a chunk to a later one without missing a deadline between them."""
    passed = [due for due in share.load.dues if source < due.chunks <= goal]
    slack = [share.before(due.chunks) - due.energy_wh for due in passed]
    return min([_NO_LIMIT, *slack])
