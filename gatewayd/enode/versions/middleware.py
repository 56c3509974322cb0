"""Older versions of the API, over an application that speaks the newest only.

Requests of the newest version pass untouched. So do those of unknown versions, which the
application refuses.
"""

from collections.abc import Sequence
from functools import partial
from urllib.parse import parse_qsl, quote, urlencode

from starlette.types import ASGIApp, Receive, Scope, Send

from gatewayd.enode import problems
from gatewayd.enode.api import Api, header
from gatewayd.enode.versions.chain import request_up, takes_body
from gatewayd.enode.versions.edits import Json
from gatewayd.enode.versions.exchange import VERSION, Answering, Asking
from gatewayd.enode.versions.legacy import SPOKEN
from gatewayd.enode.versions.owners import owner
from gatewayd.enode.versions.paths import Found, Paths
from gatewayd.enode.versions.served import NEWEST, SERVED
from gatewayd.enode.versions.step import Moved
from gatewayd.errors import (
    InvalidError,
    NotFoundError,
    RequestError,
    StorageError,
    UnauthorizedError,
)

_USER = b"enode-user-id"
_NO_USERS = "2023-08-01"


class OlderVersions:
    """Middleware; `newest` says where the application has its operations."""

    def __init__(self, app: ASGIApp, api: Api, newest: Sequence[Moved]) -> None:
        self._app = app
        self._api = api
        self._paths = {version: Paths(version, newest) for version in SERVED}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            version = header(scope, VERSION)
            if version is None:
                version = await self._default(scope)
            if version != NEWEST and version in self._paths:
                await self._translate(version, scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _default(self, scope: Scope) -> str:
        """The version of a request that names none."""
        try:
            return await self._api.version_of(scope)
        except StorageError:
            # The application meets the same, and knows how to say so.
            return NEWEST

    async def _translate(self, version: str, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        found = self._paths[version].find(method, path)
        answering = Answering(send, version, found.operation if found else "")
        user = header(scope, _USER) if version < _NO_USERS else None
        try:
            if found:
                await self._check(version, found, user, scope)
            elif self._paths[NEWEST].find(method, path):
                raise NotFoundError(f"version {version} has no such operation")
        except (RequestError, StorageError) as error:
            if isinstance(error, RequestError):
                refusal = problems.answer(error)
            else:
                refusal = problems.no_storage(scope, error)
            refusal.headers[VERSION.decode()] = version
            await refusal(scope, receive, answering)
            return
        asked = _asked(version, scope, found, user)
        if found and takes_body(version, found.operation):
            receive = Asking(receive, partial(_body_up, version, found.operation))
        await self._app(asked, receive, answering)

    async def _check(self, version: str, found: Found, user: str | None, scope: Scope) -> None:
        """Raises RequestError for a request that names no user, or what is another user's."""
        if version >= _NO_USERS or not (found.needs_user or user):
            return
        try:
            await self._api.client_id(scope)
        except UnauthorizedError:
            if found.needs_user:
                raise
            # The operation may be a public one.
            return
        if found.needs_user and not user:
            raise InvalidError("Enode-User-Id is missing: it names the user before 2023-08-01")
        if user and "/" in user:
            raise NotFoundError(f"Could not find user with ID {user}")
        if user and await owner(self._api, found.named) not in (user, None):
            raise NotFoundError("The requested asset wasn't found.")


def _asked(version: str, scope: Scope, found: Found | None, user: str | None) -> Scope:
    """The request as the newest version has it, but for its body."""
    dropped = {VERSION, _USER} if version < _NO_USERS else {VERSION}
    if found and takes_body(version, found.operation):
        dropped.add(b"content-length")
    headers = [pair for pair in scope["headers"] if pair[0] not in dropped]
    asked = {**scope, "headers": [*headers, (VERSION, NEWEST.encode())], SPOKEN: version}
    if found is None:
        return asked
    path = found.path(user)
    if path != scope["path"]:
        asked |= {"path": path, "raw_path": quote(path).encode()}
    old = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    query, _ = request_up(version, found.operation, old, None)
    return asked if query == old else {**asked, "query_string": urlencode(query).encode()}


def _body_up(version: str, operation: str, body: Json) -> Json:
    return request_up(version, operation, [], body)[1]
