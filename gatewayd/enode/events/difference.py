"""What differs between two documents of the same thing, as Enode's `updatedFields`."""

from collections.abc import Iterator, Mapping
from typing import Any

# When data arrived is no news by itself.
_TIMES = frozenset({"lastSeen", "lastUpdated", "updatedAt", "changedAt"})
_ABSENT = object()


def updated_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The dotted paths of all values that changed; none when only times did."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    changed = [path for path in old | new if old.get(path, _ABSENT) != new.get(path, _ABSENT)]
    is_news = any(path.rpartition(".")[2] not in _TIMES for path in changed)
    return changed if is_news else []


def _leaves(document: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{at}{key}.")
        else:
            yield f"{at}{key}", value
