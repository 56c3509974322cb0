"""Whether a decision on record comes out again as it was."""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from gatewayd.control.replay.again import again
from gatewayd.control.replay.record import unpacked
from gatewayd.errors import GatewayError, StorageError
from gatewayd.state import givens
from gatewayd.state.decisions import Decided, outcome, written

_FAILURES = (GatewayError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

_NOTHING_KEPT = "nothing is kept that it was made from"


class Result(StrEnum):
    """How the two compare."""

    SAME = "same"
    DIFFERENT = "DIFFERENT"
    # There is nothing to make it from again.
    NOT_REPLAYED = "not replayed"
    DAMAGED = "DAMAGED"

    @property
    def is_well(self) -> bool:
        return self in (Result.SAME, Result.NOT_REPLAYED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came out; `why` it could not be made again, and the two where they differ.

    `software` is the version that decided, None where that is not known.
    """

    decided: Decided
    result: Result
    why: str | None = None
    recorded: dict[str, str | None] | None = None
    replayed: dict[str, str | None] | None = None
    software: str | None = None


def judged(c: sqlite3.Connection, decided: Decided) -> Verdict:
    """Make the decision again."""
    try:
        found = givens.get(c, decided.id)
        given = unpacked(found) if found else None
    except StorageError as error:
        why = f"decision {decided.id}: what it was made from cannot be read: {error}"
        return Verdict(decided, Result.DAMAGED, why)
    if given is None:
        return Verdict(decided, Result.NOT_REPLAYED, _NOTHING_KEPT)
    try:
        replayed = outcome(again(given, decided.decision))
    except _FAILURES as error:
        # What an older version knew may be too little for this one.
        why = f"decision {decided.id}: it cannot be made again: {error!r}"
        return Verdict(decided, Result.DAMAGED, why, software=given.software)
    recorded = written(c, decided.id)
    if recorded == replayed:
        return Verdict(decided, Result.SAME, software=given.software)
    return Verdict(decided, Result.DIFFERENT, None, recorded, replayed, software=given.software)
