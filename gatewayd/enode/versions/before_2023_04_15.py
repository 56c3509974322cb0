"""Before 2023-04-15: two ways for a smart charging plan to fail were not told."""

from typing import Any

from gatewayd.enode.versions.edits import Object, within
from gatewayd.enode.versions.step import Step

_UNTOLD = ("CHARGE_INTERRUPTED", "UNKNOWN")


def _plan(plan: Object) -> dict[str, Any]:
    is_untold = plan["failureCondition"] in _UNTOLD
    return {**plan, "failureCondition": None} if is_untold else dict(plan)


STEP = Step(
    since="2023-04-15",
    shows={"smart plan": _plan, "smart status": lambda status: within(status, "plan", _plan)},
)
