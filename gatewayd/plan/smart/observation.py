"""All that smart charging of one vehicle depends on, at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gatewayd.model.charging import Charging, charging
from gatewayd.model.reading import VehicleReading
from gatewayd.model.smart_charging import SmartChargingPolicy, SmartOverride
from gatewayd.model.tariff import PriceSlot
from gatewayd.plan.local_time import next_at
from gatewayd.plan.prices import Prices, price_slots
from gatewayd.plan.pursuit import LatestAction

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Observation:
    """`prices` are those of the vehicle's location (its zone is the deadline's), None away from
    any. `is_capable`: it can be started and stopped. `latest` is its newest start or stop.
    `plan_id` is for the plan that may be made.
    """

    now: datetime
    policy: SmartChargingPolicy
    vehicle: VehicleReading
    plan_id: str
    location_id: str | None = None
    prices: Prices | None = None
    is_capable: bool = True
    latest: LatestAction[bool] | None = None
    override: SmartOverride | None = None

    @property
    def charging(self) -> Charging:
        return charging(self.vehicle)

    @property
    def is_overridden(self) -> bool:
        return self.override is not None and self.override.is_active

    @property
    def is_below_minimum(self) -> bool:
        """Whether it must charge at once. An unknown level counts as too low."""
        minimum_pct = self.policy.minimum_charge_limit_pct
        if minimum_pct <= 0:
            return False
        return self.vehicle.soc_pct is None or self.vehicle.soc_pct < minimum_pct

    def deadline_at(self) -> datetime | None:
        """When the deadline comes next, by the clock of the vehicle's location."""
        if self.policy.deadline_minute is None or self.prices is None:
            return None
        return next_at(self.now, self.policy.deadline_minute, self.prices.zone)

    def slots(self, until: datetime) -> Sequence[PriceSlot]:
        """The prices from now on; empty without any."""
        return price_slots(self.prices, self.now, until) if self.prices else ()

    def has_prices(self) -> bool:
        """Whether any price is known before the deadline."""
        until = self.deadline_at() or self.now + _DAY
        return any(slot.price is not None for slot in self.slots(until))
