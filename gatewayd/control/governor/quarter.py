"""What was taken from the grid since the last full quarter of an hour."""

from datetime import datetime

from gatewayd.model.asset import AssetKind, MeterUsage
from gatewayd.model.reading import MeterReading
from gatewayd.model.site import Site
from gatewayd.plan.grid.capacity import QUARTER_S, Quarter


class QuarterMeter:
    """Remembers the counters at the beginning of the running clock quarter, if it was seen."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._start_wh: float | None = None
        self._peak_w = 0.0
        self._month: tuple[int, int] | None = None

    def now(self, site: Site, at: datetime) -> Quarter:
        """The running quarter. The month's peak is that of the quarters seen in this run."""
        imported_wh, (number, elapsed_s) = _imported_wh(site), divmod(at.timestamp(), QUARTER_S)
        if (at.year, at.month) != self._month:
            self._month, self._peak_w = (at.year, at.month), 0.0
        if number != self._number:
            # Of the quarter that was under way at the start nobody saw the beginning.
            is_next = self._number is not None and number == self._number + 1
            if is_next:
                self._turn(imported_wh)
            self._start_wh = imported_wh if is_next else None
            self._number = int(number)
        is_known = imported_wh is not None and self._start_wh is not None
        taken_wh = (imported_wh or 0.0) - (self._start_wh or 0.0) if is_known else None
        return Quarter(elapsed_s, taken_wh, self._peak_w)

    def _turn(self, imported_wh: float | None) -> None:
        if imported_wh is not None and self._start_wh is not None:
            average_w = (imported_wh - self._start_wh) * 3600.0 / QUARTER_S
            self._peak_w = max(self._peak_w, average_w)


def _imported_wh(site: Site) -> float | None:
    """The counters of all grid meters; None while one of them cannot be read."""
    counters = []
    for state in site.of_kind(AssetKind.METER):
        if state.asset.usage is MeterUsage.GRID:
            reading = state.sample.reading if state.sample and state.is_reachable else None
            counters.append(reading.import_wh if isinstance(reading, MeterReading) else None)
    known = [counter for counter in counters if counter is not None]
    return sum(known) if known and len(known) == len(counters) else None
