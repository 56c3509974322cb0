"""Vehicles on the wire: kW and kWh, percent, kilometres, minutes."""

from gatewayd.enode.wire.base import (
    Capability,
    EnodeModel,
    OpenModel,
    PositionOfAsset,
    Timestamp,
)
from gatewayd.model.reading import PowerDelivery


class VehicleInformation(EnodeModel):
    """Who the vehicle is."""

    vin: str | None
    brand: str | None
    model: str | None
    year: float | None
    display_name: str | None


class VehicleChargeState(EnodeModel):
    """`battery_capacity` is usable; rate and time remaining are told only while charging."""

    battery_level: float | None
    range: float | None
    is_plugged_in: bool | None
    is_charging: bool | None
    is_fully_charged: bool | None
    battery_capacity: float | None
    charge_limit: float | None
    charge_rate: float | None
    charge_time_remaining: float | None
    last_updated: Timestamp | None
    max_current: float | None
    power_delivery_state: PowerDelivery


class VehicleSmartChargingPolicy(OpenModel):
    """`deadline` is HH:MM in the time of the place; `minimum_charge_limit` in percent."""

    is_enabled: bool
    deadline: str | None
    minimum_charge_limit: float


class VehicleOdometer(EnodeModel):
    """How far the vehicle has come."""

    distance: float | None
    last_updated: Timestamp | None


class VehicleCapabilities(EnodeModel):
    """What the vehicle can tell and be told."""

    information: Capability
    charge_state: Capability
    location: Capability
    odometer: Capability
    set_max_current: Capability
    start_charging: Capability
    stop_charging: Capability
    smart_charging: Capability


class Vehicle(EnodeModel):
    """A vehicle."""

    id: str
    user_id: str
    vendor: str
    last_seen: Timestamp
    is_reachable: bool | None
    information: VehicleInformation
    charge_state: VehicleChargeState
    smart_charging_policy: VehicleSmartChargingPolicy
    odometer: VehicleOdometer
    capabilities: VehicleCapabilities
    scopes: list[str]
    location: PositionOfAsset
