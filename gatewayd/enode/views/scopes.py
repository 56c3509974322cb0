"""What a client may see and do with an asset, in Enode's 14 scope names."""

from gatewayd.model.asset import LOCAL, Asset, AssetKind

CONTROL = {
    AssetKind.BATTERY: "battery:control:operation_mode",
    AssetKind.CHARGER: "charger:control:charging",
    AssetKind.HVAC: "hvac:control:mode",
    AssetKind.VEHICLE: "vehicle:control:charging",
}
# A charger reports no position, and a thermostat is where its home is.
_POSITIONED = frozenset({AssetKind.BATTERY, AssetKind.INVERTER, AssetKind.METER, AssetKind.VEHICLE})


def of_kind(kind: AssetKind) -> tuple[str, ...]:
    """Every scope there is for a kind."""
    control = (CONTROL[kind],) if kind in CONTROL else ()
    location = (f"{kind.value}:read:location",) if kind in _POSITIONED else ()
    return (*control, f"{kind.value}:read:data", *location)


def granted(asset: Asset) -> tuple[str, ...]:
    """The scopes the user gave, or all that fit what the asset can do."""
    if asset.scopes:
        return asset.scopes
    mute = None if asset.capabilities - LOCAL else CONTROL.get(asset.kind)
    return tuple(scope for scope in of_kind(asset.kind) if scope != mute)


def may_control(asset: Asset) -> bool:
    """Whether commands are within the granted scopes."""
    return CONTROL.get(asset.kind) in granted(asset)


def may_locate(asset: Asset) -> bool:
    """Whether coordinates are within the granted scopes."""
    return f"{asset.kind.value}:read:location" in granted(asset)
