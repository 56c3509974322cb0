import math
from datetime import timedelta

import pytest

from gatewayd.model.asset import AssetKind, MeterUsage, Role
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
from gatewayd.model.reading import (
    BatteryReading,
    BatteryStatus,
    ChargerReading,
    HvacReading,
    InverterReading,
    MeterReading,
    OperationMode,
    PowerDelivery,
    Reading,
    Sample,
)
from gatewayd.model.site import AssetState, Site
from gatewayd.web.cards import card, cards
from tests.fakes.home import METER, READING_TYPES, SINCE, asset, state

DASH = "–"  # noqa: RUF001


@pytest.mark.parametrize(
    ("kind", "reading", "headline", "way"),
    [
        (
            AssetKind.BATTERY,
            BatteryReading(power_w=-900.0, soc_pct=64.0, status=BatteryStatus.DISCHARGING),
            "64 %",
            "discharging with 900 W",
        ),
        (AssetKind.BATTERY, BatteryReading(status=BatteryStatus.IDLE), DASH, "idle"),
        (
            AssetKind.CHARGER,
            ChargerReading(power_w=0.0, power_delivery=PowerDelivery.UNPLUGGED),
            "0 W",
            "no car",
        ),
        (AssetKind.INVERTER, InverterReading(power_w=0.0, is_asleep=True), "0 W", "asleep"),
        (AssetKind.INVERTER, InverterReading(power_w=9.0, has_fault=True), "9 W", "fault"),
        (AssetKind.INVERTER, InverterReading(power_w=9.0), "9 W", "producing"),
        (AssetKind.METER, MeterReading(power_w=-1500.0), "1.5 kW", "exporting"),
        (AssetKind.HVAC, HvacReading(temperature_c=21.34, is_active=False), "21.3 °C", "resting"),
    ],
)
def test_a_card_says_the_main_thing(
    kind: AssetKind, reading: Reading, headline: str, way: str
) -> None:
    shown = card(state(kind, reading), SINCE, 0.0)

    assert (shown.figures.headline, shown.figures.way) == (headline, way)


@pytest.mark.parametrize("kind", AssetKind)
def test_what_a_device_could_say_but_does_not_is_a_dash(kind: AssetKind) -> None:
    shown = card(state(kind, READING_TYPES[kind]()), SINCE, 0.0)

    assert shown.figures.headline == DASH
    assert shown.figures.details
    assert {detail.text for detail in shown.figures.details} == {DASH}


@pytest.mark.parametrize("kind", AssetKind)
def test_what_a_device_never_says_is_left_out(kind: AssetKind) -> None:
    mute = asset(kind, spec=Role(kind))

    shown = card(state(kind, READING_TYPES[kind](), asset=mute), SINCE, 0.0)

    assert shown.figures.details == ()


def test_the_age_of_data_runs_on_the_monotonic_clock() -> None:
    shown = card(state(AssetKind.METER), SINCE + timedelta(days=900), 75.0)

    assert (shown.age_s, shown.age) == (75.0, "1 min ago")


def test_data_of_before_a_restart_has_no_age_that_counts_on() -> None:
    old = AssetState(asset(AssetKind.METER), Sample(METER, SINCE, -math.inf))

    shown = card(old, SINCE, 5.0)

    assert (shown.age_s, shown.age) == (None, "before the restart")


def test_an_asset_never_heard_of_says_so() -> None:
    shown = card(AssetState(asset(AssetKind.METER)), SINCE, 0.0)

    assert (shown.is_reachable, shown.age, shown.figures.headline) == (False, "no data yet", DASH)


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (StartCharging(), "Start charging"),
        (StopCharging(), "Stop charging"),
        (SetMaxCurrent(10.0), "Limit to 10 A"),
        (SetOperationMode(OperationMode.TIME_OF_USE), "Mode time of use"),
    ],
)
def test_the_newest_action_is_told(command: Command, what: str) -> None:
    asked = Action("a", "home", "c", AssetKind.CHARGER, command, "api", SINCE, SINCE)
    failed = asked.ended(ActionState.FAILED, SINCE, FailureReason.NO_RESPONSE)
    later = SINCE + timedelta(seconds=90)

    pending = card(state(AssetKind.CHARGER, action=asked), later, 0.0).action
    ended = card(state(AssetKind.CHARGER, action=failed), later, 0.0).action

    assert pending
    assert (pending.what, pending.state, pending.is_bad) == (what, "under way", False)
    assert ended
    assert (ended.state, ended.is_bad, ended.age) == ("failed (no response)", True, "1 min ago")


def test_why_an_action_failed_is_told_as_exactly_as_it_is_known() -> None:
    asked = Action("a", "home", "c", AssetKind.CHARGER, StartCharging(), "api", SINCE, SINCE)
    failed = asked.ended(
        ActionState.FAILED, SINCE, FailureReason.FAILED_PRECONDITION, "main: phase a"
    )

    told = card(state(AssetKind.CHARGER, action=failed), SINCE, 0.0).action

    assert told
    assert told.state == "failed (main: phase a)"


def test_a_meter_is_named_by_what_it_stands_in_front_of() -> None:
    load = state(AssetKind.METER, asset=asset(AssetKind.METER, usage=MeterUsage.LOAD))

    assert card(load, SINCE, 0.0).kind_name == "Consumption meter"
    assert card(state(AssetKind.BATTERY), SINCE, 0.0).kind_name == "Battery"


def test_cards_come_kind_by_kind() -> None:
    states = [state(kind) for kind in AssetKind]

    shown = cards(Site({s.asset.id: s for s in states}), SINCE, 0.0)

    assert [c.kind for c in shown] == [
        "inverter",
        "battery",
        "meter",
        "charger",
        "vehicle",
        "hvac",
    ]
