"""One step from a version of the API to the one before it. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gatewayd.enode.versions.edits import Edit, Json, Object, each
from gatewayd.enode.versions.resources import HELD, SHOWN

Query = list[tuple[str, str]]
Answer = tuple[int, Json]


@dataclass(frozen=True, slots=True)
class Moved:
    """Where an operation was before; a user the old path does not name is in Enode-User-Id."""

    method: str
    path: str
    operation: str


@dataclass(frozen=True, slots=True)
class Step:
    """What callers of versions before `since` send and see otherwise than those of `since`.

    Operations are named as their handlers, things as in `resources`.
    """

    since: str
    # Of every thing: how it looked.
    shows: Mapping[str, Edit] = field(default_factory=dict)
    # Of every operation: what makes a body or a query of old a new one, and what became of the
    # whole answer.
    takes: Mapping[str, Edit] = field(default_factory=dict)
    asks: Mapping[str, Callable[[Query], Query]] = field(default_factory=dict)
    answers: Mapping[str, Callable[[int, Json], Answer]] = field(default_factory=dict)
    # How every Problem looked.
    problem: Edit | None = None
    # Of every thing: under which other names its values are told of in `updatedFields`.
    fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    # Operations and events that came with `since`, and where older callers find operations.
    new: frozenset[str] = frozenset()
    new_events: frozenset[str] = frozenset()
    moved: tuple[Moved, ...] = ()

    def request_up(self, operation: str, query: Query, body: Json) -> tuple[Query, Json]:
        """An older caller's request, as a caller of `since` would make it."""
        if operation in self.asks:
            query = self.asks[operation](query)
        if operation in self.takes and isinstance(body, Mapping):
            body = self.takes[operation](body)
        return query, body

    def response_down(self, operation: str, status: int, body: Json) -> Answer:
        """An answer for `since`, as an older caller gets it."""
        if operation in self.answers:
            status, body = self.answers[operation](status, body)
        if status >= 400:
            is_problem = isinstance(body, Mapping) and {"type", "title", "detail"} <= body.keys()
            return status, self.problem(body) if self.problem and is_problem else body
        edit = self.shows.get(SHOWN.get(operation, ""))
        return status, each(body, edit) if edit else body

    def event_down(self, event: Object) -> dict[str, Any]:
        """A webhook event for `since`, as an older receiver gets it.

        `updatedFields` has the values' new names beside the old ones.
        """
        changed = dict(event)
        names = list(event.get("updatedFields", ()))
        for key, thing in HELD.items():
            if not isinstance(event.get(key), Mapping):
                continue
            if thing in self.shows:
                changed[key] = self.shows[thing](event[key])
            also = self.fields.get(thing, {})
            names += [also[name] for name in names if name in also]
        if names:
            changed["updatedFields"] = list(dict.fromkeys(names))
        return changed
