"""What every handler works with."""

from dataclasses import dataclass, replace

from fastapi import Request
from starlette.types import Scope

from gatewayd.control.steering.service import Steering
from gatewayd.enode.auth import Caller, Logins, Tokens
from gatewayd.enode.places import Places
from gatewayd.enode.services import Services
from gatewayd.errors import NotFoundError, UnauthorizedError
from gatewayd.model.asset import AssetKind, Consent
from gatewayd.model.site import AssetState

# Where a request keeps who makes it.
_CALLER = "enode.caller"


@dataclass(frozen=True, slots=True)
class Api:
    """The rooms behind the API, and what the API itself remembers."""

    services: Services
    tokens: Tokens
    logins: Logins
    places: Places

    @property
    def steering(self) -> Steering:
        """What decides by itself, which the daemon runs."""
        steering = self.services.steering
        if steering is None:
            raise LookupError("the API was made without a steering")
        return steering

    @classmethod
    def over(cls, services: Services) -> "Api":
        """The API over the given rooms."""
        db, clock = services.db, services.clock
        return cls(services, Tokens(db, clock), Logins(db, clock), Places(db, clock))

    async def caller(self, scope: Scope) -> Caller | None:
        """Who makes a request, None without a valid token; asked once for each request."""
        if _CALLER not in scope:
            scope[_CALLER] = await self.tokens.caller(header(scope, b"authorization"))
        found: Caller | None = scope[_CALLER]
        return found

    async def client_id(self, scope: Scope) -> str:
        """The id of the client that makes a request; raises UnauthorizedError."""
        caller = await self.caller(scope)
        if caller is None:
            raise UnauthorizedError("Unauthorized for resource")
        return caller.client_id

    async def version_of(self, scope: Scope) -> str:
        """The version of a request that names none: its client's own, else the default."""
        caller = await self.caller(scope)
        return (caller and caller.api_version) or self.services.settings.default_version

    def asset(self, kind: AssetKind, asset_id: str) -> AssetState:
        """One asset of a kind; raises NotFoundError."""
        state = self.services.store.site.assets.get(asset_id)
        if state is None or state.asset.kind is not kind or not is_linked(state):
            raise NotFoundError(f"Could not find {kind.value} with ID {asset_id}")
        return shown(state)

    def assets(self, kind: AssetKind, user_id: str | None = None) -> list[AssetState]:
        """The assets of a kind, of one user or of all."""
        found = self.services.store.site.of_kind(kind)
        theirs = [state for state in found if user_id in (None, state.asset.user_id)]
        return [shown(state) for state in theirs if is_linked(state)]


def shown(state: AssetState) -> AssetState:
    """An asset as clients may see it: nothing of what it says once its user has withdrawn."""
    if state.asset.consent is not Consent.WITHDRAWN:
        return state
    return replace(state, sample=None, is_reachable=False)


def is_linked(state: AssetState) -> bool:
    """Whether clients may know of an asset at all."""
    return state.asset.consent is not Consent.NONE


def header(scope: Scope, name: bytes) -> str | None:
    """The first header of a name, which is given in lower case."""
    for found, value in scope["headers"]:
        if found == name:
            return str(value.decode("latin-1"))
    return None


class Ask(Request):
    """A request, and the API it was made to.

    A handler that asked FastAPI for the API as a dependency would pay a tenth of its time for it.
    """

    @property
    def api(self) -> Api:
        """What answers it."""
        api: Api = self.app.state.api
        return api

    async def caller(self) -> Caller | None:
        """Who makes it; None without a valid token."""
        return await self.api.caller(self.scope)

    async def client_id(self) -> str:
        """The id of the client that makes it; raises UnauthorizedError."""
        return await self.api.client_id(self.scope)
