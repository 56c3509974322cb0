"""User management."""

from fastapi import Response

from gatewayd.enode import missing
from gatewayd.enode.answers import ok
from gatewayd.enode.api import Given
from gatewayd.enode.paging import Paging, key_of, page
from gatewayd.enode.routes.parameters import UserId
from gatewayd.enode.routing import client_router
from gatewayd.enode.views import user as view
from gatewayd.enode.wire.base import Page
from gatewayd.enode.wire.user import UsersListEntry
from gatewayd.state import users

router = client_router()


@router.get("/users")
async def list_users(api: Given, paging: Paging) -> Response:
    """All users."""
    everyone = await api.services.db.read(users.load)
    shown, cursors = page(everyone, lambda user: key_of(user.created_at, user.id), paging)
    return ok(Page[UsersListEntry](data=[view.entry(u) for u in shown], pagination=cursors))


@router.get("/users/{userId}")
async def get_user(api: Given, user_id: UserId) -> Response:
    """One user, and the vendors of the assets there."""
    user = await api.services.db.read(lambda c: users.get(c, user_id))
    if user is None:
        raise missing.user(user_id)
    states = api.services.store.site.assets.values()
    return ok(view.user(user, [s.asset for s in states if s.asset.user_id == user_id]))
