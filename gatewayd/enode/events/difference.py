"""What differs between two documents of the same thing, as Enode's `updatedFields`."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# When data arrived is no news by itself.
_TIMES = frozenset({"lastSeen", "lastUpdated", "updatedAt", "changedAt"})
# What never stands still, wherever it stands.
_MEASURED = frozenset(
    {
        "batteryLevel",
        "chargeRate",
        "chargeTimeRemaining",
        "consumptionRate",
        "currentTemperature",
        "distance",
        "latitude",
        "longitude",
        "power",
        "productionRate",
        "range",
        "totalLifetimeProduction",
    }
)
_ABSENT = object()


def updated_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The dotted paths of all values that changed; none when only times did."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    changed = [path for path in old | new if old.get(path, _ABSENT) != new.get(path, _ABSENT)]
    return [] if _names(changed) <= _TIMES else changed


def are_measured(fields: Iterable[str]) -> bool:
    """Whether only measured values are among the fields, which change with every reading."""
    return _names(fields) <= _TIMES | _MEASURED


def _names(fields: Iterable[str]) -> set[str]:
    return {path.rpartition(".")[2] for path in fields}


def _leaves(document: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{at}{key}.")
        else:
            yield f"{at}{key}", value
