"""Assets as plain data, in the newest version's form."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from gatewayd.enode.views.battery import battery
from gatewayd.enode.views.charger import charger
from gatewayd.enode.views.inverter import inverter
from gatewayd.enode.views.meter import meter
from gatewayd.model.asset import AssetKind
from gatewayd.model.location import Location
from gatewayd.model.site import AssetState

VIEWS: Mapping[AssetKind, Callable[[AssetState, Location | None], BaseModel]] = {
    AssetKind.BATTERY: battery,
    AssetKind.CHARGER: charger,
    AssetKind.INVERTER: inverter,
    AssetKind.METER: meter,
}


def document(state: AssetState, places: Mapping[str, Location]) -> dict[str, Any]:
    """An asset as the API shows it now."""
    place = places.get(state.asset.location_id) if state.asset.location_id else None
    return data(VIEWS[state.asset.kind](state, place))


def data(model: BaseModel) -> dict[str, Any]:
    """A wire model as JSON would have it."""
    return model.model_dump(mode="json", by_alias=True)
