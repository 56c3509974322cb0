"""What is found once is looked at; what stays holds back; what ends is forgotten."""

from datetime import UTC, datetime, timedelta

import pytest

from gatewayd.model.asset import AssetKind
from gatewayd.model.reading import BatteryReading, ChargerReading, MeterReading, Reading
from gatewayd.plan.audit.doubts import HEARD_OF, READINGS, Doubts
from gatewayd.plan.audit.finding import Finding

AT = datetime(2026, 6, 21, 10, tzinfo=UTC)
RIGHT = MeterReading(power_w=3000.0, power_a_w=1000.0, power_b_w=1000.0, power_c_w=1000.0)
WRONG = MeterReading(power_w=3000.0, power_a_w=1000.0, power_b_w=1000.0, power_c_w=-1000.0)


def hear(doubts: Doubts, *said: Reading, since_s: float = 0.0, every_s: float = 2.0) -> None:
    for number, reading in enumerate(said):
        at_s = since_s + number * every_s
        doubts.hear("meter", reading, AT + timedelta(seconds=at_s), at_s)


def test_only_what_is_found_all_the_time_holds_back() -> None:
    doubts = Doubts()
    hear(doubts, *[WRONG] * (READINGS - 1))
    assert (doubts.held, doubts.is_open) == ({}, True)
    hear(doubts, RIGHT, *[WRONG] * (READINGS - 1), since_s=100.0)
    assert (doubts.held, doubts.is_open) == ({}, True)
    hear(doubts, *[WRONG] * READINGS, since_s=200.0)

    assert list(doubts.held) == ["phases"]
    assert not doubts.is_open
    hear(doubts, *[RIGHT] * (READINGS - 1), since_s=300.0)
    assert list(doubts.held) == ["phases"]
    hear(doubts, RIGHT, since_s=400.0)
    assert doubts.held == {}


def test_what_a_charger_says_of_its_own_power_holds_nothing_back() -> None:
    doubts = Doubts()

    hear(doubts, *[ChargerReading(power_w=9e3, voltage_a_v=230.0, current_a_a=1.0)] * 50)

    assert (doubts.held, doubts.is_open) == ({}, False)


def test_what_was_heard_already_is_no_news() -> None:
    doubts = Doubts()

    hear(doubts, *[WRONG] * 50, every_s=0.0)

    assert doubts.held == {}


def counting(power_w: float, gap_at: int | None = None) -> list[tuple[float, Reading]]:
    """A meter of which 1 kW is counted as imported; in a gap it goes on counting as exported."""
    found: list[tuple[float, Reading]] = []
    for number in range(200):
        at_s = number * 10.0 + (1800.0 if gap_at is not None and number >= gap_at else 0.0)
        exported_wh = 2000.0 if gap_at is not None and number >= gap_at else 0.0
        reading = MeterReading(power_w=power_w, import_wh=number / 0.36, export_wh=exported_wh)
        found.append((at_s, reading))
    return found


@pytest.mark.parametrize(
    ("said", "rules"),
    [
        (counting(1000.0), []),
        (counting(-1000.0), ["meter sign"]),
        # Too little to be sure of.
        (counting(-250.0), []),
        (counting(1000.0, gap_at=30), []),
        ([(n * 10.0, BatteryReading(2000.0, 50.0 - n / 20)) for n in range(200)], ["battery sign"]),
        ([(n * 10.0, BatteryReading(-2000.0, 50.0 - n / 20)) for n in range(200)], []),
    ],
)
def test_a_sign_is_judged_by_what_was_counted_meanwhile(
    said: list[tuple[float, Reading]], rules: list[str]
) -> None:
    doubts = Doubts()

    for at_s, reading in said:
        doubts.hear("meter", reading, AT + timedelta(seconds=at_s), at_s)

    assert list(doubts.held) == rules


@pytest.mark.parametrize(("rule", "kind"), HEARD_OF.items())
def test_what_was_recalled_is_taken_back_by_whom_it_is_heard_of(rule: str, kind: AssetKind) -> None:
    sound: Reading = MeterReading() if kind is AssetKind.METER else BatteryReading()
    doubts = Doubts()
    doubts.recall(Finding(rule, "d", "it cannot be", "mend it"))

    for i in range(60):
        doubts.hear("d", sound, AT + timedelta(seconds=10 * i), 10.0 * i)

    assert doubts.held == {}
