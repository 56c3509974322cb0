"""What users set of governed assets, as Home Assistant shows it. Pure."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from gatewayd.control.governor.choice import Number
from gatewayd.errors import InvalidError
from gatewayd.model.asset import Asset

_PREFIX = "control_"
# By the end of our name: the end of theirs, their unit, and how much of ours that is.
_UNITS = {
    "pct": ("pct", "%", 1.0),
    "wh": ("kwh", "kWh", 1000.0),
    "w": ("w", "W", 1.0),
    "a": ("a", "A", 1.0),
}
_NAMES = {
    "min_soc_pct": "Minimum level",
    "limit_soc_pct": "Level limit",
    "limit_energy_wh": "Session energy limit",
    "reserve_pct": "Kept reserve",
    "target_pct": "Target level",
    "power_w": "Forced power",
    "min_a": "Minimum current",
}


class Shown(NamedTuple):
    """One number: its key in the state document and as a command, and ours is `scale` times it."""

    key: str
    name: str
    unit: str | None
    scale: float


def shown(name: str) -> Shown:
    """How a number is shown."""
    stem, _, ending = name.rpartition("_")
    if ending not in _UNITS:
        return Shown(f"{_PREFIX}{name}", _called(name, name), None, 1.0)
    other, unit, scale = _UNITS[ending]
    return Shown(f"{_PREFIX}{stem}_{other}", _called(name, stem), unit, scale)


def _called(name: str, stem: str) -> str:
    return _NAMES.get(name) or stem.replace("_", " ").capitalize()


def document(numbers: Mapping[str, Number]) -> dict[str, float]:
    """The values, for the state document."""
    return {one.key: numbers[name].value / one.scale for name in numbers for one in [shown(name)]}


def given(key: str, text: str, numbers: Mapping[str, Number], asset: Asset) -> dict[str, float]:
    """What a command sets, by our name. Raises InvalidError."""
    for name in numbers:
        one = shown(name)
        if one.key == key:
            return {name: _value(text, key) * one.scale}
    raise InvalidError(f"{asset.slug} has no {key[:40]!r} to set")


def is_number(key: str | None) -> bool:
    """Whether a command's key is that of a number."""
    return key is not None and key.startswith(_PREFIX)


def _value(text: str, key: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise InvalidError(f"{key} is a number, not {text[:40]!r}") from error
    if not math.isfinite(value):
        raise InvalidError(f"{key} is a number, not {text[:40]!r}")
    return value
