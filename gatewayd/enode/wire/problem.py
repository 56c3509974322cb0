"""Errors on the wire."""

from gatewayd.enode.wire.base import OpenModel


class Problem(OpenModel):
    """An error. `type` is a URI; `issues` name the faults of a refused request."""

    type: str
    title: str
    detail: str
    issues: list[dict[str, object]] | None = None
