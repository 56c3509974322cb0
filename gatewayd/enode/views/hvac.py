"""Heat pumps, heaters and air conditioners, from the model to the wire."""

from typing import cast, get_args

from gatewayd.enode.views import scopes
from gatewayd.enode.views.abilities import taking
from gatewayd.enode.views.base import kilo, last_seen, number, sampled_at, vendor
from gatewayd.enode.wire import hvac as wire
from gatewayd.model.asset import Asset, Capability
from gatewayd.model.climate import Bounds, HvacMode, Thermostat
from gatewayd.model.location import Location
from gatewayd.model.reading import HvacReading
from gatewayd.model.site import AssetState

_NOTHING = HvacReading()
_UNKNOWN = Thermostat()
_MODES = frozenset(HvacMode)
_HOLDS = frozenset(get_args(wire.HoldType))


def hvac(state: AssetState, place: Location | None) -> wire.Hvac:
    """A heater or cooler as Enode shows it."""
    asset = state.asset
    return wire.Hvac(
        id=asset.id,
        user_id=asset.user_id,
        vendor=vendor(asset.vendor),
        last_seen=last_seen(state),
        is_reachable=state.is_reachable,
        consumption_rate=_rate(_reading(state)),
        information=_information(asset),
        temperature_state=_temperature_state(state),
        thermostat_state=_thermostat_state(state),
        scopes=list(scopes.granted(asset)),
        capabilities=_capabilities(asset),
        location=wire.HvacPlace(id=place.id if place else None),
    )


def _reading(state: AssetState) -> HvacReading:
    match state.sample and state.sample.reading:
        case HvacReading() as reading:
            return reading
    return _NOTHING


def _rate(reading: HvacReading) -> float | None:
    """What its electronics draw while it rests is no consumption."""
    rate_kw = kilo(reading.power_w)
    return 0.0 if rate_kw is not None and not _is_active(reading) else rate_kw


def _is_active(reading: HvacReading) -> bool:
    if reading.is_active is not None:
        return reading.is_active
    return (number(reading.power_w) or 0.0) > 0.0


def _information(asset: Asset) -> wire.HvacInformation:
    return wire.HvacInformation(
        brand=asset.brand,
        model=asset.model or None,
        display_name=asset.display_name,
        group_name=None,
        category=(asset.spec.thermostat or _UNKNOWN).category,
    )


def _temperature_state(state: AssetState) -> wire.TemperatureState:
    reading = _reading(state)
    return wire.TemperatureState(
        current_temperature=number(reading.temperature_c),
        is_active=_is_active(reading),
        last_updated=sampled_at(state),
    )


def _thermostat_state(state: AssetState) -> wire.ThermostatState:
    reading = _reading(state)
    mode = reading.mode if reading.mode in _MODES else "UNKNOWN"
    hold = reading.hold_type if reading.hold_type in _HOLDS else None
    return wire.ThermostatState(
        mode=cast(wire.HvacMode, mode),
        heat_setpoint=number(reading.heat_setpoint_c),
        cool_setpoint=number(reading.cool_setpoint_c),
        hold_type=cast(wire.HoldType | None, hold),
        last_updated=sampled_at(state),
    )


def _capabilities(asset: Asset) -> wire.HvacCapabilities:
    known = asset.spec.thermostat or _UNKNOWN
    modes: list[wire.HvacMode] = [mode.value for mode in HvacMode if mode in known.modes]
    return wire.HvacCapabilities(
        capable_modes=modes or None,
        cool_setpoint_range=_range(known.cool_c),
        heat_setpoint_range=_range(known.heat_c),
        setpoint_difference_range=_range(known.difference_c),
        set_follow_schedule=taking(asset, Capability.SET_FOLLOW_SCHEDULE),
        set_permanent_hold=taking(asset, Capability.SET_PERMANENT_HOLD),
    )


def _range(bounds: Bounds | None) -> wire.TemperatureRange | None:
    return None if bounds is None else wire.TemperatureRange(min=bounds.min, max=bounds.max)
