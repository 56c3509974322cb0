"""The views alone: units, signs, unknowns, and fields that must not contradict each other."""

from dataclasses import replace
from datetime import UTC, datetime
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.enode.views import scopes
from gatewayd.enode.views.battery import battery
from gatewayd.enode.views.charger import charger
from gatewayd.enode.views.hvac import hvac
from gatewayd.enode.views.inverter import inverter
from gatewayd.enode.views.meter import meter
from gatewayd.enode.views.vehicle import vehicle
from gatewayd.model.asset import Asset, AssetKind, Capability, MeterUsage, Role
from gatewayd.model.location import Location
from gatewayd.model.reading import (
    BatteryReading,
    BatteryStatus,
    ChargerReading,
    HvacReading,
    InverterReading,
    MeterReading,
    PowerDelivery,
    Reading,
    Sample,
    VehicleReading,
)
from gatewayd.model.site import AssetState
from tests.enode import contract

T0 = datetime(2026, 6, 21, 10, 0, 0, 123_456, tzinfo=UTC)
ID = "6560fa37-b7ec-4ace-81ca-a8b64279f8d2"
PLACE = Location(
    "337ef15e-2177-4e09-84a7-01237a37e2cc", "anna", "Home", 59.91, 10.75, "Europe/Oslo", T0
)
EVERY_SCOPE = {
    AssetKind.BATTERY: (
        "battery:control:operation_mode",
        "battery:read:data",
        "battery:read:location",
    ),
    AssetKind.CHARGER: ("charger:control:charging", "charger:read:data"),
    AssetKind.HVAC: ("hvac:control:mode", "hvac:read:data"),
    AssetKind.INVERTER: ("inverter:read:data", "inverter:read:location"),
    AssetKind.METER: ("meter:read:data", "meter:read:location"),
    AssetKind.VEHICLE: ("vehicle:control:charging", "vehicle:read:data", "vehicle:read:location"),
}


def asset(kind: AssetKind, *capabilities: Capability, **values: Any) -> Asset:
    reports = values.pop("reports", frozenset())
    made = Asset(
        id=ID,
        device_id="roof",
        role=kind.value,
        slug="roof",
        user_id="anna",
        vendor="DEYE",
        brand="Deye",
        model="SUN",
        spec=Role(kind, frozenset(capabilities), reports),
        created_at=T0,
    )
    return replace(made, **values)


def state(made: Asset, reading: Reading | None = None) -> AssetState:
    return AssetState(made, Sample(reading, T0, 0.0) if reading else None, is_reachable=True)


def charge_state(**values: Any) -> dict[str, Any]:
    made = state(asset(AssetKind.BATTERY), BatteryReading(**values))
    return battery(made, None).charge_state.model_dump()


def charger_state(**values: Any) -> dict[str, Any]:
    made = state(asset(AssetKind.CHARGER), ChargerReading(**values))
    return charger(made, None).charge_state.model_dump()


def production(**values: Any) -> dict[str, Any]:
    made = state(asset(AssetKind.INVERTER), InverterReading(**values))
    return inverter(made, None).production_state.model_dump()


@pytest.mark.parametrize(
    ("reported", "power_w", "shown"),
    [
        (None, 1500.0, BatteryStatus.CHARGING),
        (None, -1500.0, BatteryStatus.DISCHARGING),
        (None, 0.0, BatteryStatus.IDLE),
        (None, -9.0, BatteryStatus.IDLE),
        (None, None, None),
        (BatteryStatus.UNKNOWN, None, BatteryStatus.UNKNOWN),
        (BatteryStatus.CHARGING, None, BatteryStatus.CHARGING),
        (BatteryStatus.CHARGING, -1500.0, BatteryStatus.DISCHARGING),
        (BatteryStatus.UNKNOWN, 1500.0, BatteryStatus.CHARGING),
        (BatteryStatus.FAULT, 1500.0, BatteryStatus.FAULT),
        (BatteryStatus.IDLE, nan, BatteryStatus.IDLE),
    ],
)
def test_the_status_of_a_battery_never_contradicts_its_flow(
    reported: BatteryStatus | None, power_w: float | None, shown: BatteryStatus | None
) -> None:
    assert charge_state(status=reported, power_w=power_w)["status"] is shown


