"""What is said of a ruling, and of an asset of which nothing is ruled any more."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from gatewayd.control.governor.inputs import dated
from gatewayd.control.governor.look import Look
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


def ruled(
    terms: Terms, state: AssetState, ruling: Ruling, at: datetime, now_s: float, look: Look | None
) -> Decision:
    """A ruling at a moment of both clocks; `look` is what the claims were made from."""
    grounds = ruling.grounds
    inputs: Sequence[Input] = grounds.inputs
    if look is not None and (ruling.rank is not Rank.DEFAULT or ruling.bound_by is not None):
        inputs = dated(inputs, look, state, now_s)
    known = {one.name: one for one in (*inputs, *heard(state, now_s))}
    return Decision(
        at,
        ruling.asset_id,
        _owner(terms, state, ruling),
        _as_command(ruling.wish),
        grounds.reason,
        (*known.values(),),
        grounds.candidates,
        held_by(terms, state, ruling),
    )


def ended(state: AssetState, at: datetime, *, is_governed: bool) -> Decision:
    """Nothing is ruled of it now, though it is governed, or because it is not."""
    why = _UNWANTED if is_governed else _UNGOVERNED
    return Decision.on(Grounds(f"{why}: {_FREE}"), at, state.asset.id, GIVEN_BACK, None)


def silent(claims: Iterable[Claim], asset_id: str, now_s: float) -> Claim | None:
    """One that only says why nothing is to be done."""
    mine = (one for one in claims if one.asset_id == asset_id and one.holds(now_s))
    return next((one for one in mine if one.wish is None and one.bounds is None), None)


def refused(claim: Claim, at: datetime) -> Decision:
    """What somebody wants cannot be done now, and nobody else wants anything."""
    return Decision.on(claim.grounds, at, claim.asset_id, claim.owner, None)


def stopped(last: Decision, state: AssetState) -> Decision:
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
