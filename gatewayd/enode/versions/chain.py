"""The steps in a row: from the newest version to any older one, and back. Pure."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from gatewayd.enode.versions import (
    before_2023_04_01,
    before_2023_04_15,
    before_2023_05_01,
    before_2023_08_01,
    before_2024_01_01,
    before_2024_10_01,
    before_2025_10_01,
)
from gatewayd.enode.versions.edits import Json
from gatewayd.enode.versions.resources import HELD
from gatewayd.enode.versions.step import Answer, Query, Step

# Newest first.
STEPS = (
    before_2025_10_01.STEP,
    before_2024_10_01.STEP,
    before_2024_01_01.STEP,
    before_2023_08_01.STEP,
    before_2023_05_01.STEP,
    before_2023_04_15.STEP,
    before_2023_04_01.STEP,
)


@cache
def steps(version: str) -> tuple[Step, ...]:
    """The steps from the newest version down to this one."""
    return tuple(step for step in STEPS if version < step.since)


def request_up(version: str, operation: str, query: Query, body: Json) -> tuple[Query, Json]:
    """A request made in a version, as the newest has it."""
    for step in reversed(steps(version)):
        query, body = step.request_up(operation, query, body)
    return query, body


def response_down(version: str, operation: str, status: int, body: Json) -> Answer:
    """The newest version's answer, as another has it."""
    for step in steps(version):
        status, body = step.response_down(operation, status, body)
    return status, body


def takes_body(version: str, operation: str) -> bool:
    """Whether the bodies of an operation are others in a version."""
    return any(operation in step.takes for step in steps(version))


def adapt_event(version: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """The newest version's webhook event, as another has it."""
    adapted = {**event, "version": version}
    if not steps(version):
        return adapted
    for step in steps(version):
        adapted = step.event_down(adapted)
    if "updatedFields" in adapted:
        adapted["updatedFields"] = _told(adapted)
    return adapted


def knows_event(version: str, name: str) -> bool:
    """Whether a version has an event of this name."""
    return all(name not in step.new_events for step in steps(version))


def _told(event: Mapping[str, Any]) -> list[str]:
    """The updated fields that the event's things have; what holds them when there is none."""
    things = [event[key] for key in HELD if isinstance(event.get(key), Mapping)]
    if not things:
        return list(event["updatedFields"])
    names = event["updatedFields"]
    there = [name for name in names if any(_has(thing, name) for thing in things)]
    heads = dict.fromkeys(name.partition(".")[0] for name in names)
    return there or [head for head in heads if any(head in thing for thing in things)]


def _has(thing: Mapping[str, Any], name: str) -> bool:
    """Whether a thing has the value a dotted name leads to; None may hide anything."""
    found: Json = thing
    for part in name.split("."):
        if isinstance(found, list) or found is None:
            return True
        if not isinstance(found, Mapping) or part not in found:
            return False
        found = found[part]
    return True
