"""Meters, from the model to the wire."""

from gatewayd.enode.views import scopes
from gatewayd.enode.views.abilities import telling
from gatewayd.enode.views.base import (
    installed_at,
    kilo,
    last_seen,
    position,
    sampled_at,
    vendor,
)
from gatewayd.enode.wire import meter as wire
from gatewayd.model.asset import Asset, MeterUsage
from gatewayd.model.location import Location
from gatewayd.model.reading import MeterReading
from gatewayd.model.site import AssetState

_MEASURED = frozenset({"power_w", "import_wh", "export_wh"})


def meter(state: AssetState, place: Location | None) -> wire.Meter:
    """A meter as Enode shows it."""
    asset = state.asset
    return wire.Meter(
        id=asset.id,
        user_id=asset.user_id,
        vendor=vendor(asset.vendor),
        last_seen=last_seen(state),
        is_reachable=state.is_reachable,
        information=_information(asset),
        energy_state=_energy_state(state),
        location=position(asset, place),
        capabilities=_capabilities(asset),
        scopes=list(scopes.granted(asset)),
    )


def _energy_state(state: AssetState) -> wire.MeterEnergyState:
    power_w = None
    if state.sample and isinstance(state.sample.reading, MeterReading):
        power_w = state.sample.reading.power_w
    return wire.MeterEnergyState(power=kilo(power_w), last_updated=sampled_at(state))


def _information(asset: Asset) -> wire.MeterInformation:
    return wire.MeterInformation(
        brand=asset.brand,
        model=asset.model,
        site_name=asset.display_name,
        installation_date=installed_at(asset),
    )


def _capabilities(asset: Asset) -> wire.MeterCapabilities:
    """What stands behind the meter decides which directions there are."""
    is_measuring = bool(asset.spec.reports & _MEASURED)
    consumes = asset.usage is not MeterUsage.GENERATION
    produces = asset.usage not in (MeterUsage.LOAD, MeterUsage.CHARGER)
    return wire.MeterCapabilities(
        measures_consumption=telling(asset, is_capable=is_measuring and consumes),
        measures_production=telling(asset, is_capable=is_measuring and produces),
    )
