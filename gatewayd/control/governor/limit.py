"""What the whole home may take from the grid now, and who says so."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gatewayd.control.governor.operator import OperatorGiven, standing
from gatewayd.model.circuit import Circuit
from gatewayd.plan.grid.capacity import CapacitySettings, Quarter, goal_w, import_limit_w

_STEP_W = 100.0


@dataclass(frozen=True, slots=True)
class LimitGiven:
    """What it comes of: the capacity that is paid for, and the grid operator where one is expected.

    With neither it is what the fuses bear.
    """

    paid: tuple[CapacitySettings, Quarter] | None = None
    operator: OperatorGiven | None = None


NO_LIMIT = LimitGiven()


def limited(circuits: Mapping[str, Circuit], given: LimitGiven) -> Mapping[str, Circuit]:
    """The circuits, the house connection with what it may carry now."""
    import_w, by = _narrowest(given)
    if import_w is None:
        return circuits
    # In whole steps, so that the wiring stays the same for a while. A quarter makes up for half one.
    steps = import_w // _STEP_W if given.operator else round(import_w / _STEP_W)
    most_w = max(1.0, steps * _STEP_W)
    # What is saved up in a quarter keeps what runs going, and starts nothing that ends with it.
    raised_w = goal_w(*given.paid) if given.paid else None
    return {
        one.id: one
        if one.parent is not None or (one.limit_w or math.inf) <= most_w
        else replace(one, limit_w=most_w, limited_by=by, raised_w=raised_w)
        for one in circuits.values()
    }


def lasting_w(given: LimitGiven) -> float | None:
    """What may be taken for hours, and not only in the running quarter."""
    paid_w = goal_w(*given.paid) if given.paid else None
    told = standing(given.operator)[0] if given.operator else None
    known = [limit_w for limit_w in (paid_w, told.limit_w if told else None) if limit_w is not None]
    return min(known, default=None)


def _narrowest(given: LimitGiven) -> tuple[float | None, str | None]:
    """In watt, and who gives it if that is the grid operator."""
    paid_w = import_limit_w(*given.paid) if given.paid else None
    told = standing(given.operator)[0] if given.operator else None
    if told is None or told.limit_w is None or (paid_w is not None and paid_w < told.limit_w):
        return paid_w, None
    return told.limit_w, told.by
