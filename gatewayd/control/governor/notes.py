"""Which rulings are put on record: those that say another thing than the last that was."""

import re
from collections.abc import Iterable

from gatewayd.control.governor import said
from gatewayd.control.governor.given import Noted, RulingGiven
from gatewayd.model.decision import Decision
from gatewayd.plan.arbiter.claims import Claim
from gatewayd.plan.arbiter.ruling import Ruling

# Reasons alone may change so often for long, and so many times in a row.
_EVERY_S = 60.0
_IN_A_ROW = 5
_NUMBER = re.compile(r"[-+]?\d[\d.,:]*")


def kind(text: str | None) -> str:
    """A reason without its numbers, which move with each look."""
    return _NUMBER.sub("#", text or "")


class Notes:
    """What was last put on record of each asset."""

    def __init__(self) -> None:
        self._told: dict[str, object] = {}
        self._why: dict[str, tuple[str, str]] = {}
        # Up to when changes of the reason alone are paid for.
        self._paid_s: dict[str, float] = {}

    def is_news(self, asset_id: str, wanted: object, decision: Decision, now_s: float) -> bool:
        """Whether a decision is to be put on record, which then is done; `wanted` is what it does.

        What is told, and who has the say, is so at once; another kind of reason, or limit, a
        little later where they change without an end.
        """
        told = wanted, decision.owner
        why = kind(decision.reason), kind(decision.binding)
        is_same = self._told.get(asset_id) == told
        if is_same and (self._why[asset_id] == why or not self._may(asset_id, now_s)):
            return False
        self._told[asset_id], self._why[asset_id] = told, why
        return True

    def forget(self, asset_id: str) -> bool:
        """Have whatever comes next be news; whether there was something."""
        return self._told.pop(asset_id, None) is not None

    def _may(self, asset_id: str, now_s: float) -> bool:
        paid_s = max(now_s, self._paid_s.get(asset_id, now_s))
        if paid_s - now_s > (_IN_A_ROW - 1) * _EVERY_S:
            return False
        self._paid_s[asset_id] = paid_s + _EVERY_S
        return True


class Book:
    """What is put on record of rulings, and of what is claimed where nothing is ruled.

    `unended` are assets of which an earlier run has left something that may have ended since.
    """

    def __init__(self) -> None:
        self.unended: set[str] = set()
        self._noted: list[Noted] = []
        self._notes = Notes()

    def take(self) -> list[Noted]:
        """The changes since the last call."""
        taken, self._noted = self._noted, []
        return taken

    def look(self, given: RulingGiven, ruling: Ruling | None, claims: Iterable[Claim]) -> None:
        """Put down what is ruled, or wanted and refused, if it is news; and the end of all that."""
        asset_id = given.state.asset.id
        if ruling is None:
            found, told = said.refused(given, claims), None
        else:
            found, told = said.say(given, ruling), (ruling.wish, ruling.bound_by)
        if found is None:
            # Of what is left to somebody else nothing ends, and what comes next is news.
            if self._notes.forget(asset_id) and ruling is None:
                self._put(given, said.ended(given))
        elif self._notes.is_news(asset_id, told, found, given.now_s):
            self._put(given, found)

    def end_old(self, given: RulingGiven, ruling: Ruling | None, claims: Iterable[Claim]) -> None:
        """Put down, once, the end of what an earlier run has ruled and this one does not."""
        asset_id = given.state.asset.id
        if asset_id in self.unended:
            self.unended.discard(asset_id)
            if ruling is None and said.refused(given, claims) is None:
                self._put(given, said.ended(given))

    def stop(self, given: RulingGiven, ruling: Ruling) -> None:
        """Put down the last of all, where `is_stopping`."""
        self._put(given, said.decision(given, ruling, ()))

    def _put(self, given: RulingGiven, decision: Decision) -> None:
        self._noted.append(Noted(decision, given))
