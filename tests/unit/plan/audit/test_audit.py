"""The rules find what cannot be true, and nothing in a home where all is right."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gatewayd.model.asset import Asset, AssetKind, MeterUsage, Role
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    HvacReading,
    InverterReading,
    MeterReading,
    Reading,
    VehicleReading,
)
from gatewayd.plan.audit import balance, mains, setup, signs
from gatewayd.plan.audit.finding import Track

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
# Beside three-phase solar: one phase takes what the others give.
AGAINST = MeterReading(
    power_w=20,
    power_a_w=3820,
    power_b_w=-1900,
    power_c_w=-1900,
    voltage_a_v=230,
    voltage_b_v=230,
    voltage_c_v=230,
    current_a_a=16.6,
    current_b_a=8.3,
    current_c_a=8.3,
    power_factor=0.98,
)


def track(*said: Reading, at: datetime = NOON, usage: MeterUsage | None = None) -> Track:
    return Track("d", [(at + timedelta(minutes=i), one) for i, one in enumerate(said)], usage)


def hour(at: datetime) -> int:
    return at.hour


@pytest.mark.parametrize(
    "reading",
    [
        MeterReading(),
        MeterReading(power_w=-2300, voltage_a_v=230, current_a_a=10, frequency_hz=50),
        MeterReading(power_w=2300, voltage_a_v=230, current_a_a=-10, power_factor=-0.99),
        MeterReading(power_w=500, voltage_a_v=230, current_a_a=10),
        MeterReading(power_w=9000, voltage_a_v=230, voltage_b_v=None, current_b_a=30),
        MeterReading(power_w=900, power_a_w=300, power_b_w=300, power_c_w=300),
        MeterReading(power_w=9000, power_a_w=300),
        MeterReading(voltage_a_v=120, voltage_b_v=120, voltage_c_v=8, frequency_hz=60),
        InverterReading(power_w=8000, ac_power_w=2300, voltage_a_v=230, current_a_a=10),
        InverterReading(power_w=2300, voltage_a_v=230, current_a_a=10, frequency_hz=0),
        ChargerReading(power_w=100, voltage_a_v=230, current_a_a=0),
        BatteryReading(soc_pct=50, power_w=9000, voltage_v=52),
        HvacReading(power_w=2000),
        VehicleReading(power_w=7000),
    ],
)
def test_what_can_be_is_not_found(reading: Reading) -> None:
    assert mains.of_reading("d", reading) == []


@pytest.mark.parametrize(
    ("rule", "reading"),
    [
        ("voltage", MeterReading(voltage_b_v=2301)),
        ("voltage", InverterReading(voltage_a_v=150)),
        ("frequency", MeterReading(frequency_hz=500)),
        ("frequency", InverterReading(frequency_hz=5)),
        ("power", MeterReading(power_w=5000, voltage_a_v=230, current_a_a=10)),
        ("power", MeterReading(power_w=500, voltage_a_v=230, current_a_a=10, power_factor=1)),
        (
            "power",
            replace(AGAINST, power_a_w=20, power_b_w=0, power_c_w=0, current_b_a=0, current_c_a=0),
        ),
        ("power", InverterReading(ac_power_w=5000, voltage_a_v=230, current_a_a=10)),
        ("power", ChargerReading(power_w=11000, voltage_a_v=230, current_a_a=1)),
        ("phases", MeterReading(power_w=900, power_a_w=300, power_b_w=-300, power_c_w=300)),
        ("level", BatteryReading(soc_pct=101)),
    ],
)
def test_what_cannot_be_is_found(rule: str, reading: Reading) -> None:
    assert [found.rule for found in mains.of_reading("d", reading)] == [rule]


def test_a_phase_may_give_what_another_takes() -> None:
    assert mains.of_reading("d", AGAINST) == []
    assert mains.of_reading("d", replace(AGAINST, power_b_w=None)) == []


@pytest.mark.parametrize(
    "said",
    [
        track(),
        track(BatteryReading(soc_pct=50, power_w=3000), BatteryReading(soc_pct=55, power_w=3000)),
        track(BatteryReading(soc_pct=50, power_w=-3000), BatteryReading(soc_pct=51, power_w=-3000)),
        track(BatteryReading(soc_pct=50), BatteryReading(soc_pct=60)),
        track(MeterReading(power_w=2000, import_wh=0), MeterReading(power_w=2000, import_wh=500)),
        track(MeterReading(power_w=-2000, export_wh=0), MeterReading(export_wh=500)),
        track(MeterReading(power_w=50, export_wh=0), MeterReading(export_wh=500)),
        track(MeterReading(import_wh=1_000_000), MeterReading(import_wh=999_950)),
        track(InverterReading(power_w=9000)),
        track(InverterReading(power_w=0), InverterReading(), at=NOON - timedelta(hours=11)),
    ],
)
def test_a_device_that_is_right_over_time(said: Track) -> None:
    assert signs.of_track(said, hour) == []


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            "battery sign",
            track(BatteryReading(soc_pct=50), BatteryReading(soc_pct=55, power_w=-900)),
        ),
        (
            "battery sign",
            track(BatteryReading(soc_pct=55, power_w=900), BatteryReading(soc_pct=50, power_w=900)),
        ),
        (
            "meter sign",
            track(MeterReading(power_w=900, export_wh=0), MeterReading(power_w=900, export_wh=500)),
        ),
        (
            "meter sign",
            track(MeterReading(import_wh=0), MeterReading(power_w=-900, import_wh=500)),
        ),
        ("counter", track(MeterReading(import_wh=5000), MeterReading(import_wh=0))),
        ("counter", track(*(BatteryReading(charged_wh=wh) for wh in (9e3, 8e3, 7e3)))),
        (
            "sun at night",
            track(InverterReading(power_w=900), InverterReading(power_w=900),
                  at=NOON - timedelta(hours=11)),
        ),
    ],
)  # fmt: skip
def test_a_device_that_is_wrong_over_time(rule: str, said: Track) -> None:
    assert [found.rule for found in signs.of_track(said, hour)] == [rule]


def grid(power_w: float | None) -> Track:
    return track(MeterReading(power_w=power_w), usage=MeterUsage.GRID)


@pytest.mark.parametrize(
    "home",
    [
        [],
        [track(ChargerReading(power_w=11000))],
        [grid(None), track(ChargerReading(power_w=11000))],
        [grid(11500), track(ChargerReading(power_w=11000))],
        [grid(500), track(InverterReading(power_w=6000)), track(BatteryReading(power_w=-5000)),
         track(ChargerReading(power_w=11000))],
        [grid(-4000), track(InverterReading(ac_power_w=4500)), track(BatteryReading(power_w=4000))],
        [grid(100), track(InverterReading()), track(HvacReading(power_w=200))],
        [grid(300), track(MeterReading(power_w=9), usage=MeterUsage.LOAD), track(BatteryReading())],
    ],
)  # fmt: skip
def test_a_home_whose_parts_agree(home: list[Track]) -> None:
    assert balance.of_home(home) == []


@pytest.mark.parametrize(
    "home",
    [
        [grid(-11000), track(ChargerReading(power_w=11000))],
        [grid(-4000), track(InverterReading(power_w=500))],
        [grid(0), track(InverterReading(power_w=6000)), track(BatteryReading(power_w=9000))],
    ],
)
def test_a_home_whose_parts_do_not_agree(home: list[Track]) -> None:
    assert [found.rule for found in balance.of_home(home)] == ["balance"]


def test_a_home_without_a_meter_of_the_grid_is_told() -> None:
    assert [found.rule for found in balance.of_home([track(MeterReading())])] == ["grid"]


def asset(device_id: str, serial: str | None = None, *, is_stranger: bool = False) -> Asset:
    role = Role(AssetKind.METER)
    return Asset(
        device_id, device_id, "meter", device_id, "u", "ACME", "Acme", "M", role, NOON,
        serial=serial, is_stranger=is_stranger,
    )  # fmt: skip


def test_one_box_under_two_names_is_told_and_a_stranger() -> None:
    alone = [asset("a", "1"), asset("b", "2"), asset("c"), asset("e")]

    assert setup.of_assets(alone) == []
    assert [f.rule for f in setup.of_assets([*alone, asset("d", "1")])] == ["twice"]
    assert [f.rule for f in setup.of_assets([asset("a", "1", is_stranger=True)])] == ["stranger"]
    assert setup.of_assets([asset("a", "1"), replace(asset("b", "1"), vendor="OTHER")]) == []


def test_a_device_that_hangs_up_may_be_taken() -> None:
    taken = setup.of_failure("a", "tcp://x: connection closed", ["a", "b"])

    assert "modbus_proxy" in taken.do
    assert "b at the same address" in taken.do
    assert "at the same" not in setup.of_failure("a", "cannot connect", ["a"]).do
    assert "modbus_proxy" not in setup.of_failure("a", "no answer", ["a"]).do


@pytest.mark.parametrize(
    ("reading", "watchdog_s", "is_found"),
    [
        (MeterReading(), None, False),
        (ChargerReading(), None, False),
        (ChargerReading(failsafe_current_a=6, failsafe_timeout_s=60), None, False),
        (ChargerReading(failsafe_current_a=6), 60.0, False),
        (ChargerReading(), 60.0, False),
        (ChargerReading(failsafe_current_a=6, failsafe_timeout_s=0), 60.0, True),
        (ChargerReading(failsafe_current_a=6), None, True),
        (ChargerReading(failsafe_timeout_s=3600), None, True),
    ],
)
def test_a_charger_should_notice_when_we_fall_silent(
    reading: Reading, watchdog_s: float | None, *, is_found: bool
) -> None:
    assert bool(setup.of_watchdog("d", reading, watchdog_s)) is is_found
