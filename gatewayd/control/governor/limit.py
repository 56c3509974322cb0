"""What the whole home may take from the grid now, and who says so."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from gatewayd.control.governor.operator import OperatorGiven, standing
from gatewayd.model.circuit import Circuit
from gatewayd.plan.grid.capacity import CapacitySettings, Quarter, goal_w, import_limit_w

_STEP_W = 100.0


@dataclass(frozen=True, slots=True)
class LimitGiven:
    """What it comes of: the capacity that is paid for, and the grid operator where one is expected.

    With neither it is what the fuses bear. `drawn_w` is what each of several house connections
    draws, as far as it is measured, by circuit.
    """

    paid: tuple[CapacitySettings, Quarter] | None = None
    operator: OperatorGiven | None = None
    drawn_w: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


NO_LIMIT = LimitGiven()


def limited(circuits: Mapping[str, Circuit], given: LimitGiven) -> Mapping[str, Circuit]:
    """The circuits, each house connection with what it may carry now of what all may together."""
    import_w, by = _narrowest(given)
    if import_w is None:
        return circuits
    # What is saved up in a quarter keeps what runs going, and starts nothing that ends with it.
    goals_w = _shares(circuits, goal_w(*given.paid), given.drawn_w) if given.paid else {}
    found = dict(circuits)
    for root, share_w in _shares(circuits, import_w, given.drawn_w).items():
        one, most_w = circuits[root], max(1.0, _in_steps(share_w, given) * _STEP_W)
        if (one.limit_w or math.inf) > most_w:
            raised_w = goals_w.get(root)
            found[root] = replace(one, limit_w=most_w, limited_by=by, raised_w=raised_w)
    return found


def _in_steps(import_w: float, given: LimitGiven) -> float:
    """So that the wiring stays the same for a while. A quarter that is seen makes up for half."""
    is_seen = given.paid is not None and given.paid[1].imported_wh is not None
    is_made_up = is_seen and given.operator is None
    return round(import_w / _STEP_W) if is_made_up else import_w // _STEP_W


def _shares(
    circuits: Mapping[str, Circuit], import_w: float, drawn_w: Mapping[str, float]
) -> dict[str, float]:
    """What each house connection has of it: what it draws, and its part of what is left.

    Where too much is drawn each has to give; what nobody knows is parted by the ratings.
    """
    roots = [one for one in circuits.values() if one.parent is None]
    whole_a = sum(one.limit_a for one in roots)
    drawn = {one.id: max(0.0, drawn_w[one.id]) for one in roots if one.id in drawn_w}
    whole_w = sum(drawn.values()) if len(drawn) == len(roots) else 0.0
    left_w = import_w - whole_w
    if left_w < 0.0:
        return {id_: import_w * w / whole_w for id_, w in drawn.items()}
    known = drawn if whole_w else {}
    return {one.id: known.get(one.id, 0.0) + left_w * one.limit_a / whole_a for one in roots}


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
