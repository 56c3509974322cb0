"""User management."""

import sqlite3
from collections.abc import Callable
from datetime import datetime

from fastapi import Response

from gatewayd.devices.linking import picture
from gatewayd.enode import missing
from gatewayd.enode.answers import nothing, ok
from gatewayd.enode.api import Api, Ask
from gatewayd.enode.paging import Paging, key_of, page
from gatewayd.enode.problems import issue
from gatewayd.enode.routes.parameters import UserId, VendorName, VendorType
from gatewayd.enode.routing import client_router
from gatewayd.enode.views import user as view
from gatewayd.enode.wire.base import Page
from gatewayd.enode.wire.user import UsersListEntry
from gatewayd.enode.wire.vendors import VENDORS
from gatewayd.errors import InvalidError
from gatewayd.model.asset import Asset, AssetKind
from gatewayd.state import consents, users
from gatewayd.state.consents import Ended

router = client_router()


@router.get("/users")
async def list_users(ask: Ask, paging: Paging) -> Response:
    """All users."""
    everyone = await ask.api.services.db.read(users.load)
    shown, cursors = page(everyone, lambda user: key_of(user.created_at, user.id), paging)
    return ok(Page[UsersListEntry](data=[view.entry(u) for u in shown], pagination=cursors))


@router.get("/users/{userId}")
async def get_user(ask: Ask, user_id: UserId) -> Response:
    """One user, and the vendors of the assets there."""
    user = await ask.api.services.db.read(lambda c: users.get(c, user_id))
    if user is None:
        raise missing.user(user_id)
    states = ask.api.services.store.site.assets.values()
    return ok(view.user(user, [s.asset for s in states if s.asset.user_id == user_id]))


@router.delete("/users/{userId}")
async def delete_users_userid(ask: Ask, user_id: UserId) -> Response:
    """Erase a user and everything that is the user's."""
    now = ask.api.services.clock.now()
    await _end(ask.api, lambda c: _erase(c, user_id, now))
    ask.api.places.changed()
    return nothing()


@router.delete("/users/{userId}/authorization")
async def delete_users_userid_authorization(ask: Ask, user_id: UserId) -> Response:
    """Take a user's authorisation back; a new link restores everything."""
    now = ask.api.services.clock.now()
    withdrawn = await ask.api.services.db.write(lambda c: _withdraw(c, user_id, now))
    picture.show(ask.api.services.store, withdrawn)
    return nothing()


@router.delete("/users/{userId}/vendors/{vendor}")
async def disconnect_user_vendor(ask: Ask, user_id: UserId, vendor: VendorName) -> Response:
    """End everything a user has linked of a vendor."""
    return await _disconnected(ask.api, user_id, vendor, None)


@router.delete("/users/{userId}/vendors/{vendor}/{vendorType}")
async def disconnect_user_vendor_vendor_type(
    ask: Ask, user_id: UserId, vendor: VendorName, vendor_type: VendorType
) -> Response:
    """End one kind of what a user has linked of a vendor."""
    return await _disconnected(ask.api, user_id, vendor, vendor_type)


async def _disconnected(api: Api, user_id: str, vendor: str, kind: AssetKind | None) -> Response:
    now = api.services.clock.now()
    _check_vendor(api, vendor)
    name = vendor.upper()
    await _end(api, lambda c: consents.disconnect(c, user_id, name, kind, now))
    return nothing()


async def _end(api: Api, change: Callable[[sqlite3.Connection], Ended]) -> None:
    """End assets, in the database and in the picture, while nothing is decided about them."""
    services = api.services
    async with api.steering.deciding:
        ended = await services.db.write(change)
        picture.end(services.store, ended)
        await api.steering.read()
    if ended.devices:
        await services.devices_changed()


def _check_vendor(api: Api, vendor: str) -> None:
    """Raise InvalidError for what is no vendor at all."""
    states = api.services.store.site.assets.values()
    known = {state.asset.vendor for state in states}.union(*VENDORS.values())
    if vendor.upper() not in {name.upper() for name in known}:
        fault = issue("invalid_path", ["vendor"], "is no vendor: see GET /integrations")
        raise InvalidError("vendor is not valid: see issues", issues=(fault,))


def _erase(c: sqlite3.Connection, user_id: str, now: datetime) -> Ended:
    if users.get(c, user_id) is None:
        raise missing.user(user_id)
    return consents.erase(c, user_id, now)


def _withdraw(c: sqlite3.Connection, user_id: str, now: datetime) -> list[Asset]:
    if users.get(c, user_id) is None:
        raise missing.user(user_id)
    return consents.withdraw(c, user_id, now)
