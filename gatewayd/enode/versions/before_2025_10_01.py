"""Before 2025-10-01: heaters say when they were moved."""

from typing import Any

from gatewayd.enode.versions.edits import Object, within
from gatewayd.enode.versions.step import Step


def _hvac(hvac: Object) -> dict[str, Any]:
    # The newest version does not tell the time, and the older one allows for not knowing it.
    return within(hvac, "location", lambda location: {**location, "lastUpdated": None})


STEP = Step(since="2025-10-01", shows={"hvac": _hvac})
