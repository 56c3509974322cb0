"""What a heat pump would have put off while blocked, and drawn ahead while boosted."""

from datetime import timedelta

from gatewayd.model.command import Command
from gatewayd.model.power import SetSgReady
from gatewayd.model.reading import SgReady
from gatewayd.plan.shadow.lots import Lots
from gatewayd.plan.shadow.words import Minute, Tally

# Below it stands by.
_RUNS_W = 100.0
_KEEPS = timedelta(days=1)


class HeatLedger:
    """Blocked it draws nothing, boosted as much as it drew on average while it ran.

    Both even out while it is left alone: it makes up for what it was kept from, and what it drew
    ahead it does not draw later. What was drawn ahead and not used within a day has gone cold.
    """

    def __init__(self) -> None:
        self.lost_wh = 0.0
        self._owed, self._ahead = Lots(), Lots()
        self._ran, self._ran_w = 0, 0.0

    @property
    def pending_wh(self) -> float:
        """Below 0 what it drew ahead."""
        return self._owed.energy_wh - self._ahead.energy_wh

    def take(self, minute: Minute, command: Command, tally: Tally) -> None:
        """See Ledger."""
        self.lost_wh += self._ahead.lose(minute.start - _KEEPS, tally)
        if minute.power_w >= _RUNS_W:
            self._ran, self._ran_w = self._ran + 1, self._ran_w + minute.power_w
        level = command.level if isinstance(command, SetSgReady) else None
        if level is SgReady.NORMAL:
            self._even_out(minute, tally)
        elif level is SgReady.BLOCKED:
            rest_w = self._ahead.close(minute, -max(0.0, minute.power_w), tally)
            self._owed.open(minute, rest_w, tally)
        elif level is None or not self._ran:
            tally.untold += 1
        else:
            rest_w = self._owed.close(minute, self._room_w(minute), tally)
            self._ahead.open(minute, rest_w, tally)

    def _even_out(self, minute: Minute, tally: Tally) -> None:
        if self._owed.energy_wh > 0:
            self._owed.close(minute, self._room_w(minute), tally)
        else:
            self._ahead.close(minute, -max(0.0, minute.power_w), tally)

    def _room_w(self, minute: Minute) -> float:
        """How much more it would draw than in truth, were it running."""
        return max(0.0, self._ran_w / self._ran - minute.power_w) if self._ran else 0.0
