"""What a heat pump in shadow would have saved, reckoned by hand beside what was measured."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from gatewayd.model.asset import AssetKind
from gatewayd.model.command import StopCharging
from gatewayd.model.decision import GIVEN_BACK, Decision
from gatewayd.model.power import SetSgReady
from gatewayd.model.reading import SgReady
from gatewayd.plan.shadow.account import Account, Decided, in_shadow
from gatewayd.plan.shadow.ledger import ledger
from gatewayd.plan.shadow.words import Minute, Would

BEGIN = datetime(2026, 6, 20, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALONE, BLOCKED = SetSgReady(SgReady.NORMAL), SetSgReady(SgReady.BLOCKED)
BOOSTED = SetSgReady(SgReady.RECOMMENDED)

DEAR, CHEAP = {"price": Decimal("0.40")}, {"price": Decimal("0.10")}
RUNS: dict[str, Any] = {"power_w": 2000.0}
RESTS: dict[str, Any] = {"power_w": 0.0}
SUNNY = RESTS | DEAR | {"feed_in": Decimal("0.08"), "grid_w": -3000.0}

# So many minutes under a command, each like this.
Stretch = tuple[int, SetSgReady, dict[str, Any]]


def reckoned(stretches: Sequence[Stretch]) -> Would:
    """Of a heat pump in a home that takes nothing else, or what is said otherwise."""
    own = ledger(AssetKind.HVAC)
    assert own is not None
    known: list[Minute] = []
    decided = []
    for count, command, said in stretches:
        decided.append(Decided(BEGIN + len(known) * MINUTE, command))
        for _ in range(count):
            powers = {"grid_w": said["power_w"]} | said
            known.append(Minute(BEGIN + len(known) * MINUTE, **powers))
    book = Account(UTC, decided, own)
    book.feed(known, BEGIN, BEGIN + len(known) * MINUTE)
    return book.would()


def test_a_block_in_a_dear_hour_is_made_up_for_in_the_cheap_one_after_it() -> None:
    found = reckoned([(60, BLOCKED, RUNS | DEAR), (120, ALONE, RESTS | CHEAP)])

    # 2 kWh at 0.40, instead at 0.10.
    assert (found.total.less_wh, found.total.more_wh) == pytest.approx((2000.0, 2000.0))
    assert found.total.saved == pytest.approx(Decimal("0.60"))
    assert (found.pending_wh, found.lost_wh) == (0.0, 0.0)


def test_a_block_in_a_cheap_hour_costs_the_difference() -> None:
    found = reckoned([(60, BLOCKED, RUNS | CHEAP), (120, ALONE, RESTS | DEAR)])

    assert found.total.saved == pytest.approx(Decimal("-0.60"))


def test_what_a_pump_could_not_have_run_harder_for_is_pending_and_no_saving() -> None:
    # It runs on in truth, so there is no room to make up for anything.
    found = reckoned([(60, BLOCKED, RUNS | DEAR), (60, ALONE, RUNS | CHEAP)])

    assert found.pending_wh == pytest.approx(2000.0)
    assert (found.total.saved, found.total.more_wh) == (Decimal(0), 0.0)


def test_a_block_while_it_rests_moves_nothing() -> None:
    found = reckoned([(60, BLOCKED, RESTS | DEAR), (60, ALONE, RESTS | CHEAP)])

    assert (found.total.saved, found.total.less_wh, found.pending_wh) == (Decimal(0), 0.0, 0.0)


def test_a_boost_by_the_sun_saves_what_the_evening_would_have_taken() -> None:
    evening = {"power_w": 1000.0} | DEAR

    found = reckoned([(30, ALONE, RUNS | DEAR), (60, BOOSTED, SUNNY), (180, ALONE, evening)])

    # 2 kWh that are not sold at 0.08; in two of the three hours 1 kWh each is not bought at 0.40.
    assert (found.total.more_wh, found.total.less_wh) == pytest.approx((2000.0, 2000.0))
    assert found.total.saved == pytest.approx(Decimal("0.64"))
    assert found.pending_wh == pytest.approx(0.0)


def test_a_boost_of_a_pump_that_runs_adds_only_what_it_lacks_of_its_average() -> None:
    # On average 1500 W once it has run as long with 1000 W as with 2000 W.
    half = {"power_w": 1000.0} | DEAR
    found = reckoned([(60, ALONE, RUNS | DEAR), (60, ALONE, half), (1, BOOSTED, RESTS | DEAR)])

    assert found.total.more_wh == pytest.approx(1500.0 / 60.0)
    assert found.pending_wh == pytest.approx(-1500.0 / 60.0)


def test_of_a_boost_before_it_was_ever_seen_to_run_nothing_is_told() -> None:
    found = reckoned([(60, BOOSTED, RESTS | DEAR), (60, ALONE, RUNS | DEAR)])

    assert (found.total.untold, found.total.more_wh, found.pending_wh) == (60, 0.0, 0.0)


def test_heat_that_is_not_used_within_a_day_is_lost_and_paid() -> None:
    found = reckoned([(30, ALONE, RUNS | DEAR), (60, BOOSTED, SUNNY), (1500, ALONE, RESTS | DEAR)])

    assert (found.lost_wh, found.pending_wh) == pytest.approx((2000.0, 0.0))
    assert found.total.saved == pytest.approx(Decimal("-0.16"))


def test_a_block_after_a_boost_first_uses_up_what_was_drawn_ahead() -> None:
    found = reckoned([(30, ALONE, RUNS | DEAR), (60, BOOSTED, SUNNY), (90, BLOCKED, RUNS | DEAR)])

    # Of 3 kWh that it is kept from 2 were there already: 0.80 less the 0.16 that they cost.
    assert found.total.saved == pytest.approx(Decimal("0.64"))
    assert found.pending_wh == pytest.approx(1000.0)


def test_a_boost_after_a_block_first_makes_up_for_it() -> None:
    found = reckoned([(60, BLOCKED, RUNS | DEAR), (90, BOOSTED, RESTS | CHEAP)])

    assert found.total.saved == pytest.approx(Decimal("0.60"))
    assert found.pending_wh == pytest.approx(-1000.0)


def test_without_prices_nothing_is_said_of_money() -> None:
    found = reckoned([(60, BLOCKED, RUNS), (120, ALONE, RESTS | CHEAP)])

    assert found.total.saved is None
    assert found.total.unpriced_wh == pytest.approx(2000.0)


def test_what_is_no_level_is_not_told() -> None:
    own = ledger(AssetKind.HVAC)
    assert own is not None
    book = Account(UTC, [Decided(BEGIN, StopCharging())], own)
    book.feed([Minute(BEGIN, 2000.0, 2000.0)], BEGIN, BEGIN + MINUTE)

    assert book.would().total.untold == 1


def test_a_pump_that_nobody_wants_anything_of_is_left_alone_until_it_is_armed() -> None:
    def decision(minute: int, owner: str, command: SetSgReady | None) -> Decision:
        return Decision(BEGIN + minute * MINUTE, "a", owner, command, "because")

    told = [
        (decision(0, "heating (shadow)", BOOSTED), False),
        (decision(1, GIVEN_BACK, None), False),
        (decision(2, "heating", BOOSTED), False),
        (decision(3, GIVEN_BACK, None), False),
    ]

    assert in_shadow(told, ALONE) == [
        Decided(BEGIN, BOOSTED),
        Decided(BEGIN + MINUTE, ALONE),
        Decided(BEGIN + 2 * MINUTE, None),
    ]
