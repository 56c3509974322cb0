"""A decision made again."""

from dataclasses import dataclass, replace
from datetime import datetime

from gatewayd.control.governor import auditing
from gatewayd.control.governor.bench import Bench
from gatewayd.control.governor.claims import claims
from gatewayd.control.governor.given import AuditGiven, RulingGiven
from gatewayd.control.governor.guard_loop import inputs_of
from gatewayd.control.governor.pausing import paused
from gatewayd.control.replay.record import AnyGiven
from gatewayd.control.steering import flex, overrides, schedules, smart_charging
from gatewayd.errors import ControlledError, RequestError
from gatewayd.model.decision import Decision
from gatewayd.model.site import Site
from gatewayd.plan import asked
from gatewayd.plan.given import (
    AskedGiven,
    CancelledGiven,
    DirectGiven,
    FlexGiven,
    OrderGiven,
    OverrideGiven,
    ScheduleGiven,
    SmartGiven,
    UnscheduledGiven,
    YieldedGiven,
)
from gatewayd.plan.guard.guard import decide

_NOTHING = "nothing"


def again(given: AnyGiven, recorded: Decision) -> Decision:
    """What comes of what is given, for the asset and at the time of the decision on record.

    The memories in `given` are brought forward.
    """
    at, found = recorded.at, None
    try:
        match given:
            case RulingGiven():
                found = _ruled(given)
            case AuditGiven():
                found = auditing.decision(given, at, recorded.asset_id)
            case YieldedGiven():
                _, found = asked.kept(given, at)
            case CancelledGiven():
                found = asked.cancelled(given, at) if _is_unwanted(given) else None
            case AskedGiven():
                found = _asked(given, at)
    except RequestError as refusal:
        return Decision(at, recorded.asset_id, _NOTHING, None, str(refusal))
    return found or Decision(at, recorded.asset_id, _NOTHING, None, _NOTHING)


@dataclass(frozen=True, slots=True)
class _Then:
    """The clock, and the picture of one asset, at the moment of the decision."""

    at: datetime
    now_s: float
    site: Site

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError


def _ruled(given: RulingGiven) -> Decision:
    """What guard, claims and bench make of it."""
    then = _Then(given.at, given.now_s, Site({given.state.asset.id: given.state}))
    bench = Bench(given.terms, then, then)
    if given.guard is not None:
        guard, wiring = given.guard, given.guard.wiring
        grants = decide(wiring, guard.now_s, guard.meters, guard.loads, guard.memory)
        stopped = paused(wiring.loads, grants, guard.batteries, guard.were_paused)
        inputs = inputs_of(guard.meters, guard.now_s)
        bench.grant(grants, inputs, paused=stopped, assets=guard.assets)
    if given.claims is not None:
        look, memory = given.claims.look, given.claims.memory
        bench.claim(claims(look, memory), given.claims)
    return bench.decision(given.state, is_stopping=given.is_stopping)


def _asked(given: AskedGiven, at: datetime) -> Decision | None:
    """What whoever asks makes of its cause, and what becomes of that."""
    asset_id, cause = given.state.asset.id, given.cause
    order = None
    match cause:
        case ScheduleGiven():
            order = schedules.order(cause)
        case SmartGiven():
            order = smart_charging.order(cause, asset_id)
        case FlexGiven():
            order = flex.order(cause)
        case OverrideGiven() if not overrides.has_to_start(cause):
            return None
        case DirectGiven(controller=controller):
            why_not = asked.overruled(given.state.asset, given.command, controller)
            if why_not is not None:
                raise ControlledError(why_not)
    if isinstance(cause, OrderGiven):
        if order is None:
            return None
        given = replace(given, command=order.command, owner=order.owner, grounds=order.grounds)
    return asked.asked(given, at)[1]


def _is_unwanted(given: CancelledGiven) -> bool:
    match given.cause:
        case SmartGiven():
            return smart_charging.is_unwanted(given.action, given.cause)
        case UnscheduledGiven():
            return schedules.is_unwanted(given.cause)
    return True