@pytest.mark.parametrize(
    ("delivery", "shown", "plugged", "charging", "rate"),
    [
        (None, "UNKNOWN", None, None, None),
        (PowerDelivery.UNKNOWN, "UNKNOWN", None, None, None),
        (PowerDelivery.UNPLUGGED, "UNPLUGGED", False, False, None),
        (PowerDelivery.INITIALIZING, "PLUGGED_IN:INITIALIZING", True, False, None),
        (PowerDelivery.CHARGING, "PLUGGED_IN:CHARGING", True, True, 7.2),
        (PowerDelivery.STOPPED, "PLUGGED_IN:STOPPED", True, False, None),
        (PowerDelivery.COMPLETE, "PLUGGED_IN:NO_POWER", True, False, None),
        (PowerDelivery.NO_POWER, "PLUGGED_IN:NO_POWER", True, False, None),
        (PowerDelivery.FAULT, "PLUGGED_IN:FAULT", True, False, None),
        (PowerDelivery.DISCHARGING, "PLUGGED_IN:DISCHARGING", True, False, None),
    ],
)
def test_the_states_of_a_charger_agree(
    delivery: PowerDelivery | None,
    shown: str,
    plugged: bool | None,
    charging: bool | None,
    rate: float | None,
) -> None:
    made = charger_state(power_delivery=delivery, power_w=7200.0, max_current_a=16.0)

    assert made["power_delivery_state"] == shown
    assert (made["is_plugged_in"], made["is_charging"]) == (plugged, charging)
    assert (made["charge_rate"], made["max_current"]) == (rate, 16.0)


def test_a_charger_that_charges_with_unknown_power_has_an_unknown_rate() -> None:
    assert charger_state(power_delivery=PowerDelivery.CHARGING)["charge_rate"] is None


@pytest.mark.parametrize(
    ("values", "rate", "producing"),
    [
        ({}, None, None),
        ({"is_asleep": True}, None, False),
        ({"is_asleep": False}, None, None),
        ({"power_w": 0.0}, 0.0, False),
        ({"power_w": 4321.0, "is_asleep": True}, 4.321, True),
        ({"power_w": -12.0}, 0.0, False),
        ({"power_w": inf}, None, None),
    ],
)
def test_the_production_of_an_inverter(
    values: dict[str, Any], rate: float | None, producing: bool | None
) -> None:
    shown = production(**values)

    assert (shown["production_rate"], shown["is_producing"]) == (rate, producing)


@pytest.mark.parametrize(
    ("usage", "consumption", "production"),
    [
        (MeterUsage.GRID, True, True),
        (None, True, True),
        (MeterUsage.LOAD, True, False),
        (MeterUsage.CHARGER, True, False),
        (MeterUsage.GENERATION, False, True),
    ],
)
def test_a_meter_measures_what_stands_behind_it(
    usage: MeterUsage | None, consumption: bool, production: bool
) -> None:
    made = asset(AssetKind.METER, usage=usage, reports=frozenset({"power_w"}))

    shown = meter(state(made), None).capabilities
    assert shown.measures_consumption.is_capable is consumption
    assert shown.measures_production.is_capable is production


@pytest.mark.parametrize(
    ("reports", "is_capable"), [("power_w", True), ("energy_wh", True), ("frequency_hz", False)]
)
def test_an_inverter_has_statistics_where_its_energy_can_be_counted(
    *, reports: str, is_capable: bool
) -> None:
    made = asset(AssetKind.INVERTER, reports=frozenset({reports}))

    shown = inverter(state(made), None).capabilities
    assert shown.production_statistics.is_capable is is_capable
    assert not shown.production_state.is_capable


def test_a_battery_can_be_given_only_the_modes_of_its_capabilities() -> None:
    made = asset(AssetKind.BATTERY, Capability.TIME_OF_USE)

    shown = battery(state(made), None).capabilities
    assert shown.time_of_use.is_capable
    assert not shown.self_reliance.is_capable
    assert not shown.import_focus.is_capable
    assert not shown.export_focus.is_capable


def test_a_read_only_device_has_no_control_capability_and_no_control_scope() -> None:
    made = asset(AssetKind.CHARGER, Capability.START_CHARGING, is_writable=False)

    shown = charger(state(made), None)
    assert not shown.capabilities.start_charging.is_capable
    assert shown.scopes == ["charger:read:data"]


def test_without_the_control_scope_nothing_can_be_told() -> None:
    made = asset(AssetKind.CHARGER, Capability.START_CHARGING, scopes=("charger:read:data",))

    assert not charger(state(made), None).capabilities.start_charging.is_capable


def test_without_the_location_scope_there_are_no_coordinates() -> None:
    open_asset = asset(AssetKind.BATTERY, location_updated_at=T0)
    closed = replace(open_asset, scopes=("battery:read:data",))

    shown = battery(state(open_asset), PLACE).location
    hidden = battery(state(closed), PLACE).location
    assert (shown.latitude, shown.longitude) == (59.91, 10.75)
    assert (hidden.latitude, hidden.longitude) == (None, None)
    assert hidden.id == shown.id == PLACE.id


