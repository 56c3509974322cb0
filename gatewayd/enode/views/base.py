"""What the views of all kinds share."""

import math
from datetime import datetime

from gatewayd.enode.views import scopes
from gatewayd.enode.wire.base import PositionOfAsset
from gatewayd.model.asset import Asset
from gatewayd.model.location import Location
from gatewayd.model.site import AssetState

# Enode writes every vendor in upper case but these.
_SPELLINGS = {"CSISOLAR": "CSISolar", "DEYE": "Deye", "HOYMILES": "Hoymiles"}


def vendor(name: str) -> str:
    """A vendor's machine name as Enode spells it."""
    return _SPELLINGS.get(name, name)


def kilo(value: float | None) -> float | None:
    """W to kW or Wh to kWh, to the last whole watt; None for what is no number."""
    if value is None or not math.isfinite(value):
        return None
    # Adding zero turns the -0.0 that a small negative rounds to into 0.0.
    return round(value / 1000, 3) + 0.0


def number(value: float | None) -> float | None:
    """A value as it is; None for what is no number."""
    return value if value is not None and math.isfinite(value) else None


def last_seen(state: AssetState) -> datetime:
    """The last successful communication; the first sight of an asset counts as one."""
    return state.last_seen_at or state.asset.created_at


def sampled_at(state: AssetState) -> datetime | None:
    """When the newest sample arrived."""
    return state.sample.at if state.sample else None


def vendor_id(asset: Asset) -> str:
    """The vendor's own id; the slug is as stable, where the device tells no serial number."""
    return asset.serial or asset.slug


def installed_at(asset: Asset) -> datetime:
    """The configured date, else the day the asset was first seen."""
    return asset.installed_at or asset.created_at


def position(asset: Asset, place: Location | None) -> PositionOfAsset:
    """Where an asset stands; the coordinates only within the scope that allows them."""
    shown = place if scopes.may_locate(asset) else None
    return PositionOfAsset(
        id=place.id if place else None,
        longitude=shown.longitude if shown else None,
        latitude=shown.latitude if shown else None,
        last_updated=asset.location_updated_at,
    )
