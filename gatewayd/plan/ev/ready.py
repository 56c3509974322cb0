"""Ready by: when a charger charges so that its car has what a plan asks for in time.

The cheapest times before the deadline, as far as prices are known; else as late as possible. Where
time is short it charges at once, and goes on after the deadline until the car has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from gatewayd.model.decision import Grounds, Input
from gatewayd.model.ready_by import ReadyBy
from gatewayd.plan.ev.words import CarNow
from gatewayd.plan.local_time import at_local
from gatewayd.plan.local_words import local
from gatewayd.plan.prices import Prices, price_slots
from gatewayd.plan.smart.window import ChargingNeed, Span, cheapest_times

# Ready so long before the deadline: guards and clouds of a car's own come in between.
MARGIN = timedelta(minutes=15)
# Nothing shorter is begun, left over or paused for.
LEAST = timedelta(minutes=15)
# Of a car that does not tell: a large battery, so that the plan begins too early rather than late.
CAPACITY_WH = 80_000.0
# What of the energy that is drawn gets into the battery.
EFFICIENCY = 0.88
# A power counts once it has lasted, and slowly: it is not always what the car would take.
_SETTLED_S = 120.0
_SLOWLY_S = 600.0
_LEAST_W = 500.0
# Prices of later days are not looked at: until then there is time.
_FORESEEN = timedelta(days=2)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class When:
    """Now, where the charger is: `prices` None where nobody knows any."""

    now: datetime
    zone: tzinfo
    prices: Prices | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    """A plan's next deadline, and what is left to draw until then.

    `was_met`: the car had it at the last look.
    """

    plan_id: str
    plan: ReadyBy
    deadline_at: datetime
    need: ChargingNeed
    was_met: bool = False

    @property
    def until(self) -> datetime:
        """When it should be done."""
        return self.deadline_at - MARGIN

    @property
    def latest_at(self) -> datetime:
        """When charging has to begin at the latest."""
        return self.until - self.need.duration


@dataclass(frozen=True, slots=True)
class Ready:
    """What the plan that counts comes to. `start_at` is when it next charges, None for never."""

    plan_id: str
    deadline_at: datetime
    is_due: bool
    start_at: datetime | None
    ready_at: datetime
    need_wh: float
    grounds: Grounds

    @property
    def is_late(self) -> bool:
        """Whether the car will not have it in time."""
        return self.ready_at > self.deadline_at


@dataclass(slots=True)
class ReadyMemory:
    """Of one charger. `power_w` is what its car draws when it may, learnt in this session.

    By the cars' ids, "" for those nobody knows: `powers_w` is the most that each drew in its last
    session, and `phases` on how many it did. `beside_w` is what the home draws beside it of late.
    """

    is_on: bool = False
    goal: Goal | None = None
    power_w: float | None = None
    on_since_s: float | None = None
    seen_s: float = 0.0
    drawing_since_s: float | None = None
    used_phases: int = 0
    powers_w: dict[str, float] = field(default_factory=dict)
    phases: dict[str, int] = field(default_factory=dict)
    beside_w: float | None = None
    beside_at_s: float = 0.0


def next_deadline(plan: ReadyBy, after: datetime, zone: tzinfo) -> datetime | None:
    """The first one after an instant; a time that a clock change leaves out comes at the jump."""
    if plan.at is not None:
        return plan.at if plan.at > after else None
    today = after.astimezone(zone).date()
    days = (today + number * _DAY for number in range(8))
    times = (at_local(day, plan.minute, zone) for day in days if day.weekday() in plan.weekdays)
    return next((at for at in times if at > after), None)


def decide(
    plans: Mapping[str, ReadyBy],
    car: CarNow,
    power_w: float,
    when: When,
    memory: ReadyMemory,
    now_s: float,
) -> Ready | None:
    """What the plan that has to begin first says; None without a plan or a car.

    `power_w` is what the charger may draw; `memory` is brought forward.
    """
    if car.is_plugged is None:
        return None
    _learn_phases(car, memory, now_s)
    if not car.is_plugged or not plans:
        memory.is_on, memory.goal, memory.power_w, memory.on_since_s = False, None, None, None
        return None
    _learn(car, memory, now_s)
    known_w = memory.power_w or memory.powers_w.get(car.id or "", power_w)
    goal = _goal(plans, car, min(power_w, known_w), when, memory.goal)
    memory.goal = goal
    if goal is None:
        memory.is_on = False
        return None
    spans = _spans(goal, when)
    is_due = _is_due(spans, goal, when.now, is_on=memory.is_on)
    memory.is_on = is_due and not goal.was_met
    return _shown(goal, spans, when, is_due=memory.is_on)


def need_wh(plan: ReadyBy, car: CarNow) -> float:
    """What is still to be drawn. A level that nobody knows is nought at the start of a session."""
    drawn_wh = car.session_wh or 0.0
    if plan.energy_wh is not None:
        return max(0.0, plan.energy_wh - drawn_wh)
    full_wh = (car.capacity_wh or CAPACITY_WH) / EFFICIENCY
    wanted = (plan.soc_pct or 0.0) / 100.0
    if car.soc_pct is None:
        return max(0.0, wanted * full_wh - drawn_wh)
    return max(0.0, (wanted - car.soc_pct / 100.0) * full_wh)


def _goal(
    plans: Mapping[str, ReadyBy],
    car: CarNow,
    power_w: float,
    when: When,
    before: Goal | None,
) -> Goal | None:
    """Of all that are not met that which has to begin first; of those that are the next."""
    goals = [
        goal
        for plan_id, plan in plans.items()
        if (goal := _next(plan_id, plan, car, power_w, when, before)) is not None
    ]
    return min(goals, key=lambda goal: (goal.was_met, goal.latest_at), default=None)


def _next(
    plan_id: str, plan: ReadyBy, car: CarNow, power_w: float, when: When, before: Goal | None
) -> Goal | None:
    """The deadline that was missed counts until the car has what it was to have by then.

    The only one of a plan goes on counting: what was to be had by then is all there is.
    """
    is_same = before is not None and (before.plan_id, before.plan) == (plan_id, plan)
    passed = before if before and is_same and before.deadline_at <= when.now else None
    is_met = _is_met(plan, car) or (passed is not None and passed.was_met)
    following = next_deadline(plan, when.now, when.zone)
    if passed is not None and (following is None or not is_met):
        need = ChargingNeed(timedelta(0), power_w) if is_met else _need(plan, car, power_w)
        return Goal(plan_id, plan, passed.deadline_at, need, is_met)
    if following is None:
        return None
    return Goal(plan_id, plan, following, _need(plan, car, power_w), _is_met(plan, car))


def _is_met(plan: ReadyBy, car: CarNow) -> bool:
    """A car that is to be full goes on until it takes no more itself."""
    return need_wh(plan, car) <= 0.0 and (plan.soc_pct or 0.0) < 100.0


def _need(plan: ReadyBy, car: CarNow, power_w: float) -> ChargingNeed:
    return ChargingNeed(timedelta(hours=need_wh(plan, car) / power_w), power_w)


def _learn(car: CarNow, memory: ReadyMemory, now_s: float) -> None:
    drawn_w = car.power_w
    if not memory.is_on or drawn_w is None or drawn_w < _LEAST_W:
        memory.on_since_s = None
    elif memory.on_since_s is None:
        memory.on_since_s = now_s
    elif now_s - memory.on_since_s >= _SETTLED_S:
        known_w = drawn_w if memory.power_w is None else memory.power_w
        # Towards its end a car takes less: that says nothing of the next time.
        best_w = 0.0 if memory.power_w is None else memory.powers_w.get(car.id or "", 0.0)
        memory.powers_w[car.id or ""] = max(best_w, drawn_w)
        share = min(1.0, (now_s - memory.seen_s) / _SLOWLY_S)
        memory.power_w = known_w + share * (drawn_w - known_w)
    memory.seen_s = now_s


def _learn_phases(car: CarNow, memory: ReadyMemory, now_s: float) -> None:
    """Of a car that could draw on three. One that is nearly full may draw on fewer."""
    if not car.is_plugged:
        memory.used_phases = 0
    if not car.used_phases or (car.power_w or 0.0) < _LEAST_W or car.phases == 1:
        memory.drawing_since_s = None
    elif memory.drawing_since_s is None:
        memory.drawing_since_s = now_s
    elif now_s - memory.drawing_since_s >= _SETTLED_S:
        memory.used_phases = max(memory.used_phases, car.used_phases)
        memory.phases[car.id or ""] = memory.used_phases


def _spans(goal: Goal, when: When) -> Sequence[Span]:
    now, need = when.now, goal.need
    if goal.latest_at <= now:
        return (Span(now, now + need.duration),)
    foreseen = min(goal.until, now + _FORESEEN)
    slots = price_slots(when.prices, now, foreseen) if when.prices else ()
    return cheapest_times(slots, now, goal.until, need, is_continuous=goal.plan.is_continuous)


def _is_due(spans: Sequence[Span], goal: Goal, now: datetime, *, is_on: bool) -> bool:
    """Whether to charge now; what runs is neither left a little short nor paused for a moment."""
    running = next((span for span in spans if span.start <= now < span.end), None)
    if is_on:
        coming = (span for span in spans if now < span.start <= now + LEAST)
        return bool(running or goal.need.duration <= LEAST or next(coming, None))
    if running is None:
        return False
    is_short = running.end - now < min(LEAST, goal.need.duration)
    return not is_short or goal.latest_at <= now


def _shown(goal: Goal, spans: Sequence[Span], when: When, *, is_due: bool) -> Ready:
    is_met = goal.need.duration <= timedelta(0)
    coming = (span.start for span in spans if span.start >= when.now)
    start_at = when.now if is_due else None if is_met else next(coming, None)
    ready_at = min(when.now, goal.deadline_at) if is_met else spans[-1].end
    left_wh = goal.need.duration / timedelta(hours=1) * goal.need.power_w
    by = local(goal.deadline_at, when.zone)
    reason = f"the car has what it is to have by {by}"
    if ready_at > goal.deadline_at:
        reason = f"the car will be ready at {local(ready_at, when.zone)} instead of {by}"
    elif start_at is not None and not is_due:
        reason = f"until {by} there is time: it charges from {local(start_at, when.zone)} on"
    elif is_due and not is_met:
        is_short = goal.latest_at <= when.now
        reason = f"{'there is no time to lose' if is_short else 'the cheapest time'} until {by}"
    inputs = (
        Input("deadline", by),
        Input("need_wh", float(round(left_wh))),
        Input("planned_power_w", float(round(goal.need.power_w))),
    )
    grounds = Grounds(reason, inputs, binding=f"the plan {goal.plan_id}")
    return Ready(goal.plan_id, goal.deadline_at, is_due, start_at, ready_at, left_wh, grounds)
