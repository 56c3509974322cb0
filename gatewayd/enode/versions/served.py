"""Which versions there are."""

from gatewayd.errors import InvalidError

NEWEST = "2025-10-01"
# Newest first. 2023-02-01, the form before there were versions, is not served.
SERVED = (
    NEWEST,
    "2024-10-01",
    "2024-01-01",
    "2023-08-01",
    "2023-05-01",
    "2023-04-15",
    "2023-04-01",
    "2023-03-01",
)


def effective(header: str | None, default: str) -> str:
    """The version a request speaks; raises InvalidError for one that is not served."""
    if header is None:
        return default
    if header in SERVED:
        return header
    raise InvalidError(f"Enode-Version is unknown: send one of {', '.join(SERVED)}")
