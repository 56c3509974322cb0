"""The dated versions of the API: which are served, and which one a request speaks.

All handlers speak the newest. What differs for an older caller belongs into a chain of adapters,
newest to oldest, run by `routing` over the response (and backwards over the request).
"""

from typing import Any

from gatewayd.errors import InvalidError

NEWEST = "2025-10-01"
# 2024-10-01 differs only in what hvacs show.
SERVED = (NEWEST, "2024-10-01")
_NOT_YET = (
    "2024-01-01",
    "2023-08-01",
    "2023-05-01",
    "2023-04-15",
    "2023-04-01",
    "2023-03-01",
    "2023-02-01",
)


def effective(header: str | None, default: str) -> str:
    """The version a request speaks; raises InvalidError for one that is not served."""
    if header is None:
        return default
    if header in SERVED:
        return header
    accepted = " or ".join(SERVED)
    if header in _NOT_YET:
        raise InvalidError(f"Enode-Version {header} is not served yet: send {accepted}")
    raise InvalidError(f"Enode-Version is unknown: send {accepted}")


def adapt_event(version: str, event: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    """A webhook event in the form of an older version."""
    return event
