"""What happens to every request before and after its handler, in this order:

token, version, the header that no longer exists, the handler, errors as Problems, and the version
echoed. Requests of older versions arrive here translated, see `versions.middleware`.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, APIRouter

from gatewayd.enode import problems, versions
from gatewayd.enode.api import Ask, header
from gatewayd.enode.versions.exchange import VERSION
from gatewayd.errors import InvalidError, RequestError


class PublicRoute(APIRoute):
    """An operation that answers without a token."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        declared = frozenset(int(status) for status in self.responses)

        async def guarded(request: Request) -> Response:
            ask, version = Ask(request.scope, request.receive), None
            try:
                version = await self._admit(ask)
                response = await handle(ask)
            except RequestError as error:
                response = problems.answer(error, declared)
            except RequestValidationError as error:
                response = problems.answer(_invalid(error), declared)
            if version:
                response.raw_headers.append((VERSION, version.encode()))
            return response

        return guarded

    async def _admit(self, ask: Ask) -> str:
        """The version the request speaks; raises RequestError when it may not pass."""
        scope = ask.scope
        default = await ask.api.version_of(scope)
        version = versions.effective(header(scope, VERSION), default)
        if header(scope, b"enode-user-id") is not None:
            raise InvalidError("Enode-User-Id ended with version 2023-08-01: leave it out")
        return version


class ClientRoute(PublicRoute):
    """An operation for clients that hold a token."""

    async def _admit(self, ask: Ask) -> str:
        await ask.client_id()
        return await super()._admit(ask)


def client_router() -> APIRouter:
    """Routes that need a token."""
    return APIRouter(route_class=ClientRoute, redirect_slashes=False)


def public_router() -> APIRouter:
    """Routes that need none."""
    return APIRouter(route_class=PublicRoute, redirect_slashes=False)


def _invalid(error: RequestValidationError) -> InvalidError:
    faults = problems.issues_of(error.errors(), skip=1)
    return InvalidError("the request is not valid: see issues", issues=faults)
