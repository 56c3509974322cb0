"""One Home Assistant entity from one value of an asset: a control where it takes commands. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gatewayd.control.governor.choice import Number as Settable
from gatewayd.model.asset import Asset, Capability
from gatewayd.mqtt import numbers
from gatewayd.mqtt.entities import MODE_LABELS
from gatewayd.mqtt.entity import Entity
from gatewayd.mqtt.schema import (
    BinarySensor,
    Climate,
    Full,
    Number,
    Platform,
    Select,
    Sensor,
    Switch,
)
from gatewayd.mqtt.settings import MqttSettings
from gatewayd.mqtt.thermostat import climate
from gatewayd.mqtt.topics import ALWAYS_KEY, MODE_KEY, Place
from gatewayd.plan.ev.words import AlwaysCharge

# What a charging point may be told when its own limits are unknown: IEC 61851 begins at 6 A, and
# 32 A is the most a home's charging point gives.
_MIN_CURRENT_A = 6.0
_MAX_CURRENT_A = 32.0

_CHARGING = {Capability.START_CHARGING, Capability.STOP_CHARGING}
_THERMOSTAT = Entity("thermostat", "Thermostat", (), lambda _reading: None)
_REASON = Entity("reason", "Reason", (), lambda _reading: None, is_diagnostic=True)
_MODE = Entity(MODE_KEY, "Control mode", (), lambda _reading: None)
_ALWAYS = Entity(ALWAYS_KEY, "Always charge", (), lambda _reading: None)
_UNKNOWN = "Unknown"
_IF_ANY = " | default('')"
_NOT_IN_ID = re.compile(r"[^a-z0-9]+")


def component(asset: Asset, entity: Entity, settings: MqttSettings) -> Full:
    """An entity as a control where the asset takes that command, else as a sensor."""
    can = asset.capabilities
    if entity.key == "charging" and can >= _CHARGING:
        return _switch(asset, entity, settings)
    if entity.key == "max_current_a" and Capability.SET_MAX_CURRENT in can:
        return _number(asset, entity, settings)
    if entity.key == "operation_mode" and _modes(asset):
        return _select(asset, entity, settings)
    if entity.unit or entity.labels:
        return _sensor(asset, entity)
    return BinarySensor(**_common("binary_sensor", asset, entity), value_template=_value(entity))


def thermostat(asset: Asset, settings: MqttSettings) -> Climate | None:
    """The thermostat of a heater or cooler that can be held."""
    if Capability.SET_PERMANENT_HOLD not in asset.capabilities:
        return None
    return climate(asset, settings, _common("climate", asset, _THERMOSTAT))


def reason(asset: Asset) -> Sensor | None:
    """Why an asset was told what it was told, where it can be told anything."""
    if not asset.capabilities:
        return None
    template = f"{{{{ {_found(_REASON)} or 'Nothing decided' }}}}"
    return Sensor(**_common("sensor", asset, _REASON), value_template=template)


def control_mode(asset: Asset, offered: Sequence[str], settings: MqttSettings) -> Select | None:
    """How an asset is governed, where it is."""
    # Into a template goes what an enum's member is, not how Python shows it.
    labels = {str(mode): mode.replace("_", " ").capitalize() for mode in offered}
    return _choice(asset, _MODE, labels, MODE_KEY, settings) if labels else None


def always_charge(asset: Asset, settings: MqttSettings) -> Select:
    """Whether a charger on solar charges without sun."""
    labels = {str(one): one.capitalize() for one in AlwaysCharge}
    chosen = _choice(asset, _ALWAYS, labels, ALWAYS_KEY, settings)
    return chosen.model_copy(update={"entity_category": "config"})


def control_number(asset: Asset, name: str, number: Settable, settings: MqttSettings) -> Number:
    """A number that its user sets, of an asset that is governed."""
    key, called, unit, scale = numbers.shown(name)
    entity = Entity(key, called, (), lambda _reading: None)
    return Number(
        **_common("number", asset, entity) | {"entity_category": "config"},
        value_template=_value(entity),
        unit_of_measurement=unit,
        command_topic=settings.topics.command(Place.of(asset), key),
        min=number.least / scale,
        max=number.most / scale,
        step=number.step / scale,
    )


def _common(platform: Platform, asset: Asset, entity: Entity) -> dict[str, Any]:
    return {
        "unique_id": f"{asset.id}_{entity.key}",
        "default_entity_id": entity_id(platform, f"{asset.slug}_{entity.name}"),
        "name": entity.name,
        "device_class": entity.device_class if platform.endswith("sensor") else None,
        "entity_category": "diagnostic" if entity.is_diagnostic else None,
        "enabled_by_default": None if entity.is_enabled else False,
    }


def _switch(asset: Asset, entity: Entity, settings: MqttSettings) -> Switch:
    return Switch(
        **_common("switch", asset, entity),
        value_template=_value(entity),
        command_topic=settings.topics.command(Place.of(asset), "charging"),
    )


def _number(asset: Asset, entity: Entity, settings: MqttSettings) -> Number:
    least, most = _range(asset)
    value = _found(entity)
    return Number(
        **_common("number", asset, entity),
        # A paused charger may report 0, which Home Assistant logs as an error.
        value_template=f"{{{{ {value} if {value} is number and {value} >= {least} else none }}}}",
        unit_of_measurement="A",
        command_topic=settings.topics.command(Place.of(asset), "max_current"),
        min=least,
        max=most,
        step=1.0,
    )


def _select(asset: Asset, entity: Entity, settings: MqttSettings) -> Select:
    return _choice(asset, entity, _modes(asset), "operation_mode", settings)


def _choice(
    asset: Asset, entity: Entity, modes: Mapping[str, str], key: str, settings: MqttSettings
) -> Select:
    words = {label: mode for mode, label in modes.items()}
    return Select(
        **_common("select", asset, entity),
        # A mode that cannot be chosen renders as None, which is unknown.
        value_template=f"{{{{ {modes}.get({_found(entity)}) }}}}",
        command_topic=settings.topics.command(Place.of(asset), key),
        command_template=f"{{{{ {words}[value] }}}}",
        options=list(words),
    )


def _sensor(asset: Asset, entity: Entity) -> Sensor:
    words = {**entity.labels, "UNKNOWN": _UNKNOWN}
    return Sensor(
        **_common("sensor", asset, entity),
        value_template=_labelled(entity, words) if entity.labels else _value(entity),
        state_class=entity.state_class,
        unit_of_measurement=entity.unit.name if entity.unit else None,
        suggested_display_precision=entity.unit.digits if entity.unit else None,
        # A word outside the options would be ignored, and the old one kept.
        options=list(words.values()) if entity.labels else None,
    )


def _value(entity: Entity) -> str:
    """A missing total renders as nothing, which is ignored; null as None, which is unknown."""
    total = f"value_json.{entity.key}{_IF_ANY}"
    return f"{{{{ {total if entity.is_total else _found(entity)} }}}}"


def _found(entity: Entity) -> str:
    """What the document says; of one that lacks it Home Assistant's log would complain."""
    return f"value_json.get('{entity.key}')"


def _labelled(entity: Entity, words: Mapping[str, str]) -> str:
    return f"{{{{ {words}.get({_found(entity)}, '{_UNKNOWN}') }}}}"


def _range(asset: Asset) -> tuple[float, float]:
    """The currents that may be set, in ampere per phase."""
    least = _MIN_CURRENT_A if asset.spec.min_current_a is None else asset.spec.min_current_a
    most = _MAX_CURRENT_A if asset.spec.max_current_a is None else asset.spec.max_current_a
    # Home Assistant refuses an empty range, which a device limited to its least current has.
    return least, max(most, least + 1.0)


def _modes(asset: Asset) -> dict[str, str]:
    """The modes a battery can be given, with their labels."""
    return {
        mode: label for mode, label in MODE_LABELS.items() if mode.lower() in asset.capabilities
    }


def entity_id(platform: Platform, name: str) -> str:
    """What Home Assistant calls it unless its user says otherwise."""
    return f"{platform}.{_NOT_IN_ID.sub('_', name.lower()).strip('_')}"
