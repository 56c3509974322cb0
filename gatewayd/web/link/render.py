"""From a session's step to HTML; every text from outside is escaped."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gatewayd.devices.linking.catalogue import Entry
from gatewayd.devices.linking.draft import Draft
from gatewayd.devices.linking.linker import Linker
from gatewayd.model.asset import AssetKind
from gatewayd.state import grants
from gatewayd.state.links import LinkSession
from gatewayd.web.link import words
from gatewayd.web.link.steps import Again

_TEMPLATES = Path(__file__).parent / "templates"


class Renderer:
    """Chooses the step's template and what it shows."""

    def __init__(self, linker: Linker) -> None:
        self._linker = linker
        self._templates = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def words(self, session: LinkSession | None, accepted: str) -> Mapping[str, str]:
        """The words in the session's language."""
        return words.words(_language(session, accepted))

    async def step(self, session: LinkSession, again: Again, key: str, accepted: str) -> str:
        """The whole page of the step a draft is at."""
        shared = self._shared(session, accepted) | {"key": key, "error": again.error}
        draft = again.draft
        if draft.new is not None or draft.known:
            return self._consent(session, draft, shared, self.words(session, accepted))
        entry = await self._linker.catalogue.entry(draft.driver) if draft.driver else None
        if entry is not None:
            return await self._connect(session, entry, again, shared)
        return await self._choose(session, shared)

    def over(self, what: str, session: LinkSession | None, accepted: str) -> str:
        """A page on which nothing can be done."""
        shared = self._shared(session, accepted)
        said = self.words(session, accepted)
        return self._render(
            "over.html",
            shared | {"headline": said[f"{what}_title"], "text": said[f"{what}_text"]},
        )

    async def _choose(self, session: LinkSession, shared: dict[str, object]) -> str:
        wanted = session.wanted
        kinds = grants.readable(wanted.scopes)
        drivers = await self._linker.catalogue.fitting(kinds, wanted.vendor)
        vendor = wanted.vendor or ""
        is_theirs = any(vendor.upper() in entry.vendors for entry in drivers)
        return self._render(
            "choose.html",
            shared
            | {
                "known": self._linker.known(wanted),
                "drivers": drivers if wanted.asset_id is None else (),
                "vendor": vendor,
                "is_other_maker": bool(vendor) and not is_theirs,
            },
        )

    async def _connect(
        self, session: LinkSession, entry: Entry, again: Again, shared: dict[str, object]
    ) -> str:
        typed = dict(again.typed)
        mended = await self._linker.reached_by(session.wanted)
        if mended is not None and not typed:
            typed = dict(mended.options)
        asked = {
            "entry": entry,
            "typed": typed,
            "found": again.found,
            "waiting": await self._linker.waiting(entry),
            "can_search": any(field.name == "port" for field in entry.fields),
        }
        return self._render("connect.html", shared | asked)

    def _consent(
        self,
        session: LinkSession,
        draft: Draft,
        shared: dict[str, object],
        said: Mapping[str, str],
    ) -> str:
        known = {one.device_id: one for one in self._linker.known(session.wanted)}
        chosen = [known[device_id] for device_id in draft.known if device_id in known]
        names = [one.name for one in chosen]
        kinds = {kind for one in chosen for kind in one.kinds}
        if draft.new is not None:
            names.append(f"{draft.new.vendor} {draft.new.model}")
            kinds |= set(draft.new.kinds)
        lines = list(_permissions(session.wanted.scopes, kinds, said))
        return self._render("consent.html", shared | {"devices": names, "permissions": lines})

    def _shared(self, session: LinkSession | None, accepted: str) -> dict[str, object]:
        return {
            "lang": _language(session, accepted),
            "scheme": session.wanted.color_scheme if session else "system",
            "words": self.words(session, accepted),
        }

    def _render(self, template: str, values: Mapping[str, object]) -> str:
        return self._templates.get_template(template).render(**values)


def _language(session: LinkSession | None, accepted: str) -> str:
    return words.language(session.wanted.language if session else "browser", accepted)


def _permissions(
    scopes: tuple[str, ...], kinds: set[AssetKind], said: Mapping[str, str]
) -> Iterator[str]:
    """What each scope means, of the kinds the chosen devices have."""
    for scope in scopes:
        kind, verb, what = scope.split(":")
        if kind in kinds:
            line = "control" if verb == "control" else what
            yield said[line].format(kind=said[kind])
