"""Vendors, from what the gateway can drive and has in the home to the wire."""

from collections.abc import Collection, Iterable
from typing import cast

from gatewayd.enode.services import Offer
from gatewayd.enode.views import base, scopes
from gatewayd.enode.wire import vendor as wire
from gatewayd.model.asset import Asset, AssetKind


def offered(offers: Iterable[Offer], assets: Iterable[Asset]) -> list[Offer]:
    """Every vendor once, with the kinds there are drivers for or assets of."""
    present = (Offer(asset.vendor, asset.brand, frozenset({asset.kind})) for asset in assets)
    merged: dict[str, Offer] = {}
    for offer in (*offers, *present):
        known = merged.get(offer.vendor, offer)
        merged[offer.vendor] = Offer(offer.vendor, known.brand, known.kinds | offer.kinds)
    return [merged[vendor] for vendor in sorted(merged)]


def health(offer: Offer) -> wire.VendorHealth:
    """A vendor in a health list; there is no portal between the gateway and a device."""
    return wire.VendorHealth(
        vendor=base.vendor(offer.vendor),
        display_name=offer.brand,
        status="READY",
        portal_name=offer.brand,
        linking_status="READY",
    )


def integration(offer: Offer, kinds: Collection[AssetKind]) -> wire.Integration:
    """A vendor with those of its kinds that were asked for."""
    shown = sorted(offer.kinds & set(kinds))
    return wire.Integration(
        **health(offer).model_dump(),
        asset_types=shown,
        scopes=[cast(wire.Scope, scope) for kind in shown for scope in scopes.of_kind(kind)],
    )
