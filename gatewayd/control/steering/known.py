"""What is on the disk about schedules, smart charging and flex, at hand for the next decision."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from gatewayd.model.asset import Asset
from gatewayd.model.flex import FlexAgreement, FlexIntent
from gatewayd.model.location import Location
from gatewayd.model.schedule import Schedule, ScheduleStatus
from gatewayd.model.smart_charging import SmartChargingPolicy, SmartChargingStatus, SmartOverride
from gatewayd.model.tariff import PriceSlot
from gatewayd.plan.prices import Prices, prices
from gatewayd.plan.smart.machine import initial
from gatewayd.state import flex, locations, schedules, smart_charging, tariffs

# The prices at a location that no tariff of its user tells.
Market = Callable[[Location], Sequence[PriceSlot]]


@dataclass(slots=True)
class Known:
    """By id: of the schedule, the vehicle, the location or the flex policy.

    `overrides` may have ended.
    """

    schedules: dict[str, Schedule] = field(default_factory=dict)
    statuses: dict[str, ScheduleStatus] = field(default_factory=dict)
    policies: dict[str, SmartChargingPolicy] = field(default_factory=dict)
    smart: dict[str, SmartChargingStatus] = field(default_factory=dict)
    overrides: dict[str, SmartOverride] = field(default_factory=dict)
    places: Mapping[str, Location] = field(default_factory=dict)
    prices: Mapping[str, Prices] = field(default_factory=dict)
    agreements: dict[str, FlexAgreement] = field(default_factory=dict)
    intent: FlexIntent = flex.NO_INTENT

    def smart_of(self, vehicle: Asset) -> SmartChargingStatus:
        """Where a vehicle stands, also one that never had smart charging."""
        return self.smart.get(vehicle.id) or never(vehicle)

    def keep_looks(self, before: "Known") -> None:
        """When each vehicle was last decided on, which is not written each time."""
        for vehicle_id, status in self.smart.items():
            known = before.smart.get(vehicle_id)
            if known and replace(known, updated_at=status.updated_at) == status:
                self.smart[vehicle_id] = known

    def override_of(self, vehicle_id: str) -> SmartOverride | None:
        """The override that is active."""
        override = self.overrides.get(vehicle_id)
        return override if override and override.is_active else None


def never(vehicle: Asset) -> SmartChargingStatus:
    """The status of a vehicle that never had smart charging."""
    charging = initial(vehicle.created_at)
    at = vehicle.created_at
    return SmartChargingStatus(vehicle.id, vehicle.user_id, vehicle.vendor, at, charging)


def read(c: sqlite3.Connection, currency: str, market: Market) -> Known:
    """All of it; `currency` is what tariffs are in."""
    smart = smart_charging.load(c)
    places = locations.load(c)
    return Known(
        schedules={schedule.id: schedule for schedule in schedules.load(c)},
        statuses=schedules.statuses(c),
        policies={vehicle_id: policy for vehicle_id, (policy, _) in smart.items()},
        smart={vehicle_id: status for vehicle_id, (_, status) in smart.items()},
        overrides=smart_charging.overrides(c),
        places={place.id: place for place in places},
        prices={place.id: _prices(c, place, currency, market) for place in places},
        agreements=flex.load(c),
        intent=flex.intent(c),
    )


def _prices(c: sqlite3.Connection, place: Location, currency: str, market: Market) -> Prices:
    link = tariffs.linked(c, place.id)
    tariff = tariffs.get(c, link.tariff_id) if link else None
    return prices(ZoneInfo(place.timezone), currency, tariff, link, market(place))
