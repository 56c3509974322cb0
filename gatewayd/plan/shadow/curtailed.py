"""What an inverter would not have produced."""

from gatewayd.model.command import Command
from gatewayd.model.power import SetExportLimit, SetProductionLimit
from gatewayd.plan.shadow.words import Minute, Tally


class InverterLedger:
    """What it produced beyond its limit is lost: the home takes it from the grid, or feeds in less.

    A minute's `power_w` is what it produced.
    """

    def __init__(self) -> None:
        self.lost_wh = 0.0
        self.pending_wh = 0.0

    def take(self, minute: Minute, command: Command, tally: Tally) -> None:
        """See Ledger."""
        match command:
            case SetProductionLimit(limit_w=limit_w):
                over_w = 0.0 if limit_w is None else minute.power_w - limit_w
            case SetExportLimit(limit_w=limit_w):
                fed_w = 0.0 if limit_w is None else -minute.grid_w - limit_w
                over_w = min(minute.power_w, fed_w)
            case _:
                tally.untold += 1
                return
        if over_w > 0:
            self.lost_wh += over_w / 60.0
            tally.move(over_w / 60.0, minute.avoided(over_w))
