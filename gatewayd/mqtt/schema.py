"""Home Assistant's discovery messages, as strictly as it reads them itself.

Source: `homeassistant/components/mqtt` (`schemas.py` and one file per platform). One unknown key
beside `components` makes it reject the whole device; within a component it is dropped silently.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Topic = Annotated[str, StringConstraints(min_length=1, pattern=r"^[^+#\x00]+$")]
Key = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]+$")]
EntityId = Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.[a-z0-9_]+$")]
Platform = Literal["sensor", "binary_sensor", "switch", "number", "select", "climate"]

_ENERGY_STATES = {"energy": {"total", "total_increasing"}, "energy_storage": {"measurement"}}


class Strict(BaseModel):
    """Unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Device(Strict):
    """A device in Home Assistant's registry; `via_device` is an identifier of its parent."""

    identifiers: Annotated[list[str], Field(min_length=1)]
    name: str
    manufacturer: str | None = None
    model: str | None = None
    serial_number: str | None = None
    sw_version: str | None = None
    via_device: str | None = None


class Origin(Strict):
    """Who published this."""

    name: str
    sw_version: str | None = None


class Availability(Strict):
    """A topic that says `online` or `offline`, Home Assistant's own default words."""

    topic: Topic


class Removed(Strict):
    """A component that goes: leaving it out without this first would keep it for ever."""

    platform: Platform


class Component(Strict):
    """What all entities have in common. The friendly name is the device's and `name`."""

    unique_id: Annotated[str, Field(min_length=1)]
    default_entity_id: EntityId
    name: Annotated[str, Field(min_length=1)]
    value_template: str
    device_class: str | None = None
    entity_category: Literal["diagnostic", "config"] | None = None
    enabled_by_default: bool | None = None

    @model_validator(mode="after")
    def _id_of_its_platform(self) -> Self:
        platform = getattr(self, "platform", None)
        if self.default_entity_id.partition(".")[0] != platform:
            raise ValueError(f"{self.default_entity_id} is not a {platform}")
        return self


class Sensor(Component):
    """A number or, with `options`, one of a few words."""

    platform: Literal["sensor"] = "sensor"
    unit_of_measurement: str | None = None
    state_class: Literal["measurement", "total", "total_increasing"] | None = None
    suggested_display_precision: int | None = None
    options: list[str] | None = None

    @model_validator(mode="after")
    def _as_home_assistant_wants_it(self) -> Self:
        if self.entity_category == "config":
            raise ValueError("a sensor cannot be a setting")
        if (self.device_class == "enum") != (self.options is not None):
            raise ValueError("options and the device class enum go together")
        if self.options is not None and (self.state_class or self.unit_of_measurement):
            raise ValueError("words have no unit and no state class")
        allowed = _ENERGY_STATES.get(self.device_class or "")
        if allowed and self.state_class not in allowed:
            raise ValueError(f"{self.device_class} cannot be {self.state_class}")
        return self


class BinarySensor(Component):
    """Says ON or OFF."""

    platform: Literal["binary_sensor"] = "binary_sensor"


class Switch(Component):
    """Shows what the device reports, never what was asked of it."""

    platform: Literal["switch"] = "switch"
    command_topic: Topic
    optimistic: Literal[False] = False


class Number(Component):
    """A value to set."""

    platform: Literal["number"] = "number"
    command_topic: Topic
    unit_of_measurement: str | None = None
    min: float
    max: float
    step: Annotated[float, Field(ge=0.001)]
    optimistic: Literal[False] = False

    @model_validator(mode="after")
    def _range(self) -> Self:
        if self.min >= self.max:
            raise ValueError("max must be above min")
        return self


class Select(Component):
    """One of a few words to choose."""

    platform: Literal["select"] = "select"
    command_topic: Topic
    command_template: str
    options: Annotated[list[str], Field(min_length=1)]
    optimistic: Literal[False] = False


class Climate(Component):
    """A thermostat. It reads each value from a topic of its own; a preset is never called none."""

    platform: Literal["climate"] = "climate"
    modes: Annotated[list[Literal["off", "heat", "cool", "heat_cool"]], Field(min_length=1)]
    mode_command_topic: Topic
    mode_state_topic: Topic
    current_temperature_topic: Topic
    current_temperature_template: str
    temperature_command_topic: Topic
    temperature_state_topic: Topic
    temperature_state_template: str
    temperature_low_command_topic: Topic | None = None
    temperature_low_state_topic: Topic | None = None
    temperature_low_state_template: str | None = None
    temperature_high_command_topic: Topic | None = None
    temperature_high_state_topic: Topic | None = None
    temperature_high_state_template: str | None = None
    preset_modes: list[Literal["schedule"]] | None = None
    preset_mode_command_topic: Topic | None = None
    preset_mode_state_topic: Topic | None = None
    preset_mode_value_template: str | None = None
    temperature_unit: Literal["C"] = "C"
    min_temp: float
    max_temp: float
    temp_step: float = 0.5
    optimistic: Literal[False] = False

    @model_validator(mode="after")
    def _range(self) -> Self:
        if self.min_temp >= self.max_temp:
            raise ValueError("max_temp must be above min_temp")
        return self


Full = Sensor | BinarySensor | Switch | Number | Select | Climate


class DeviceConfig(Strict):
    """The payload of `<prefix>/device/<object id>/config`. `state_topic` holds for all components.

    `qos` is that of Home Assistant's own subscriptions and commands.
    """

    device: Device
    origin: Origin
    components: dict[Key, Full | Removed]
    state_topic: Topic
    availability: Annotated[list[Availability], Field(min_length=1)]
    availability_mode: Literal["all"] = "all"
    qos: Literal[1] = 1
