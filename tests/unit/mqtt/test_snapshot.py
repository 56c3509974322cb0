import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.model.asset import AssetKind, Role
from gatewayd.model.command import (
    Action,
    ActionState,
    Command,
    FailureReason,
    SetMaxCurrent,
    SetOperationMode,
    StartCharging,
    StopCharging,
)
from gatewayd.model.decision import Decision
from gatewayd.model.flow import Flow
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    InverterReading,
    MeterReading,
    OperationMode,
    PowerDelivery,
    Reading,
    VehicleReading,
)
from gatewayd.mqtt.entities import ENTITIES
from gatewayd.mqtt.snapshot import Counters, Document, action, home, snapshot
from tests.fakes.home import READING_TYPES, READINGS, SINCE, asset, state


def shown(
    kind: AssetKind, reading: Reading, counters: Counters | None = None, at: float = 0.0
) -> Document:
    now = state(kind, reading)
    assert now.sample
    sample = replace(now.sample, at_monotonic=at)
    return snapshot(now, sample, counters or Counters())


@pytest.mark.parametrize(
    ("kind", "reading", "expected"),
    [
        (AssetKind.BATTERY, BatteryReading(power_w=1500.0), -1500),
        (AssetKind.BATTERY, BatteryReading(power_w=-800.0), 800),
        (AssetKind.METER, MeterReading(power_w=1250.0), 1250),
        (AssetKind.METER, MeterReading(power_w=-3000.0), -3000),
        (AssetKind.CHARGER, ChargerReading(power_w=3680.0), 3680),
        (AssetKind.INVERTER, InverterReading(power_w=4200.0), 4200),
        (AssetKind.VEHICLE, VehicleReading(power_w=7000.0), 7000),
    ],
)
def test_only_the_battery_has_its_sign_flipped(
    kind: AssetKind, reading: Reading, expected: float
) -> None:
    assert shown(kind, reading)["power_w"] == expected


def test_the_home_shows_a_discharging_battery_positive() -> None:
    document = home(Flow(pv_w=0.0, grid_w=-200.0, battery_w=-900.0, charger_w=None, home_w=700.0))

    assert document == {
        "home_w": 700,
        "grid_w": -200,
        "pv_w": 0,
        "battery_w": 900,
        "charger_w": None,
    }


def test_an_idle_battery_is_not_minus_zero() -> None:
    assert json.dumps(shown(AssetKind.BATTERY, BatteryReading(power_w=0.0))["power_w"]) == "0"


def test_a_battery_in_home_assistants_units() -> None:
    document = shown(AssetKind.BATTERY, READINGS[AssetKind.BATTERY])

    assert document["soc_pct"] == 64.0
    assert document["stored_kwh"] == 6.4
    assert document["charged_kwh"] == 2500.123
    assert document["status"] == "CHARGING"
    assert document["operation_mode"] == "SELF_RELIANCE"


@pytest.mark.parametrize(
    ("delivery", "charging", "plugged_in"),
    [
        (PowerDelivery.CHARGING, "ON", "ON"),
        (PowerDelivery.STOPPED, "OFF", "ON"),
        (PowerDelivery.UNPLUGGED, "OFF", "OFF"),
        (PowerDelivery.UNKNOWN, None, None),
        (None, None, None),
    ],
)
def test_plug_and_charging_follow_the_power_delivery(
    delivery: PowerDelivery | None, charging: str | None, plugged_in: str | None
) -> None:
    document = shown(AssetKind.CHARGER, ChargerReading(power_delivery=delivery))

    assert (document["charging"], document["plugged_in"]) == (charging, plugged_in)


@pytest.mark.parametrize(
    ("reading", "status"),
    [
        (InverterReading(power_w=1.0), "PRODUCING"),
        (InverterReading(power_w=0.0), "IDLE"),
        (InverterReading(power_w=0.0, is_asleep=True), "ASLEEP"),
        (InverterReading(power_w=5.0, has_fault=True), "FAULT"),
        (InverterReading(), "UNKNOWN"),
    ],
)
def test_an_inverter_has_one_status(reading: InverterReading, status: str) -> None:
    assert shown(AssetKind.INVERTER, reading)["status"] == status


@pytest.mark.parametrize("kind", AssetKind)
def test_a_silent_asset_shows_null_but_no_energy(kind: AssetKind) -> None:
    document = shown(kind, READING_TYPES[kind]())

    totals = {entity.key for entity in ENTITIES[kind] if entity.is_total}
    others = {entity.key for entity in ENTITIES[kind] if not entity.is_total}
    assert document.keys() - {"reason"} == others
    assert not totals & document.keys()
    assert {document[key] for key in others} <= {None, "UNKNOWN"}


@pytest.mark.parametrize("kind", AssetKind)
def test_only_what_the_driver_reports_is_shown(kind: AssetKind) -> None:
    now = state(kind, asset=asset(kind, spec=Role(kind, reports=frozenset({"power_w"}))))
    assert now.sample

    assert snapshot(now, now.sample, Counters()).keys() <= {"power_w", "status"}


