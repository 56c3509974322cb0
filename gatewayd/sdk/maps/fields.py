"""What a reading's fields hold, so that a map can be checked and its values made to fit."""

import types
import typing
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import lru_cache

from gatewayd.model.asset import AssetKind
from gatewayd.model.reading import (
    BatteryReading,
    ChargerReading,
    ContactsReading,
    HvacReading,
    InverterReading,
    MeterReading,
    Reading,
    VehicleReading,
)
from gatewayd.sdk.maps.points import Label, Value

READINGS: Mapping[AssetKind, type[Reading]] = {
    AssetKind.BATTERY: BatteryReading,
    AssetKind.CHARGER: ChargerReading,
    AssetKind.HVAC: HvacReading,
    AssetKind.INVERTER: InverterReading,
    AssetKind.METER: MeterReading,
    AssetKind.VEHICLE: VehicleReading,
}

# The role of contacts, which are of no asset.
CONTACTS = "contacts"

Fit = Callable[[Value], object]


@lru_cache
def field_types(kind: AssetKind) -> Mapping[str, type]:
    """The type of each field of a kind's reading, without the None that all may be."""
    hints = typing.get_type_hints(READINGS[kind])
    return {name: _without_none(hint) for name, hint in hints.items()}


def label(kind: type, text: Label) -> object:
    """A label as the field's own value: an enum's member by name or value, a bool, a text.

    ValueError when the field has no such value.
    """
    if issubclass(kind, Enum):
        return _member(kind, text)
    if kind is bool and not isinstance(text, bool):
        raise ValueError("must be true or false")
    if kind in (int, float) and isinstance(text, str | bool):
        raise ValueError("must be a number")
    return text


def fit(kind: type) -> Fit:
    """Make any value of a point fit a field of this type; what cannot is None."""
    if issubclass(kind, Enum):
        members: dict[object, object] = {member.value: member for member in kind}
        members.update((member.name, member) for member in kind)
        return members.get
    if kind is bool:
        return lambda value: None if value is None or isinstance(value, str) else bool(value)
    if kind is str:
        return lambda value: None if value is None else str(value)
    number: type[int] | type[float] = int if kind is int else float
    return lambda value: number(value) if isinstance(value, int | float) else None


def contacts(values: Iterable[Value]) -> dict[str, Reading]:
    """The reading of a device's contacts, by role; none of a device without."""
    suit = fit(bool)
    closed = tuple(None if (one := suit(value)) is None else bool(one) for value in values)
    return {CONTACTS: ContactsReading(closed)} if closed else {}


def _member(kind: type[Enum], text: Label) -> Enum:
    for member in kind:
        if text in (member.name, member.value):
            return member
    names = ", ".join(member.name for member in kind)
    raise ValueError(f"{text} is none of {names}")


def _without_none(hint: object) -> type:
    if isinstance(hint, types.UnionType):
        (found,) = (part for part in hint.__args__ if part is not types.NoneType)
        hint = found
    assert isinstance(hint, type)  # noqa: S101 - readings are ours, and tests load all of them
    return hint
