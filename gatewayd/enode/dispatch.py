"""Which of the hundred operations a request is for, without comparing it with all of them."""

from collections import defaultdict
from collections.abc import Iterable

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send


class Dispatch(BaseRoute):
    """Routes by the first part of their path, which is a literal; in their order among those."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._by_first: dict[str, list[Route]] = defaultdict(list)
        for route in routes:
            if not isinstance(route, Route) or route.path.startswith("/{"):
                raise TypeError(f"{route} does not begin with a literal")
            self._by_first[_first(route.path)].append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The first route that takes the request, else the first whose path it has."""
        partial: tuple[Match, Scope] = Match.NONE, {}
        if scope["type"] != "http":
            return partial
        for route in self._by_first.get(_first(scope["path"]), ()):
            match, child = route.matches(scope)
            if match is Match.FULL:
                return match, {**child, "route": route}
            if match is Match.PARTIAL and partial[0] is Match.NONE:
                partial = match, {**child, "route": route}
        return partial

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route that was found answer."""
        await scope["route"].handle(scope, receive, send)


def _first(path: str) -> str:
    return path.split("/", 2)[1] if path.startswith("/") else ""
