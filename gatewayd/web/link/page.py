"""The page of a link session, rendered here and sent whole: no script, no state in the browser.

`/<token>` shows the step a session is at, and takes its forms. Every address is relative, so that
it can be mounted anywhere.
"""

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from gatewayd.devices.linking.linker import Linker
from gatewayd.errors import ConflictError
from gatewayd.state.links import LinkSession
from gatewayd.web.link import forms, guard
from gatewayd.web.link.render import Renderer
from gatewayd.web.link.steps import Again, Leave, Steps

_STATIC = Path(__file__).parent / "static"


def create_link_pages(linker: Linker, *, allowed_hosts: Iterable[str] = ()) -> Starlette:
    """The page as an application; it answers to the same names as the other pages."""
    pages = _Pages(linker)
    return Starlette(
        routes=[
            Mount("/static", StaticFiles(directory=_STATIC)),
            Route("/{token}", pages.show, methods=["GET"]),
            Route("/{token}", pages.take, methods=["POST"]),
        ],
        middleware=[Middleware(guard.OwnName, allowed_hosts=tuple(allowed_hosts))],
    )


class _Pages:
    def __init__(self, linker: Linker) -> None:
        self._linker = linker
        self._steps = Steps(linker)
        self._renderer = Renderer(linker)

    async def show(self, request: Request) -> Response:
        """The step a session is at."""
        session, refusal = await self._admitted(request)
        if session is None:
            return refusal
        return await self._step(request, session, Again(await self._steps.first(session)))

    async def take(self, request: Request) -> Response:
        """A button was pressed."""
        session, refusal = await self._admitted(request)
        if session is None:
            return refusal
        form = await forms.read(request)
        if form is None or not guard.is_own_form(request, form.key):
            return self._over(request, 403, "stale")
        token, browser = request.path_params["token"], guard.browser_of(request)
        try:
            outcome = await self._steps.press(token, browser, session, form)
        except ConflictError:
            return self._over(request, 410, "over")
        match outcome:
            case Again():
                return await self._step(request, session, outcome, 400 if outcome.error else 200)
            case Leave(is_linked=is_linked):
                return self._back(request, session, is_linked=is_linked)
        return _see(request.url.path, session)

    async def _admitted(self, request: Request) -> tuple[LinkSession | None, Response]:
        """The session, if it is open and this browser's; else what to say."""
        session = await self._linker.session(request.path_params["token"])
        if session is None:
            return None, self._over(request, 404, "unknown")
        if not session.is_open(self._linker.clock.now()):
            return None, self._over(request, 410, "over", session)
        if not session.belongs_to(guard.browser_of(request)):
            return None, self._over(request, 403, "elsewhere", session)
        return session, Response()

    async def _step(
        self, request: Request, session: LinkSession, again: Again, status: int = 200
    ) -> Response:
        response = Response(
            status_code=status,
            headers=guard.headers(session.wanted.redirect_uri),
            media_type="text/html",
        )
        key = guard.form_key(guard.give_key(request, response))
        accepted = request.headers.get("accept-language", "")
        html = await self._renderer.step(session, again, key, accepted)
        response.body = html.encode()
        response.headers["content-length"] = str(len(response.body))
        return response

    def _over(
        self, request: Request, status: int, what: str, session: LinkSession | None = None
    ) -> Response:
        accepted = request.headers.get("accept-language", "")
        html = self._renderer.over(what, session, accepted)
        return Response(html, status, guard.headers(), "text/html")

    def _back(self, request: Request, session: LinkSession, *, is_linked: bool) -> Response:
        uri = session.wanted.redirect_uri
        if not is_linked:
            accepted = request.headers.get("accept-language", "")
            message = self._renderer.words(session, accepted)["cancelled"]
            uri = with_error(uri, "cancelled", message)
        response = _see(uri, session)
        response.delete_cookie(guard.COOKIE, path=request.url.path)
        return response


def with_error(uri: str, error: str, message: str) -> str:
    """A URI that tells why nothing was linked."""
    place, hash_sign, fragment = uri.partition("#")
    joint = "&" if "?" in place else "?"
    told = urlencode({"error": error, "error_message": message})
    return f"{place}{joint}{told}{hash_sign}{fragment}"


def _see(uri: str, session: LinkSession) -> Response:
    headers = {**guard.headers(session.wanted.redirect_uri), "Location": uri}
    return Response(status_code=303, headers=headers)
