"""Whether smart charging may be enabled, and how it gives way to schedules."""

from dataclasses import dataclass, replace

from gatewayd.model.charging import limit_pct
from gatewayd.model.reading import VehicleReading
from gatewayd.model.schedule import Schedule
from gatewayd.model.smart_charging import SmartChargingPolicy

TITLE = "Cannot activate smart charging"


@dataclass(frozen=True, slots=True)
class Prerequisites:
    """What a vehicle brings along. `is_taken`: another user has enabled it for the same vehicle.

    `vendor_minimum_pct` is the lowest charge limit that the vendor lets be set.
    """

    vehicle: VehicleReading
    is_capable: bool
    has_prices: bool
    is_taken: bool = False
    vendor_minimum_pct: float = 0.0


def enabling_refusal(policy: SmartChargingPolicy, given: Prerequisites) -> str | None:
    """Why this policy cannot be, in words for the caller; None when it can.

    To disable is always possible.
    """
    if not policy.is_enabled:
        return None
    if not given.is_capable:
        return "The vehicle cannot be told to start and stop charging"
    if given.is_taken:
        return "Another user already has smart charging enabled for this vehicle"
    if policy.deadline_minute is None:
        return "A deadline must be set"
    if not given.has_prices:
        return "Neither market prices nor a tariff are known for the user"
    return _minimum_refusal(policy.minimum_charge_limit_pct, given)


def policy_beside(
    policy: SmartChargingPolicy, schedule: Schedule, vehicle_id: str
) -> SmartChargingPolicy:
    """The policy once a schedule is stored: an enabled one of this vehicle disables it."""
    if schedule.is_enabled and schedule.target_id == vehicle_id:
        return replace(policy, is_enabled=False)
    return policy


def _minimum_refusal(minimum_pct: float, given: Prerequisites) -> str | None:
    # Written so that NaN, which compares false with everything, is refused.
    if not 0.0 <= minimum_pct <= 100.0:
        return "minimumChargeLimit must be between 0 and 100 %"
    limit = limit_pct(given.vehicle)
    if minimum_pct > limit:
        return f"minimumChargeLimit must not be above the vehicle's charge limit of {limit:g} %"
    # Zero is no minimum at all, which the vendor's settings do not concern.
    if 0.0 < minimum_pct < given.vendor_minimum_pct:
        return f"minimumChargeLimit must be at least {given.vendor_minimum_pct:g} % or 0"
    return None
