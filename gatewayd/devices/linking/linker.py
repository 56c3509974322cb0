"""From a person's consent to assets that clients may use: one transaction, then the picture."""

import sqlite3
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from gatewayd.clock import Clock
from gatewayd.devices.linking import picture
from gatewayd.devices.linking.catalogue import CHARGE_POINT, Catalogue, Entry
from gatewayd.devices.linking.draft import Draft, NewDevice, answered
from gatewayd.devices.linking.probe import Probe
from gatewayd.devices.linking.roster import Roster
from gatewayd.errors import ConflictError, InvalidError
from gatewayd.model.asset import Asset, AssetKind, Consent, Identity
from gatewayd.state import assets, consents, grants, linked_devices, links, ocpp, users
from gatewayd.state.assets import DeviceRecord
from gatewayd.state.db import Database
from gatewayd.state.links import LinkSession, Wanted
from gatewayd.state.store import Store


@dataclass(frozen=True, slots=True)
class Known:
    """A device of the gateway that a session may be about."""

    device_id: str
    name: str
    vendor: str
    kinds: tuple[AssetKind, ...]


# Writes what was agreed; not while somebody decides over what may change hands.
Commit = Callable[[Callable[[sqlite3.Connection], list[Asset]]], Awaitable[list[Asset]]]


