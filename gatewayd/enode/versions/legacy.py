"""Operations that have ended: routed for callers of older versions, not there for others."""

from fastapi import APIRouter, Request

from gatewayd.enode.api import Ask
from gatewayd.enode.routing import ClientRoute
from gatewayd.enode.versions.served import NEWEST
from gatewayd.errors import NotFoundError

# Where the middleware notes which older version a request was made in.
SPOKEN = "enode.version"


def spoken(request: Request) -> str:
    """The version a request was made in."""
    return str(request.scope.get(SPOKEN, NEWEST))


def legacy_router(until: str) -> APIRouter:
    """Routes for callers of versions before `until`."""

    class LegacyRoute(ClientRoute):
        async def _admit(self, ask: Ask) -> str:
            if spoken(ask) >= until:
                raise NotFoundError("no operation has this path")
            return await super()._admit(ask)

    return APIRouter(route_class=LegacyRoute, redirect_slashes=False)