def test_what_can_be_told_something_has_a_reason() -> None:
    charger = state(AssetKind.CHARGER)
    assert charger.sample
    why = Decision(SINCE, charger.asset.id, "smart_charging", StopCharging(), "energy is dear")
    told = replace(charger, decision=why)
    long = replace(charger, decision=replace(why, reason="x" * 999))

    assert snapshot(charger, charger.sample, Counters())["reason"] is None
    document = snapshot(told, charger.sample, Counters())
    assert document["reason"] == "smart charging: energy is dear"
    assert len(str(snapshot(long, charger.sample, Counters())["reason"])) == 255
    assert "reason" not in shown(AssetKind.METER, MeterReading())


def test_nonsense_numbers_are_unknown() -> None:
    reading = MeterReading(power_w=float("nan"), import_wh=float("inf"), frequency_hz=float("-inf"))

    document = shown(AssetKind.METER, reading)

    assert document["power_w"] is None
    assert document["frequency_hz"] is None
    assert "imported_kwh" not in document


def test_a_session_begins_again_at_zero() -> None:
    counters = Counters()
    shown(AssetKind.CHARGER, ChargerReading(session_wh=4000.0), counters)

    assert shown(AssetKind.CHARGER, ChargerReading(session_wh=0.0), counters)["session_kwh"] == 0


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.just(0.0),
            st.floats(allow_nan=True, allow_infinity=True),
            st.floats(min_value=0, max_value=1e9),
        )
    )
)
def test_a_counter_never_vanishes_falls_or_shows_0_for_a_moment(
    readings: list[float | None],
) -> None:
    counters = Counters()
    published: list[object] = []
    for value in readings:
        document = shown(AssetKind.METER, MeterReading(import_wh=value), counters)
        if "imported_kwh" in document:
            published.append(document["imported_kwh"])
        else:
            assert not published, "a counter must not vanish"

    assert all(isinstance(value, float) and value > 0 for value in published)
    assert published == sorted(published)  # type: ignore[type-var]


def test_counters_of_two_assets_do_not_mix() -> None:
    counters = Counters()

    assert counters.risen("a", "k", 5.0, 0.0) == 5.0
    assert counters.risen("b", "k", 3.0, 0.0) == 3.0
    counters.forget("a")
    assert counters.risen("a", "k", 1.0, 0.0) == 1.0
    assert counters.risen("b", "k", 1.0, 0.0) == 3.0


@pytest.mark.parametrize(
    ("readings", "published"),
    [
        # A new device that has not counted anything yet.
        ([(0, 0.0), (59, 0.0), (60, 0.0), (61, 0.001)], [None, None, 0.0, 0.001]),
        # One that has just been switched on, and has counted for years.
        ([(0, 0.0), (5, 9000.0), (6, 0.0), (99, 0.0)], [None, 9000.0, 9000.0, 9000.0]),
        ([(0, 0.0), (60, 0.0), (61, None), (62, -1.0)], [None, 0.0, 0.0, 0.0]),
    ],
)
def test_a_first_0_that_stays_is_a_fact(
    readings: list[tuple[float, float | None]], published: list[float | None]
) -> None:
    counters = Counters()

    assert [counters.risen("a", "k", value, at) for at, value in readings] == published


def test_a_0_after_a_restart_is_not_believed() -> None:
    counters = Counters(known=["a"])

    assert [counters.risen("a", "k", 0.0, at) for at in (0.0, 60.0, 9999.0)] == [None, None, None]
    assert counters.risen("a", "k", 7.0, 10_000.0) == 7.0


def test_a_0_that_was_0_before_the_restart_is_a_fact_until_it_has_risen() -> None:
    earlier = Counters()
    for value in (0.0, 0.0, 3.0):
        earlier.risen("a", "rises", value, at=value * 60.0)
    for at in (0.0, 60.0):
        earlier.risen("a", "stays", 0.0, at)
    counters = Counters(known=["a"])

    counters.recall(earlier.noughts)

    assert earlier.noughts == {("a", "stays")}
    assert counters.risen("a", "stays", 0.0, 0.0) == 0.0
    assert counters.risen("a", "stays", 4.0, 1.0) == 4.0
    counters.recall(earlier.noughts)
    assert counters.noughts == frozenset()


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (StartCharging(), "START"),
        (StopCharging(), "STOP"),
        (SetMaxCurrent(10.0), "MAX_CURRENT"),
        (SetOperationMode(OperationMode.TIME_OF_USE), "OPERATION_MODE"),
    ],
)
def test_an_action_is_told_in_enodes_words(command: Command, kind: str) -> None:
    asked = Action("a1", "home", "x", AssetKind.CHARGER, command, "mqtt", SINCE, SINCE)

    assert action(asked) == {"id": "a1", "kind": kind, "state": "PENDING", "failureReason": None}
    failed = asked.ended(ActionState.FAILED, SINCE, FailureReason.NO_RESPONSE)
    assert action(failed)["failureReason"] == "NO_RESPONSE"


def test_a_mode_that_cannot_be_chosen_is_null() -> None:
    reading = replace(BatteryReading(), operation_mode=OperationMode.UNKNOWN)

    assert shown(AssetKind.BATTERY, reading)["operation_mode"] is None
