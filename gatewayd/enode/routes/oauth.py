"""The token endpoint: OAuth 2 client credentials, with errors as RFC 6749 has them."""

import base64
import json
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

from fastapi import APIRouter, Request, Response

from gatewayd.enode.api import Ask
from gatewayd.enode.bodies import content, media_type
from gatewayd.state import clients

router = APIRouter(redirect_slashes=False)

_LIFETIME_S = 3600
_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 20
_HEADERS = {
    "Content-Type": "application/json;charset=UTF-8",
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
}


class _GrantError(Exception):
    """No token for this request; `code` is one of RFC 6749, section 5.2."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status


@router.post("/oauth2/token")
async def post_oauth2_token(request: Request) -> Response:
    """A token for a client's id and secret; not an operation of the contract."""
    ask = Ask(request.scope, request.receive)
    try:
        client_id = await _client(ask)
    except _GrantError as error:
        return _refused(error)
    now = ask.api.services.clock.now()
    token = await ask.api.services.db.write(
        lambda c: clients.issue_token(c, client_id, now, _LIFETIME_S)
    )
    return _json(
        200,
        {
            "access_token": token,
            # A second less than its life, because the answer takes its time to arrive.
            "expires_in": _LIFETIME_S - 1,
            "scope": "",
            "token_type": "bearer",
        },
    )


async def _client(ask: Ask) -> str:
    """The id of the client that proved who it is."""
    # Browsers alone say where a page is from. Any site's page may send forms here, and guess at
    # its visitor's expense; none can keep a secret.
    if "origin" in ask.headers:
        raise _GrantError("invalid_request", "a page in a browser cannot be a client")
    form = await _form(ask)
    grant_type = form.get("grant_type")
    if grant_type is None:
        raise _GrantError("invalid_request", "grant_type is missing")
    if grant_type != "client_credentials":
        raise _GrantError("unsupported_grant_type", "grant_type must be client_credentials")
    client_id, secret = _credentials(ask.headers.get("authorization"), form)
    address = ask.client.host if ask.client else None
    if not await ask.api.logins.verify(client_id, secret, address):
        raise _invalid_client()
    return client_id


async def _form(request: Request) -> Mapping[str, str]:
    if media_type(request) != _FORM:
        raise _GrantError("invalid_request", f"the body must be {_FORM}")
    try:
        text = (await content(request)).decode("ascii")
        pairs = parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError as error:
        raise _GrantError("invalid_request", "the body is not a form") from error
    if len(dict(pairs)) < len(pairs):
        raise _GrantError("invalid_request", "a parameter is there twice")
    # RFC 6749, section 3.2: one without a value is as good as left out.
    return {name: value for name, value in pairs if value}


def _credentials(authorization: str | None, form: Mapping[str, str]) -> tuple[str, str]:
    """Id and secret, by HTTP Basic or in the form, but not both."""
    if authorization is None:
        if "client_id" not in form or "client_secret" not in form:
            raise _invalid_client()
        return form["client_id"], form["client_secret"]
    if "client_secret" in form:
        raise _GrantError("invalid_request", "credentials are there twice")
    return _basic(authorization)


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError as error:
        raise _invalid_client() from error
    client_id, colon, secret = text.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise _invalid_client()
    return unquote(client_id), unquote(secret)


def _invalid_client() -> _GrantError:
    return _GrantError("invalid_client", "client id or secret is wrong", 401)


def _refused(error: _GrantError) -> Response:
    response = _json(error.status, {"error": error.code, "error_description": error.description})
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="gatewayd"'
    return response


def _json(status: int, body: Mapping[str, object]) -> Response:
    return Response(json.dumps(body), status, _HEADERS)
