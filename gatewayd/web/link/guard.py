"""What protects the page: names, origins, the one browser, and what a browser may load."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gatewayd.web.guard import is_ours

COOKIE = "gatewayd_link"
_DAY_S = 24 * 3600
_KEY_BYTES = 32
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?|https?://\[[0-9A-Fa-f:.]+\](:[0-9]+)?")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


class OwnName:
    """Answers only to names that are ours, see `web.guard`."""

    def __init__(self, app: ASGIApp, allowed_hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._allowed = frozenset(host.lower() for host in allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._is_ours(Headers(scope=scope)):
            await _REFUSAL(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_ours(self, headers: Headers) -> bool:
        hosts = headers.getlist("host")
        return len(hosts) == 1 and is_ours(hosts[0], self._allowed)


_REFUSAL = PlainTextResponse(
    "unknown host name: use the address, or add it to api.allowed_hosts\n", 400
)


def headers(redirect_uri: str | None = None) -> Mapping[str, str]:
    """The headers of every page. A browser follows a form's redirect only to places named here."""
    targets = " ".join(["'self'", *_target(redirect_uri or "")])
    return {
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
            f"frame-ancestors 'none'; form-action {targets}"
        ),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # The address is the key to the session, so no other site may learn it.
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def browser_of(request: Request) -> str:
    """The key of the browser a request came from; empty before it has one."""
    return request.cookies.get(COOKIE, "")


def give_key(request: Request, response: Response) -> str:
    """The browser's key, a new one where it has none."""
    known = browser_of(request)
    key = known or secrets.token_urlsafe(_KEY_BYTES)
    if not known:
        # Lax, not strict: the person comes from the client's site or app, perhaps twice.
        response.set_cookie(
            COOKIE,
            key,
            max_age=_DAY_S,
            path=request.url.path,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )
    return key


def form_key(browser: str) -> str:
    """What a form of this browser carries: another site can neither read nor guess it."""
    return hashlib.sha256(f"form {browser}".encode()).hexdigest()


def is_own_form(request: Request, sent: str) -> bool:
    """Whether a form was sent by our own page in the browser that was shown it."""
    browser = browser_of(request)
    if not browser or not hmac.compare_digest(form_key(browser).encode(), sent.encode()):
        return False
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _target(uri: str) -> list[str]:
    """A URI's place as a source of a Content Security Policy."""
    origin = _ORIGIN.match(uri)
    if origin:
        return [origin[0].lower()]
    scheme = _SCHEME.match(uri)
    return [f"{scheme[1].lower()}:"] if scheme and not uri.lower().startswith("http") else []
