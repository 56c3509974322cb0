"""Home Assistant's thermostat: what it shows of a heater, and what its changes become."""

import json
from dataclasses import replace
from typing import Any

import jinja2
import pytest

from gatewayd.errors import InvalidError
from gatewayd.model.asset import AssetKind, Capability
from gatewayd.model.climate import Bounds, FollowSchedule, HvacMode, PermanentHold, Thermostat
from gatewayd.model.command import Command
from gatewayd.model.reading import HvacReading
from gatewayd.model.site import AssetState
from gatewayd.mqtt.commands import command
from gatewayd.mqtt.discovery import of_asset
from gatewayd.mqtt.schema import Climate
from gatewayd.mqtt.settings import MqttSettings
from gatewayd.mqtt.snapshot import Counters, snapshot
from gatewayd.mqtt.topics import Place, Target
from tests.fakes.home import asset, state

SETTINGS = MqttSettings()
HOLDS = frozenset({Capability.SET_PERMANENT_HOLD, Capability.SET_FOLLOW_SCHEDULE})
FULL = Thermostat(frozenset(HvacMode), Bounds(7, 28), Bounds(18, 32))
HEATER = Thermostat(frozenset({HvacMode.OFF, HvacMode.HEAT}), Bounds(22, 30))
HEATING = HvacReading(
    temperature_c=20.4, is_active=True, mode="HEAT", hold_type="PERMANENT", heat_setpoint_c=21.5
)


def heater(
    reading: HvacReading = HEATING,
    thermostat: Thermostat | None = FULL,
    capabilities: frozenset[Capability] = HOLDS,
) -> AssetState:
    made = asset(AssetKind.HVAC)
    spec = replace(made.spec, thermostat=thermostat, capabilities=capabilities)
    return state(AssetKind.HVAC, reading, asset=replace(made, spec=spec))


def card(of: AssetState) -> Climate | None:
    found = of_asset(of.asset, SETTINGS).components.get("climate_thermostat")
    assert found is None or isinstance(found, Climate)
    return found


def shown(of: AssetState, template: str | None) -> str:
    """What Home Assistant makes of a template and the asset's state."""
    assert template is not None
    assert of.sample is not None
    document = json.loads(json.dumps(snapshot(of, of.sample, Counters())))
    strict = jinja2.Environment(undefined=jinja2.StrictUndefined)
    return strict.from_string(template).render(value_json=document)


def asked(key: str, value: str, of: AssetState) -> Command:
    return command(Target(Place.of(of.asset), key), value.encode(), of)


def test_a_thermostat_shows_mode_temperature_and_setpoint() -> None:
    made = card(heater())
    assert made is not None

    assert made.modes == ["off", "heat_cool", "cool", "heat"]
    assert (made.min_temp, made.max_temp) == (7, 32)
    assert shown(heater(), made.value_template) == "heat"
    assert shown(heater(), made.current_temperature_template) == "20.4"
    assert shown(heater(), made.temperature_state_template) == "21.5"
    assert shown(heater(), made.temperature_low_state_template) == "None"
    assert shown(heater(), made.preset_mode_value_template) == "none"


@pytest.mark.parametrize(
    ("mode", "word", "single", "low", "high"),
    [
        ("OFF", "off", "None", "None", "None"),
        ("COOL", "cool", "25.0", "None", "None"),
        ("AUTO", "heat_cool", "None", "20.0", "25.0"),
        ("EMERGENCY", "None", "None", "None", "None"),
        (None, "None", "None", "None", "None"),
    ],
)
def test_each_mode_shows_the_setpoints_it_has(
    mode: str | None, word: str, single: str, low: str, high: str
) -> None:
    now = heater(HvacReading(mode=mode, heat_setpoint_c=20.0, cool_setpoint_c=25.0))
    made = card(now)
    assert made is not None

    assert shown(now, made.value_template) == word
    assert shown(now, made.temperature_state_template) == single
    assert shown(now, made.temperature_low_state_template) == low
    assert shown(now, made.temperature_high_state_template) == high


def test_the_device_s_own_schedule_is_a_preset() -> None:
    now = heater(replace(HEATING, hold_type="SCHEDULED"))
    made = card(now)
    assert made is not None

    assert made.preset_modes == ["schedule"]
    assert shown(now, made.preset_mode_value_template) == "schedule"


def test_only_what_the_device_can_do_is_offered() -> None:
    simple = card(
        heater(thermostat=HEATER, capabilities=frozenset({Capability.SET_PERMANENT_HOLD}))
    )
    assert simple is not None

    assert simple.modes == ["off", "heat"]
    assert simple.preset_modes is None
    assert simple.temperature_low_command_topic is None
    assert card(heater(capabilities=frozenset())) is None


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("mode", "off", PermanentHold(HvacMode.OFF)),
        ("mode", "heat", PermanentHold(HvacMode.HEAT, 21.5)),
        ("mode", "COOL", PermanentHold(HvacMode.COOL, None, 25.0)),
        ("mode", "heat_cool", PermanentHold(HvacMode.AUTO, 21.5, 25.0)),
        ("temperature", "22.5", PermanentHold(HvacMode.HEAT, 22.5)),
        ("temperature_low", "19", PermanentHold(HvacMode.AUTO, 19.0, 25.0)),
        ("temperature_high", "27", PermanentHold(HvacMode.AUTO, 21.5, 27.0)),
        ("preset", "schedule", FollowSchedule()),
        ("preset", "none", PermanentHold(HvacMode.HEAT, 21.5)),
    ],
)
def test_what_is_not_said_anew_stays_as_it_is(key: str, value: str, expected: Command) -> None:
    assert asked(key, value, heater()) == expected


def test_a_json_object_asks_the_same() -> None:
    now = heater()

    said = command(Target(Place.of(now.asset), None), b'{"temperature": 18}', now)

    assert said == PermanentHold(HvacMode.HEAT, 18.0)


def test_a_heater_that_is_off_heats_to_what_suits_people_and_the_device() -> None:
    off = HvacReading(mode="OFF", hold_type="PERMANENT")

    assert asked("mode", "heat", heater(off)) == PermanentHold(HvacMode.HEAT, 20.0)
    assert asked("mode", "heat", heater(off, HEATER)) == PermanentHold(HvacMode.HEAT, 22.0)
    assert asked("temperature", "24", heater(off)) == PermanentHold(HvacMode.HEAT, 24.0)


def test_one_temperature_is_that_of_the_mode_that_holds() -> None:
    cooling = heater(HvacReading(mode="COOL", cool_setpoint_c=24.0))
    cooler = Thermostat(frozenset({HvacMode.OFF, HvacMode.COOL}))

    assert asked("temperature", "23", cooling) == PermanentHold(HvacMode.COOL, None, 23.0)
    off = heater(HvacReading(mode="OFF"), cooler)
    assert asked("temperature", "23", off) == PermanentHold(HvacMode.COOL, None, 23.0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("mode", "dry"),
        ("mode", ""),
        ("temperature", "warm"),
        ("temperature", "nan"),
        ("temperature_low", "inf"),
        ("preset", "eco"),
        ("charging", "maybe"),
    ],
)
def test_what_makes_no_sense_is_refused(key: str, value: str) -> None:
    with pytest.raises(InvalidError):
        asked(key, value, heater())


def test_a_charger_has_no_thermostat() -> None:
    wallbox: Any = state(AssetKind.CHARGER)

    with pytest.raises(InvalidError, match="no command"):
        asked("temperature", "20", wallbox)