class Linker:
    """What the pages of a link session do."""

    def __init__(
        self,
        *,
        db: Database,
        store: Store,
        clock: Clock,
        catalogue: Catalogue,
        roster: Roster,
        probe: Probe,
        commit: Commit | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.clock = clock
        self.probe = probe
        self._db = db
        self._commit: Commit = commit or db.write
        self._store = store
        self._roster = roster

    async def session(self, token: str) -> LinkSession | None:
        """The session of a token, over or not."""
        return await self._db.read(lambda c: links.find(c, token))

    async def note(self, token: str, browser: str, draft: Draft) -> None:
        """Keep what was chosen, for this browser alone."""
        await self._db.write(lambda c: links.note(c, token, browser, draft.to_json()))

    async def refuse(self, token: str) -> None:
        """The person does not want to. Raises ConflictError for a session that is over."""
        now = self.clock.now()
        await self._db.write(lambda c: links.end(c, token, now))

    def known(self, wanted: Wanted) -> list[Known]:
        """The gateway's devices that the person may choose.

        Those of other users who linked them are left out, and so is what the client has not asked
        for. A session that mends a link is about that device alone.
        """
        kinds = grants.readable(wanted.scopes)
        by_device: dict[str, list[Asset]] = {}
        for state in self._store.site.assets.values():
            if state.asset.kind in kinds and self._may_choose(state.asset, wanted):
                by_device.setdefault(state.asset.device_id, []).append(state.asset)
        return [_known(device_id, found) for device_id, found in sorted(by_device.items())]

    async def waiting(self, entry: Entry) -> list[ocpp.ChargePointRow]:
        """The charge points that call and wait for approval, for a driver of such."""
        is_called = CHARGE_POINT in entry.info.options.model_fields
        return await self._db.read(ocpp.waiting) if is_called else []

    async def connect(self, wanted: Wanted, entry: Entry, typed: Mapping[str, str]) -> Draft:
        """Ask who answers by what was typed; a box that the gateway has already is chosen instead.

        Raises InvalidError and DeviceError.
        """
        given = await self.probe.prepared(entry, entry.given(typed))
        identity = await self.probe.identify(entry, entry.options(given))
        mended = await self._mended(wanted)
        twin = None if mended else self._twin(identity)
        if twin is not None:
            if twin not in {known.device_id for known in self.known(wanted)}:
                raise InvalidError("this device is linked by somebody else already")
            return Draft(known=(twin,))
        new = answered(entry.driver, given, identity, mended)
        if not set(new.kinds) & grants.readable(wanted.scopes):
            raise InvalidError("this device is of another kind than asked for")
        return Draft(driver=entry.driver, new=new)

    async def reached_by(self, wanted: Wanted) -> linked_devices.LinkedDevice | None:
        """The linked device that a session is to mend, with how it is reached until now."""
        state = self._store.site.assets.get(wanted.asset_id or "")
        if state is None:
            return None
        device_id = state.asset.device_id
        return await self._db.read(lambda c: linked_devices.get(c, device_id))

    async def agree(self, token: str, session: LinkSession, draft: Draft) -> None:
        """The person allows it: from here on clients see the assets.

        Raises ConflictError when the session is over, and then nothing has changed; DeviceError
        when a new device does not answer any more.
        """
        known = {one.device_id for one in self.known(session.wanted)}
        if not set(draft.known) <= known:
            raise ConflictError("what was chosen is not there any more: choose again")
        identity = await self._identity(draft.new) if draft.new else None
        now = self.clock.now()
        changed = await self._commit(
            lambda c: self._write(c, token, session.wanted, draft, identity, now)
        )
        if draft.new is not None:
            await self._roster.refresh()
        picture.show(self._store, changed)

    def _write(
        self,
        c: sqlite3.Connection,
        token: str,
        wanted: Wanted,
        draft: Draft,
        identity: Identity | None,
        now: datetime,
    ) -> list[Asset]:
        links.end(c, token, now)
        users.ensure(c, wanted.user_id, now)
        device_ids = list(draft.known)
        if draft.new is not None and identity is not None:
            device_ids.append(self._add(c, wanted, draft.new, identity, now))
        kinds = grants.readable(wanted.scopes)
        return [
            asset for device_id in device_ids for asset in _give(c, device_id, kinds, wanted, now)
        ]

    def _add(
        self,
        c: sqlite3.Connection,
        wanted: Wanted,
        new: NewDevice,
        identity: Identity,
        now: datetime,
    ) -> str:
        """Store the new device and its assets, which are nobody's yet."""
        if new.replaces is not None:
            linked_devices.change(c, new.replaces, new.options)
            return new.replaces
        device = linked_devices.add(c, new.driver, new.options, self._roster.configured, now)
        # Granted before they are adopted, so that they are discovered once, as the user's.
        for kind in grants.readable(wanted.scopes).intersection(new.kinds):
            grant = grants.Grant(wanted.user_id, grants.within(wanted.scopes, kind))
            grants.put(c, device.id, kind, grant, now)
        assets.adopt(c, DeviceRecord(device.id, users.NOBODY), identity, now)
        return device.id

    async def _identity(self, new: NewDevice) -> Identity:
        entry = await self.catalogue.entry(new.driver)
        if entry is None:
            raise InvalidError(f"there is no driver {new.driver} any more")
        return await self.probe.identify(entry, entry.options(new.options))

    async def _mended(self, wanted: Wanted) -> str | None:
        device = await self.reached_by(wanted)
        return device.id if device else None

    def _may_choose(self, asset: Asset, wanted: Wanted) -> bool:
        if wanted.asset_id is not None:
            mended = self._store.site.assets.get(wanted.asset_id)
            return mended is not None and mended.asset.device_id == asset.device_id
        if wanted.vendor is not None and asset.vendor != wanted.vendor.upper():
            return False
        is_free = asset.consent is Consent.NONE or asset.user_id == wanted.user_id
        return is_free or not asset.scopes

    def _twin(self, identity: Identity) -> str | None:
        """The device of the gateway that this box is."""
        kinds = {role.kind for role in identity.roles.values()}
        vendor = assets.machine_name(identity.vendor)
        for state in self._store.site.assets.values():
            asset = state.asset
            is_same = asset.vendor == vendor and asset.serial == identity.serial
            if identity.serial and is_same and asset.kind in kinds:
                return asset.device_id
        return None


def _give(
    c: sqlite3.Connection,
    device_id: str,
    kinds: Collection[AssetKind],
    wanted: Wanted,
    now: datetime,
) -> list[Asset]:
    there = {asset.kind for asset in assets.of_device(c, device_id)}
    return consents.give(
        c, device_id, there.intersection(kinds), wanted.user_id, wanted.scopes, now
    )


def _known(device_id: str, found: Iterable[Asset]) -> Known:
    found = list(found)
    kinds = tuple(sorted({asset.kind for asset in found}))
    return Known(device_id, found[0].display_name, found[0].brand, kinds)
