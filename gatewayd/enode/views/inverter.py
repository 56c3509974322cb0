"""Inverters, from the model to the wire."""

from gatewayd.enode.views import scopes
from gatewayd.enode.views.abilities import telling
from gatewayd.enode.views.base import (
    installed_at,
    kilo,
    last_seen,
    position,
    sampled_at,
    vendor,
    vendor_id,
)
from gatewayd.enode.wire import inverter as wire
from gatewayd.model.asset import Asset
from gatewayd.model.location import Location
from gatewayd.model.reading import InverterReading
from gatewayd.model.site import AssetState

_NOTHING = InverterReading()
_PRODUCTION = frozenset({"power_w", "energy_wh"})


def inverter(state: AssetState, place: Location | None) -> wire.Inverter:
    """An inverter as Enode shows it."""
    asset = state.asset
    return wire.Inverter(
        id=asset.id,
        user_id=asset.user_id,
        vendor=vendor(asset.vendor),
        last_seen=last_seen(state),
        is_reachable=state.is_reachable,
        production_state=_production_state(state),
        timezone=place.timezone if place else None,
        capabilities=_capabilities(asset),
        scopes=list(scopes.granted(asset)),
        information=_information(asset),
        location=position(asset, place),
    )


def _production_state(state: AssetState) -> wire.InverterProductionState:
    reading = _NOTHING
    if state.sample and isinstance(state.sample.reading, InverterReading):
        reading = state.sample.reading
    rate_kw = kilo(reading.power_w)
    return wire.InverterProductionState(
        # What an inverter draws for itself at night is no production.
        production_rate=None if rate_kw is None else max(0.0, rate_kw),
        is_producing=_is_producing(reading, rate_kw),
        total_lifetime_production=kilo(reading.energy_wh),
        last_updated=sampled_at(state),
    )


def _is_producing(reading: InverterReading, rate_kw: float | None) -> bool | None:
    if rate_kw is not None:
        return rate_kw > 0
    return False if reading.is_asleep else None


def _information(asset: Asset) -> wire.InverterInformation:
    return wire.InverterInformation(
        id=vendor_id(asset),
        sn=asset.serial,
        brand=asset.brand,
        model=asset.model,
        site_name=asset.display_name,
        installation_date=installed_at(asset),
    )


def _capabilities(asset: Asset) -> wire.InverterCapabilities:
    reports = asset.spec.reports
    return wire.InverterCapabilities(
        production_state=telling(asset, is_capable=reports >= _PRODUCTION),
        # Energy is counted by its counter, or else by its power.
        production_statistics=telling(asset, is_capable=not reports.isdisjoint(_PRODUCTION)),
    )
