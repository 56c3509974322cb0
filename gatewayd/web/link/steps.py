"""What each button of the page does: from a session and a form to the next thing to show."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gatewayd.devices.linking.catalogue import CHARGE_POINT, Entry
from gatewayd.devices.linking.draft import Draft
from gatewayd.devices.linking.linker import Linker
from gatewayd.devices.linking.probe import Found
from gatewayd.errors import DeviceError, InvalidError, StorageError
from gatewayd.state import grants
from gatewayd.state.links import LinkSession
from gatewayd.web.link.forms import Form

_FOUND = "found:"
_WAITING = "waiting:"
_PORT = "port"
_HOST = "host"
_PORTS = range(1, 65_536)


@dataclass(frozen=True, slots=True)
class Again:
    """Show a step anew, without forgetting what was typed."""

    draft: Draft
    error: str | None = None
    typed: Mapping[str, str] = field(default_factory=dict, repr=False)
    found: tuple[Found, ...] | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """Send the person back to where they came from."""

    is_linked: bool


# None: the draft has changed, show what comes next.
Outcome = Again | Leave | None


class Steps:
    """The buttons of all sessions; one search of the network at a time."""

    def __init__(self, linker: Linker) -> None:
        self._linker = linker
        self._searching = asyncio.Lock()

    async def first(self, session: LinkSession) -> Draft:
        """Where a session begins: at the device to be mended, or at the choice."""
        if session.draft:
            return Draft.of(session.draft)
        mended = await self._linker.reached_by(session.wanted)
        if mended is not None:
            return Draft(driver=mended.driver)
        if session.wanted.asset_id is not None:
            return Draft(known=tuple(one.device_id for one in self._linker.known(session.wanted)))
        return Draft()

    async def press(self, token: str, browser: str, session: LinkSession, form: Form) -> Outcome:
        """Do what the button says; what went wrong is shown where it was asked for."""
        draft = await self.first(session)
        try:
            return await self._press(token, browser, session, draft, form)
        except (InvalidError, DeviceError, StorageError) as error:
            return Again(draft, str(error), form.values)

    async def _press(
        self, token: str, browser: str, session: LinkSession, draft: Draft, form: Form
    ) -> Outcome:
        match form.do:
            case "cancel":
                await self._linker.refuse(token)
                return Leave(is_linked=False)
            case "allow":
                await self._allow(token, session, draft)
                return Leave(is_linked=True)
            case "search":
                return await self._search(draft, form)
        chosen = await self._chosen(session, draft, form)
        await self._linker.note(token, browser, chosen)
        return None

    async def _chosen(self, session: LinkSession, draft: Draft, form: Form) -> Draft:
        """The draft after a button that only chooses."""
        match form.do:
            case "known":
                return self._known(session, form)
            case "driver":
                fitting = await self._fitting(session)
                names = {entry.driver for entry in fitting}
                driver = form.values.get("driver", "")
                return Draft(driver=driver) if driver in names else Draft()
            case "back":
                return replace(draft, new=None, known=()) if draft.new else Draft()
        entry = await self._entry(draft)
        typed = dict(form.values)
        if form.do.startswith(_FOUND):
            typed[_HOST] = form.do.removeprefix(_FOUND)
        if form.do.startswith(_WAITING):
            typed[CHARGE_POINT] = form.do.removeprefix(_WAITING)
        return await self._linker.connect(session.wanted, entry, typed)

    def _known(self, session: LinkSession, form: Form) -> Draft:
        there = {one.device_id for one in self._linker.known(session.wanted)}
        chosen = tuple(device_id for device_id in form.devices if device_id in there)
        if not chosen:
            raise InvalidError("choose at least one device")
        return Draft(known=chosen)

    async def _allow(self, token: str, session: LinkSession, draft: Draft) -> None:
        if not draft.known and draft.new is None:
            raise InvalidError("choose at least one device")
        await self._linker.agree(token, session, draft)

    async def _search(self, draft: Draft, form: Form) -> Again:
        entry = await self._entry(draft)
        port = form.values.get(_PORT, "").strip()
        if not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) in _PORTS):
            raise InvalidError("port: should be a number from 1 to 65535")
        async with self._searching:
            found = await self._linker.probe.search(entry, int(port))
        return Again(draft, None, form.values, tuple(found))

    async def _entry(self, draft: Draft) -> Entry:
        entry = await self._linker.catalogue.entry(draft.driver or "")
        if entry is None:
            raise InvalidError("choose what it is first")
        return entry

    async def _fitting(self, session: LinkSession) -> tuple[Entry, ...]:
        wanted = session.wanted
        return await self._linker.catalogue.fitting(grants.readable(wanted.scopes), wanted.vendor)
