"""A decision made again."""

from dataclasses import dataclass, replace
from datetime import datetime

from gatewayd.control.governor.bench import Bench
from gatewayd.control.governor.claims import claims
from gatewayd.control.governor.given import RulingGiven
from gatewayd.control.governor.guard_loop import inputs_of
from gatewayd.control.steering import flex, schedules, smart_charging
from gatewayd.control.steering.decision import Order
from gatewayd.control.steering.given import FlexGiven, OrderGiven, ScheduleGiven, SmartGiven
from gatewayd.model.decision import Decision
from gatewayd.model.site import Site
from gatewayd.plan.guard.guard import decide

_NOTHING = "nothing"


def again(given: RulingGiven | OrderGiven, recorded: Decision) -> Decision:
    """What comes of what is given, for the asset and at the time of the decision on record.

    The memories in `given` are brought forward.
    """
    if isinstance(given, RulingGiven):
        return _ruled(given)
    order = _ordered(given, recorded.asset_id)
    if order is None:
        return Decision(recorded.at, recorded.asset_id, _NOTHING, None, _NOTHING)
    # What the asset said at last is no outcome: it is noted when the order goes out.
    said = recorded.inputs[len(order.grounds.inputs) :]
    why = replace(order.grounds, inputs=order.grounds.inputs + said)
    return Decision.on(why, recorded.at, order.asset_id, order.owner, order.command)


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
        guard = given.guard
        grants = decide(guard.wiring, guard.now_s, guard.meters, guard.loads, guard.memory)
        bench.grant(grants, inputs_of(guard.meters, guard.now_s), paused=guard.paused)
    if given.claims is not None:
        bench.claim(claims(given.claims.look, given.claims.memory))
    return bench.decision(given.state)


def _ordered(given: OrderGiven, asset_id: str) -> Order | None:
    match given:
        case ScheduleGiven():
            return schedules.order(given)
        case SmartGiven():
            return smart_charging.order(given, asset_id)
        case FlexGiven():
            return flex.order(given)
