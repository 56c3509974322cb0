"""Smart charging told as nights of one car; the machine's rules are in test_smart_machine."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.model.command import StartCharging, StopCharging
from gatewayd.model.reading import PowerDelivery, VehicleReading
from gatewayd.model.smart_charging import PlanFailure, SmartOverride
from gatewayd.model.smart_charging import SmartChargeState as State
from gatewayd.plan.smart.machine import initial, step
from tests.unit.plan.smart_car import EVENING, HOUR, MINUTE, MORNING, Car, market

CHEAP = EVENING + 7 * HOUR
_CHARGING_WITHOUT_LEVEL = VehicleReading(power_delivery=PowerDelivery.CHARGING, power_w=7000.0)


def test_a_cheap_window_later_stops_the_car_and_charges_it_then() -> None:
    car = Car()

    car.decide()

    plan = car.charging.plan
    assert plan is not None
    assert car.state() is State.STOPPING
    assert car.commands == [StopCharging()]
    assert (plan.stop_at, plan.start_at) == (EVENING, CHEAP)
    assert plan.estimated_finish_at == CHEAP + 2 * HOUR <= MORNING
    assert (plan.non_smart_cost, plan.smart_cost) == (Decimal(8), Decimal(2))
    assert plan.estimated_savings == Decimal(6)
    assert (plan.currency, plan.location_id) == ("NOK", "home")


def test_a_night_goes_through_its_states() -> None:
    car = Car()

    car.live(MORNING)

    assert car.states == [
        State.STOPPING,
        State.STOPPED,
        State.STARTING,
        State.STARTED,
        State.FINISHED,
    ]
    plan = car.charging.plan
    assert plan is not None
    assert plan.stop_confirmed_at == EVENING
    assert plan.start_confirmed_at == CHEAP
    assert plan.ended_at == CHEAP + 2 * HOUR
    assert (plan.final_state, plan.failure_condition) == (State.FINISHED, None)
    assert car.commands == [StopCharging(), StartCharging()]
    assert car.soc_pct == 80.0


def test_the_next_stay_at_the_plug_is_considered_anew() -> None:
    car = Car()
    car.live(MORNING)

    car.delivery = PowerDelivery.UNPLUGGED
    car.settle()
    assert car.state() is State.FINISHED

    car.delivery, car.soc_pct = PowerDelivery.CHARGING, 50.0
    car.now, car.prices = EVENING + 24 * HOUR, market(start=EVENING + 24 * HOUR)
    car.settle()
    assert car.state() is State.STOPPED
    assert car.charging.plan is not None
    assert car.charging.plan.id == "plan-1"


def test_a_level_below_the_minimum_charges_at_any_price_and_then_waits() -> None:
    car = Car()
    car.set_policy(minimum_charge_limit_pct=50.0)

    car.live(EVENING + 25 * MINUTE)
    assert (car.state(), car.commands) == (State.CONSIDERING, [])

    car.live(EVENING + 35 * MINUTE)
    assert car.state() is State.STOPPED
    assert car.charging.plan is not None
    assert car.charging.plan.start_at == CHEAP


def test_the_minimum_itself_is_enough() -> None:
    car = Car(soc_pct=50.0)
    car.set_policy(minimum_charge_limit_pct=50.0)

    car.settle()

    assert car.state() is State.STOPPED


def test_a_raised_minimum_starts_the_car_at_once() -> None:
    car = Car()
    car.settle()

    car.now += HOUR
    car.set_policy(minimum_charge_limit_pct=50.0)
    car.settle()

    assert car.state() is State.STARTED
    assert car.charging.plan is not None
    assert car.charging.plan.start_at == EVENING + HOUR
    assert car.charging.plan.smart_cost == Decimal(8)


@pytest.mark.parametrize(
    ("by_hour", "reason"),
    [
        ([Decimal("0.40")] * 24, "now is about the cheapest time"),
        ([Decimal("0.40")] * 7 + [Decimal("0.39")] * 17, "charging later saves too little"),
        ([Decimal(0)] * 7 + [Decimal("0.39")] * 17, "now is about the cheapest time"),
        ([Decimal("0.30")] + [Decimal("0.10")] * 23, ""),
        ([Decimal(0)] * 7 + [Decimal("-0.01")] * 17, ""),
    ],
)
def test_a_plan_must_be_worth_it(by_hour: list[Decimal], reason: str) -> None:
    car = Car(prices=market(by_hour))

    turn = car.decide()

    assert (turn.charging.plan is None) == bool(reason)
    if reason:
        assert (turn.reason, turn.charging.state) == (reason, State.CONSIDERING)


def test_a_delay_of_half_an_hour_is_too_short_for_a_plan() -> None:
    by_hour = [Decimal("0.40")] + [Decimal("0.10")] * 23
    car = Car(prices=market(by_hour, start=EVENING - 30 * MINUTE))
    assert car.decide().charging.plan is None

    car = Car(prices=market(by_hour, start=EVENING - 29 * MINUTE))
    assert car.decide().charging.plan is not None


def test_without_time_to_lose_nothing_is_stopped() -> None:
    car = Car(now=MORNING - 90 * MINUTE, soc_pct=10.0)

    turn = car.decide()

    assert turn.charging.plan is None
    assert "no time to lose" in turn.reason


def test_missing_prices_are_awaited_and_then_used() -> None:
    car = Car(prices=market(until=8))
    car.settle()

    plan = car.charging.plan
    assert plan is not None
    assert car.states == [State.STOPPING, State.AWAITING_PRICES]
    assert (plan.start_at, plan.smart_cost) == (None, None)
    assert plan.estimated_finish_at <= MORNING

    by_hour = [*[Decimal("0.40")] * 9, *[Decimal("0.05")] * 15]
    car.now, car.prices = EVENING + HOUR, market(by_hour)
    car.settle()

    plan = car.charging.plan
    assert plan is not None
    assert car.state() is State.STOPPED
    assert (plan.start_at, plan.smart_cost) == (EVENING + 9 * HOUR, Decimal(1))


def test_prices_that_never_come_do_not_keep_the_car_from_charging() -> None:
    car = Car(prices=market(until=8))

    car.live(MORNING)

    plan = car.charging.plan
    assert plan is not None
    assert car.soc_pct == 80.0
    # Of the hours known, the last two have the cheapest start.
    assert plan.start_at == EVENING + 6 * HOUR
    assert plan.smart_cost == Decimal(5)


def test_prices_that_come_too_late_to_wait_start_the_car() -> None:
    car = Car(prices=market(until=8))
    car.settle()

    car.now, car.prices = MORNING - HOUR, market()
    car.settle()

    assert car.state() is State.STARTED


def test_without_an_estimate_of_the_time_there_is_no_plan() -> None:
    turn = step(initial(EVENING), replace(Car().observation(), vehicle=_CHARGING_WITHOUT_LEVEL))

    assert turn.charging.consideration is not None
    assert turn.charging.consideration.has_time_estimate is False
    assert "not known" in turn.reason


def test_prices_that_are_lost_start_the_car() -> None:
    car = Car(prices=market(until=8))
    car.settle()

    car.prices = None
    car.settle()

    assert car.state() is State.STARTED


def test_unplugging_ends_the_plan() -> None:
    car = Car()
    car.settle()

    car.delivery = PowerDelivery.UNPLUGGED
    turn = car.settle()

    plan = turn.charging.plan
    assert plan is not None
    assert (plan.final_state, plan.ended_at) == (State.UNPLUGGED, car.now)
    assert (turn.charging.state, turn.charging.is_holding) == (State.UNPLUGGED, False)

    car.now += 5 * MINUTE
    car.delivery = PowerDelivery.CHARGING
    car.settle()
    assert car.state() is State.STOPPED


def test_a_changed_deadline_ends_the_plan_and_makes_another() -> None:
    car = Car()
    car.settle()
    first = car.charging.plan

    car.now += HOUR
    car.set_policy(deadline_minute=4 * 60)
    car.decide()
    assert car.state() is State.DEADLINE_CHANGED
    assert car.charging.plan is not None
    assert car.charging.plan.final_state is State.DEADLINE_CHANGED
    car.settle()

    assert first is not None
    assert car.charging.plan.id != first.id
    assert car.state() is State.STOPPED
    assert car.charging.plan.stop_confirmed_at == car.now
    assert car.commands == [StopCharging()]


def test_a_deadline_that_leaves_no_plan_gives_the_car_back() -> None:
    car = Car()
    car.settle()

    car.set_policy(deadline_minute=20 * 60)
    car.settle()

    assert car.state() is State.CONSIDERING
    assert car.commands == [StopCharging(), StartCharging()]
    assert car.charging.is_holding is False


def test_disabling_ends_the_plan_and_gives_the_car_back() -> None:
    car = Car()
    car.settle()

    car.set_policy(is_enabled=False)
    turn = car.decide()
    assert turn.charging.plan is not None
    assert turn.charging.plan.final_state is State.PLAN_DISABLED
    car.settle()

    assert car.states[-2:] == [State.PLAN_DISABLED, State.DISABLED]
    assert car.delivery is PowerDelivery.CHARGING
    assert car.commands == [StopCharging(), StartCharging()]


def test_a_car_that_was_stopped_again_by_its_user_is_left_alone() -> None:
    car = Car()
    car.settle()
    car.obeys = False
    car.set_policy(is_enabled=False)
    car.settle()
    assert car.charging.is_holding

    car.now += 20 * MINUTE
    car.tell(StopCharging())
    told = len(car.commands)
    car.live(car.now + HOUR)

    assert len(car.commands) == told
    assert car.charging.is_holding is False


def test_a_stop_that_fails_is_repeated_until_it_is_time_to_charge() -> None:
    car = Car(obeys=False, soc_pct=10.0, limit_pct=100.0)

    car.live(EVENING + 20 * MINUTE)
    assert car.state() is State.STOP_FAILED
    assert car.commands == [StopCharging()] * 2
    assert State.STOP_FAILED in car.states

    # It still charges when its time comes.
    car.limit_pct, car.now = 200.0, CHEAP
    car.settle()
    plan = car.charging.plan
    assert plan is not None
    assert (plan.final_state, plan.failure_condition) == (State.FAILED, PlanFailure.STOP_FAILED)


def test_a_car_that_charged_on_in_spite_of_the_stop_has_no_finished_plan() -> None:
    car = Car(obeys=False)

    car.live(EVENING + 3 * HOUR)

    assert car.state() is State.FAILED
    assert car.charging.plan is not None
    assert car.charging.plan.failure_condition is PlanFailure.STOP_FAILED


def test_a_start_that_fails_is_repeated_until_the_deadline() -> None:
    car = Car()
    car.live(CHEAP - 5 * MINUTE)
    car.obeys = False

    car.live(MORNING - 5 * MINUTE)
    assert car.state() is State.START_FAILED
    starts = car.commands.count(StartCharging())
    assert starts > 10

    car.live(MORNING)
    assert car.state() is State.FAILED
    assert car.charging.plan is not None
    assert car.charging.plan.failure_condition is PlanFailure.START_FAILED

    car.obeys = True
    car.live(MORNING + HOUR)
    assert car.delivery is PowerDelivery.CHARGING


def test_an_interrupted_charge_is_taken_up_once() -> None:
    car = Car()
    car.live(CHEAP + 30 * MINUTE)
    assert car.state() is State.STARTED

    car.delivery = PowerDelivery.STOPPED
    car.decide()
    assert car.state() is State.CHARGE_INTERRUPTED
    car.settle()
    assert car.states[-1] is State.STARTED

    car.delivery = PowerDelivery.STOPPED
    starts = car.commands.count(StartCharging())
    car.live(MORNING)
    assert car.commands.count(StartCharging()) == starts
    assert car.charging.plan is not None
    assert car.charging.plan.start_confirmed_at == CHEAP
    assert car.charging.plan.failure_condition is PlanFailure.CHARGE_INTERRUPTED


def test_a_start_by_somebody_else_is_respected() -> None:
    car = Car()
    car.settle()

    car.now += HOUR
    car.delivery = PowerDelivery.CHARGING
    car.settle()

    assert car.state() is State.STARTED
    assert car.charging.plan is not None
    assert car.charging.plan.start_confirmed_at == EVENING + HOUR
    assert car.commands == [StopCharging()]


def test_a_plan_that_takes_much_longer_finished_late() -> None:
    car = Car()
    car.live(CHEAP + HOUR)
    plan = car.charging.plan
    assert plan is not None
    length = plan.estimated_finish_at - plan.stop_at

    def finished(after: timedelta) -> PlanFailure | None:
        late = replace(car, now=plan.estimated_finish_at + after, states=[], commands=[])
        late.delivery = PowerDelivery.COMPLETE
        ended = late.decide().charging.plan
        return ended.failure_condition if ended else None

    assert finished(0.15 * length) is None
    assert finished(0.15 * length + timedelta(seconds=1)) is PlanFailure.FINISHED_LATE


def test_an_override_charges_now_and_the_plan_resumes_after_it() -> None:
    car = Car()
    car.settle()

    car.now += HOUR
    car.override = SmartOverride("car", car.now, "action")
    car.tell(StartCharging())
    car.settle()
    assert car.state() is State.OVERRIDDEN
    assert car.charging.resumes is State.STOPPED
    car.live(car.now + 30 * MINUTE)
    told = len(car.commands)

    car.override = replace(car.override, ended_at=car.now)
    car.settle()

    assert car.states[-3:] == [State.OVERRIDDEN, State.STOPPING, State.STOPPED]
    assert car.commands[told:] == [StopCharging()]


def test_an_override_that_ended_as_the_car_stopped_goes_on_waiting() -> None:
    car = Car()
    car.settle()
    car.override = SmartOverride("car", car.now, "action")
    car.delivery = PowerDelivery.CHARGING
    car.settle()

    car.delivery = PowerDelivery.STOPPED
    car.override = replace(car.override, ended_at=car.now)
    car.settle()

    assert car.states[-2:] == [State.OVERRIDDEN, State.STOPPED]


def test_while_overridden_no_plan_is_made() -> None:
    car = Car(override=SmartOverride("car", EVENING))

    turn = car.settle()

    assert turn.charging.state is State.CONSIDERING
    assert turn.charging.consideration is not None
    assert turn.charging.consideration.is_met
    assert car.commands == []


def test_a_car_away_from_home_is_considered_without_a_plan() -> None:
    car = Car(location_id=None, prices=None)

    turn = car.settle()

    assert turn.charging.state is State.CONSIDERING
    assert turn.charging.consideration is not None
    assert turn.charging.consideration.at_charging_location is False


@pytest.mark.parametrize(
    ("car", "state"),
    [
        (Car(policy=replace(Car().policy, is_enabled=False)), State.DISABLED),
        (Car(is_capable=False), State.UNKNOWN),
        (Car(prices=None), State.UNKNOWN),
        (Car(prices=market(until=0)), State.UNKNOWN),
        (Car(soc_pct=80.0), State.FULLY_CHARGED),
        (Car(soc_pct=79.0), State.FULLY_CHARGED),
        (Car(soc_pct=40.0, delivery=PowerDelivery.COMPLETE), State.FULLY_CHARGED),
        (Car(delivery=PowerDelivery.STOPPED), State.CONSIDERING),
        (Car(delivery=PowerDelivery.UNPLUGGED), State.CONSIDERING),
        (Car(policy=replace(Car().policy, deadline_minute=None)), State.CONSIDERING),
    ],
)
def test_without_a_plan_the_state_tells_why(car: Car, state: State) -> None:
    turn = car.settle()

    assert turn.charging.state is state
    assert turn.reason
    assert car.commands == []


def test_a_lost_capability_fails_the_plan_and_is_recovered_from() -> None:
    car = Car()
    car.settle()

    car.is_capable = False
    car.settle()
    assert car.charging.plan is not None
    assert car.charging.plan.failure_condition is PlanFailure.UNKNOWN
    assert not car.is_charging()

    car.is_capable = True
    car.settle()
    assert car.is_charging()


def test_a_vehicle_starts_out_disabled() -> None:
    charging = initial(EVENING)

    assert (charging.state, charging.plan, charging.consideration) == (State.DISABLED, None, None)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.decimals("-0.2", "0.8", places=2), min_size=24, max_size=24),
    st.integers(0, 24),
    st.integers(0, 79),
    st.integers(19 * 60, 31 * 60),
    st.integers(0, 60),
    st.lists(st.tuples(st.integers(0, 700), st.sampled_from(["pause", "override", "prices"]))),
)
def test_an_obedient_car_is_charged_by_the_deadline_whatever_happens(
    by_hour: list[Decimal],
    until: int,
    soc_pct: int,
    deadline: int,
    minimum_pct: int,
    events: list[tuple[int, str]],
) -> None:
    car = Car(soc_pct=float(soc_pct), prices=market(by_hour, until=until))
    car.set_policy(deadline_minute=deadline % 1440, minimum_charge_limit_pct=float(minimum_pct))
    deadline_at = EVENING + (deadline - 18 * 60) * MINUTE
    needed = (80 - soc_pct) * 3 * MINUTE

    for minute, event in sorted(events):
        at = min(EVENING + minute * MINUTE, deadline_at - 30 * MINUTE - needed)
        car.live(at, 10 * MINUTE)
        if event == "override" and car.override is None:
            car.override = SmartOverride("car", car.now, "action")
            car.tell(StartCharging())
        elif event == "prices":
            car.prices = market(by_hour)
        elif event == "pause" and car.override is not None:
            car.override = replace(car.override, ended_at=car.now)
    if car.override is not None:
        car.override = replace(car.override, ended_at=car.override.ended_at or car.now)
    car.live(deadline_at + 10 * MINUTE, 10 * MINUTE)

    if EVENING + needed <= deadline_at:
        assert car.soc_pct == 80.0, car.states
    plan = car.charging.plan
    assert plan is None or plan.ended_at is not None or car.soc_pct < 80.0
