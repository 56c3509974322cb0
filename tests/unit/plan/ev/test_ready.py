"""A car is ready by the time its plan says, and no dearer than need be."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from gatewayd.model.ready_by import ReadyBy
from gatewayd.model.tariff import PriceSlot
from gatewayd.plan.ev.ready import Ready, ReadyMemory, When, decide, need_wh, next_deadline
from gatewayd.plan.ev.words import CarNow
from gatewayd.plan.prices import Prices

HOUR = timedelta(hours=1)
EVENING = datetime(2026, 6, 22, 18, tzinfo=UTC)
MORNING = EVENING + 12 * HOUR
POWER_W = 10_000.0
EVERY_DAY = frozenset(range(7))


def prices(*by_hour: float) -> Prices:
    """From the evening on."""
    slots = [
        PriceSlot(EVENING + n * HOUR, EVENING + (n + 1) * HOUR, Decimal(str(price)))
        for n, price in enumerate(by_hour)
    ]
    return Prices(UTC, "EUR", market=tuple(slots))


class Car:
    """A car of 50 kWh that takes what it is given, looked at every minute."""

    def __init__(self, *, soc_pct: float | None = 40.0, power_w: float = POWER_W) -> None:
        self.soc_pct = soc_pct
        self.power_w = power_w
        self.session_wh = 0.0
        self.is_plugged: bool | None = True
        self.memory = ReadyMemory()
        self.now = self.last_on = EVENING
        self.hours: list[int] = []
        self.starts = 0
        self.ready: Ready | None = None
        self.known: Prices | None = None

    def look(self, **plans: ReadyBy) -> bool:
        drawn_w = self.power_w if self.memory.is_on else 0.0
        car = CarNow(
            self.is_plugged,
            drawn_w,
            soc_pct=self.soc_pct,
            session_wh=self.session_wh,
            capacity_wh=50_000.0,
        )
        was_on, now_s = self.memory.is_on, (self.now - EVENING).total_seconds()
        when = When(self.now, UTC, self.known)
        self.ready = decide(plans, car, POWER_W, when, self.memory, now_s)
        is_on = self.ready is not None and self.ready.is_due
        self.starts += is_on and not was_on
        if is_on:
            self.last_on = self.now
            self.hours.append((self.now - EVENING) // HOUR)
            self.session_wh += self.power_w / 60
            if self.soc_pct is not None:
                self.soc_pct += 100 * self.power_w / 60 * 0.88 / 50_000
        self.now += timedelta(minutes=1)
        return is_on

    def looks(self, until: datetime, **plans: ReadyBy) -> set[int]:
        """The hours from the evening on in which it charged."""
        while self.now < until:
            self.look(**plans)
        return {hour for hour, minutes in Counter(self.hours).items() if minutes > 3}


TO_80 = ReadyBy(at=MORNING, soc_pct=80.0)


def test_without_prices_it_charges_as_late_as_it_can_and_is_ready_in_time() -> None:
    car = Car()

    hours = car.looks(MORNING, trip=TO_80)

    # 20 kWh into the battery are 2 h 17 min at 10 kW; a quarter of an hour is kept.
    assert hours == {9, 10, 11}
    assert car.starts == 1
    assert car.soc_pct == pytest.approx(80, abs=0.5)
    assert MORNING - timedelta(minutes=17) < car.last_on < MORNING - timedelta(minutes=13)


def test_it_charges_in_the_cheapest_hours_and_joins_what_lies_together() -> None:
    car = Car()
    car.known = prices(9, 9, 2, 9, 9, 1, 1, 9, 9, 9, 9, 9)

    hours = car.looks(MORNING, trip=TO_80)

    assert hours == {2, 5, 6}
    assert car.starts == 2
    assert car.soc_pct == pytest.approx(80, abs=0.5)


def test_one_time_of_charging_is_found_where_it_is_asked_for() -> None:
    car = Car()
    car.known = prices(9, 9, 2, 9, 9, 1, 1, 9, 9, 9, 9, 9)

    hours = car.looks(MORNING, trip=ReadyBy(at=MORNING, soc_pct=80.0, is_continuous=True))

    assert (hours, car.starts) == ({4, 5, 6}, 1)


def test_of_equal_prices_the_later_are_taken() -> None:
    car = Car()
    car.known = prices(*[3] * 12)

    assert car.looks(MORNING, trip=TO_80) == {9, 10, 11}

    again = Car()
    again.known = prices(9, 1, 9, 9, 9, 9, 9, 1, 9, 9, 9, 9)
    an_hour = ReadyBy(at=MORNING, energy_wh=10_000.0)
    assert again.looks(MORNING, trip=an_hour) == {7}


def test_what_fits_after_the_known_prices_waits_for_those_to_come() -> None:
    car = Car()
    car.known = prices(5, 4, 5)
    assert car.looks(EVENING + 3 * HOUR, trip=TO_80) == set()

    car.known = prices(5, 4, 5, 9, 9, 9, 2, 2, 2, 9, 9, 9)
    assert car.looks(MORNING, trip=TO_80) == {6, 7, 8}


def test_what_does_not_fit_after_them_is_charged_before() -> None:
    car = Car()
    car.known = prices(5, 5, 5, 4, 5, 5, 5, 5, 5, 5, 5)

    hours = car.looks(MORNING, trip=TO_80)

    assert 3 in hours
    assert 11 in hours
    assert car.soc_pct == pytest.approx(80, abs=0.5)


def test_where_time_is_short_it_charges_at_any_price_and_says_when_it_is_ready() -> None:
    car = Car()
    car.known = prices(9, 9, 1)
    soon = ReadyBy(at=EVENING + 2 * HOUR, soc_pct=80.0)

    assert car.look(trip=soon)
    assert car.ready is not None
    assert car.ready.is_late
    assert "instead of Mon 20:00" in car.ready.grounds.reason
    assert car.looks(EVENING + 4 * HOUR, trip=soon) == {0, 1, 2}
    assert car.soc_pct == pytest.approx(80, abs=0.5)
    # It rests then, and does not do as it likes.
    assert car.ready is not None
    assert (car.ready.is_due, car.ready.start_at) == (False, None)
    car.soc_pct = 79.0
    assert not car.look(trip=soon)


def test_a_missed_deadline_of_a_weekly_plan_is_made_up_for_and_a_met_one_is_not() -> None:
    daily = ReadyBy(weekdays=EVERY_DAY, minute=19 * 60, soc_pct=80.0)
    car = Car()
    car.looks(EVENING + HOUR, daily=daily)
    assert car.memory.is_on
    # A charger that cannot be reached for a while changes nothing of that.
    car.is_plugged = None
    assert not car.look(daily=daily)
    car.is_plugged = True

    car.looks(EVENING + 4 * HOUR, daily=daily)

    assert not car.memory.is_on
    assert car.ready is not None
    assert car.ready.deadline_at == EVENING + 25 * HOUR
    assert "has what it is to have" in car.ready.grounds.reason
    assert not car.ready.is_late


def test_a_slow_car_is_learnt_to_be_one() -> None:
    car = Car(power_w=3_700.0)
    # Begins early because it is cheap, and knows then how slow the car is.
    car.known = prices(1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9)
    plan = ReadyBy(at=MORNING, soc_pct=60.0)

    car.looks(MORNING, trip=plan)

    assert car.soc_pct == pytest.approx(60, abs=1)
    assert 0 in car.hours


def test_how_slow_a_car_is_is_known_at_its_next_session_whatever_it_took_at_the_end() -> None:
    car = Car(power_w=3_700.0)
    car.look(trip=ReadyBy(at=EVENING + HOUR, soc_pct=80.0))
    car.looks(EVENING + HOUR, trip=ReadyBy(at=EVENING + HOUR, soc_pct=80.0))
    car.power_w = 1_000.0
    car.looks(EVENING + 2 * HOUR, trip=ReadyBy(at=EVENING + HOUR, soc_pct=80.0))
    car.is_plugged = False
    car.look()

    car.is_plugged, car.soc_pct = True, 40.0
    car.look(trip=ReadyBy(at=MORNING, soc_pct=80.0))

    assert car.ready is not None
    assert car.ready.start_at is not None
    # 22.7 kWh at 3.7 kW, and a quarter of an hour that is kept.
    assert (MORNING - car.ready.start_at) / HOUR == pytest.approx(22.73 / 3.7 + 0.25, abs=0.02)


def test_energy_is_counted_where_no_level_is_known() -> None:
    car = Car(soc_pct=None)

    hours = car.looks(MORNING, trip=ReadyBy(at=MORNING, energy_wh=15_000.0))

    assert hours == {10, 11}
    assert car.session_wh == pytest.approx(15_000, abs=200)


FIVE_KWH = ReadyBy(at=MORNING, energy_wh=5_000.0)


@pytest.mark.parametrize(
    ("plan", "car", "expected_wh"),
    [
        (TO_80, CarNow(soc_pct=40.0, capacity_wh=44_000.0), 20_000.0),
        (TO_80, CarNow(soc_pct=90.0, capacity_wh=44_000.0), 0.0),
        (TO_80, CarNow(soc_pct=36.0), 40_000.0),
        (TO_80, CarNow(session_wh=10_000.0, capacity_wh=44_000.0), 30_000.0),
        (FIVE_KWH, CarNow(session_wh=6_000.0), 0.0),
        (FIVE_KWH, CarNow(), 5_000.0),
    ],
)
def test_what_is_needed_is_guessed_high(plan: ReadyBy, car: CarNow, expected_wh: float) -> None:
    assert need_wh(plan, car) == pytest.approx(expected_wh)


def test_a_car_that_is_to_be_full_goes_on_until_it_leaves() -> None:
    full = ReadyBy(at=MORNING, soc_pct=100.0)
    car = Car(soc_pct=90.0)
    car.looks(MORNING, trip=full)
    car.soc_pct = 100.0
    assert car.look(trip=full)
    assert car.ready is not None
    assert not car.ready.is_late

    car.is_plugged = False
    assert not car.look(trip=full)


def test_of_several_plans_the_one_that_begins_first_counts() -> None:
    car = Car()
    later = ReadyBy(at=MORNING + HOUR, soc_pct=100.0)

    car.look(trip=TO_80, holiday=later)

    assert car.ready is not None
    assert car.ready.plan_id == "holiday"


def test_a_moment_s_pause_is_bridged_and_a_moment_s_charge_is_not_begun() -> None:
    car = Car()
    car.known = prices(9, 9, 9, 9, 9, 9, 9, 9, 1, 9, 1, 1)
    car.looks(MORNING, trip=ReadyBy(at=MORNING, energy_wh=29_500.0))
    assert car.starts <= 2

    brief = Car()
    brief.known = Prices(
        UTC,
        "EUR",
        market=(
            PriceSlot(EVENING, EVENING + timedelta(minutes=10), Decimal(1)),
            PriceSlot(EVENING + timedelta(minutes=10), EVENING + HOUR, Decimal(20)),
            PriceSlot(EVENING + HOUR, MORNING, Decimal(9)),
        ),
    )
    assert brief.looks(EVENING + HOUR, trip=TO_80) == set()


WEEKLY = ReadyBy(weekdays=EVERY_DAY, minute=2 * 60 + 30, energy_wh=1.0)


def deadlines(zone: str, after: datetime, count: int) -> Sequence[str]:
    found, at = [], after
    for _ in range(count):
        at = next_deadline(WEEKLY, at, ZoneInfo(zone)) or at
        found.append(f"{at:%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("zone", "after", "utc"),
    [
        # 02:30 does not come: at the jump. Then it comes twice: once.
        ("Europe/Berlin", (2026, 3, 28, 12), ["29 01:00", "30 00:30", "31 00:30"]),
        ("Europe/Berlin", (2026, 10, 24, 12), ["25 00:30", "26 01:30", "27 01:30"]),
        ("America/New_York", (2026, 3, 7, 12), ["08 07:00", "09 06:30", "10 06:30"]),
        ("America/New_York", (2026, 10, 30, 12), ["31 06:30", "01 07:30", "02 07:30"]),
        # Half an hour of daylight saving, a jump at 02:00.
        ("Australia/Lord_Howe", (2026, 10, 3, 12), ["03 15:30", "04 15:30", "05 15:30"]),
        ("Australia/Lord_Howe", (2026, 4, 3, 12), ["03 15:30", "04 16:00", "05 16:00"]),
        # A jump at midnight, and none at all.
        ("Africa/Cairo", (2026, 4, 23, 12), ["23 23:30", "24 23:30", "25 23:30"]),
        ("Asia/Kolkata", (2026, 3, 28, 12), ["28 21:00", "29 21:00", "30 21:00"]),
    ],
)
def test_a_weekly_plan_comes_once_each_day_whatever_the_clock_does(
    zone: str, after: tuple[int, int, int, int], utc: list[str]
) -> None:
    assert deadlines(zone, datetime(*after, tzinfo=UTC), 3) == utc


def test_a_weekly_plan_comes_on_its_days_only_and_a_past_one_never_again() -> None:
    fridays = ReadyBy(weekdays=frozenset({4}), minute=0, soc_pct=80.0)
    friday = datetime(2026, 6, 26, tzinfo=UTC)

    assert next_deadline(fridays, EVENING, UTC) == friday
    assert next_deadline(fridays, friday, UTC) == friday + timedelta(days=7)
    assert next_deadline(TO_80, MORNING, UTC) is None
