"""What becomes of what is wanted of an asset that is governed, but not armed.

On a circuit it is lowered and stopped as ever, and given nothing more.
"""

from gatewayd.control.governor.safety import is_bound
from gatewayd.control.governor.terms import Terms
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import Command
from gatewayd.model.site import AssetState
from gatewayd.plan.arbiter.ruling import Ruling
from gatewayd.plan.keeping import is_decrease
from gatewayd.plan.steer import next_command


def only_lowers(terms: Terms, state: AssetState, ruling: Ruling) -> bool:
    """Whether nothing is given it. A battery or heat pump does what guard and grid want."""
    is_raised = state.asset.kind in (AssetKind.CHARGER, AssetKind.INVERTER)
    return terms.withholds(state.asset) is not None and (is_raised or not is_bound(ruling))


def why_not(terms: Terms, state: AssetState, command: Command | None) -> str | None:
    """Why it is not told a command; None where it may be."""
    withheld = terms.withholds(state.asset)
    reading = state.sample.reading if state.sample else None
    if withheld is None or command is None or reading is None or is_decrease(command, reading):
        return None
    return f"it is not armed, for {withheld}"


def held_by(terms: Terms, state: AssetState, ruling: Ruling) -> str | None:
    """What holds it below what is wanted."""
    reading = state.sample.reading if state.sample else None
    due = next_command(ruling.wish, reading, state.asset) if reading else None
    held = why_not(terms, state, due) if only_lowers(terms, state, ruling) else None
    return held or ruling.grounds.binding
