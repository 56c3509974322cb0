"""Chargers, from the model to the wire."""

from gatewayd.enode.views import scopes
from gatewayd.enode.views.abilities import taking, telling
from gatewayd.enode.views.base import (
    kilo,
    last_seen,
    number,
    sampled_at,
    vendor,
    vendor_id,
)
from gatewayd.enode.wire import charger as wire
from gatewayd.enode.wire.base import PlaceOfAsset
from gatewayd.model.asset import Asset, Capability
from gatewayd.model.location import Location
from gatewayd.model.reading import ChargerReading, PowerDelivery
from gatewayd.model.site import AssetState

_NOTHING = ChargerReading()
_WHOLE_CHARGE_STATE = frozenset({"power_delivery", "power_w", "max_current_a"})


def charger(state: AssetState, place: Location | None) -> wire.Charger:
    """A charger as Enode shows it."""
    asset = state.asset
    return wire.Charger(
        id=asset.id,
        user_id=asset.user_id,
        vendor=vendor(asset.vendor),
        last_seen=last_seen(state),
        is_reachable=state.is_reachable,
        charge_state=_charge_state(state),
        capabilities=_capabilities(asset),
        scopes=list(scopes.granted(asset)),
        information=_information(asset),
        location=PlaceOfAsset(
            id=place.id if place else None, last_updated=asset.location_updated_at
        ),
    )


def _charge_state(state: AssetState) -> wire.ChargerChargeState:
    """Both booleans and the rate follow from one word, so that they never contradict it."""
    reading = _NOTHING
    if state.sample and isinstance(state.sample.reading, ChargerReading):
        reading = state.sample.reading
    return wire.ChargerChargeState(
        is_plugged_in=reading.is_plugged_in,
        is_charging=reading.is_charging,
        charge_rate=kilo(reading.power_w) if reading.is_charging else None,
        last_updated=sampled_at(state),
        max_current=number(reading.max_current_a),
        power_delivery_state=_delivery(reading),
    )


def _delivery(reading: ChargerReading) -> wire.ChargerPowerDelivery:
    match reading.power_delivery:
        case None:
            return PowerDelivery.UNKNOWN
        case PowerDelivery.COMPLETE:
            # The car takes no more and no command changes that, which is Enode's NO_POWER.
            return PowerDelivery.NO_POWER
        case delivery:
            return delivery


def _information(asset: Asset) -> wire.ChargerInformation:
    return wire.ChargerInformation(
        brand=asset.brand,
        model=asset.model,
        year=asset.spec.model_year,
        serial_number=vendor_id(asset),
    )


def _capabilities(asset: Asset) -> wire.ChargerCapabilities:
    return wire.ChargerCapabilities(
        information=telling(asset, is_capable=bool(asset.brand and asset.model and asset.serial)),
        charge_state=telling(asset, is_capable=asset.spec.reports >= _WHOLE_CHARGE_STATE),
        start_charging=taking(asset, Capability.START_CHARGING),
        stop_charging=taking(asset, Capability.STOP_CHARGING),
        set_max_current=taking(asset, Capability.SET_MAX_CURRENT),
    )
