"""The rules of the state machine, in every state and all that can be seen from there."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest

from gatewayd.model.command import ActionState, StartCharging, StopCharging
from gatewayd.model.reading import PowerDelivery
from gatewayd.model.smart_charging import (
    PlanFailure,
    SmartCharging,
    SmartChargingPlan,
    SmartOverride,
)
from gatewayd.model.smart_charging import SmartChargeState as State
from gatewayd.plan.pursuit import LatestAction
from gatewayd.plan.smart.machine import step
from gatewayd.plan.smart.observation import Observation
from gatewayd.plan.smart.turn import Turn
from tests.unit.plan.smart_car import EVENING, HOUR, MINUTE, MORNING, POLICY, Car, market

START_AT = EVENING + 7 * HOUR
STOP_PHASE = {State.STOPPING, State.STOP_FAILED, State.STOPPED, State.AWAITING_PRICES}
EXECUTING = [state for state in State if state.is_executing]
ENDED = [state for state in State if state.is_ended]
D = PowerDelivery


def plan(state: State) -> SmartChargingPlan:
    is_priced = state is not State.AWAITING_PRICES
    stopped = state not in (State.STOPPING, State.STOP_FAILED)
    return SmartChargingPlan(
        id="plan",
        currency="NOK",
        location_id="home",
        non_smart_cost=Decimal(8),
        smart_cost=Decimal(2) if is_priced else None,
        stop_at=EVENING,
        start_at=START_AT if is_priced else None,
        estimated_finish_at=START_AT + 2 * HOUR,
        deadline_at=MORNING,
        duration=2 * HOUR,
        power_w=10_000.0,
        stop_confirmed_at=EVENING if stopped else None,
        ended_at=EVENING + HOUR if state.is_ended else None,
        final_state=state if state.is_ended else None,
    )


def standing(state: State, resumes: State = State.STOPPED) -> SmartCharging:
    return SmartCharging(
        state=state,
        state_changed_at=EVENING,
        policy=POLICY,
        plan=plan(state) if state.has_plan else None,
        resumes=resumes if state is State.OVERRIDDEN else None,
        is_holding=state in STOP_PHASE,
        is_spent=state.is_ended and state is not State.UNPLUGGED,
    )


def action(
    state: ActionState, ago: timedelta = MINUTE * 2, *, wanted: bool, now: datetime
) -> LatestAction[bool]:
    ended_at = None if state is ActionState.PENDING else now - ago
    return LatestAction(wanted, state, now - ago, ended_at)


def seen(
    now: datetime,
    delivery: PowerDelivery,
    latest: LatestAction[bool] | None = None,
    override: SmartOverride | None = None,
) -> Observation:
    return Car(now=now, delivery=delivery, latest=latest, override=override).observation()


def everything() -> Iterator[tuple[SmartCharging, Observation]]:
    """Each state with each thing that can be seen."""
    deliveries = (D.UNKNOWN, D.UNPLUGGED, D.INITIALIZING, D.CHARGING, D.STOPPED, D.COMPLETE)
    policies = (
        POLICY,
        replace(POLICY, is_enabled=False),
        replace(POLICY, deadline_minute=4 * 60),
        replace(POLICY, minimum_charge_limit_pct=50.0),
    )
    overrides = (None, SmartOverride("car", EVENING))
    times = (EVENING + HOUR, MORNING + HOUR)
    actions = [None, *product((ActionState.PENDING, ActionState.FAILED), (False, True))]
    prices = (market(until=72, by_hour=[Decimal("0.4")] * 7 + [Decimal("0.1")] * 65), None)
    for now, book in product(times, prices):
        for delivery, policy, override, told, is_capable in product(
            deliveries, policies, overrides, actions, (True, False)
        ):
            latest = told and action(told[0], wanted=told[1], now=now)
            car = Car(now=now, delivery=delivery, policy=policy, prices=book, latest=latest)
            car.override, car.is_capable = override, is_capable
            observation = car.observation()
            for state in State:
                yield standing(state), observation


def test_every_state_has_a_way_on_from_all_that_can_be_seen() -> None:
    count = 0
    for before, observation in everything():
        count += 1
        turn = step(before, observation)
        _check_shape(turn, observation)
        _check_end(before, turn, observation)
        _check_command(before, turn, observation)
    assert count == 18 * 6 * 4 * 2 * 5 * 2 * 2 * 2


def _check_shape(turn: Turn, observation: Observation) -> None:
    after = turn.charging
    assert turn.reason
    assert (after.plan is not None) == after.state.has_plan
    assert (after.consideration is not None) == (after.state is State.CONSIDERING)
    assert (after.resumes is not None) == (after.state is State.OVERRIDDEN)
    assert after.policy == observation.policy
    assert observation.policy.is_enabled or after.state in (State.DISABLED, State.PLAN_DISABLED)
    if after.state is State.OVERRIDDEN:
        assert observation.is_overridden
        assert turn.command is None


def _check_end(before: SmartCharging, turn: Turn, observation: Observation) -> None:
    after, ended = turn.charging, turn.charging.plan
    if ended is not None:
        assert (ended.final_state is not None) == after.state.is_ended
        assert ended.final_state in (None, after.state)
        assert (ended.ended_at is not None) == after.state.is_ended
        allowed: set[PlanFailure | None] = {None}
        if after.state is State.FINISHED:
            allowed = {None, PlanFailure.FINISHED_LATE}
        elif after.state is State.FAILED and before.state.is_executing:
            allowed = {one for one in PlanFailure if one is not PlanFailure.FINISHED_LATE}
        assert ended.failure_condition in allowed
    is_same_stay = observation.policy == POLICY and observation.charging.is_plugged_in is not False
    may_follow = before.state is State.DEADLINE_CHANGED or not before.is_spent
    if before.state in ENDED and is_same_stay and not may_follow:
        assert after.state is before.state
        assert after.plan == before.plan


def _check_command(before: SmartCharging, turn: Turn, observation: Observation) -> None:
    state, latest = turn.charging.state, observation.latest
    if turn.command is None:
        return
    assert observation.is_capable
    assert not observation.is_overridden
    assert observation.charging.is_plugged_in is not False
    wanted = isinstance(turn.command, StartCharging)
    if latest is not None and latest.wanted == wanted:
        assert latest.state is not ActionState.PENDING
        assert observation.now - latest.created_at >= 15 * MINUTE
    if not wanted:
        assert state in (State.STOPPING, State.STOP_FAILED)
    elif before.state.is_executing and state.is_executing:
        assert state in (State.STARTING, State.START_FAILED, State.CHARGE_INTERRUPTED)
    else:
        assert before.is_holding


@pytest.mark.parametrize("state", State)
def test_what_stays_as_it_is_comes_to_rest(state: State) -> None:
    for delivery, hours in product(PowerDelivery, (1, 8, 14)):
        charging = standing(state)
        observation = seen(EVENING + hours * HOUR, delivery)
        visited = []
        for _ in range(5):
            turn = step(charging, observation)
            if turn.command is not None:
                wanted = isinstance(turn.command, StartCharging)
                latest = action(ActionState.PENDING, wanted=wanted, now=observation.now)
                observation = replace(observation, latest=latest)
            visited.append(turn.charging.state)
            charging = turn.charging
        assert visited[-1] is visited[-2], visited


EARLY, DUE, LATE = EVENING + HOUR, START_AT, MORNING
STOP_FAILED = action(ActionState.FAILED, wanted=False, now=EARLY)


@pytest.mark.parametrize(
    ("before", "now", "delivery", "latest", "after"),
    [
        (State.STOPPING, EARLY, D.CHARGING, None, State.STOPPING),
        (State.STOPPING, EARLY, D.STOPPED, None, State.STOPPED),
        (State.STOPPING, EARLY, D.UNKNOWN, None, State.STOPPING),
        (State.STOPPING, EARLY, D.CHARGING, STOP_FAILED, State.STOP_FAILED),
        (State.STOPPING, DUE, D.CHARGING, None, State.STARTED),
        (State.STOPPING, DUE, D.STOPPED, None, State.STARTING),
        (State.STOP_FAILED, EARLY, D.CHARGING, None, State.STOPPING),
        (State.STOP_FAILED, EARLY, D.CHARGING, STOP_FAILED, State.STOP_FAILED),
        (State.STOP_FAILED, EARLY, D.STOPPED, None, State.STOPPED),
        (State.STOP_FAILED, DUE, D.CHARGING, STOP_FAILED, State.FAILED),
        (State.STOP_FAILED, EARLY, D.COMPLETE, STOP_FAILED, State.FAILED),
        (State.STOPPED, EARLY, D.STOPPED, None, State.STOPPED),
        (State.STOPPED, EARLY, D.UNKNOWN, None, State.STOPPED),
        (State.STOPPED, EARLY, D.CHARGING, None, State.STARTED),
        (State.STOPPED, DUE, D.STOPPED, None, State.STARTING),
        (State.STOPPED, EARLY, D.COMPLETE, None, State.FINISHED),
        (State.AWAITING_PRICES, EARLY, D.STOPPED, None, State.STOPPED),
        (State.AWAITING_PRICES, EARLY, D.CHARGING, None, State.STARTED),
        (State.STARTING, DUE, D.STOPPED, None, State.STARTING),
        (State.STARTING, DUE, D.CHARGING, None, State.STARTED),
        (
            State.STARTING,
            DUE + HOUR,
            D.STOPPED,
            action(ActionState.FAILED, wanted=True, now=DUE + HOUR),
            State.START_FAILED,
        ),
        (State.START_FAILED, DUE + HOUR, D.CHARGING, None, State.STARTED),
        (State.START_FAILED, DUE + HOUR, D.STOPPED, None, State.STARTING),
        (
            State.START_FAILED,
            LATE,
            D.STOPPED,
            action(ActionState.FAILED, wanted=True, now=LATE),
            State.FAILED,
        ),
        (State.STARTED, DUE + HOUR, D.CHARGING, None, State.STARTED),
        (State.STARTED, DUE + HOUR, D.STOPPED, None, State.CHARGE_INTERRUPTED),
        (State.STARTED, DUE + HOUR, D.INITIALIZING, None, State.STARTED),
        (State.STARTED, DUE + HOUR, D.UNKNOWN, None, State.STARTED),
        (State.STARTED, DUE + 2 * HOUR, D.COMPLETE, None, State.FINISHED),
        (State.STARTED, LATE + HOUR, D.CHARGING, None, State.STARTED),
        (State.CHARGE_INTERRUPTED, DUE + HOUR, D.CHARGING, None, State.STARTED),
        (State.CHARGE_INTERRUPTED, DUE + HOUR, D.STOPPED, None, State.CHARGE_INTERRUPTED),
        (State.CHARGE_INTERRUPTED, LATE, D.STOPPED, None, State.FAILED),
        (State.CHARGE_INTERRUPTED, DUE + HOUR, D.COMPLETE, None, State.FINISHED),
        (State.OVERRIDDEN, EARLY, D.STOPPED, None, State.STOPPED),
        (State.OVERRIDDEN, EARLY, D.CHARGING, None, State.STOPPING),
        (State.OVERRIDDEN, DUE, D.CHARGING, None, State.STARTED),
        (State.OVERRIDDEN, DUE, D.STOPPED, None, State.STARTING),
        (State.OVERRIDDEN, EARLY, D.COMPLETE, None, State.FINISHED),
    ],
)
def test_a_plan_goes_on(
    before: State,
    now: datetime,
    delivery: PowerDelivery,
    latest: LatestAction[bool] | None,
    after: State,
) -> None:
    turn = step(standing(before), seen(now, delivery, latest))

    assert turn.charging.state is after


@pytest.mark.parametrize("state", EXECUTING)
def test_unplugging_and_disabling_end_any_plan(state: State) -> None:
    unplugged = step(standing(state), seen(EARLY, D.UNPLUGGED)).charging
    disabled = replace(seen(EARLY, D.STOPPED), policy=replace(POLICY, is_enabled=False))

    assert unplugged.state is State.UNPLUGGED
    assert step(standing(state), disabled).charging.state is State.PLAN_DISABLED


@pytest.mark.parametrize("state", EXECUTING)
def test_an_override_silences_any_plan(state: State) -> None:
    turn = step(standing(state), seen(EARLY, D.STOPPED, override=SmartOverride("car", EARLY)))

    assert turn.charging.state is State.OVERRIDDEN
    assert turn.charging.resumes is (State.STOPPED if state is State.OVERRIDDEN else state)


@pytest.mark.parametrize("resumes", [state for state in EXECUTING if state is not State.OVERRIDDEN])
def test_after_an_override_the_car_is_where_it_should_be(resumes: State) -> None:
    def after(now: datetime, delivery: PowerDelivery) -> State:
        return step(standing(State.OVERRIDDEN, resumes), seen(now, delivery)).charging.state

    is_waiting = resumes in STOP_PHASE
    assert after(EARLY, D.CHARGING) is (State.STOPPING if is_waiting else State.STARTED)
    assert after(DUE, D.CHARGING) is State.STARTED
    is_begun = resumes in (State.STARTED, State.CHARGE_INTERRUPTED)
    begun = State.CHARGE_INTERRUPTED if is_begun else State.STARTING
    assert after(DUE, D.STOPPED) is begun


@pytest.mark.parametrize("state", [one for one in ENDED if one is not State.DEADLINE_CHANGED])
def test_an_end_lasts_until_the_next_plug_in_or_policy(state: State) -> None:
    if state is not State.UNPLUGGED:
        stays = step(standing(state), seen(EARLY, D.CHARGING)).charging
        assert stays == standing(state)

    unplugged = step(standing(state), seen(EARLY, D.UNPLUGGED)).charging
    assert unplugged.state is state
    assert step(unplugged, seen(EARLY, D.CHARGING)).charging.state is State.STOPPING

    changed = replace(POLICY, minimum_charge_limit_pct=10.0)
    again = step(standing(state), replace(seen(EARLY, D.STOPPED), policy=changed)).charging
    assert again.state is State.CONSIDERING


def test_the_time_of_a_state_is_that_of_its_beginning() -> None:
    first = step(standing(State.STOPPING), seen(EARLY, D.STOPPED)).charging
    second = step(first, seen(EARLY + MINUTE, D.STOPPED)).charging

    assert (first.state_changed_at, second.state_changed_at) == (EARLY, EARLY)


def test_a_stop_under_way_at_the_end_is_undone() -> None:
    pending = action(ActionState.PENDING, wanted=False, now=EARLY)
    observation = replace(
        seen(EARLY, D.CHARGING, pending), policy=replace(POLICY, is_enabled=False)
    )

    turn = step(standing(State.STOPPING), observation)

    assert turn.command == StartCharging()
    assert turn.charging.is_holding


def test_the_commands_of_stopping_and_starting() -> None:
    assert step(standing(State.STOPPING), seen(EARLY, D.CHARGING)).command == StopCharging()
    assert step(standing(State.STOPPED), seen(DUE, D.STOPPED)).command == StartCharging()
    pending = action(ActionState.PENDING, wanted=True, now=DUE)
    assert step(standing(State.STARTING), seen(DUE, D.STOPPED, pending)).command is None
