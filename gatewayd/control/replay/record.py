"""What decisions are made from, on its way to the disk and back."""

import sqlite3

from gatewayd.control.governor.given import Noted, RulingGiven
from gatewayd.control.governor.terms import Terms
from gatewayd.control.steering.given import FlexGiven, OrderGiven, ScheduleGiven, SmartGiven
from gatewayd.errors import StorageError
from gatewayd.model.asset import Asset
from gatewayd.model.reading import VehicleReading
from gatewayd.model.site import AssetState
from gatewayd.plan.prices import Prices
from gatewayd.state import decisions
from gatewayd.state.exact import Exact
from gatewayd.state.givens import Given

EXACT = Exact(
    (RulingGiven, ScheduleGiven, SmartGiven, FlexGiven),
    standing=(Terms, Asset, Prices),
    # Who decides does not go by what was decided before, but by what came of it.
    # Nor by where exactly a car is.
    left_out=(
        (AssetState, "decision"),
        (VehicleReading, "latitude"),
        (VehicleReading, "longitude"),
    ),
)


def keep(c: sqlite3.Connection, noted: Noted) -> None:
    """Put a decision on record, with what it was made from."""
    decisions.record(c, noted.decision, given=packed(noted.given))


def packed(given: RulingGiven | OrderGiven) -> Given:
    """As it is written."""
    is_guarded = isinstance(given, RulingGiven) and given.guard is not None
    shape = "guarded" if is_guarded else type(given).__name__
    return Given(*EXACT.texts(given), shape)


def unpacked(given: Given) -> RulingGiven | OrderGiven:
    """As it was. Raises StorageError for what this program cannot read."""
    found = EXACT.value(given.now, given.standing)
    if not isinstance(found, RulingGiven | ScheduleGiven | SmartGiven | FlexGiven):
        raise StorageError("it is damaged: nothing is decided from such a thing")
    return found
