"""What was moved in time and is still to be moved back."""

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from gatewayd.plan.shadow.words import Minute, Tally

_LEAST_WH = 1e-6


@dataclass(frozen=True, slots=True)
class _Lot:
    """Energy that would have been moved, and what its minute would have saved by that."""

    at: datetime
    energy_wh: float
    avoided: Decimal | None


class Lots:
    """All in one direction: drawing less, or drawing more, than in truth; the oldest go first.

    It counts as saved only once it is moved back: what was never drawn is no saving. `energy_wh`
    is what is still to be moved back.
    """

    def __init__(self) -> None:
        self.energy_wh = 0.0
        self._lots: deque[_Lot] = deque()

    def open(self, minute: Minute, more_w: float, tally: Tally) -> None:
        """In this minute so much more would have been drawn, below 0 less."""
        if more_w:
            energy_wh = abs(more_w) / 60.0
            self._lots.append(_Lot(minute.start, energy_wh, minute.avoided(more_w)))
            self.energy_wh += energy_wh
            tally.draw(more_w / 60.0)

    def close(self, minute: Minute, more_w: float, tally: Tally) -> float:
        """As much of it goes back in this minute as there is; what `more_w` has beyond that."""
        back_wh = min(abs(more_w) / 60.0, self.energy_wh)
        if back_wh <= 0:
            return more_w
        back_w = 60.0 * back_wh if more_w > 0 else -60.0 * back_wh
        tally.draw(back_w / 60.0)
        paid, left_wh = minute.avoided(back_w), back_wh
        while left_wh > _LEAST_WH and self._lots:
            lot = self._lots[0]
            part_wh = min(lot.energy_wh, left_wh)
            tally.move(part_wh, _both(lot, paid, part_wh, back_wh))
            left_wh -= part_wh
            self._take(lot, part_wh)
        return more_w - back_w

    def lose(self, before: datetime, tally: Tally) -> float:
        """Give up what is from before then, which was paid all the same; how much that is."""
        lost_wh = 0.0
        while self._lots and self._lots[0].at < before:
            lot = self._lots[0]
            tally.move(lot.energy_wh, lot.avoided)
            lost_wh += lot.energy_wh
            self._take(lot, lot.energy_wh)
        return lost_wh

    def clear(self) -> float:
        """Give up all, as if it had never been moved; how much that is."""
        lost_wh, self.energy_wh = self.energy_wh, 0.0
        self._lots.clear()
        return lost_wh

    def _take(self, lot: _Lot, part_wh: float) -> None:
        """Make the oldest smaller."""
        left_wh = lot.energy_wh - part_wh
        if left_wh > _LEAST_WH:
            self._lots[0] = replace(lot, energy_wh=left_wh, avoided=_part(lot, left_wh))
        else:
            self._lots.popleft()
        # Without lots there is none, whatever rounding has left of the sum.
        self.energy_wh = max(0.0, self.energy_wh - part_wh) if self._lots else 0.0


def _part(lot: _Lot, part_wh: float) -> Decimal | None:
    return None if lot.avoided is None else lot.avoided * _share(part_wh, lot.energy_wh)


def _both(lot: _Lot, paid: Decimal | None, part_wh: float, back_wh: float) -> Decimal | None:
    """What a part saved when it was moved, with what it cost when it was moved back."""
    avoided = _part(lot, part_wh)
    return None if avoided is None or paid is None else avoided + paid * _share(part_wh, back_wh)


def _share(part_wh: float, of_wh: float) -> Decimal:
    return Decimal(str(part_wh)) / Decimal(str(of_wh))
