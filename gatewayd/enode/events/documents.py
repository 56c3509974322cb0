"""Assets as plain data, in the newest version's form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from gatewayd.enode.views.battery import battery
from gatewayd.enode.views.charger import charger
from gatewayd.enode.views.hvac import hvac
from gatewayd.enode.views.inverter import inverter
from gatewayd.enode.views.meter import meter
from gatewayd.enode.views.vehicle import vehicle
from gatewayd.model.asset import AssetKind
from gatewayd.model.location import Location
from gatewayd.model.site import AssetState
from gatewayd.model.smart_charging import SmartChargingPolicy

_VIEWS: Mapping[AssetKind, Callable[[AssetState, Location | None], BaseModel]] = {
    AssetKind.BATTERY: battery,
    AssetKind.CHARGER: charger,
    AssetKind.HVAC: hvac,
    AssetKind.INVERTER: inverter,
    AssetKind.METER: meter,
}


@dataclass(frozen=True)
class Documents:
    """Shows assets as the API does. `policy` tells what is wanted of a vehicle's charging."""

    places: Mapping[str, Location]
    policy: Callable[[str], SmartChargingPolicy]

    def of(self, state: AssetState) -> dict[str, Any]:
        """One asset as it is now."""
        asset = state.asset
        place = self.places.get(asset.location_id) if asset.location_id else None
        if asset.kind is AssetKind.VEHICLE:
            return data(vehicle(state, place, self.policy(asset.id)))
        return data(_VIEWS[asset.kind](state, place))


def data(model: BaseModel) -> dict[str, Any]:
    """A wire model as JSON would have it."""
    return model.model_dump(mode="json", by_alias=True)
