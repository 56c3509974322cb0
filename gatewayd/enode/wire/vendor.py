"""Vendors on the wire: health lists and integrations."""

from typing import Literal

from gatewayd.enode.wire.base import EnodeModel
from gatewayd.model.asset import AssetKind

Status = Literal["READY", "ELEVATED_ERROR_RATE", "OUTAGE"]
Scope = Literal[
    "battery:control:operation_mode",
    "battery:read:data",
    "battery:read:location",
    "charger:control:charging",
    "charger:read:data",
    "hvac:control:mode",
    "hvac:read:data",
    "inverter:read:data",
    "inverter:read:location",
    "meter:read:data",
    "meter:read:location",
    "vehicle:control:charging",
    "vehicle:read:data",
    "vehicle:read:location",
]


class VendorHealth(EnodeModel):
    """How one vendor does for one kind of asset."""

    vendor: str
    display_name: str
    status: Status
    portal_name: str
    linking_status: Status


class Integration(VendorHealth):
    """One vendor and all it offers."""

    asset_types: list[AssetKind]
    scopes: list[Scope]
