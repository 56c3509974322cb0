import json
from dataclasses import replace
from typing import Any

import pytest
from jinja2 import Template
from pydantic import ValidationError

from gatewayd.control.governor.choice import Number
from gatewayd.errors import InvalidError
from gatewayd.model.asset import AssetKind, Capability, Role
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    OperationMode,
    PowerDelivery,
    Reading,
)
from gatewayd.model.site import Site
from gatewayd.mqtt.components import control_mode
from gatewayd.mqtt.discovery import of_asset, of_gateway, payload, platforms, steps
from gatewayd.mqtt.numbers import document, given
from gatewayd.mqtt.schema import DeviceConfig, Sensor
from gatewayd.mqtt.settings import MqttSettings
from gatewayd.mqtt.snapshot import Counters, snapshot
from gatewayd.mqtt.topics import MODE_KEY, Place
from gatewayd.plan.battery.modes import BatteryMode
from gatewayd.plan.ev.words import ChargeMode
from tests.fakes.home import CHARGING, READING_TYPES, READINGS, asset, every_asset, state
from tests.fakes.home_assistant import HomeAssistant

SETTINGS = MqttSettings(version="1.2.3")
TOPICS = SETTINGS.topics


def told(kind: AssetKind, reading: Reading | None = None, **changes: Any) -> HomeAssistant:
    """Home Assistant after it heard of one asset, and its state."""
    now = state(kind, reading, asset=asset(kind, **changes))
    assert now.sample
    place = Place.of(now.asset)
    home = HomeAssistant()
    home.hear(TOPICS.status, "online")
    home.hear(TOPICS.availability(place), "online")
    home.hear(TOPICS.config(now.asset.slug), payload(of_asset(now.asset, SETTINGS)))
    document = snapshot(now, now.sample, Counters())
    home.hear(TOPICS.state(place), "{}")  # of another version, kept by the broker
    home.hear(TOPICS.state(place), json.dumps(document))
    return home


@pytest.mark.parametrize("kind", AssetKind)
def test_every_kind_passes_home_assistants_own_rules(kind: AssetKind) -> None:
    text = payload(of_asset(asset(kind), SETTINGS))

    assert DeviceConfig.model_validate_json(text) == of_asset(asset(kind), SETTINGS)
    assert "null" not in text
    assert "object_id" not in text
    assert "child_devices" not in text


@pytest.mark.parametrize("kind", AssetKind)
@pytest.mark.parametrize("is_silent", [False, True])
def test_every_entity_can_show_its_state(kind: AssetKind, is_silent: bool) -> None:
    home = told(kind, READING_TYPES[kind]() if is_silent else READINGS[kind])

    states = {home.state(entity_id) for entity_id in home.entities}

    assert "unavailable" not in states
    if is_silent:
        assert states <= {"unknown", "Unknown", "Nothing decided"}


def test_the_battery_of_home_assistant_is_positive_while_discharging() -> None:
    assert told(AssetKind.BATTERY).state("sensor.battery_power") == "-1500"


def test_words_are_shown_as_people_say_them() -> None:
    assert told(AssetKind.BATTERY).state("sensor.battery_status") == "Charging"
    assert told(AssetKind.CHARGER).state("sensor.charger_state") == "Charging"
    assert told(AssetKind.INVERTER).state("sensor.inverter_status") == "Producing"


def test_a_wallbox_can_be_switched_and_limited() -> None:
    home = told(AssetKind.CHARGER)

    assert home.state("switch.charger_charging") == "ON"
    assert home.state("number.charger_maximum_current") == "16.0"
    assert home.command("switch.charger_charging", "OFF") == (
        "gatewayd/charger/charger/set/charging",
        "OFF",
    )
    assert home.command("number.charger_maximum_current", "10") == (
        "gatewayd/charger/charger/set/max_current",
        "10",
    )


def test_a_mode_is_chosen_by_its_label() -> None:
    home = told(AssetKind.BATTERY)

    assert home.state("select.battery_operation_mode") == "Self reliance"
    assert home.command("select.battery_operation_mode", "Time of use") == (
        "gatewayd/battery/battery/set/operation_mode",
        "TIME_OF_USE",
    )


def test_a_mode_outside_the_choice_is_unknown_not_an_error() -> None:
    spec = replace(asset(AssetKind.BATTERY).spec, capabilities=frozenset({Capability.TIME_OF_USE}))
    reading = BatteryReading(operation_mode=OperationMode.IMPORT_FOCUS)

    home = told(AssetKind.BATTERY, reading, spec=spec)

    assert home.state("select.battery_operation_mode") == "unknown"


@pytest.mark.parametrize("is_writable", [True, False])
def test_without_the_capability_there_are_only_sensors(is_writable: bool) -> None:
    charger = asset(AssetKind.CHARGER, is_writable=is_writable)
    if is_writable:
        charger = replace(charger, spec=replace(charger.spec, capabilities=frozenset()))

    found = set(platforms(of_asset(charger, SETTINGS)).values())

    assert found == {"sensor", "binary_sensor"}


