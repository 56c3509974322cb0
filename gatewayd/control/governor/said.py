"""What is said of a ruling, and of an asset of which nothing is ruled any more."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gatewayd.control.governor.given import RulingGiven
from gatewayd.control.governor.inputs import dated
from gatewayd.control.governor.safety import is_bound
from gatewayd.control.governor.terms import Terms
from gatewayd.control.governor.withholding import held_by
from gatewayd.model.asset import AssetKind
from gatewayd.model.command import Command, SetMaxCurrent, StopCharging
from gatewayd.model.decision import GIVEN_BACK, SHADOW, Decision, Grounds, Input
from gatewayd.model.site import AssetState
from gatewayd.plan.arbiter.claims import Claim, Rank, Setpoint, Wish
from gatewayd.plan.arbiter.narrow import is_off
from gatewayd.plan.arbiter.ruling import Ruling
from gatewayd.plan.heard import heard

_UNWANTED = "nobody wants anything of it any more"
_UNGOVERNED = "it is not governed any more"
_STOPPING = "the gateway stops"
_FREE = "it is as it was before, and does as it likes"


def decision(given: RulingGiven, ruling: Ruling | None, claims: Iterable[Claim]) -> Decision:
    """What is settled of an asset, and why; `is_stopping`: and nothing any more after that."""
    if ruling is None:
        return refused(given, claims) or ended(given)
    found = _ruled(given, ruling)
    return _stopped(found, given.state) if given.is_stopping else found


def say(given: RulingGiven, ruling: Ruling) -> Decision | None:
    """Who has the say; None where it is left to another writer."""
    is_left = given.state.asset.is_yielded and not is_bound(ruling)
    return None if is_left else _ruled(given, ruling)


def _ruled(given: RulingGiven, ruling: Ruling) -> Decision:
    """What is ruled now, with all that is known of when its inputs were read."""
    terms, state, now_s, grounds = given.terms, given.state, given.now_s, ruling.grounds
    inputs: Sequence[Input] = grounds.inputs
    if given.claims is not None and (
        ruling.rank is not Rank.DEFAULT or ruling.bound_by is not None
    ):
        inputs = dated(inputs, given.claims.look, state, now_s)
    known = {one.name: one for one in (*inputs, *heard(state, now_s))}
    return Decision(
        given.at,
        ruling.asset_id,
        _owner(terms, state, ruling),
        _as_command(ruling.wish),
        grounds.reason,
        (*known.values(),),
        grounds.candidates,
        held_by(terms, state, ruling),
    )


def refused(given: RulingGiven, claims: Iterable[Claim]) -> Decision | None:
    """What somebody wants of a governed asset cannot be done now: a claim that says why alone."""
    asset = given.state.asset
    mine = (one for one in claims if one.asset_id == asset.id and one.holds(given.now_s))
    found = next((one for one in mine if one.wish is None and one.bounds is None), None)
    if found is None or not given.terms.governs(asset):
        return None
    return Decision.on(found.grounds, given.at, asset.id, found.owner, None)


def ended(given: RulingGiven) -> Decision:
    """Nothing is ruled of it now, though it is governed, or because it is not."""
    asset = given.state.asset
    why = _UNWANTED if given.terms.governs(asset) else _UNGOVERNED
    return Decision.on(Grounds(f"{why}: {_FREE}"), given.at, asset.id, GIVEN_BACK, None)


def _stopped(last: Decision, state: AssetState) -> Decision:
    """The gateway goes: all is had as it was, but a charger, which keeps what it was told."""
    if state.asset.kind is AssetKind.CHARGER:
        reason = f"{_STOPPING}: it is left at this, until it falls back by itself"
        return replace(last, owner=GIVEN_BACK, reason=reason)
    return replace(last, owner=GIVEN_BACK, command=None, reason=f"{_STOPPING}: {_FREE}")


def _owner(terms: Terms, state: AssetState, ruling: Ruling) -> str:
    owner = ruling.bound_by or ruling.owner
    if not terms.writes(state.asset):
        return owner + SHADOW
    return f"{owner} (only lowered)" if terms.withholds(state.asset) else owner


def _as_command(wish: Wish) -> Command:
    if not isinstance(wish, Setpoint):
        return wish
    return StopCharging() if is_off(wish) else SetMaxCurrent(wish.current_a)
