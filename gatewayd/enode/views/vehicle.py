"""Vehicles, from the model to the wire."""

from gatewayd.enode.views import scopes
from gatewayd.enode.views.abilities import both, locating, taking, telling
from gatewayd.enode.views.base import kilo, last_seen, number, sampled_at, vendor
from gatewayd.enode.wire import vehicle as wire
from gatewayd.enode.wire.base import PositionOfAsset
from gatewayd.model.asset import Asset, Capability
from gatewayd.model.charging import charging
from gatewayd.model.hour_minute import format_hour_minute
from gatewayd.model.location import Location
from gatewayd.model.reading import PowerDelivery, VehicleReading
from gatewayd.model.site import AssetState
from gatewayd.model.smart_charging import SmartChargingPolicy

_NOTHING = VehicleReading()
_NO_POLICY = SmartChargingPolicy()
_CHARGE_STATE = frozenset({"soc_pct", "power_delivery"})
_POSITION = frozenset({"latitude", "longitude"})
_CHARGING = (Capability.START_CHARGING, Capability.STOP_CHARGING)


def vehicle(
    state: AssetState, place: Location | None, policy: SmartChargingPolicy = _NO_POLICY
) -> wire.Vehicle:
    """A vehicle as Enode shows it."""
    asset = state.asset
    return wire.Vehicle(
        id=asset.id,
        user_id=asset.user_id,
        vendor=vendor(asset.vendor),
        last_seen=last_seen(state),
        is_reachable=state.is_reachable,
        information=_information(asset),
        charge_state=_charge_state(state),
        smart_charging_policy=smart_charging_policy(policy),
        odometer=_odometer(state),
        capabilities=_capabilities(asset),
        scopes=list(scopes.granted(asset)),
        location=_position(state, place),
    )


def smart_charging_policy(policy: SmartChargingPolicy) -> wire.VehicleSmartChargingPolicy:
    """What the user wants of smart charging."""
    minute = policy.deadline_minute
    return wire.VehicleSmartChargingPolicy(
        is_enabled=policy.is_enabled,
        deadline=None if minute is None else format_hour_minute(minute),
        minimum_charge_limit=policy.minimum_charge_limit_pct,
    )


def _reading(state: AssetState) -> VehicleReading:
    match state.sample and state.sample.reading:
        case VehicleReading() as reading:
            return reading
    return _NOTHING


def _information(asset: Asset) -> wire.VehicleInformation:
    return wire.VehicleInformation(
        vin=asset.serial,
        brand=asset.brand or None,
        model=asset.model or None,
        year=asset.spec.model_year,
        display_name=asset.display_name or None,
    )


def _charge_state(state: AssetState) -> wire.VehicleChargeState:
    """Both booleans, rate and time follow from one word, so that they never contradict it."""
    reading = _reading(state)
    said = charging(reading)
    limit = number(reading.charge_limit_pct)
    return wire.VehicleChargeState(
        battery_level=number(reading.soc_pct),
        range=kilo(reading.range_m),
        is_plugged_in=said.is_plugged_in,
        is_charging=said.is_charging,
        is_fully_charged=_is_full(reading),
        battery_capacity=kilo(reading.capacity_wh),
        charge_limit=limit,
        charge_rate=kilo(reading.power_w) if said.is_charging else None,
        charge_time_remaining=_minutes(reading.charge_remaining_s) if said.is_charging else None,
        last_updated=sampled_at(state),
        max_current=number(reading.max_current_a),
        power_delivery_state=reading.power_delivery or PowerDelivery.UNKNOWN,
    )


def _is_full(reading: VehicleReading) -> bool | None:
    if reading.soc_pct is None and reading.power_delivery in (None, PowerDelivery.UNKNOWN):
        return None
    said = charging(reading)
    return said.is_complete and not said.is_charging


def _minutes(seconds: float | None) -> float | None:
    minutes = number(seconds)
    return None if minutes is None else float(round(minutes / 60))


def _odometer(state: AssetState) -> wire.VehicleOdometer:
    distance = kilo(_reading(state).odometer_m)
    at = None if distance is None else sampled_at(state)
    return wire.VehicleOdometer(distance=distance, last_updated=at)


def _position(state: AssetState, place: Location | None) -> PositionOfAsset:
    """The car's own coordinates, only within the scope that allows them."""
    reading = _reading(state) if scopes.may_locate(state.asset) else _NOTHING
    is_known = reading.latitude is not None and reading.longitude is not None
    return PositionOfAsset(
        id=place.id if place else None,
        longitude=number(reading.longitude),
        latitude=number(reading.latitude),
        last_updated=sampled_at(state) if is_known else state.asset.location_updated_at,
    )


def _capabilities(asset: Asset) -> wire.VehicleCapabilities:
    reports = asset.spec.reports
    charge_state = telling(asset, is_capable=reports >= _CHARGE_STATE)
    location = locating(asset, is_capable=reports >= _POSITION)
    is_known = bool(asset.serial and asset.brand and asset.model)
    return wire.VehicleCapabilities(
        information=telling(asset, is_capable=is_known),
        charge_state=charge_state,
        location=location,
        odometer=telling(asset, is_capable="odometer_m" in reports),
        set_max_current=taking(asset, Capability.SET_MAX_CURRENT),
        start_charging=taking(asset, Capability.START_CHARGING),
        stop_charging=taking(asset, Capability.STOP_CHARGING),
        smart_charging=both(taking(asset, *_CHARGING), charge_state, location),
    )