@pytest.mark.parametrize("kind", AssetKind)
def test_the_scopes_of_a_kind_are_enode_own(kind: AssetKind) -> None:
    known = contract.spec()["components"]["schemas"]["Scopes"]["enum"]

    assert scopes.of_kind(kind) == EVERY_SCOPE[kind]
    assert set(scopes.of_kind(kind)) <= set(known)


def test_an_asset_never_heard_of_is_dated_with_its_first_sight_and_says_nothing() -> None:
    made = battery(AssetState(asset(AssetKind.BATTERY)), None)

    assert (made.last_seen, made.is_reachable) == (T0, False)
    assert set(made.charge_state.model_dump().values()) == {None}
    assert set(made.config.model_dump().values()) == {None}


def test_a_mode_that_is_not_reported_is_not_dated() -> None:
    made = battery(state(asset(AssetKind.BATTERY), BatteryReading(soc_pct=5.0)), None)

    assert made.charge_state.last_updated == T0
    assert made.config.last_updated is None


def test_the_configured_date_of_installation_wins_over_the_first_sight() -> None:
    installed_at = datetime(2020, 4, 7, tzinfo=UTC)
    made = asset(AssetKind.INVERTER, installed_at=installed_at)

    assert inverter(state(made), None).information.installation_date == installed_at
    assert inverter(state(asset(AssetKind.INVERTER)), None).information.installation_date == T0


def test_the_vendor_id_is_the_serial_number_or_what_is_as_stable() -> None:
    known = inverter(state(asset(AssetKind.INVERTER, serial="S1")), None).information
    unknown = inverter(state(asset(AssetKind.INVERTER)), None).information

    assert (known.id, known.sn) == ("S1", "S1")
    assert (unknown.id, unknown.sn) == ("roof", None)


def test_a_vendor_is_spelled_as_enode_spells_it() -> None:
    assert inverter(state(asset(AssetKind.INVERTER)), None).vendor == "Deye"


def test_an_inverter_has_the_time_zone_of_its_location() -> None:
    made = state(asset(AssetKind.INVERTER))

    assert inverter(made, PLACE).timezone == "Europe/Oslo"
    assert inverter(made, None).timezone is None


def test_times_have_milliseconds_and_a_z() -> None:
    assert '"lastSeen":"2026-06-21T10:00:00.123Z"' in meter(
        state(asset(AssetKind.METER)), None
    ).model_dump_json(by_alias=True)


values = st.none() | st.floats()
words = st.none() | st.sampled_from(["OFF", "AUTO", "HEAT", "PERMANENT", "SCHEDULED", "?"])
readings = (
    st.builds(BatteryReading, values, values, values, st.none() | st.sampled_from(BatteryStatus))
    | st.builds(ChargerReading, st.none() | st.sampled_from(PowerDelivery), values, values)
    | st.builds(InverterReading, values, values, values)
    | st.builds(MeterReading, values, values, values)
    | st.from_type(VehicleReading)
    | st.builds(HvacReading, values, values, values, mode=words, hold_type=words)
)
VIEWS = {
    BatteryReading: (AssetKind.BATTERY, battery, "#/components/schemas/Battery"),
    ChargerReading: (AssetKind.CHARGER, charger, "#/components/schemas/Charger"),
    InverterReading: (AssetKind.INVERTER, inverter, "#/components/schemas/Inverter"),
    VehicleReading: (
        AssetKind.VEHICLE,
        vehicle,
        "#/paths/~1vehicles~1{vehicleId}/get/responses/200/content/application~1json/schema",
    ),
    HvacReading: (
        AssetKind.HVAC,
        hvac,
        "#/paths/~1hvacs~1{hvacId}/get/responses/200/content/application~1json/schema",
    ),
    MeterReading: (
        AssetKind.METER,
        meter,
        "#/paths/~1meters~1{meterId}/get/responses/200/content/application~1json/schema",
    ),
}


@given(reading=readings)
def test_whatever_a_device_says_is_shown_as_the_contract_wants_it(reading: Any) -> None:
    kind, view, schema = VIEWS[type(reading)]

    shown = view(state(asset(kind), reading), None)

    assert (
        contract.schema_faults({"$ref": schema}, shown.model_dump(by_alias=True, mode="json")) == []
    )


@given(watts=st.floats(min_value=-1e6, max_value=1e6))
def test_a_meter_keeps_sign_and_size(watts: float) -> None:
    power = meter(state(asset(AssetKind.METER), MeterReading(watts)), None).energy_state.power

    assert power is not None
    assert abs(power * 1000 - watts) <= 0.5 + 1e-9
