"""One look at the picture and at what was told of it: what is to be told now. Pure.

An asset gets an event when it differs from the document last told, so neither a restart nor a
pause in between tells anything twice or leaves anything out.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gatewayd.enode.events.difference import are_measured, updated_fields
from gatewayd.enode.events.documents import Documents
from gatewayd.model.asset import AssetKind, Consent
from gatewayd.model.site import AssetState, Site
from gatewayd.state.outbox import OutboxRow
from gatewayd.state.told import Told

Body = Mapping[str, Any]

# A device is read within moments of being adopted; its first event should hold what it says.
_FIRST_READING = timedelta(seconds=10)
_OPEN = frozenset({Consent.GRANTED, Consent.INVALID})


@dataclass(frozen=True)
class Seen:
    """What a turn goes by.

    `notes` are rows about assets whose body is yet to be made, oldest first; `told` is what was
    last told of each asset; `is_due` says whether these fields of an asset may be told already.
    `followed` are the kinds that were followed before, `wanted` those to follow now; `before` is
    the picture of the turn before.
    """

    site: Site
    before: Site
    documents: Documents
    notes: Collection[OutboxRow]
    told: Mapping[str, Told]
    followed: frozenset[AssetKind]
    wanted: frozenset[AssetKind]
    now: datetime
    is_due: Callable[[str, list[str]], bool]


@dataclass(frozen=True)
class News:
    """An event about an asset."""

    event: str
    asset_id: str
    user_id: str
    body: Body


@dataclass
class Turn:
    """What is to be written, in one transaction.

    `bodies` by the note's number, None where nothing is to be told; `told` None to forget;
    `waiting` are notes for a later turn; `ended` are the assets whose end a note
    told, `spoken_of` those that have an event, and whether only measured values are in it.
    """

    bodies: dict[int, Body | None] = field(default_factory=dict)
    news: list[News] = field(default_factory=list)
    told: dict[str, Told | None] = field(default_factory=dict)
    waiting: dict[int, OutboxRow] = field(default_factory=dict)
    spoken_of: dict[str, bool] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)

    def tell(self, what: str, state: AssetState, body: Body) -> None:
        """Add an event about an asset that is there."""
        asset = state.asset
        self.news.append(News(f"user:{asset.kind}:{what}", asset.id, asset.user_id, body))
        self.spoken_of[asset.id] = are_measured(body.get("updatedFields", ["all"]))

    @property
    def is_empty(self) -> bool:
        return not (self.bodies or self.news or self.told)

    @property
    def is_silent(self) -> bool:
        """Whether something is to be remembered that no event tells."""
        told_of = {*self.spoken_of, *(news.asset_id for news in self.news)}
        return bool(self.told.keys() - told_of - self.ended)


def turn(seen: Seen, leaving: set[str]) -> Turn:
    """What to tell now.

    `leaving` are assets whose end was told while the picture still shows them: they are added
    here, and removed once they are out of the picture or discovered anew.
    """
    done = Turn()
    for note in seen.notes:
        _complete(note, seen, done, leaving)
    leaving.intersection_update(seen.site.assets)
    busy = leaving | {note.entity_id for note in done.waiting.values()} | done.told.keys()
    for state in _shown(seen):
        if state.asset.id not in busy:
            _compare(state, seen, done)
    for told in seen.told.values():
        if told.asset_id not in busy:
            _miss(told, seen, done)
    return done


def _complete(note: OutboxRow, seen: Seen, done: Turn, leaving: set[str]) -> None:
    """Make the body of `user:<kind>:discovered` or `user:<kind>:deleted`."""
    _, kind, what = note.event.split(":")
    asset_id = note.entity_id
    if what == "deleted":
        told = done.told.get(asset_id, seen.told.get(asset_id))
        done.bodies[note.seq] = {kind: told.document} if told else None
        done.told[asset_id] = None
        done.ended.add(asset_id)
        leaving.add(asset_id)
        return
    leaving.discard(asset_id)
    state = seen.site.assets.get(asset_id)
    is_old = abs(seen.now - note.created_at) > _FIRST_READING
    if not is_old and (state is None or state.sample is None):
        done.waiting[note.seq] = note
    elif state is None or state.asset.kind not in seen.wanted:
        done.bodies[note.seq] = None
    else:
        shown = seen.documents.of(state)
        done.bodies[note.seq] = {kind: shown}
        done.told[asset_id] = _told(state, shown)
        done.spoken_of[asset_id] = False


def _shown(seen: Seen) -> Iterator[AssetState]:
    """The assets whose users let clients know what becomes of them."""
    for state in seen.site.assets.values():
        if state.asset.kind in seen.wanted and state.asset.consent in _OPEN:
            yield state


def _compare(state: AssetState, seen: Seen, done: Turn) -> None:
    kind, asset_id = state.asset.kind, state.asset.id
    shown = seen.documents.of(state)
    told = seen.told.get(asset_id)
    if told is None and kind in seen.followed:
        done.tell("discovered", state, {kind.value: shown})
        done.told[asset_id] = _told(state, shown)
        return
    if told is None:
        told = done.told[asset_id] = _told(state, _baseline(state, seen))
    fields = updated_fields(told.document, shown)
    if fields and seen.is_due(asset_id, fields):
        body = {kind.value: shown, "updatedFields": fields}
        done.tell("updated", state, body)
        done.told[asset_id] = _told(state, shown)


def _baseline(state: AssetState, seen: Seen) -> Body:
    """What an asset was when somebody began to listen, which was after the turn before."""
    return seen.documents.of(seen.before.assets.get(state.asset.id, state))


def _miss(told: Told, seen: Seen, done: Turn) -> None:
    """Tell of an asset that is gone, or forget one of which nobody wants to hear."""
    state = seen.site.assets.get(told.asset_id)
    if told.kind not in seen.wanted:
        done.told[told.asset_id] = None
    elif state is None or state.asset.consent is Consent.NONE:
        body = {told.kind.value: told.document}
        event = f"user:{told.kind}:deleted"
        done.news.append(News(event, told.asset_id, told.user_id, body))
        done.told[told.asset_id] = None


def _told(state: AssetState, shown: Body) -> Told:
    return Told(state.asset.id, state.asset.kind, state.asset.user_id, shown)
