"""Users, from the model to the wire."""

from collections.abc import Iterable

from gatewayd.enode.views import base
from gatewayd.enode.wire import user as wire
from gatewayd.model.asset import Asset
from gatewayd.model.location import User


def entry(user: User) -> wire.UsersListEntry:
    """A user in the list."""
    return wire.UsersListEntry(id=user.id, created_at=user.created_at, scopes=["all"])


def user(user: User, assets: Iterable[Asset]) -> wire.UserResponse:
    """One user, with each vendor and kind of asset named once.

    A device on the LAN has no login that could end, so all of them are valid.
    """
    linked = sorted({(asset.vendor, asset.kind) for asset in assets})
    return wire.UserResponse(
        id=user.id,
        linked_vendors=[
            wire.LinkedVendor(vendor=base.vendor(name), vendor_type=kind, is_valid=True)
            for name, kind in linked
        ],
    )