def test_charging_needs_both_start_and_stop_to_be_a_switch() -> None:
    spec = replace(
        asset(AssetKind.CHARGER).spec, capabilities=CHARGING - {Capability.STOP_CHARGING}
    )

    found = platforms(of_asset(asset(AssetKind.CHARGER, spec=spec), SETTINGS))

    assert "binary_sensor_charging" in found
    assert "switch_charging" not in found
    assert "number_max_current_a" in found


def test_a_charger_that_reports_less_than_its_least_current_is_unknown() -> None:
    home = told(
        AssetKind.CHARGER,
        ChargerReading(power_delivery=PowerDelivery.STOPPED, max_current_a=0.0),
    )

    assert home.state("number.charger_maximum_current") == "unknown"


@pytest.mark.parametrize(
    ("least", "most", "expected"),
    [(None, None, (6.0, 32.0)), (6.0, 16.0, (6.0, 16.0)), (6.0, 6.0, (6.0, 7.0))],
)
def test_the_current_has_the_range_of_the_device(
    least: float | None, most: float | None, expected: tuple[float, float]
) -> None:
    spec = replace(asset(AssetKind.CHARGER).spec, min_current_a=least, max_current_a=most)

    config = of_asset(asset(AssetKind.CHARGER, spec=spec), SETTINGS)

    number = config.components["number_max_current_a"].model_dump()
    assert (number["min"], number["max"]) == expected


def test_a_number_is_set_in_home_assistant_s_units_within_its_range() -> None:
    numbers = {"limit_energy_wh": Number(8_000.0, most=200_000.0, step=500.0)}
    charger = asset(AssetKind.CHARGER)

    config = of_asset(charger, SETTINGS, numbers=numbers)

    shown = config.components["number_control_limit_energy_wh"].model_dump()
    assert (shown["unit_of_measurement"], shown["entity_category"]) == ("kWh", "config")
    assert (shown["min"], shown["max"], shown["step"]) == (0.0, 200.0, 0.5)
    assert document(numbers) == {"control_limit_energy_kwh": 8.0}
    key = shown["command_topic"].rpartition("/")[2]
    assert given(key, "7.5", numbers, charger) == {"limit_energy_wh": 7_500.0}
    for wrong in ("much", "nan", "inf", ""):
        with pytest.raises(InvalidError):
            given(key, wrong, numbers, charger)
    with pytest.raises(InvalidError):
        given("control_power_w", "1", numbers, charger)


def test_a_number_without_a_unit_and_one_in_ampere_are_set_as_they_are() -> None:
    numbers = {
        "priority": Number(2.0, least=-100.0, most=100.0),
        "min_a": Number(6.0, least=6.0, most=16.0),
    }
    charger = asset(AssetKind.CHARGER)

    config = of_asset(charger, SETTINGS, numbers=numbers)

    shown = [config.components[f"number_control_{name}"].model_dump() for name in numbers]
    assert [one["unit_of_measurement"] for one in shown] == [None, "A"]
    assert document(numbers) == {"control_priority": 2.0, "control_min_a": 6.0}
    assert given("control_priority", "-3", numbers, charger) == {"priority": -3.0}


def test_whether_to_charge_always_is_chosen_from_a_list() -> None:
    charger = asset(AssetKind.CHARGER)

    config = of_asset(charger, SETTINGS, has_always=True)

    shown = config.components["select_control_always_charge"].model_dump()
    assert (shown["options"], shown["entity_category"]) == (["Off", "On", "Once"], "config")
    assert shown["command_topic"].endswith("/control_always_charge")
    assert "select_control_always_charge" not in of_asset(charger, SETTINGS).components


@pytest.mark.parametrize("offered", [tuple(ChargeMode), tuple(BatteryMode)])
def test_a_mode_is_chosen_and_shown_by_its_label(offered: tuple[str, ...]) -> None:
    made = control_mode(asset(AssetKind.CHARGER), offered, SETTINGS)
    assert made

    for mode, label in zip(offered, made.options, strict=True):
        state_of = Template(made.value_template).render(value_json={MODE_KEY: str(mode)})
        sent = Template(made.command_template).render(value=label)
        assert (state_of, sent) == (label, str(mode))


def test_the_assets_of_one_device_have_names_of_their_own() -> None:
    alone = asset(AssetKind.INVERTER, name="Roof")
    one = asset(AssetKind.BATTERY, name="Roof", device_id="roof", slug="roof_battery")

    assert of_asset(alone, SETTINGS).device.name == "Roof"
    assert of_asset(one, SETTINGS).device.name == "Roof battery"


