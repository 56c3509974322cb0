"""What a vehicle under a flex policy is to do in the chunk that runs.

An intent moves charging, so all it ever asks for is to wait; a user may ask to charge now. Where
neither says anything the vehicle does as it likes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum, auto

from gatewayd.model.flex import FlexIntentRule, ImmediateStart
from gatewayd.plan.flex.allocation import Allocation, Share
from gatewayd.plan.flex.load import FlexVehicle, load_of
from gatewayd.plan.flex.shape import chunk_start

# Below this an energy is a rounding error.
_LEAST_WH = 1.0


class FlexTurn(Enum):
    """Wait for a better time, charge now, or neither."""

    WAIT = auto()
    CHARGE = auto()
    FREE = auto()


def turns(
    vehicles: Sequence[FlexVehicle], rules: Sequence[FlexIntentRule], now: datetime
) -> Mapping[str, FlexTurn]:
    """The turn of every vehicle, by its policy's id."""
    start = chunk_start(now)
    loaded = [(one, load) for one in vehicles if (load := load_of(one, start))]
    loaded.sort(key=lambda pair: min([due.chunks for due in pair[1].dues], default=0))
    shares = Allocation([load for _, load in loaded], start, rules).shares
    found = dict.fromkeys((one.policy.id for one in vehicles), FlexTurn.FREE)
    for (vehicle, _), share in zip(loaded, shares, strict=True):
        found[vehicle.policy.id] = _turn(vehicle, share, has_rules=bool(rules))
    return found


def _turn(vehicle: FlexVehicle, share: Share, *, has_rules: bool) -> FlexTurn:
    if isinstance(vehicle.override, ImmediateStart):
        return FlexTurn.CHARGE
    is_later = share.taken_wh[0] < _LEAST_WH and sum(share.taken_wh) >= _LEAST_WH
    return FlexTurn.WAIT if has_rules and is_later else FlexTurn.FREE
