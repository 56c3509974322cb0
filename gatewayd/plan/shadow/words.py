"""A minute of what was measured, and a day of what would have been."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

_UWH_PER_KWH = Decimal(10**9)


@dataclass(frozen=True, slots=True)
class Minute:
    """Mean powers (the grid's import +, drawing +), and the prices of a kWh; None is unknown.

    `phases` are those that the car draws on; `content_wh` and `capacity_wh` are a battery's,
    `charge_w` and `discharge_w` its most.
    """

    start: datetime
    power_w: float
    grid_w: float
    price: Decimal | None = None
    feed_in: Decimal | None = None
    is_plugged: bool | None = None
    phases: int | None = None
    content_wh: float | None = None
    capacity_wh: float | None = None
    charge_w: float | None = None
    discharge_w: float | None = None

    def avoided(self, more_w: float) -> Decimal | None:
        """What the home would have paid less, had the asset drawn so much more; None: unknown."""
        was, would = self._cost(self.grid_w), self._cost(self.grid_w + more_w)
        return None if was is None or would is None else was - would

    def _cost(self, grid_w: float) -> Decimal | None:
        # What rounding leaves of nothing needs no price.
        energy_kwh = _kwh(grid_w / 60.0)
        price = self.price if energy_kwh > 0 else self.feed_in
        if not energy_kwh:
            return Decimal(0)
        return None if price is None else energy_kwh * price


@dataclass(slots=True)
class Tally:
    """What would have been otherwise in a time of which `minutes` are known.

    `less_wh` would not have been drawn when it was, `more_wh` would have been when it was not.
    `saved` is of what had a price; `unpriced_wh` was moved without one. `untold` are minutes of a
    decision that says no power.
    """

    minutes: int = 0
    untold: int = 0
    less_wh: float = 0.0
    more_wh: float = 0.0
    unpriced_wh: float = 0.0
    priced: Decimal | None = None

    @property
    def saved(self) -> Decimal | None:
        """None where something was moved and no price of it is known."""
        if self.priced is None and self.unpriced_wh == 0:
            return Decimal(0)
        return self.priced

    def draw(self, more_wh: float) -> None:
        """Count what would have been drawn beside the truth, below 0 what would not have been."""
        self.more_wh += max(0.0, more_wh)
        self.less_wh += max(0.0, -more_wh)

    def move(self, energy_wh: float, saved: Decimal | None) -> None:
        """Count what was moved, and what that saved."""
        if saved is None:
            self.unpriced_wh += energy_wh
        else:
            self.priced = (self.priced or Decimal(0)) + saved

    def add(self, other: "Tally") -> None:
        """Take in another time."""
        self.minutes += other.minutes
        self.untold += other.untold
        self.less_wh += other.less_wh
        self.more_wh += other.more_wh
        self.unpriced_wh += other.unpriced_wh
        if other.priced is not None:
            self.priced = (self.priced or Decimal(0)) + other.priced


@dataclass(frozen=True, slots=True)
class Would:
    """What comes of an asset's shadow, day by day of its own clock; `total` is all of it.

    `left_out` minutes are not known of the asset or of the grid. A charger would still owe its car
    `pending_wh`, and would have let cars go with `lost_wh` too little; a battery would hold
    `pending_wh` more than in truth. A heat pump would still have to draw `pending_wh`, or has drawn
    it ahead if it is below 0, and `lost_wh` has gone cold of that.
    """

    days: dict[date, Tally]
    total: Tally
    left_out: int
    pending_wh: float
    lost_wh: float = 0.0


def _kwh(energy_wh: float) -> Decimal:
    return Decimal(round(energy_wh * 1e6)) / _UWH_PER_KWH
