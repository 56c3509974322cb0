"""Users, from the model to the wire."""

from collections.abc import Iterable

from gatewayd.enode.views import base
from gatewayd.enode.wire import user as wire
from gatewayd.model.asset import Asset, AssetKind, Consent
from gatewayd.model.location import User


def entry(user: User) -> wire.UsersListEntry:
    """A user in the list."""
    return wire.UsersListEntry(id=user.id, created_at=user.created_at, scopes=["all"])


def user(user: User, assets: Iterable[Asset]) -> wire.UserResponse:
    """One user, with each vendor and kind of asset named once.

    A vendor is valid while every device of that kind takes its login and the user's authorisation
    holds.
    """
    linked = [asset for asset in assets if asset.consent is not Consent.NONE]
    broken = {_key(asset) for asset in linked if asset.consent is not Consent.GRANTED}
    return wire.UserResponse(
        id=user.id,
        linked_vendors=[
            wire.LinkedVendor(
                vendor=base.vendor(name), vendor_type=kind, is_valid=(name, kind) not in broken
            )
            for name, kind in sorted({_key(asset) for asset in linked})
        ],
    )


def _key(asset: Asset) -> tuple[str, AssetKind]:
    return asset.vendor, asset.kind
