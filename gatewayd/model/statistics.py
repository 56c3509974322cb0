"""What statistics are made of, and what they say."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class AtOnce:
    """From when and with which power energy would have been charged, had no plan put it off."""

    start: datetime
    power_w: float


@dataclass(frozen=True, slots=True)
class EnergySample:
    """What an asset took (an inverter: gave) from `start` to before `end`, where it was then.

    Usually a minute of the history, or up to a quarter of an hour of them: `readings` is how many.
    The energy may come from a counter, so it need not be the mean power times the time.
    """

    start: datetime
    end: datetime
    energy_wh: float
    min_w: float
    max_w: float
    mean_w: float
    location_id: str | None = None
    readings: int = 1
    at_once: AtOnce | None = None

    @property
    def energy_uwh(self) -> int:
        return round(self.energy_wh * 1_000_000)


class Resolution(StrEnum):
    """Enode's sizes of buckets."""

    QUARTER_HOUR = "QUARTER_HOUR"
    HALF_HOUR = "HALF_HOUR"
    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    YEAR = "YEAR"


@dataclass(frozen=True, slots=True)
class PowerRange:
    """Enode's kw, over the time of the samples counted; in watt."""

    min_w: float
    max_w: float
    mean_w: float


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Prices per kWh; the mean is weighted by energy, so that it gives the cost."""

    min: Decimal
    max: Decimal
    mean: Decimal


@dataclass(frozen=True, slots=True)
class Consumption:
    """What was used, and its cost.

    `cost` and `price` cover the energy of known price, and are None where none of it has one. The
    last two are None where smart charging changed nothing.
    """

    energy_uwh: int
    power: PowerRange
    price: PriceRange | None
    cost: Decimal | None
    non_smart_price: PriceRange | None = None
    estimated_savings: Decimal | None = None

    @property
    def energy_wh(self) -> float:
        return self.energy_uwh / 1_000_000


@dataclass(frozen=True, slots=True)
class ChargingBucket:
    """One entry of a time series; `date` is where the bucket begins."""

    date: datetime
    consumption: Consumption


@dataclass(frozen=True, slots=True)
class ChargingSession:
    """One stay of an asset at consuming."""

    asset_id: str
    location_id: str | None
    from_at: datetime
    to_at: datetime
    consumption: Consumption


@dataclass(frozen=True, slots=True)
class ProductionEntry:
    """Production from `date` on, which is in the inverter's local time; None where unknown."""

    date: datetime
    energy_wh: float | None


@dataclass(frozen=True, slots=True)
class InverterStatistics:
    """A day in QUARTER_HOURs or a month in DAYs.

    `retry_after` is None when all is final; else it is when to ask again.
    """

    timezone: str
    resolution: Resolution
    data: tuple[ProductionEntry, ...]
    retry_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class StatisticsRefusal:
    """Why there can be no statistics, in words for the caller."""

    detail: str


@dataclass(frozen=True, slots=True)
class MeteredMinute:
    """What an asset said of its energy within a minute; None where it said nothing.

    `counter_wh` is its counter at the end; the powers are positive where it consumes (an inverter:
    produces).
    """

    start: datetime
    counter_wh: float | None = None
    min_w: float | None = None
    mean_w: float | None = None
    max_w: float | None = None


@dataclass(frozen=True, slots=True)
class CounterValue:
    """What an energy counter showed at an instant."""

    at: datetime
    wh: float


@dataclass(frozen=True, slots=True)
class EnergyMark:
    """How far an asset's energy is counted: all that the next minute's count must know.

    All minutes before `through` are in. `counted_at` is where the last known energy ends and
    `power_w` the mean power there. `counter` is the last value believed, `suspects` are those since
    that do not fit it, and `ahead_wh` is what was counted beyond it.
    """

    through: datetime
    counted_at: datetime | None = None
    power_w: float | None = None
    counter: CounterValue | None = None
    suspects: tuple[CounterValue, ...] = ()
    ahead_wh: float = 0.0
    location_id: str | None = None
