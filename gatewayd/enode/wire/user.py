"""Users on the wire."""

from typing import Annotated

from pydantic import Field

from gatewayd.enode.wire.base import EnodeModel, OpenModel, Timestamp
from gatewayd.model.asset import AssetKind


class UsersListEntry(OpenModel):
    """A user in the list. `scopes` is a relic and always `["all"]`."""

    id: Annotated[str, Field(min_length=1)]
    created_at: Timestamp
    scopes: list[str]


class LinkedVendor(EnodeModel):
    """One vendor and kind of asset the user has; `is_valid` is false when a login has ended."""

    vendor: str
    vendor_type: AssetKind
    is_valid: bool


class UserResponse(EnodeModel):
    """One user."""

    id: str
    linked_vendors: list[LinkedVendor]
