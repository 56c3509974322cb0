"""What decisions are made from, on its way to the disk and back."""

import sqlite3

from gatewayd.control.governor.given import AuditGiven, Noted, RulingGiven
from gatewayd.control.governor.terms import Terms
from gatewayd.devices.record import GIVEN, LEFT_OUT, STANDING
from gatewayd.errors import StorageError
from gatewayd.plan.given import AskedGiven, CancelledGiven, YieldedGiven
from gatewayd.state import decisions
from gatewayd.state.exact import Exact
from gatewayd.state.givens import Given

EXACT = Exact((RulingGiven, AuditGiven, *GIVEN), standing=(Terms, *STANDING), left_out=LEFT_OUT)

_ALIKE = 2048

AnyGiven = RulingGiven | AuditGiven | AskedGiven | CancelledGiven | YieldedGiven


def keep(c: sqlite3.Connection, noted: Noted) -> None:
    """Put a decision on record, with what it was made from."""
    decisions.record(c, noted.decision, given=packed(noted.given))


def packed(given: RulingGiven | AuditGiven) -> Given:
    """As it is written."""
    is_guarded = isinstance(given, RulingGiven) and given.guard is not None
    name = "guarded" if is_guarded else type(given).__name__
    now, standing = EXACT.texts(given)
    # The first of a run knows little, and would make a poor likeness of those that follow.
    return Given(now, standing, f"{name} {len(now) // _ALIKE}")


def unpacked(given: Given) -> AnyGiven:
    """As it was. Raises StorageError for what this program cannot read."""
    found = EXACT.value(given.now, given.standing)
    if not isinstance(found, AnyGiven):
        raise StorageError("it is damaged: nothing is decided from such a thing")
    return found
