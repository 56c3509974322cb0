"""Errors on the wire."""

from gatewayd.enode.wire.base import OpenModel


class Problem(OpenModel):
    """An error. `type` is a URI; `issues` name the faults of a refused request, and are
    left out where there are none."""

    type: str
    title: str
    detail: str
    issues: tuple[dict[str, object], ...] = ()
