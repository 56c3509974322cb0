"""What Home Assistant makes of discovery and state messages, by the rules of its MQTT integration.

It is stricter than the real one where that one is silent: an unknown key is always an error, and
so is a template that meets an undefined value without saying so.
"""

import ast
import json
from typing import Any

import jinja2

from gatewayd.mqtt.schema import DeviceConfig, Full, Removed

_TEMPLATES = jinja2.Environment(undefined=jinja2.StrictUndefined)


class HomeAssistant:
    """Feed it every message; read `entities` and `state`."""

    def __init__(self, prefix: str = "homeassistant") -> None:
        self._prefix = prefix
        self.devices: dict[str, DeviceConfig] = {}
        self.entities: dict[str, tuple[Full, str]] = {}
        self._states: dict[str, str] = {}
        self._retained: dict[str, str] = {}

    def hear(self, topic: str, payload: str) -> None:
        self._retained[topic] = payload
        if topic.startswith(f"{self._prefix}/device/"):
            self._discover(topic, payload)
        for entity_id, (component, state_topic) in self.entities.items():
            if payload and state_topic == topic:
                self._update(entity_id, component, payload)

    def state(self, entity_id: str) -> str:
        component, state_topic = self.entities[entity_id]
        del component
        device = next(d for d in self.devices.values() if d.state_topic == state_topic)
        is_there = all(self._retained.get(a.topic) == "online" for a in device.availability)
        return self._states.get(entity_id, "unknown") if is_there else "unavailable"

    def command(self, entity_id: str, value: str) -> tuple[str, str]:
        """Where a user's choice is published, and what."""
        component, _ = self.entities[entity_id]
        topic = getattr(component, "command_topic")  # noqa: B009
        template = getattr(component, "command_template", "{{ value }}")
        return topic, _TEMPLATES.from_string(template).render(value=value)

    def _discover(self, topic: str, payload: str) -> None:
        known = self.devices.pop(topic, None)
        if not payload:
            for component in known.components.values() if known else ():
                if not isinstance(component, Removed):
                    self.entities.pop(component.default_entity_id)
            return
        config = DeviceConfig.model_validate_json(payload)
        kept = known.components if known else {}
        components = {**kept, **config.components}
        self.devices[topic] = config.model_copy(
            update={
                "components": {k: c for k, c in components.items() if not isinstance(c, Removed)}
            }
        )
        for key, component in config.components.items():
            before = kept.get(key)
            if isinstance(component, Removed):
                if before and not isinstance(before, Removed):
                    self.entities.pop(before.default_entity_id)
            else:
                self.entities[component.default_entity_id] = (component, config.state_topic)
                if config.state_topic in self._retained:
                    self._update(
                        component.default_entity_id,
                        component,
                        self._retained[config.state_topic],
                    )

    def _update(self, entity_id: str, component: Full, payload: str) -> None:
        text = _TEMPLATES.from_string(component.value_template).render(
            value_json=json.loads(payload)
        )
        if text == "":
            return
        self._states[entity_id] = "unknown" if text == "None" else self._valid(component, text)

    def _valid(self, component: Full, text: str) -> str:
        options = getattr(component, "options", None)
        if options is not None:
            assert text in options, f"{text} is not an option of {component.name}"
        elif component.platform == "climate":
            assert text in getattr(component, "modes"), f"{text} is not a mode"  # noqa: B009
        elif component.platform in ("switch", "binary_sensor"):
            assert text in ("ON", "OFF"), f"{text} is neither ON nor OFF"
        elif component.platform == "number" or getattr(component, "state_class", None):
            value: Any = ast.literal_eval(text)
            assert isinstance(value, int | float)
            least, most = getattr(component, "min", value), getattr(component, "max", value)
            assert least <= value <= most, f"{value} is out of range for {component.name}"
        return text
