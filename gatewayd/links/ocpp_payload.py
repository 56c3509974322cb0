"""Reading payloads of charge points, which are not always as the protocol says.

A field that is missing, of another type or out of its bounds is None. Nothing here raises.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

Payload = Mapping[str, Any]

_LONGEST = 64
_NUMBER_LONGEST = 32


def text(payload: Payload, *names: str) -> str | None:
    """The first of the fields that is a text with something printable in it."""
    for name in names:
        value = payload.get(name)
        if isinstance(value, str):
            shown = "".join(c for c in value[:_LONGEST] if c.isprintable()).strip()
            if shown:
                return shown
    return None


def whole(payload: Payload, name: str, least: int = 0, most: int = 2**31 - 1) -> int | None:
    """A whole number within bounds."""
    value = payload.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if least <= value <= most else None


def number(value: object) -> float | None:
    """A finite number, also as text, also with a decimal comma."""
    if isinstance(value, str):
        value = value.strip().replace(",", ".")
        if not 0 < len(value) <= _NUMBER_LONGEST or "_" in value:
            return None
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def time_of(payload: Payload, name: str) -> datetime | None:
    """A time; one without an offset is taken for UTC, as the protocol asks for."""
    value = payload.get(name)
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def part(payload: Payload, name: str) -> Payload:
    """An object in the payload; empty when there is none."""
    value = payload.get(name)
    return value if isinstance(value, Mapping) else {}


def parts(payload: Payload, name: str) -> Iterator[Payload]:
    """The objects of a list in the payload."""
    value = payload.get(name)
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))
