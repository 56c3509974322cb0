"""The account of one asset: its decisions beside its minutes."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

from gatewayd.model.command import Command
from gatewayd.model.decision import GIVEN_BACK, Decision
from gatewayd.plan.shadow.ledger import Ledger
from gatewayd.plan.shadow.words import Minute, Tally, Would

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Decided:
    """What holds from a moment on; None where nothing is decided in shadow any more."""

    at: datetime
    command: Command | None


def in_shadow(
    decisions: Iterable[tuple[Decision, bool]], left_alone: Command | None = None
) -> list[Decided]:
    """The shadow's decisions and their ends, oldest first, from all of an asset's.

    The second of each is whether it was an action: those are carried out in truth, and change
    nothing of what the shadow says. `left_alone` is what holds in shadow while nobody wants
    anything of the asset.
    """
    found: list[Decided] = []
    for decision, is_action in decisions:
        if decision.is_shadow:
            found.append(Decided(decision.at, decision.command))
        elif not is_action and _ends(decision) and found and found[-1].command is not None:
            is_alone = decision.owner == GIVEN_BACK
            found.append(Decided(decision.at, left_alone if is_alone else None))
    return found


def _ends(decision: Decision) -> bool:
    """Whether it is carried out, or ends what was decided; what is only told does neither."""
    return decision.command is not None or decision.owner == GIVEN_BACK


@dataclass
class Account:
    """Fed with minutes in order, in as many portions as one likes."""

    zone: tzinfo
    decided: Sequence[Decided]
    ledger: Ledger
    _days: dict[date, Tally] = field(default_factory=dict)
    _left_out: int = 0

    def feed(self, minutes: Iterable[Minute], since: datetime, until: datetime) -> None:
        """Take in what is known of a time; what is missing of it is left out and counted."""
        known = {minute.start: minute for minute in minutes}
        start = since
        while start < until:
            command = self._command(start)
            if command is not None:
                self._take(known.get(start), start, command)
            start += _MINUTE

    def would(self) -> Would:
        """What has come of it so far."""
        total = Tally()
        for tally in self._days.values():
            total.add(tally)
        return Would(self._days, total, self._left_out, self.ledger.pending_wh, self.ledger.lost_wh)

    def _take(self, minute: Minute | None, start: datetime, command: Command) -> None:
        if minute is None:
            self._left_out += 1
            return
        tally = self._days.setdefault(start.astimezone(self.zone).date(), Tally())
        tally.minutes += 1
        self.ledger.take(minute, command, tally)

    def _command(self, start: datetime) -> Command | None:
        """A decision counts from the first full minute on."""
        position = bisect_right(self.decided, start, key=lambda one: one.at) - 1
        return self.decided[position].command if position >= 0 else None
