"""A heater or cooler as Home Assistant's thermostat: its card, and what is asked of it. Pure.

Home Assistant sets one thing at a time, a hold needs mode and setpoints together: what is not said
anew is as the device last said.
"""

import math
from collections.abc import Mapping

from gatewayd.errors import InvalidError
from gatewayd.model.asset import Asset, Capability
from gatewayd.model.climate import Bounds, FollowSchedule, HvacMode, PermanentHold, Thermostat
from gatewayd.model.command import Command
from gatewayd.model.reading import HvacReading
from gatewayd.mqtt.schema import Climate
from gatewayd.mqtt.settings import MqttSettings
from gatewayd.mqtt.topics import Place, Topics

KEYS = ("mode", "temperature", "temperature_low", "temperature_high", "preset")

_WORDS: Mapping[HvacMode, str] = {
    HvacMode.OFF: "off",
    HvacMode.AUTO: "heat_cool",
    HvacMode.COOL: "cool",
    HvacMode.HEAT: "heat",
}
_SCHEDULE, _NO_PRESET = "schedule", "none"
# Where neither device nor user says how warm.
_COMFORT_C, _COOL_C = 20.0, 25.0
# What a thermostat goes from and to when the device does not say.
_LOWEST_C, _HIGHEST_C = 5.0, 35.0

# A device reports only some of these keys; where a value means nothing it is none, that is unknown.
_TEMPERATURE = (
    "{{ value_json.get('heat_setpoint_c') if value_json.get('mode') == 'HEAT' else "
    "value_json.get('cool_setpoint_c') if value_json.get('mode') == 'COOL' else none }}"
)
_IN_AUTO = "{{{{ value_json.get('{}') if value_json.get('mode') == 'AUTO' else none }}}}"
_PRESET = "{{ 'schedule' if value_json.get('hold') == 'SCHEDULED' else 'none' }}"


def climate(asset: Asset, settings: MqttSettings, shared: Mapping[str, object]) -> Climate:
    """The thermostat; `shared` is what all components have."""
    topics, place = settings.topics, Place.of(asset)
    known, state = asset.spec.thermostat or Thermostat(), topics.state(place)
    modes = {mode.value: word for mode, word in _WORDS.items() if mode in known.modes}
    low, high = _range(known)
    values = {
        **shared,
        "value_template": f"{{{{ {modes}.get(value_json.get('mode')) }}}}",
        "modes": list(modes.values()),
        "mode_command_topic": topics.command(place, "mode"),
        "mode_state_topic": state,
        "current_temperature_topic": state,
        "current_temperature_template": "{{ value_json.get('temperature_c') }}",
        "temperature_command_topic": topics.command(place, "temperature"),
        "temperature_state_topic": state,
        "temperature_state_template": _TEMPERATURE,
        "min_temp": low,
        "max_temp": high,
    }
    if HvacMode.AUTO in known.modes:
        values |= _both_setpoints(topics, place)
    if Capability.SET_FOLLOW_SCHEDULE in asset.capabilities:
        values |= _preset(topics, place)
    return Climate.model_validate(values)


def _both_setpoints(topics: Topics, place: Place) -> dict[str, object]:
    """What a mode that heats and cools has beside the one temperature."""
    state = topics.state(place)
    return {
        "temperature_low_command_topic": topics.command(place, "temperature_low"),
        "temperature_low_state_topic": state,
        "temperature_low_state_template": _IN_AUTO.format("heat_setpoint_c"),
        "temperature_high_command_topic": topics.command(place, "temperature_high"),
        "temperature_high_state_topic": state,
        "temperature_high_state_template": _IN_AUTO.format("cool_setpoint_c"),
    }


def _preset(topics: Topics, place: Place) -> dict[str, object]:
    """The device's own schedule."""
    return {
        "preset_modes": [_SCHEDULE],
        "preset_mode_command_topic": topics.command(place, "preset"),
        "preset_mode_state_topic": topics.state(place),
        "preset_mode_value_template": _PRESET,
    }


def hold(key: str, text: str, asset: Asset, reading: HvacReading | None) -> Command:
    """The command for a changed value; raises InvalidError."""
    said, known = reading or HvacReading(), asset.spec.thermostat or Thermostat()
    mode = HvacMode(said.mode) if said.mode in set(HvacMode) else HvacMode.OFF
    match key:
        case "preset" if text.lower() == _SCHEDULE:
            return FollowSchedule()
        case "preset" if text.lower() == _NO_PRESET:
            return _held(mode, said, known)
        case "mode":
            return _held(_mode(text), said, known)
        case "temperature":
            return _warmer(mode, _degrees(key, text), known)
        case "temperature_low":
            return _held(HvacMode.AUTO, said, known, heat_c=_degrees(key, text))
        case "temperature_high":
            return _held(HvacMode.AUTO, said, known, cool_c=_degrees(key, text))
    raise InvalidError(f"{key} cannot be {text[:40]!r}")


def _warmer(mode: HvacMode, degrees_c: float, known: Thermostat) -> Command:
    """One temperature: of the mode that holds now, or of heating where none does."""
    if mode is HvacMode.COOL or HvacMode.HEAT not in known.modes:
        return PermanentHold(HvacMode.COOL, cool_setpoint_c=degrees_c)
    return PermanentHold(HvacMode.HEAT, heat_setpoint_c=degrees_c)


def _held(
    mode: HvacMode,
    said: HvacReading,
    known: Thermostat,
    *,
    heat_c: float | None = None,
    cool_c: float | None = None,
) -> PermanentHold:
    heat = _first(heat_c, said.heat_setpoint_c, _inside(_COMFORT_C, known.heat_c))
    cool = _first(cool_c, said.cool_setpoint_c, _inside(_COOL_C, known.cool_c))
    return PermanentHold(mode, heat if mode.heats else None, cool if mode.cools else None)


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _inside(degrees_c: float, bounds: Bounds | None) -> float:
    low = -math.inf if bounds is None or bounds.min is None else bounds.min
    high = math.inf if bounds is None or bounds.max is None else bounds.max
    return max(low, min(high, degrees_c))


def _mode(text: str) -> HvacMode:
    for mode, word in _WORDS.items():
        if text.lower() in (word, mode.value.lower()):
            return mode
    raise InvalidError(f"mode is one of {', '.join(_WORDS.values())}, not {text[:40]!r}")


def _degrees(key: str, text: str) -> float:
    try:
        degrees_c = float(text)
    except ValueError as error:
        raise InvalidError(f"{key} is a number of degrees, not {text[:40]!r}") from error
    if not math.isfinite(degrees_c):
        raise InvalidError(f"{key} is a number of degrees, not {text[:40]!r}")
    return degrees_c


def _range(known: Thermostat) -> tuple[float, float]:
    """The lowest and the highest temperature that any mode takes."""
    bounds = [found for found in (known.heat_c, known.cool_c) if found is not None]
    lows = [found.min for found in bounds if found.min is not None]
    highs = [found.max for found in bounds if found.max is not None]
    return min(lows, default=_LOWEST_C), max(highs, default=_HIGHEST_C)
