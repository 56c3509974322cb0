"""What a client may see and do with an asset, in Enode's 14 scope names."""

from functools import cache

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
    return _all(asset.kind, is_mute=asset.capabilities <= LOCAL)


@cache
def _all(kind: AssetKind, *, is_mute: bool) -> tuple[str, ...]:
    mute = CONTROL.get(kind) if is_mute else None
    return tuple(scope for scope in of_kind(kind) if scope != mute)


def may_control(asset: Asset) -> bool:
    """Whether commands are within the granted scopes."""
    return CONTROL.get(asset.kind) in granted(asset)


def may_locate(asset: Asset) -> bool:
    """Whether coordinates are within the granted scopes."""
    return f"{asset.kind.value}:read:location" in granted(asset)
