"""What a counter counts between its steps: some count in tenths of a kilowatt-hour."""

import math
from dataclasses import dataclass

# Of a longer silence nobody knows what was taken in it.
_GAP_S = 30.0


@dataclass(slots=True)
class Counted:
    """`drawn_wh` is what the power came to since it was begun; None where that was not seen whole.

    `step_wh` is what the counter goes on by, as far as was seen; 0 before it has.
    """

    drawn_wh: float | None = None
    step_wh: int = 0
    before_wh: float | None = None
    seen_s: float = 0.0

    def note(self, counter_wh: float | None, power_w: float | None, at_s: float) -> None:
        """What was read at one look, import +."""
        gap_s, self.seen_s = at_s - self.seen_s, at_s
        if self.drawn_wh is not None:
            is_seen = power_w is not None and 0.0 <= gap_s <= _GAP_S
            self.drawn_wh += max(0.0, power_w or 0.0) * gap_s / 3600.0
            self.drawn_wh = self.drawn_wh if is_seen else None
        if counter_wh is not None and self.before_wh is not None:
            self.step_wh = math.gcd(self.step_wh, round(counter_wh - self.before_wh))
        self.before_wh = counter_wh

    def taken_wh(self, counted_wh: float) -> float:
        """What was taken, where the counter has counted so much: no further off than one step."""
        if self.drawn_wh is None:
            return counted_wh
        if not self.step_wh:
            return max(counted_wh, self.drawn_wh)
        least_wh, most_wh = counted_wh - self.step_wh, counted_wh + self.step_wh
        return max(0.0, min(most_wh, max(least_wh, self.drawn_wh)))
