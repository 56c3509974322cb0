"""What is asked, ended and given way to, and what that was made from, on its way to the disk."""

from gatewayd.model.asset import Asset
from gatewayd.model.reading import VehicleReading
from gatewayd.model.site import AssetState
from gatewayd.plan.given import AskedGiven, CancelledGiven, YieldedGiven
from gatewayd.plan.prices import Prices
from gatewayd.state.exact import Exact
from gatewayd.state.givens import Given

GIVEN = (AskedGiven, CancelledGiven, YieldedGiven)
STANDING = (Asset, Prices)
# Who decides does not go by what was decided before, but by what came of it.
# Nor by where exactly a car is.
LEFT_OUT = (
    (AssetState, "decision"),
    (VehicleReading, "latitude"),
    (VehicleReading, "longitude"),
)

_EXACT = Exact(GIVEN, standing=STANDING, left_out=LEFT_OUT)


def packed(given: AskedGiven | CancelledGiven | YieldedGiven) -> Given:
    """As it is written."""
    cause = None if isinstance(given, YieldedGiven) else given.cause
    return Given(*_EXACT.texts(given), f"{type(given).__name__} {type(cause).__name__}")
