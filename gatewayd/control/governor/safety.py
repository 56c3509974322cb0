"""What the guard's grants come to, for each kind of load."""

from dataclasses import dataclass

from gatewayd.control.governor.terms import ChargerTerms
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.decision import Grounds
from gatewayd.model.reading import HvacReading, SgReady
from gatewayd.model.site import AssetState
from gatewayd.plan.arbiter.claims import Bounds, Claim, Rank, Setpoint, Wish
from gatewayd.plan.arbiter.ruling import Ruling
from gatewayd.plan.guard import heating, storage
from gatewayd.plan.guard.words import Grant
from gatewayd.plan.heat.levels import told

GUARD = "guard"


@dataclass(frozen=True, slots=True)
class Granted:
    """What the guard says of a load, and why. `wanted` is what is wanted of it but for the guard.

    `is_paused`: it is a battery left to itself that must not charge now.
    """

    grant: Grant
    grounds: Grounds
    wanted: Wish | None = None
    is_paused: bool = False


def claim(state: AssetState, term: ChargerTerms, granted: Granted) -> Claim | None:
    """The guard's claim; None while an asset may do as it likes."""
    if state.asset.kind is AssetKind.CHARGER:
        return _claim(state, granted, bounds=Bounds(most=granted.grant.amps))
    if state.asset.kind is AssetKind.BATTERY:
        return _of_battery(state, term, granted)
    reading = state.sample.reading if state.sample else None
    if heating.may_run(granted.grant) or not isinstance(reading, HvacReading):
        return None
    wish = told(SgReady.BLOCKED, state.asset, reading)
    return _claim(state, granted, wish) if wish is not None else None


def is_bound(ruling: Ruling) -> bool:
    """Whether guard or grid have a say in it: then no other writer decides."""
    return ruling.bound_by == GUARD or ruling.rank <= Rank.GRID


def _of_battery(state: AssetState, term: ChargerTerms, granted: Granted) -> Claim | None:
    can = state.asset.capabilities
    wanted = None if isinstance(granted.wanted, Setpoint) else granted.wanted
    is_less = granted.grant.amps < term.plate_a(state.asset)
    if not storage.is_forced(wanted):
        return _claim(state, granted, storage.pause(wanted, can)) if granted.is_paused else None
    if is_less and Capability.SET_POWER in can:
        return _claim(state, granted, bounds=Bounds(most=storage.most_w(granted.grant, term.lines)))
    return _claim(state, granted, storage.pause(wanted, can)) if is_less else None


def _claim(
    state: AssetState, granted: Granted, wish: Wish | None = None, bounds: Bounds | None = None
) -> Claim:
    until_s = granted.grant.valid_until_s
    return Claim(state.asset.id, Rank.SAFETY, GUARD, granted.grounds, until_s, wish, bounds)
