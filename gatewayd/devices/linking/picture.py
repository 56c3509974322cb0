"""Showing in the picture what the database says of consent, and nothing else of it.

The picture may know more: a box that turned out to be a stranger is not writable there.
"""

from collections.abc import Iterable
from dataclasses import replace

from gatewayd.model.asset import Asset
from gatewayd.state.consents import Ended
from gatewayd.state.store import Store


def show(store: Store, changed: Iterable[Asset]) -> None:
    """Show whose assets are, and what clients may do with them."""
    states = store.site.assets
    store.adopt(_agreed(states[asset.id].asset, asset) for asset in changed if asset.id in states)


def end(store: Store, ended: Ended) -> None:
    """Take assets out of the picture, and show what came in their place."""
    states = [state.asset for state in store.site.assets.values() if state.asset.id in ended.gone]
    shown = {(asset.device_id, asset.role): asset for asset in states}
    left = [asset for asset in ended.left if (asset.device_id, asset.role) in shown]
    store.forget(ended.gone)
    store.adopt(
        replace(asset, is_writable=old.is_writable, is_stranger=old.is_stranger)
        for asset in left
        for old in [shown[asset.device_id, asset.role]]
    )


def _agreed(shown: Asset, stored: Asset) -> Asset:
    return replace(
        shown,
        user_id=stored.user_id,
        scopes=stored.scopes,
        consent=stored.consent,
        location_id=stored.location_id,
        location_updated_at=stored.location_updated_at,
    )