def test_where_nothing_is_decided_the_reason_says_so() -> None:
    assert told(AssetKind.CHARGER).state("sensor.charger_reason") == "Nothing decided"


def test_only_what_can_be_told_something_has_a_reason() -> None:
    charger, meter = (of_asset(asset(k), SETTINGS) for k in (AssetKind.CHARGER, AssetKind.METER))

    sensor = charger.components["sensor_reason"]
    assert isinstance(sensor, Sensor)
    assert (sensor.name, sensor.state_class, sensor.options) == ("Reason", None, None)
    assert "sensor_reason" not in meter.components


def test_only_what_is_reported_is_announced() -> None:
    spec = Role(AssetKind.METER, reports=frozenset({"power_w", "import_wh"}))

    config = of_asset(asset(AssetKind.METER, spec=spec), SETTINGS)

    assert config.components.keys() == {"sensor_power_w", "sensor_imported_kwh"}


def test_counters_have_the_classes_the_energy_dashboard_wants() -> None:
    sensor = of_asset(asset(AssetKind.METER), SETTINGS).components["sensor_imported_kwh"]

    assert isinstance(sensor, Sensor)
    assert (sensor.device_class, sensor.state_class, sensor.unit_of_measurement) == (
        "energy",
        "total_increasing",
        "kWh",
    )


def test_all_ids_are_unique_and_belong_to_the_asset_for_life() -> None:
    configs = [of_asset(a, SETTINGS) for a in every_asset()]
    renamed = of_asset(asset(AssetKind.METER, slug="other", name="Cellar"), SETTINGS)

    ids = [c.unique_id for d in configs for c in d.components.values() if isinstance(c, Sensor)]

    assert len(ids) == len(set(ids))
    assert {getattr(c, "unique_id", "") for c in renamed.components.values()} == {
        getattr(c, "unique_id", "")
        for c in of_asset(asset(AssetKind.METER), SETTINGS).components.values()
    }


def test_an_asset_hangs_below_the_gateway_and_needs_both_to_be_available() -> None:
    home = Site({a.id: state(a.kind) for a in every_asset()})
    gateway, meter = of_gateway(home, SETTINGS), of_asset(asset(AssetKind.METER), SETTINGS)

    assert meter.device.via_device in gateway.device.identifiers
    assert meter.availability_mode == "all"
    assert [a.topic for a in meter.availability] == [
        "gatewayd/status",
        "gatewayd/meter/meter/availability",
    ]


def test_the_gateway_shows_only_the_flows_the_home_has() -> None:
    empty = of_gateway(Site(), SETTINGS)
    solar = of_gateway(Site({"i": state(AssetKind.INVERTER)}), SETTINGS)
    full = of_gateway(Site({a.id: state(a.kind) for a in every_asset()}), SETTINGS)

    assert empty.components.keys() == set()
    assert solar.components.keys() == {"pv_w"}
    assert full.components.keys() == {"home_w", "grid_w", "pv_w", "battery_w", "charger_w"}


def test_hostile_names_stay_data() -> None:
    name = '{{ states() }} "\\ </script>'

    config = of_asset(asset(AssetKind.METER, name=name), SETTINGS)

    assert json.loads(payload(config))["device"]["name"] == name
    assert all("states()" not in c.model_dump_json() for c in config.components.values())


def test_a_component_that_goes_is_named_once_more() -> None:
    config = of_asset(asset(AssetKind.METER), SETTINGS)
    before = {**platforms(config), "switch_old": "switch"}
    home = HomeAssistant()

    payloads = steps(before, config)

    assert len(payloads) == 2
    assert json.loads(payloads[0])["components"]["switch_old"] == {"platform": "switch"}
    assert "switch_old" not in payloads[1]
    for text in payloads:
        home.hear(TOPICS.config("meter"), text)
    assert len(home.entities) == len(config.components)


def test_without_anything_to_remove_one_message_is_enough() -> None:
    config = of_asset(asset(AssetKind.METER), SETTINGS)

    assert steps(platforms(config), config) == [payload(config)]


@pytest.mark.parametrize(
    "change",
    [
        {"entity_category": "config"},
        {"device_class": "energy_storage", "state_class": "total_increasing"},
        {"options": ["a"]},
        {"device_class": "enum"},
        {"object_id": "x"},
        {"default_entity_id": "switch.x"},
        {"default_entity_id": "sensor.Ünpläin"},
        {"device_class": "energy", "state_class": "measurement"},
    ],
)
def test_the_schema_refuses_what_home_assistant_refuses(change: dict[str, Any]) -> None:
    good = {
        "unique_id": "1",
        "default_entity_id": "sensor.x",
        "name": "X",
        "value_template": "{{ value_json.x }}",
        "state_class": "measurement",
        "unit_of_measurement": "W",
    }
    Sensor.model_validate(good)

    with pytest.raises(ValidationError):
        Sensor.model_validate({**good, **change})
