"""Batteries, from the model to the wire."""

from gatewayd.enode.views import scopes
from gatewayd.enode.views.abilities import taking
from gatewayd.enode.views.base import (
    installed_at,
    kilo,
    last_seen,
    number,
    position,
    sampled_at,
    vendor,
    vendor_id,
)
from gatewayd.enode.wire import battery as wire
from gatewayd.model.asset import Asset, Capability
from gatewayd.model.location import Location
from gatewayd.model.reading import BatteryReading, BatteryStatus
from gatewayd.model.site import AssetState

# Below this a battery only feeds its own electronics or follows the load's noise.
_IDLE_W = 10.0
_NOTHING = BatteryReading()


def battery(state: AssetState, place: Location | None) -> wire.Battery:
    """A battery as Enode shows it."""
    asset = state.asset
    return wire.Battery(
        id=asset.id,
        user_id=asset.user_id,
        vendor=vendor(asset.vendor),
        last_seen=last_seen(state),
        is_reachable=state.is_reachable,
        charge_state=_charge_state(state),
        config=_config(state),
        information=_information(asset),
        capabilities=_capabilities(asset),
        scopes=list(scopes.granted(asset)),
        location=position(asset, place),
    )


def status(reading: BatteryReading) -> BatteryStatus | None:
    """The charge state; a measured flow wins over a status word, which devices update later."""
    if reading.status is BatteryStatus.FAULT:
        return BatteryStatus.FAULT
    power_w = number(reading.power_w)
    if power_w is None:
        return reading.status
    if power_w >= _IDLE_W:
        return BatteryStatus.CHARGING
    if power_w <= -_IDLE_W:
        return BatteryStatus.DISCHARGING
    return BatteryStatus.IDLE


def _reading(state: AssetState) -> BatteryReading:
    match state.sample and state.sample.reading:
        case BatteryReading() as reading:
            return reading
    return _NOTHING


def _charge_state(state: AssetState) -> wire.BatteryChargeState:
    reading = _reading(state)
    return wire.BatteryChargeState(
        status=status(reading),
        battery_capacity=kilo(reading.capacity_wh),
        battery_level=number(reading.soc_pct),
        charge_rate=kilo(reading.power_w),
        discharge_limit=number(reading.reserve_pct),
        last_updated=sampled_at(state),
    )


def _config(state: AssetState) -> wire.BatteryConfig:
    mode = _reading(state).operation_mode
    return wire.BatteryConfig(operation_mode=mode, last_updated=sampled_at(state) if mode else None)


def _information(asset: Asset) -> wire.BatteryInformation:
    return wire.BatteryInformation(
        id=vendor_id(asset),
        brand=asset.brand,
        model=asset.model,
        site_name=asset.display_name,
        installation_date=installed_at(asset),
    )


def _capabilities(asset: Asset) -> wire.BatteryCapabilities:
    return wire.BatteryCapabilities(
        export_focus=taking(asset, Capability.EXPORT_FOCUS),
        import_focus=taking(asset, Capability.IMPORT_FOCUS),
        time_of_use=taking(asset, Capability.TIME_OF_USE),
        self_reliance=taking(asset, Capability.SELF_RELIANCE),
    )
