"""What was taken from the grid since the last full quarter of an hour."""

import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from gatewayd.model.asset import Asset, AssetKind, MeterUsage
from gatewayd.model.reading import MeterReading
from gatewayd.model.site import Site
from gatewayd.plan.grid.capacity import QUARTER_S, Quarter
from gatewayd.plan.grid.counted import Counted
from gatewayd.state import history

_MINUTES = int(QUARTER_S // 60)
# No home takes more.
_MOST_W = 100_000.0


class QuarterMeter:
    """Remembers the counters at the beginning of the running clock quarter, if it was seen."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._start_wh: float | None = None
        self._peak_w = 0.0
        self._month: tuple[int, int] | None = None
        self._counted = Counted()

    def restore(self, starts_wh: Mapping[int, float], at: datetime) -> None:
        """Go on from the counters at the starts of quarters, as `starts` finds them; `at` as there.

        The time zone of `at` is where months begin.
        """
        self._month, self._number = (at.year, at.month), int(at.timestamp() // QUARTER_S)
        self._start_wh = starts_wh.get(self._number)
        taken = [
            end_wh - start_wh
            for (number, start_wh), (following, end_wh) in pairwise(sorted(starts_wh.items()))
            if following == number + 1
        ]
        # A counter may have been about to go on when a quarter began. What would be too high a
        # peak would be paid for, and raise the next.
        step_wh = math.gcd(*(round(taken_wh) for taken_wh in taken))
        for taken_wh in taken:
            self._rise(taken_wh - step_wh)

    def now(self, site: Site, at: datetime) -> Quarter:
        """The running quarter, and the peak of the month as far as it is known."""
        imported_wh, (number, elapsed_s) = _imported_wh(site), divmod(at.timestamp(), QUARTER_S)
        self._counted.note(imported_wh, _power_w(site), at.timestamp())
        if number != self._number:
            # Of the quarter that was under way at the start nobody saw the beginning.
            is_next = self._number is not None and number == self._number + 1
            if is_next and imported_wh is not None and self._start_wh is not None:
                self._rise(self._counted.taken_wh(imported_wh - self._start_wh))
            self._start_wh = imported_wh if is_next else None
            self._number, self._counted.drawn_wh = int(number), 0.0
        # Not before the old month's last quarter is part of it.
        if (at.year, at.month) != self._month:
            self._month, self._peak_w = (at.year, at.month), 0.0
        if imported_wh is None or self._start_wh is None:
            return Quarter(elapsed_s, None, self._peak_w)
        if imported_wh < self._start_wh:
            # Another counter: what is less than nothing taken would allow everything.
            self._start_wh = None
            return Quarter(elapsed_s, None, self._peak_w)
        taken_wh = self._counted.taken_wh(imported_wh - self._start_wh)
        return Quarter(elapsed_s, taken_wh, self._peak_w)

    def _rise(self, taken_wh: float) -> None:
        average_w = taken_wh * 3600.0 / QUARTER_S
        # A counter that was exchanged counts nothing: such a peak would allow everything.
        if average_w <= _MOST_W:
            self._peak_w = max(self._peak_w, average_w)


def starts(c: sqlite3.Connection, meters: Sequence[Asset], at: datetime) -> dict[int, float]:
    """What all meters together had counted when each quarter of the month began, by its number.

    That is what they said last in the minute before. Quarters are left out where one said nothing.
    """
    first = int(at.replace(day=1, hour=0, minute=0, second=0).timestamp() // QUARTER_S)
    numbers = range(first, int(at.timestamp() // QUARTER_S) + 1)
    found = [_starts(c, meter, numbers) for meter in meters]
    return {
        number: sum(counted[number] for counted in found)
        for number in numbers
        if found and all(number in counted for counted in found)
    }


def grid_meters(site: Site) -> list[Asset]:
    """What stands between the home and the grid."""
    found = (state.asset for state in site.of_kind(AssetKind.METER))
    return [asset for asset in found if asset.usage is MeterUsage.GRID]


def _starts(c: sqlite3.Connection, meter: Asset, numbers: Sequence[int]) -> dict[int, float]:
    minutes = history.at_minutes(c, meter.device_id, [n * _MINUTES - 1 for n in numbers])
    counted = {
        minute: roles[meter.role].spans.get("import_wh")
        for minute, roles in minutes.items()
        if meter.role in roles and roles[meter.role].count
    }
    return {(minute + 1) // _MINUTES: span.last for minute, span in counted.items() if span}


def _imported_wh(site: Site) -> float | None:
    """The counters of all grid meters; None while one of them cannot be read."""
    return _all([None if said is None else said.import_wh for said in _said(site)])


def _power_w(site: Site) -> float | None:
    """What all of them import now, likewise."""
    powers = [None if said is None else said.power_w for said in _said(site)]
    return _all([None if power_w is None else max(0.0, power_w) for power_w in powers])


def _said(site: Site) -> Iterator[MeterReading | None]:
    for state in site.of_kind(AssetKind.METER):
        if state.asset.usage is MeterUsage.GRID:
            reading = state.sample.reading if state.sample and state.is_reachable else None
            yield reading if isinstance(reading, MeterReading) else None


def _all(parts: Sequence[float | None]) -> float | None:
    known = [part for part in parts if part is not None]
    return sum(known) if known and len(known) == len(parts) else None
