"""What the sun leaves for each charger."""

from gatewayd.plan.ev.surplus import BatteryNow, BatteryRule, Drawing, lent_w, surpluses

CAR = Drawing("car", 0, 2000.0)
RULE = BatteryRule(priority_soc_pct=50, buffer_soc_pct=90)


def surplus(grid_w: float | None, *batteries: BatteryNow) -> float | None:
    return surpluses(grid_w, batteries, [CAR], RULE)["car"]


def test_what_is_fed_in_and_what_it_draws() -> None:
    assert surplus(-1500.0) == 3500.0
    assert surplus(500.0) == 1500.0


def test_unknown_grid_is_unknown_surplus() -> None:
    assert surplus(None) is None


def test_a_low_battery_comes_first() -> None:
    assert surplus(-1500.0, BatteryNow(1000.0, 40)) == 3500.0
    assert surplus(-1500.0, BatteryNow(1000.0)) == 3500.0


def test_a_battery_with_enough_gives_way() -> None:
    assert surplus(-1500.0, BatteryNow(1000.0, 50)) == 4500.0


def test_what_a_battery_discharges_is_no_sun() -> None:
    assert surplus(0.0, BatteryNow(-800.0, 70)) == 1200.0
    assert surplus(0.0, BatteryNow(-800.0)) == 1200.0


def test_a_full_battery_may_keep_a_car_going() -> None:
    full, enough = BatteryNow(-800.0, 95), BatteryNow(-800.0, 70)

    assert surplus(0.0, full) == 1200.0
    assert lent_w([full, enough, BatteryNow(500.0, 95), None], RULE) == 800.0


def test_something_may_be_left_for_the_grid() -> None:
    kept = BatteryRule(residual_w=300.0)

    assert surpluses(-1000.0, [], [CAR], kept) == {"car": 2700.0}


def test_the_higher_is_served_first() -> None:
    high, low = Drawing("high", 2, 1400.0), Drawing("low", 1, 3000.0)

    assert surpluses(-100.0, [], [high, low], RULE) == {"high": 4500.0, "low": 3100.0}


def test_what_the_higher_was_promised_is_not_for_the_lower() -> None:
    starting, low = Drawing("high", 2, 0.0, reserved_w=1380.0), Drawing("low", 1, 2000.0)

    assert surpluses(0.0, [], [starting, low], RULE) == {"high": 2000.0, "low": 620.0}


def test_of_equals_who_has_begun_goes_on_and_the_other_waits() -> None:
    running = Drawing("b", 0, 4140.0, least_w=4140.0, is_on=True)

    assert surpluses(-860.0, [], [Drawing("a", 0, 0.0), running], RULE) == {"a": 860.0, "b": 5000.0}


def test_of_equals_that_run_the_first_leaves_the_other_its_least_while_it_can() -> None:
    def shared(grid_w: float) -> dict[str, float | None]:
        drawing = [Drawing(id_, 0, 2000.0, least_w=1380.0, is_on=True) for id_ in "ab"]
        return surpluses(grid_w, [], drawing, RULE)

    assert shared(0.0) == {"a": 2620.0, "b": 2000.0}
    assert shared(2000.0) == {"a": 1380.0, "b": 0.0}


def test_a_least_that_is_always_charged_is_not_free_for_the_higher() -> None:
    high, low = Drawing("high", 2, 0.0), Drawing("low", 1, 2000.0, firm_w=1380.0)

    assert surpluses(0.0, [], [high, low], RULE)["high"] == 620.0
