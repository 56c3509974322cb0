"""What the operations on all kinds of assets have in common."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from sqlite3 import Connection
from typing import Any

from fastapi import Response
from pydantic import BaseModel

from gatewayd.enode.answers import nothing, ok
from gatewayd.enode.api import Api
from gatewayd.enode.paging import Key, PageRequest, key_of, page
from gatewayd.enode.wire.base import Page
from gatewayd.model.asset import Asset, AssetKind
from gatewayd.model.location import Location
from gatewayd.model.site import AssetState
from gatewayd.state import assets, locations

View = Callable[[AssetState, Location | None], BaseModel]


async def one(api: Api, view: View, state: AssetState) -> Response:
    """One asset."""
    return ok(view(state, await api.places.of(state.asset)))


async def many(
    api: Api, view: View, kind: AssetKind, wanted: PageRequest, user_id: str | None = None
) -> Response:
    """A page of the assets of a kind, of one user or of all; an unknown user has none."""
    shown, cursors = page(api.assets(kind, user_id), _key, wanted)
    models = [view(state, await api.places.of(state.asset)) for state in shown]
    return ok(Page[Any](data=models, pagination=cursors))


def hint(api: Api, state: AssetState) -> Response:
    """Ask for an early poll; the answer does not wait for it."""
    api.services.poke(state.asset.device_id)
    return nothing()


async def attach(api: Api, asset: Asset, place_id: str | None) -> None:
    """Put an asset at one of its user's locations, or at none; raises NotFoundError."""
    now = api.services.clock.now()

    def write(c: Connection) -> Asset:
        if place_id is not None:
            locations.known(c, place_id, asset.user_id)
        return assets.set_location(c, asset.id, place_id, now)

    move(api, [await api.services.db.write(write)])


def move(api: Api, moved: Iterable[Asset]) -> None:
    """Show where assets are now, and nothing else of what the database says of them.

    The picture may hold less than the database: a box that turned out to be a stranger is not
    writable there.
    """
    store = api.services.store
    for asset in moved:
        state = store.site.assets.get(asset.id)
        if state:
            place_id, at = asset.location_id, asset.location_updated_at
            shown = replace(state.asset, location_id=place_id, location_updated_at=at)
            store.adopt([shown])


def _key(state: AssetState) -> Key:
    return key_of(state.asset.created_at, state.asset.id)
