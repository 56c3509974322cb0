"""From the picture to HTML: rendered once per picture and second, however many look at it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gatewayd.clock import Clock
from gatewayd.control.governor.overview import Overview
from gatewayd.model.site import Site
from gatewayd.state.store import Store
from gatewayd.web.cards import Card, cards
from gatewayd.web.flow import flow_view
from gatewayd.web.fuses import fuses_view
from gatewayd.web.links import Link, gist, link_views

_FOLDER = Path(__file__).parent
_FRAMES = ("picture", "cards")

Links = Callable[[], Iterable[Link]]


@dataclass(frozen=True, slots=True)
class Fragments:
    """The changing parts of the page, by the id of the element that holds each."""

    parts: Mapping[str, str] = field(default_factory=dict)
    cards: Mapping[str, str] = field(default_factory=dict)

    def since(self, before: "Fragments") -> dict[str, str]:
        """What a page that shows `before` has to replace.

        The frames (the whole picture, all cards) only when there are other assets: replacing them
        restarts the moving dots and whatever its reader does on the page.
        """
        if before.cards.keys() != self.cards.keys():
            return dict(self.parts)
        shown = {**before.parts, **before.cards}
        return {
            key: html
            for key, html in {**self.parts, **self.cards}.items()
            if key not in _FRAMES and shown.get(key) != html
        }


class Renderer:
    """Turns the store's picture into HTML; every text from outside is escaped."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        name: str,
        links: Links = tuple,
        overview: Callable[[], Overview] = Overview,
    ) -> None:
        self._store = store
        self._clock = clock
        self._name = name
        self._links = links
        self._overview = overview
        self._templates = Environment(
            loader=FileSystemLoader(_FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._shown: tuple[Site, object, int] | None = None
        self._fragments = Fragments()

    def page(self) -> str:
        """The whole page."""
        return self._render("page.html", name=self._name, parts=self.fragments().parts)

    def is_news(self, seen: tuple[Site, object] | None) -> bool:
        """Whether there is more to show than what `sight` gave."""
        site, links = self.sight()
        return seen is None or seen[0] is not site or seen[1] != links

    def sight(self) -> tuple[Site, object]:
        """What there is to show: the picture, and what matters of the links."""
        return self._store.site, gist(self._links())

    def fragments(self) -> Fragments:
        """The parts that change, as of now."""
        second = int(self._clock.monotonic())
        shown = self._shown
        if shown is None or self.is_news(shown[:2]) or shown[2] != second:
            self._shown = (*self.sight(), second)
            self._fragments = self._rendered(self._shown[0])
        return self._fragments

    def _rendered(self, site: Site) -> Fragments:
        flow, told = flow_view(site), self._overview()
        shown = cards(site, self._clock.now(), self._clock.monotonic(), told)
        bodies = {f"card-{card.id}": self._render("card.html", card=card) for card in shown}
        parts = {
            "headline": escape(flow.headline),
            "status": escape(status(shown)),
            "picture": self._render("picture.html", flow=flow).strip(),
            "flow-lines": self._render("lines.html", flow=flow),
            "flow-nodes": self._render("nodes.html", flow=flow),
            "figures": self._render("table.html", flow=flow),
            "fuses": self._render("fuses.html", fuses=fuses_view(told)).strip(),
            "cards": self._render("cards.html", bodies=bodies),
            "links": self._render("links.html", links=link_views(self._links())).strip(),
        }
        return Fragments(parts, bodies)

    def _render(self, template: str, **values: object) -> str:
        return self._templates.get_template(template).render(**values)


def status(shown: tuple[Card, ...]) -> str:
    """Which devices do not answer: the one thing worth reading aloud when it changes."""
    silent = [card.name for card in shown if not card.is_reachable]
    if not shown:
        return "No devices yet"
    if not silent:
        return "All devices answer"
    return f"{', '.join(silent)} {'does' if len(silent) == 1 else 'do'} not answer"
