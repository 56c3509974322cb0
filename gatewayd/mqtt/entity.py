"""One value of an asset's state document, and how Home Assistant shows it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

StateClass = Literal["measurement", "total_increasing"]
Value = float | str | bool | None


class Unit(NamedTuple):
    """Home Assistant's device class and unit, the digits shown, and ours times `scale`."""

    device_class: str | None
    name: str
    digits: int = 0
    scale: float = 1.0


WATT = Unit("power", "W")
KWH = Unit("energy", "kWh", 3, 0.001)
STORED_KWH = Unit("energy_storage", "kWh", 2, 0.001)
LEVEL = Unit("battery", "%", 1)
PERCENT = Unit(None, "%", 1)
FACTOR = Unit("power_factor", "%", 0, 100.0)
VOLT = Unit("voltage", "V", 1)
AMPERE = Unit("current", "A", 2)
HERTZ = Unit("frequency", "Hz", 2)
VAR = Unit("reactive_power", "var")
VA = Unit("apparent_power", "VA")
CELSIUS = Unit("temperature", "°C", 1)
KM = Unit("distance", "km", 0, 0.001)
MINUTE = Unit("duration", "min", 0, 1 / 60)


@dataclass(frozen=True, slots=True)
class Entity:
    """One value: its key in the state document, and its name.

    It exists where the driver reports every field in `needs`; `read` takes it from a reading.
    A value with a unit is a number, one with `labels` (Enode's words and people's) a word, any
    other a flag. A counter never falls; a total may begin again at 0.
    """

    key: str
    name: str
    needs: tuple[str, ...]
    read: Callable[[Any], Value]
    unit: Unit | None = None
    device_class: str | None = None
    state_class: StateClass | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    is_counter: bool = False
    is_diagnostic: bool = False
    is_enabled: bool = True

    @property
    def is_total(self) -> bool:
        """Whether it feeds statistics, which would take null or a stray 0 for a new meter."""
        return self.state_class == "total_increasing"


def number(key: str, name: str, source: str, unit: Unit) -> Entity:
    """A measured value, straight from the reading's field `source`."""
    return Entity(
        key,
        name,
        (source,),
        lambda reading: getattr(reading, source),
        unit=unit,
        device_class=unit.device_class,
        state_class="measurement",
    )


def total(key: str, name: str, source: str) -> Entity:
    """Energy since something began."""
    return replace(number(key, name, source, KWH), state_class="total_increasing")


def counter(key: str, name: str, source: str) -> Entity:
    """Energy since the device was made."""
    return replace(total(key, name, source), is_counter=True)


def word(
    key: str, name: str, source: str, labels: Mapping[str, str], read: Callable[[Any], Value]
) -> Entity:
    """One of a few states."""
    return Entity(key, name, (source,), read, device_class="enum", labels=labels)


def flag(
    key: str, name: str, source: str, device_class: str, read: Callable[[Any], Value]
) -> Entity:
    """Yes or no."""
    return Entity(key, name, (source,), read, device_class=device_class)


def technical(*entities: Entity) -> tuple[Entity, ...]:
    """Shown apart, as diagnostics."""
    return tuple(replace(entity, is_diagnostic=True) for entity in entities)


def hidden(*entities: Entity) -> tuple[Entity, ...]:
    """There, but shown only once somebody switches it on."""
    return tuple(replace(entity, is_enabled=False) for entity in technical(*entities))
