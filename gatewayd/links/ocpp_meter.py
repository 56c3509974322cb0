"""What the samples of a charge point's meter say, in our units.

After OCPP 1.6 edition 2, section 7.43 (SampledValue), and OCPP 2.0.1 part 2, section 2.48.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gatewayd.links.ocpp_payload import Payload, number, part, text, whole

_ENERGY = "Energy.Active.Import.Register"
# Measured while a charging session begins, ends or is interrupted, so of no moment that lasts.
_PASSING = ("Transaction.", "Interruption.")
_AT_THE_CAR = frozenset({None, "Outlet", "Cable"})
_PHASES = {"L1": "a", "L2": "b", "L3": "c", "L1-N": "a", "L2-N": "b", "L3-N": "c"}
# A multiplier beyond these is a fault of the charge point.
_MULTIPLIER_MIN, _MULTIPLIER_MAX = -9, 9


@dataclass(frozen=True, slots=True)
class _Kind:
    """`field` of one value for the whole charger, or `phased` with a place for the letter."""

    field: str | None
    phased: str | None
    units: Mapping[str, float]
    most: float
    lasts: bool = False


_KINDS = {
    _ENERGY: _Kind("energy_wh", None, {"Wh": 1.0, "kWh": 1000.0}, 1e10, lasts=True),
    "Power.Active.Import": _Kind("power_w", "power_{}_w", {"W": 1.0, "kW": 1000.0}, 1e6),
    "Power.Factor": _Kind("power_factor", None, {}, 1.0),
    "Current.Import": _Kind(None, "current_{}_a", {"A": 1.0, "mA": 0.001}, 1000.0),
    "Current.Offered": _Kind("offered_a", None, {"A": 1.0, "mA": 0.001}, 1000.0),
    "Voltage": _Kind(None, "voltage_{}_v", {"V": 1.0}, 1000.0),
    "SoC": _Kind("soc_pct", None, {"Percent": 1.0, "%": 1.0}, 100.0, lasts=True),
}
MEASURANDS = (
    "Power.Active.Import",
    _ENERGY,
    "Current.Import",
    "Voltage",
    "Current.Offered",
    "SoC",
)


@dataclass(frozen=True, slots=True)
class MeterRules:
    """How a charge point's samples are to be taken.

    `units` stand in where a sample names none, by measurand. A single-phase charger's samples
    without a phase are phase a's.
    """

    units: Mapping[str, str]
    disbelieved: frozenset[str] = frozenset()
    is_single_phase: bool = False


def measured(samples: Iterable[Payload], rules: MeterRules) -> dict[str, float]:
    """Values by name: reading fields, and `offered_a`, `soc_pct`, `power_a_w` and so on."""
    found: dict[str, float] = {}
    for sample in samples:
        name, value = _one(sample, rules)
        if name is not None and value is not None:
            found[name] = value
    by_phase = [found[f"power_{p}_w"] for p in "abc" if f"power_{p}_w" in found]
    if "power_w" not in found and (len(by_phase) == 3 or (by_phase and rules.is_single_phase)):
        found["power_w"] = sum(by_phase)
    return found


def _one(sample: Payload, rules: MeterRules) -> tuple[str | None, float | None]:
    measurand = text(sample, "measurand") or _ENERGY
    kind = _KINDS.get(measurand)
    if kind is None or measurand in rules.disbelieved or sample.get("format") == "SignedData":
        return None, None
    is_passing = (text(sample, "context") or "").startswith(_PASSING)
    if is_passing and not kind.lasts:
        return None, None
    if measurand != "SoC" and text(sample, "location") not in _AT_THE_CAR:
        return None, None
    value = number(sample.get("value"))
    factor = _factor(sample, measurand, kind, rules)
    if value is None or factor is None or not 0.0 <= value * factor <= kind.most:
        return None, None
    return _name(kind, text(sample, "phase"), rules), value * factor


def _factor(sample: Payload, measurand: str, kind: _Kind, rules: MeterRules) -> float | None:
    """What the number is multiplied by; None for a unit that the measurand cannot have."""
    measure = part(sample, "unitOfMeasure")
    unit = text(sample, "unit") or text(measure, "unit") or rules.units.get(measurand)
    factor = kind.units.get(unit) if unit and kind.units else 1.0
    if factor is None or "multiplier" not in measure:
        return factor
    power = whole(measure, "multiplier", _MULTIPLIER_MIN, _MULTIPLIER_MAX)
    return None if power is None else factor * 10.0**power


def _name(kind: _Kind, phase: str | None, rules: MeterRules) -> str | None:
    if phase is None:
        if kind.field is not None:
            return kind.field
        return kind.phased.format("a") if kind.phased and rules.is_single_phase else None
    letter = _PHASES.get(phase)
    if letter is None or kind.phased is None:
        # Between two phases, or of one where the whole is meant (an energy register per phase).
        return kind.field if kind.field == "offered_a" else None
    return kind.phased.format(letter)
