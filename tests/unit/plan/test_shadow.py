"""What shadow would have saved, reckoned by hand beside what was measured."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gatewayd.model.asset import AssetKind
from gatewayd.model.command import (
    Command,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
)
from gatewayd.model.decision import Decision
from gatewayd.model.power import (
    Hold,
    HoldCharge,
    SetBatteryPower,
    SetExportLimit,
    SetProductionLimit,
)
from gatewayd.model.reading import OperationMode
from gatewayd.plan.shadow.account import Account, Decided, in_shadow
from gatewayd.plan.shadow.ledger import ledger
from gatewayd.plan.shadow.words import Minute, Would

BERLIN = ZoneInfo("Europe/Berlin")
# Midnight in Berlin, in summer.
BEGIN = datetime(2026, 6, 20, 22, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FREE = SetOperationMode(OperationMode.SELF_RELIANCE)

# So many minutes, each like this.
Stretch = tuple[int, dict[str, Any]]


def minutes(*stretches: Stretch, begin: datetime = BEGIN) -> list[Minute]:
    """A car on three phases, or what is said otherwise, in a home that takes nothing else."""
    found, at = [], begin
    for count, said in stretches:
        known = {"grid_w": said.get("power_w", 0.0), "is_plugged": True} | said
        for _ in range(count):
            found.append(Minute(at, **known))
            at += MINUTE
    return found


def account(
    kind: AssetKind, decided: Iterable[Decided], known: list[Minute], until: datetime | None = None
) -> Would:
    own = ledger(kind)
    assert own is not None
    book = Account(BERLIN, list(decided), own)
    book.feed(known, known[0].start, until or known[-1].start + MINUTE)
    return book.would()


def from_the_start(command: Command) -> list[Decided]:
    return [Decided(BEGIN, command)]


def then(*told: tuple[int, Command | None]) -> list[Decided]:
    return [Decided(BEGIN + minute * MINUTE, command) for minute, command in told]


DEAR, CHEAP = {"price": Decimal("0.40")}, {"price": Decimal("0.10")}
DRAWS: dict[str, Any] = {"power_w": 6000.0}
RESTS: dict[str, Any] = {"power_w": 0.0}


def test_a_charge_that_is_put_off_to_a_cheaper_hour_saves_the_difference() -> None:
    known = minutes((60, DRAWS | DEAR), (120, RESTS | CHEAP))

    found = account(AssetKind.CHARGER, then((0, StopCharging()), (60, SetMaxCurrent(16.0))), known)

    # 6 kWh at 0.40, instead at 0.10, with 11.04 kW in a little over half an hour.
    assert (found.total.less_wh, found.total.more_wh) == pytest.approx((6000.0, 6000.0))
    assert found.total.saved == pytest.approx(Decimal("1.80"))
    assert (found.pending_wh, found.lost_wh) == (0.0, 0.0)


def test_what_was_never_made_up_for_is_no_saving() -> None:
    away = RESTS | {"is_plugged": False}
    known = minutes((60, DRAWS | DEAR), (10, away | CHEAP), (60, RESTS | CHEAP))

    found = account(AssetKind.CHARGER, then((0, StopCharging()), (70, SetMaxCurrent(16.0))), known)

    assert found.total.saved == Decimal(0)
    assert (found.total.less_wh, found.lost_wh) == pytest.approx((6000.0, 6000.0))


def test_what_is_not_yet_made_up_for_is_pending() -> None:
    found = account(
        AssetKind.CHARGER, from_the_start(SetMaxCurrent(6.0)), minutes((60, DRAWS | DEAR))
    )

    # 6000 W less 6 A on three phases of 230 V.
    assert found.pending_wh == pytest.approx(1860.0)
    assert found.total.saved == Decimal(0)


def test_a_price_that_changes_within_the_hour_counts_from_its_minute() -> None:
    known = minutes((15, DRAWS | DEAR), (15, DRAWS | CHEAP), (60, RESTS | CHEAP))

    found = account(AssetKind.CHARGER, then((0, StopCharging()), (30, SetMaxCurrent(16.0))), known)

    # 1.5 kWh come 0.30 cheaper, and 1.5 kWh at the same price.
    assert found.total.saved == pytest.approx(Decimal("0.45"))


def test_what_the_sun_gives_is_worth_what_is_paid_for_it() -> None:
    dear = DRAWS | DEAR | {"feed_in": Decimal("0.08")}
    sun = RESTS | DEAR | {"feed_in": Decimal("0.08"), "grid_w": -9000.0}
    known = minutes((60, dear), (60, sun))

    found = account(AssetKind.CHARGER, then((0, StopCharging()), (60, SetMaxCurrent(10.0))), known)

    # 6 kWh at 0.40 from the grid become 6 kWh that are not sold at 0.08.
    assert found.total.saved == pytest.approx(Decimal("1.92"))


def test_half_from_the_sun_and_half_from_the_grid_is_paid_by_halves() -> None:
    sun = RESTS | CHEAP | {"feed_in": Decimal("0.04"), "grid_w": -3450.0}
    known = minutes((60, DRAWS | DEAR), (60, sun))

    found = account(AssetKind.CHARGER, then((0, StopCharging()), (60, SetMaxCurrent(10.0))), known)

    # 6900 W for 52 minutes and a bit: half of the 6 kWh at 0.04, half at 0.10.
    assert float(found.total.saved or 0) == pytest.approx(2.40 - 0.12 - 0.30, abs=0.01)


def test_without_prices_nothing_is_said_of_money() -> None:
    known = minutes((60, DRAWS), (60, RESTS | CHEAP))

    found = account(AssetKind.CHARGER, then((0, StopCharging()), (60, SetMaxCurrent(16.0))), known)

    assert found.total.saved is None
    assert found.total.unpriced_wh == pytest.approx(6000.0)


def test_nothing_moved_is_nothing_saved_whatever_the_price() -> None:
    found = account(AssetKind.CHARGER, from_the_start(SetMaxCurrent(16.0)), minutes((60, DRAWS)))

    assert (found.total.saved, found.total.less_wh) == (Decimal(0), 0.0)


def test_minutes_that_nobody_knows_are_left_out_and_counted() -> None:
    known = [m for m in minutes((60, DRAWS | DEAR), (60, RESTS | CHEAP)) if m.start.minute % 2]
    until = BEGIN + 120 * MINUTE

    found = account(
        AssetKind.CHARGER, then((0, StopCharging()), (60, SetMaxCurrent(16.0))), known, until
    )

    assert found.left_out == 59
    assert found.total.minutes == 60
    assert found.total.less_wh == pytest.approx(3000.0)
    assert found.total.saved == pytest.approx(Decimal("0.90"))


def test_only_what_holds_in_shadow_counts() -> None:
    known = minutes((90, DRAWS | DEAR))

    found = account(AssetKind.CHARGER, then((30, StopCharging()), (60, None)), known)

    assert found.total.minutes == 30
    assert found.pending_wh == pytest.approx(3000.0)


def test_an_autumn_day_has_25_hours_and_the_second_two_o_clock_its_own_price() -> None:
    begin = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
    first, second = {"price": Decimal("0.50")}, {"price": Decimal("0.20")}
    known = minutes(
        (120, RESTS | DEAR),
        (60, DRAWS | first),
        (60, RESTS | second),
        (21 * 60, RESTS | DEAR),
        begin=begin,
    )
    told = [
        Decided(begin, StopCharging()),
        Decided(begin + 180 * MINUTE, SetMaxCurrent(10.0)),
    ]

    found = account(AssetKind.CHARGER, told, known)

    assert list(found.days) == [date(2026, 10, 25)]
    assert found.total.minutes == 25 * 60
    # 6 kWh at 0.50, instead with 6900 W an hour later at 0.20.
    assert found.total.saved == pytest.approx(Decimal("1.80"))


def test_each_day_is_that_of_the_home() -> None:
    known = minutes((24 * 60, DRAWS | DEAR), (60, RESTS | CHEAP))
    told = then((23 * 60, StopCharging()), (24 * 60, SetMaxCurrent(16.0)))

    found = account(AssetKind.CHARGER, told, known)

    first, second = found.days.values()
    assert first.less_wh == pytest.approx(6000.0)
    assert first.saved == Decimal(0)
    assert second.saved == pytest.approx(Decimal("1.80"))


def battery(**said: Any) -> dict[str, Any]:
    return {"power_w": 0.0, "content_wh": 5000.0, "capacity_wh": 10_000.0} | said


def test_a_battery_that_is_charged_at_night_replaces_dear_import() -> None:
    known = minutes((60, battery(**CHEAP, grid_w=500.0)), (60, battery(**DEAR, grid_w=3000.0)))

    found = account(AssetKind.BATTERY, then((0, SetBatteryPower(2000.0)), (60, FREE)), known)

    # 2 kWh bought at 0.10 take the place of 2 kWh at 0.40.
    assert (found.total.more_wh, found.total.less_wh) == pytest.approx((2000.0, 2000.0))
    assert found.total.saved == pytest.approx(Decimal("0.60"))
    assert found.pending_wh == pytest.approx(0.0, abs=1e-6)


def test_a_battery_that_is_kept_full_for_the_evening_gives_then() -> None:
    gives = battery(power_w=-1000.0, grid_w=0.0)
    known = minutes((60, gives | CHEAP), (120, battery(**DEAR, grid_w=1000.0)))

    found = account(AssetKind.BATTERY, then((0, Hold()), (60, FREE)), known)

    assert found.total.saved == pytest.approx(Decimal("0.30"))


def test_what_was_not_charged_comes_from_what_is_fed_in_later() -> None:
    sun = {"feed_in": Decimal("0.08")}
    takes = battery(power_w=3000.0, grid_w=0.0)
    known = minutes((60, takes | sun), (60, battery(grid_w=-4000.0) | sun))

    found = account(AssetKind.BATTERY, then((0, HoldCharge()), (60, FREE)), known)

    assert float(found.total.saved or 0) == pytest.approx(0.0, abs=1e-6)
    assert found.pending_wh == pytest.approx(0.0, abs=1e-6)


def test_a_battery_holds_no_more_than_it_can_and_gives_no_more_than_it_has() -> None:
    full = minutes((600, battery(**CHEAP, grid_w=0.0)))

    charged = account(AssetKind.BATTERY, from_the_start(SetBatteryPower(2000.0)), full)
    drained = account(AssetKind.BATTERY, from_the_start(SetBatteryPower(-2000.0)), full)

    assert charged.pending_wh == pytest.approx(5000.0)
    assert drained.pending_wh == pytest.approx(-5000.0)


@pytest.mark.parametrize(
    ("mode", "wh"), [(OperationMode.IMPORT_FOCUS, 3000.0), (OperationMode.EXPORT_FOCUS, -2000.0)]
)
def test_a_forced_battery_goes_with_what_it_can(mode: OperationMode, wh: float) -> None:
    known = minutes((60, battery(charge_w=3000.0, discharge_w=2000.0)))

    found = account(AssetKind.BATTERY, from_the_start(SetOperationMode(mode)), known)

    assert found.pending_wh == pytest.approx(wh)
    assert found.total.saved is None


@pytest.mark.parametrize(
    ("kind", "command", "said"),
    [
        (AssetKind.BATTERY, SetBatteryPower(1000.0), {"power_w": 0.0}),
        (AssetKind.BATTERY, SetOperationMode(OperationMode.IMPORT_FOCUS), battery()),
        (AssetKind.BATTERY, StopCharging(), battery()),
        (AssetKind.CHARGER, StartCharging(), DRAWS),
    ],
)
def test_a_decision_that_says_no_power_is_not_reckoned_and_counted(
    kind: AssetKind, command: Command, said: dict[str, Any]
) -> None:
    found = account(kind, from_the_start(command), minutes((10, said)))

    assert (found.total.untold, found.total.less_wh, found.total.more_wh) == (10, 0.0, 0.0)


def test_of_cars_nobody_knows() -> None:
    assert ledger(AssetKind.VEHICLE) is None


def test_a_shadow_ends_with_what_is_carried_out_and_not_with_what_somebody_asks() -> None:
    def decision(minute: int, owner: str, command: Command | None) -> Decision:
        return Decision(BEGIN + minute * MINUTE, "a", owner, command, "because")

    told = [
        (decision(0, "governor", None), False),
        (decision(1, "guard (shadow)", StopCharging()), False),
        (decision(2, "api", SetMaxCurrent(8.0)), True),
        (decision(2, "audit", None), False),
        (decision(3, "governor", None), False),
        (decision(4, "guard", StopCharging()), False),
        (decision(5, "mode now (shadow)", SetMaxCurrent(16.0)), False),
    ]

    assert in_shadow(told) == [
        Decided(BEGIN + 1 * MINUTE, StopCharging()),
        Decided(BEGIN + 3 * MINUTE, None),
        Decided(BEGIN + 5 * MINUTE, SetMaxCurrent(16.0)),
    ]


@pytest.mark.parametrize(
    ("command", "lost_wh", "saved"),
    [
        # Of 5 kW the home takes 2 kW; feeding in costs 0.10, and what it takes costs 0.30.
        (SetProductionLimit(2000.0), 3000.0, "0.30"),
        (SetProductionLimit(1000.0), 4000.0, "0.00"),
        (SetProductionLimit(None), 0.0, "0"),
        (SetExportLimit(0.0), 3000.0, "0.30"),
        (SetExportLimit(1000.0), 2000.0, "0.20"),
        (SetExportLimit(4000.0), 0.0, "0"),
    ],
)
def test_what_an_inverter_does_not_produce_is_lost(
    command: Command, lost_wh: float, saved: str
) -> None:
    prices = {"price": Decimal("0.30"), "feed_in": Decimal("-0.10")}
    known = minutes((60, {"power_w": 5000.0, "grid_w": -3000.0, **prices}))

    would = account(AssetKind.INVERTER, from_the_start(command), known)

    assert would.lost_wh == pytest.approx(lost_wh)
    assert would.total.saved == pytest.approx(Decimal(saved), abs=Decimal("1e-6"))
    assert would.total.untold == 0


def test_what_is_no_limit_says_nothing_of_an_inverter() -> None:
    known = minutes((2, {"power_w": 5000.0}))

    assert account(AssetKind.INVERTER, from_the_start(StopCharging()), known).total.untold == 2
