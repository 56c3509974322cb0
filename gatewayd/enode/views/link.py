"""What a client may ask a person for, and the page that asks."""

import base64
import json
from collections.abc import Collection, Iterable

from gatewayd.enode.wire.link import LinkUserResponse
from gatewayd.enode.wire.vendors import VENDORS
from gatewayd.model.asset import AssetKind


def response(base_url: str, token: str) -> LinkUserResponse:
    """The page of a session."""
    url = f"{base_url.rstrip('/')}/ui/link/{token}"
    packed = json.dumps({"linkUrl": url}, separators=(",", ":")).encode()
    return LinkUserResponse(link_url=url, link_token=base64.b64encode(packed).decode("ascii"))


def kinds_asked(scopes: Iterable[str]) -> frozenset[AssetKind]:
    """The kinds that scopes are about."""
    return frozenset(AssetKind(scope.partition(":")[0]) for scope in scopes)


def kinds_of(vendor: str, offered: Collection[tuple[str, AssetKind]]) -> frozenset[AssetKind]:
    """The kinds a vendor makes: by Enode's lists, and by what this gateway can drive."""
    listed = {kind for kind, names in VENDORS.items() if vendor in names}
    driven = {kind for name, kind in offered if name == vendor.upper()}
    return frozenset(listed | driven)
